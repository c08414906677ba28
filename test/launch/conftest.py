"""Keeps launch tests off the ROS domain of others, and quick on a busy machine."""

import os
import random

# Before anything imports rclpy, and for child processes too.
os.environ.setdefault("ROS_AUTOMATIC_DISCOVERY_RANGE", "LOCALHOST")
os.environ.setdefault("ROS_DOMAIN_ID", str(random.randint(1, 100)))
# Threads that wait for each other take long where others work; a tiny network needs none.
os.environ.setdefault("OMP_NUM_THREADS", "1")
