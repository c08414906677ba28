"""Rendered drives: recordings with ground truth, and data sets."""

from segnet_model.datasets.drives.dataset import write_dataset
from segnet_model.datasets.drives.recording import (
    DEPTH_TOPIC,
    FRAME,
    IMAGE_TOPIC,
    INFO_TOPIC,
    LABELS_TOPIC,
    ODOMETRY_TOPIC,
    POSE_TOPIC,
    Plan,
    plan_of,
    write_drive,
)
from segnet_model.datasets.drives.settings import OUTDOOR, SCENES, STREET, VARIED, DriveSettings

__all__ = [
    "DEPTH_TOPIC",
    "FRAME",
    "IMAGE_TOPIC",
    "INFO_TOPIC",
    "LABELS_TOPIC",
    "ODOMETRY_TOPIC",
    "OUTDOOR",
    "POSE_TOPIC",
    "SCENES",
    "STREET",
    "VARIED",
    "DriveSettings",
    "Plan",
    "plan_of",
    "write_dataset",
    "write_drive",
]
