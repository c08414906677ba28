"""Actions and values that the launch files share."""
