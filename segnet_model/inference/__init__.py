"""How a network is asked, and what it answers."""
