"""Frame buffer: images of many drives on disk, bounded and varied, to learn from while driving."""

from segnet_model.datasets.buffer.buffer import FrameBuffer
from segnet_model.datasets.buffer.files import Buffered, is_buffer, list_buffered

__all__ = ["Buffered", "FrameBuffer", "is_buffer", "list_buffered"]
