"""Frame buffer: images of many drives on disk, bounded and varied, to learn from while driving."""

from segnet_model.datasets.buffer.buffer import FrameBuffer
from segnet_model.datasets.buffer.files import (
    MOST_HELD,
    Buffered,
    is_buffer,
    is_held_out,
    list_buffered,
)

__all__ = [
    "MOST_HELD", "Buffered", "FrameBuffer", "is_buffer", "is_held_out", "list_buffered",
]  # fmt: skip
