"""Data that is no color image, or neither JPEG nor PNG: its kind, and the way to an image."""

from __future__ import annotations

import re

from segnet_model.base.errors import ImageError

# 16UC1 is what depth cameras send; a gray camera's images are mono16.
MEASUREMENTS = re.compile(r"16UC1|[0-9]{1,2}[SF]C[0-9]{1,3}")
ANIMATION = ": ffmpeg -f apng -i FILE %06d.png"
SAVE = "send or save it as one of them"
# Patterns of the first bytes, the kind, and the mend.
KINDS = (
    (rb"RIFF....WEBP", "a WebP image", SAVE),
    (rb"....ftyp(hei|hev|mif1|msf1)", "a HEIC image", SAVE),
    (rb"....ftypavi", "an AVIF image", SAVE),
    (rb"II\*\0|MM\0\*", "a TIFF image, or a raw photo", SAVE),
    (rb"BM....\0\0\0\0", "a BMP image", SAVE),
    (rb"GIF8", "a GIF image", SAVE),
    (rb"\xff\x0a|\0\0\0\x0cJXL ", "a JPEG XL image", SAVE),
    (rb"\0\0\0\x0cjP  ", "a JPEG 2000 image", SAVE),
    (rb"\0\0\0?\x01", "a packet of a video", "send it by ffmpeg_image_transport, or as JPEG"),
    (rb"....ftyp", "a video", "give it as one, with the end of its name that it had"),
    (rb"/9j/|iVBORw0KGgo", "text in base64", "decode it where it is sent or saved"),
    (rb"\s*<(!doctype|html|\?xml)", "a page of the web", "download the image itself"),
    (rb"version https://git-lfs", "the pointer that Git LFS left", "type git lfs pull"),
)


def describe_other(data: bytes) -> str:
    """What data is that does not begin as JPEG or PNG do, and the mend."""
    for pattern, kind, mend in KINDS:
        if re.match(pattern, data, re.DOTALL | re.IGNORECASE):
            return f"it is {kind}, and neither JPEG nor PNG; {mend}"
    return f"data that starts with {data[:8]!r} is neither JPEG nor PNG; convert it"


def check_colors(encoding: str) -> None:
    """Raise ImageError for an encoding of depth or other measurements."""
    if MEASUREMENTS.fullmatch(encoding):
        raise ImageError(
            f"encoding {encoding!r} holds depth or other measurements, not colors; subscribe to a "
            "color image, or let the driver of a gray camera call it mono16"
        )


def check_one(images: int, mend: str = "") -> None:
    """Raise ImageError for a file of several images, as of an animation."""
    if images > 1:
        raise ImageError(f"it holds {images} images; save each as a file of its own{mend}")
