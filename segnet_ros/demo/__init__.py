"""`python3 -m segnet_ros.demo`: the main job, end to end, measured."""
