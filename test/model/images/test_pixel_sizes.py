"""Images whose encoding is wrong by their rows, and those whose rows are only longer."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from segnet_model.base.errors import ImageError
from segnet_model.images.encodings import decode_image

HEIGHT = 48
WIDTHS = (64, 256, 320, 512, 640)


def scene(width: int, kind: str) -> np.ndarray:
    """(HEIGHT, width, 3) uint8 BGR: a texture with edges, or plain walls."""
    rng = np.random.default_rng(width)
    if kind == "plain":
        image = np.full((HEIGHT, width, 3), (60, 110, 190), np.uint8)
        image[HEIGHT // 2 :] = 40, 90, 70
        return image
    image = cv2.GaussianBlur(rng.integers(0, 256, (HEIGHT, width, 3), np.uint8), (0, 0), 2)
    image = cv2.normalize(image, None, 20, 230, cv2.NORM_MINMAX)
    image[10:30, width // 4 : width // 2] = 200, 30, 90
    return np.clip(image + rng.normal(0, 3, image.shape), 0, 255).astype(np.uint8)


def packed(image: np.ndarray, encoding: str) -> np.ndarray:
    """(HEIGHT, step) uint8 rows of a BGR image in an encoding."""
    gray = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
    if encoding.endswith("16"):
        deep = packed(image, encoding[:-2] + "8").astype(np.uint16) << 8
        noise = np.random.default_rng(1).integers(0, 256, deep.shape, np.uint16)
        return (deep + noise).view(np.uint8)
    rows = {
        "mono8": lambda: gray,
        "bgr8": lambda: image,
        "rgb8": lambda: image[..., ::-1],
        "bgra8": lambda: cv2.cvtColor(image, cv2.COLOR_BGR2BGRA),
        "yuv422_yuy2": lambda: cv2.cvtColor(image, cv2.COLOR_BGR2YUV_YUY2),
        "uyvy": lambda: cv2.cvtColor(image, cv2.COLOR_BGR2YUV_UYVY),
        "bayer_rggb8": lambda: mosaic(image),
    }[encoding]()
    return np.ascontiguousarray(rows).reshape(HEIGHT, -1)


def mosaic(image: np.ndarray) -> np.ndarray:
    """(HEIGHT, W) uint8 of a sensor with a filter of red, green, green and blue."""
    raw = image[..., 1].copy()
    raw[::2, ::2], raw[1::2, 1::2] = image[::2, ::2, 2], image[1::2, 1::2, 0]
    return raw


def decode(rows: np.ndarray, width: int, encoding: str) -> np.ndarray:
    fields = {"height": len(rows), "width": width, "step": rows.shape[1]}
    return decode_image(rows.tobytes(), encoding=encoding, **fields)  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", ["texture", "plain"])
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ("bgra8", "rgb8"),
        ("bgra8", "mono8"),
        ("bgr8", "mono8"),
        ("uyvy", "mono8"),
        ("mono16", "mono8"),
        ("rgb16", "rgb8"),
    ],
)
def test_a_wrong_encoding_is_refused(sent: str, said: str, width: int, kind: str) -> None:
    """It would be read as a part of the image, in wrong colors."""
    image = scene(width, kind)
    with pytest.raises(ImageError, match="bytes a pixel, and .*; is the encoding wrong"):
        decode(packed(image, sent), width, said)


@pytest.mark.parametrize("kind", ["texture", "plain"])
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize(
    "encoding",
    ["mono8", "rgb8", "bgra8", "uyvy", "yuv422_yuy2", "mono16", "rgb16", "bayer_rggb8"],
)
def test_halves_and_padded_rows_are_read(encoding: str, width: int, kind: str) -> None:
    whole = packed(scene(2 * width, kind), encoding)
    half = whole[:, : whole.shape[1] // 2]
    expected = decode(half, width, encoding)
    np.testing.assert_array_equal(decode(whole, width, encoding), expected)
    for step in {-(-half.shape[1] // align) * align for align in (64, 256, 512)}:
        for fill in ({"constant_values": 0}, {"constant_values": 255}, {"mode": "edge"}):
            rows = np.pad(half, ((0, 0), (0, step - half.shape[1])), **fill)
            np.testing.assert_array_equal(decode(rows, width, encoding), expected)
