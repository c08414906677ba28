"""Sources of images: a folder or an image, a topic of a bag, a video, or a camera."""

from segnet_model.datasets.sources.bag import BagFrame, BagSource
from segnet_model.datasets.sources.camera import CameraSource
from segnet_model.datasets.sources.folder import FolderSource
from segnet_model.datasets.sources.frame import Frame, Key
from segnet_model.datasets.sources.frame_filter import FrameFilter
from segnet_model.datasets.sources.opening import open_source
from segnet_model.datasets.sources.source import Source
from segnet_model.datasets.sources.video import VideoSource

__all__ = [
    "BagFrame",
    "BagSource",
    "CameraSource",
    "FolderSource",
    "Frame",
    "FrameFilter",
    "Key",
    "Source",
    "VideoSource",
    "open_source",
]
