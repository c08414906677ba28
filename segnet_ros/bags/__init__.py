"""The nodes `bag_player` and `bag_recorder`."""
