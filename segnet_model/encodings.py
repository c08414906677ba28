"""Camera images as ROS messages carry them, decoded to (H, W, 3) uint8 RGB without needing ROS.

The names of the encodings are those of sensor_msgs/image_encodings.hpp.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from segnet_model.compressed import decode_compressed
from segnet_model.errors import ImageError
from segnet_model.image_size import check_size

__all__ = ["ENCODINGS", "decode_compressed", "decode_image"]

if TYPE_CHECKING:
    from array import array

    Bytes = bytes | bytearray | memoryview | array[int] | np.ndarray


@dataclass(frozen=True)
class Encoding:
    """How one encoding lies in memory and becomes RGB.

    Attributes:
        channels: samples a pixel in a row.
        depth: bytes a sample; of two bytes only the high one is used.
        to_rgb: (rows, W, channels) uint8 to (H, W, 3) uint8 RGB.
        grid: height and width must be multiples of it (chroma or colour filter cells).
        rows: rows in memory for each image row; chroma planes add to them.
    """

    channels: int
    depth: int
    to_rgb: Callable[[np.ndarray], np.ndarray]
    grid: tuple[int, int] = (1, 1)
    rows: Fraction = Fraction(1)


def decode_image(
    data: Bytes, *, height: int, width: int, encoding: str, step: int, big_endian: bool = False
) -> np.ndarray:
    """Decode the fields of a sensor_msgs/Image.

    Args:
        data: the bytes, row by row; anything with the buffer protocol.
        height: rows of pixels.
        width: pixels a row.
        encoding: one of `ENCODINGS`.
        step: bytes from one row to the next, padding included.
        big_endian: byte order of 16-bit samples.

    Returns:
        (H, W, 3) uint8 RGB. For rgb8, rgba8 and their 16-bit forms a view of data (read-only
        where data is), otherwise a new array. Of 16 bits the upper 8 are taken.

    Raises:
        ImageError: the encoding is unknown, or the sizes contradict each other or the data.
    """
    kind = _find(encoding)
    check_size(height, width)
    _check_grid(kind, height, width, encoding)
    # The high byte of every 16-bit sample is itself an 8-bit image with twice the stride.
    pixel = kind.channels * kind.depth
    rows = int(height * kind.rows)
    _check_layout(memoryview(data).nbytes, rows, step, width * pixel)
    samples: np.ndarray = np.ndarray(
        (rows, width, kind.channels),
        np.uint8,
        data,
        offset=0 if big_endian else kind.depth - 1,
        strides=(step, pixel, kind.depth),
    )
    return kind.to_rgb(samples)


def decode_message(message: Any) -> np.ndarray:
    """Decode whatever has the fields of a sensor_msgs/Image, as `decode_image` does."""
    return decode_image(
        message.data,
        height=message.height,
        width=message.width,
        encoding=message.encoding,
        step=message.step,
        big_endian=bool(message.is_bigendian),
    )


def _find(encoding: str) -> Encoding:
    try:
        return ENCODINGS[encoding]
    except KeyError:
        why = "holds measurements, not colours" if _is_float(encoding) else "is not known here"
        raise ImageError(
            f"encoding {encoding!r} {why}; convert the image to one of {', '.join(ENCODINGS)}"
        ) from None


def _is_float(encoding: str) -> bool:
    return encoding.upper().startswith(("32F", "64F"))


def _check_grid(kind: Encoding, height: int, width: int, encoding: str) -> None:
    if height % kind.grid[0] or width % kind.grid[1]:
        raise ImageError(
            f"a {encoding} image of {width}x{height} pixels cannot be: its width and height must "
            f"be multiples of {kind.grid[1]} and {kind.grid[0]}; crop it in the driver"
        )


def _check_layout(size: int, rows: int, step: int, row_bytes: int) -> None:
    if step < row_bytes:
        raise ImageError(
            f"step {step} is shorter than a row of {row_bytes} bytes; set step to {row_bytes}, "
            "or more where rows are padded"
        )
    if size != rows * step:
        problem = "shorter" if size < rows * step else "longer"
        raise ImageError(
            f"data of {size} bytes is {problem} than the {rows} rows of {step} bytes that its "
            f"fields announce; send {rows * step} bytes"
        )


def _same(rgb: np.ndarray) -> np.ndarray:
    return rgb[..., :3]


def _reverse(bgr: np.ndarray) -> np.ndarray:
    # A reversed view would do for NumPy, but PyTorch takes no negative strides.
    return np.ascontiguousarray(bgr[..., 2::-1])


def _grey(mono: np.ndarray) -> np.ndarray:
    return np.repeat(mono, 3, axis=2)


def _opencv(code: int) -> Callable[[np.ndarray], np.ndarray]:
    def to_rgb(samples: np.ndarray) -> np.ndarray:
        flat = samples[..., 0] if samples.shape[2] == 1 else samples
        return cv2.cvtColor(np.ascontiguousarray(flat), code)

    return to_rgb


def _colour_orders(depth: int, bits: str) -> dict[str, Encoding]:
    return {
        f"rgb{bits}": Encoding(3, depth, _same),
        f"bgr{bits}": Encoding(3, depth, _reverse),
        f"rgba{bits}": Encoding(4, depth, _same),
        f"bgra{bits}": Encoding(4, depth, _reverse),
        f"mono{bits}": Encoding(1, depth, _grey),
        # Nameless channels are taken in OpenCV's order, as cv_bridge does.
        f"{bits}UC1": Encoding(1, depth, _grey),
        f"{bits}UC3": Encoding(3, depth, _reverse),
        f"{bits}UC4": Encoding(4, depth, _reverse),
        # OpenCV's classic names start at the second row and column; these start at the first.
        f"bayer_rggb{bits}": Encoding(1, depth, _opencv(cv2.COLOR_BayerBG2RGB), (2, 2)),
        f"bayer_bggr{bits}": Encoding(1, depth, _opencv(cv2.COLOR_BayerRG2RGB), (2, 2)),
        f"bayer_gbrg{bits}": Encoding(1, depth, _opencv(cv2.COLOR_BayerGR2RGB), (2, 2)),
        f"bayer_grbg{bits}": Encoding(1, depth, _opencv(cv2.COLOR_BayerGB2RGB), (2, 2)),
    }


_UYVY = Encoding(2, 1, _opencv(cv2.COLOR_YUV2RGB_UYVY), (1, 2))
_YUYV = Encoding(2, 1, _opencv(cv2.COLOR_YUV2RGB_YUY2), (1, 2))
_SEMI_PLANAR = (2, 2), Fraction(3, 2)  # a plane of Y, then one of half its rows with U and V

ENCODINGS: dict[str, Encoding] = {
    **_colour_orders(1, "8"),
    **_colour_orders(2, "16"),
    "yuv422": _UYVY,
    "uyvy": _UYVY,
    "yuv422_yuy2": _YUYV,
    "yuyv": _YUYV,
    "nv12": Encoding(1, 1, _opencv(cv2.COLOR_YUV2RGB_NV12), *_SEMI_PLANAR),
    "nv21": Encoding(1, 1, _opencv(cv2.COLOR_YUV2RGB_NV21), *_SEMI_PLANAR),
}
