"""Labels as annotation tools write and read them; nothing of what they hold is trusted."""
