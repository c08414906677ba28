"""SegNet semantic segmentation in PyTorch: networks, training and inference, without ROS."""
