"""SegNet semantic segmentation in PyTorch: networks, training and inference, without ROS."""

from segnet_model.threads import wait_briefly

wait_briefly()
