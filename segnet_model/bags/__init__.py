"""Recordings read and written without ROS, safe with files from strangers."""
