"""Videos in packets, made by FFmpeg's encoders as ffmpeg_image_transport does."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

HEIGHT, WIDTH = 96, 128
KEY = 8  # packets from one key frame to the next
ENCODERS = {"h264": "libx264", "hevc": "libx265"}


def scene(index: int) -> np.ndarray:
    """(HEIGHT, WIDTH, 3) uint8 RGB: a ball that rolls over a slope of colors."""
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    ball = (x - 20 - 4 * index) ** 2 + (y - 40) ** 2 < 300
    return np.dstack([x * 2, y * 2, np.where(ball, 255, 30)]).astype(np.uint8)


def encode(codec: str = "h264", count: int = 20, b_frames: int = 0) -> list[bytes]:
    """Packets of the scene, in the order in which they leave the encoder."""
    import av

    context = av.CodecContext.create(ENCODERS[codec], "w")
    context.width, context.height, context.pix_fmt = WIDTH, HEIGHT, "yuv420p"
    context.time_base, context.framerate = Fraction(1, 30), 30
    context.gop_size, context.max_b_frames, context.bit_rate = KEY, b_frames, 2_000_000
    context.options = {"preset": "medium"} if b_frames else {"tune": "zerolatency"}
    if codec == "hevc":
        context.options = {**context.options, "x265-params": "log-level=none"}
    packets = []
    for index in range(count):
        image = av.VideoFrame.from_ndarray(scene(index), format="rgb24").reformat(format="yuv420p")
        image.pts = index
        packets += context.encode(image)
    return [bytes(each) for each in (*packets, *context.encode(None))]


def is_scene(image: np.ndarray, index: int) -> bool:
    """Whether an image is this one of the scene, but for what an encoder leaves out."""
    return float(np.abs(image.astype(int) - scene(index)).mean()) < 4
