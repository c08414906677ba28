"""Images and label images as files and as ROS carries them: bytes to pixels."""
