"""From recordings to a folder that people can label."""
