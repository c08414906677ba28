"""The weights file, what it says of itself, and the weights that ship."""
