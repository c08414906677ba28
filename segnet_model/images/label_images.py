"""Label images: PNG files whose pixels are ids or colors."""

from __future__ import annotations

import io
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from segnet_model.base.errors import DatasetError, ImageError
from segnet_model.base.limits import check_size
from segnet_model.images.jpeg import SIGNATURE
from segnet_model.images.orientation import UPRIGHT, read_orientation
from segnet_model.images.other_kinds import ANIMATION, check_one

UINT8_MAX = 255


@dataclass(frozen=True, eq=False)
class Pixels:
    """Pixels of a label image: ids, colors, or both if it has a palette."""

    ids: np.ndarray | None  # (H, W) uint8
    colors: np.ndarray | None  # (H, W, 3) uint8 RGB
    one_bit: bool = False  # black and white, which are the ids 0 and 1


def decode_mask(data: bytes) -> Pixels:
    """Decode a label image.

    Args:
        data: a whole PNG file; JPEG is refused, as it blurs labels.

    Raises:
        ImageError: the file is not a PNG, is damaged, or of an absurd size.
        DatasetError: it is partly transparent, or holds numbers above 255.
    """
    return _pixels(open_png(data))


def open_png(data: bytes) -> Image.Image:
    """Decode a PNG file and check its checksums; it is turned upright, as image files are.

    Raises:
        ImageError: the file is not a PNG, is damaged, or of an absurd size.
    """
    try:
        Image.open(io.BytesIO(data), formats=("PNG",)).verify()  # decoding ignores the checksums
        image = Image.open(io.BytesIO(data), formats=("PNG",))
        check_size(image.height, image.width)
        check_one(getattr(image, "n_frames", 1), ANIMATION)
        image.load()
        return image if read_orientation(data) == UPRIGHT else ImageOps.exif_transpose(image)
    except ImageError:
        raise
    except UnidentifiedImageError:
        jpeg = "it is a JPEG, which blurs labels; export them as PNG"
        reason = jpeg if data.startswith(SIGNATURE) else "it is none; is it whole?"
        raise ImageError(f"does not open as a PNG: {reason}") from None
    except Exception as error:  # the decoder raises IndexError, struct.error and many more
        raise ImageError(f"does not open as a PNG ({error}); is it whole?") from None


def _pixels(image: Image.Image) -> Pixels:
    check_opaque(image)
    if image.mode == "P":
        return Pixels(np.asarray(image), np.asarray(image.convert("RGB")))
    if image.mode in ("1", "L"):
        return Pixels(np.asarray(image).astype(np.uint8), None, image.mode == "1")
    if image.mode == "LA":
        return Pixels(np.asarray(image.convert("L")), None)
    if image.mode in ("RGB", "RGBA"):
        return Pixels(None, np.asarray(image.convert("RGB")))
    values = np.asarray(image)  # some programs write 16 bits
    if values.max() > UINT8_MAX:
        raise DatasetError(
            f"holds the number {values.max()}, but ids are 0 to {UINT8_MAX}; save it with 8 bits a "
            "channel"
        )
    return Pixels(values.astype(np.uint8), None)


def check_opaque(image: Image.Image) -> None:
    """Raise DatasetError for transparent pixels; an opaque alpha channel is allowed."""
    if image.mode in ("LA", "RGBA") or "transparency" in image.info:
        through = int((np.asarray(image.convert("RGBA"))[..., 3] < UINT8_MAX).sum())
        if through:
            raise DatasetError(
                f"{through} pixels are transparent; export the labels without an alpha channel"
            )
