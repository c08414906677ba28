"""Images of ROS messages, decoded to (H, W, 3) uint8 RGB without ROS.

The names of the encodings are those of sensor_msgs/image_encodings.hpp.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from segnet_model.base.errors import ImageError
from segnet_model.base.limits import check_size
from segnet_model.images.bayer import BAYER
from segnet_model.images.other_kinds import check_colors
from segnet_model.images.pixel_sizes import check_pixel
from segnet_model.images.sample_bits import SampleBits

if TYPE_CHECKING:
    from segnet_model.images.compressed import Bytes

MAX_NAME = 40  # characters of an unknown encoding in an error


@dataclass(frozen=True)
class Encoding:
    """Memory layout of an encoding, and its conversion to RGB.

    Attributes:
        channels: samples a pixel in a row.
        depth: bytes a sample; two are cut to one, see `SampleBits`.
        to_rgb: (rows, W, channels) uint8 to (H, W, 3) uint8 RGB.
        grid: height and width must be multiples of it (chroma or color filter cells).
        rows: rows in memory for each image row, chroma planes included.
        assumed: how samples are read, where the name leaves that open.
    """

    channels: int
    depth: int
    to_rgb: Callable[[np.ndarray], np.ndarray]
    grid: tuple[int, int] = (1, 1)
    rows: Fraction = Fraction(1)
    assumed: str = ""


def decode_image(
    data: Bytes,
    *,
    height: int,
    width: int,
    encoding: str,
    step: int,
    big_endian: bool = False,
    bits: SampleBits | None = None,
) -> np.ndarray:
    """Decode the fields of a sensor_msgs/Image.

    Args:
        data: the bytes, row by row; anything with the buffer protocol.
        height: rows of pixels.
        width: pixels a row.
        encoding: one of `ENCODINGS`.
        step: bytes from one row to the next, padding included.
        big_endian: byte order of 16-bit samples.
        bits: what the camera's images before this one showed; None for a lone image.

    Returns:
        (H, W, 3) uint8 RGB. For rgb8 a view of data (read-only where data is), otherwise a new
        array. 16 bits are cut to the upper 8 of those in use.

    Raises:
        ImageError: the encoding is unknown, or of depth, or the sizes contradict each other or the
            data.

    Example:
        >>> blue = bytes([255, 0, 0])
        >>> decode_image(blue, height=1, width=1, encoding="bgr8", step=3).tolist()
        [[[0, 0, 255]]]
    """
    kind = _find(encoding)
    check_size(height, width)
    _check_grid(kind, height, width, encoding)
    samples = width * kind.channels
    rows = int(height * kind.rows)
    size = memoryview(data).nbytes
    bits = bits or SampleBits()
    if kind.rows > 1 and step == width * kind.rows and size == height * step:
        step = samples * kind.depth  # some drivers count a row of the chroma planes in
    _check_height(kind, height, encoding, size == height * step)
    _check_layout(size, rows, step, samples * kind.depth)
    dtype = f"{'>' if big_endian else '<'}u{kind.depth}"
    if step > samples * kind.depth and step % kind.depth == 0:
        own = kind.channels * kind.depth
        whole: np.ndarray = np.ndarray((rows, step // kind.depth), dtype, data)
        check_pixel(whole, width, own, own * kind.grid[1], encoding)
    table: np.ndarray = np.ndarray((rows, samples), dtype, data, strides=(step, kind.depth))
    bits.assume(kind.assumed)
    if encoding == "mono16":
        bits.doubt_gray(table)
    if kind.depth == 2:
        table = bits.reduce(table)
    return kind.to_rgb(_pixels(table, rows, width, kind.channels))


def decode_message(message: Any, bits: SampleBits | None = None) -> np.ndarray:
    """Decode a sensor_msgs/Image of rclpy or rosbags; see `decode_image`."""
    return decode_image(
        message.data,
        height=message.height,
        width=message.width,
        encoding=message.encoding,
        step=message.step,
        big_endian=bool(message.is_bigendian),
        bits=bits,
    )


def _pixels(samples: np.ndarray, rows: int, width: int, channels: int) -> np.ndarray:
    """(rows, W, channels) view of (rows, W * channels), whose rows may have gaps."""
    shape, strides = (rows, width, channels), (samples.strides[0], channels, 1)
    return np.lib.stride_tricks.as_strided(samples, shape, strides)


def _find(encoding: str) -> Encoding:
    kind = ENCODINGS.get(encoding)
    if kind is None:
        check_colors(encoding)
        raise ImageError(
            f"encoding {encoding[:MAX_NAME]!r} is not known here; convert the image to one of "
            f"{', '.join(ENCODINGS)}"
        )
    return kind


def _check_grid(kind: Encoding, height: int, width: int, encoding: str) -> None:
    if height % kind.grid[0] or width % kind.grid[1]:
        raise ImageError(
            f"a {encoding} image of {width}x{height} pixels cannot be: its width and height must "
            f"be multiples of {kind.grid[1]} and {kind.grid[0]}; crop it in the driver"
        )


def _check_height(kind: Encoding, height: int, encoding: str, all_in: bool) -> None:
    """Raise ImageError where a height seems to count the rows of the chroma planes in."""
    own = height / kind.rows
    if kind.rows > 1 and all_in and own.denominator == 1:
        raise ImageError(
            f"height {height} of a {encoding} image counts its chroma in; set it to {own}, the "
            "rows of the picture"
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
    return rgb


def _opencv(code: int) -> Callable[[np.ndarray], np.ndarray]:
    def to_rgb(samples: np.ndarray) -> np.ndarray:
        return cv2.cvtColor(samples[..., 0] if samples.shape[2] == 1 else samples, code)

    return to_rgb


def _nv24(samples: np.ndarray) -> np.ndarray:
    """RGB of a plane of Y, and one of U and V of all pixels, whose rows take two rows of memory."""
    height, (width, step) = len(samples) // 3, (samples.shape[1], samples.strides[0])
    shape, strides = (height, width, 2), (2 * step, 2, 1)
    chroma = np.lib.stride_tricks.as_strided(samples[height:], shape, strides)
    return cv2.transform(np.dstack([samples[:height], chroma]), YUV_TO_RGB)


def _color_orders(depth: int, bits: str) -> dict[str, Encoding]:
    gray, bgr, bgra = (
        _opencv(code) for code in (cv2.COLOR_GRAY2RGB, cv2.COLOR_BGR2RGB, cv2.COLOR_BGRA2RGB)
    )
    # Channels without names have OpenCV's order, as in cv_bridge.
    unnamed = (
        "{} does not say which channel is red: they are read as blue, green and red, as cv_bridge "
        "does; where colors are exchanged, let the driver say {}"
    )
    three, four = f"{bits}UC3", f"{bits}UC4"
    return {
        f"rgb{bits}": Encoding(3, depth, _same),
        f"bgr{bits}": Encoding(3, depth, bgr),
        f"rgba{bits}": Encoding(4, depth, _opencv(cv2.COLOR_RGBA2RGB)),
        f"bgra{bits}": Encoding(4, depth, bgra),
        f"mono{bits}": Encoding(1, depth, gray),
        three: Encoding(3, depth, bgr, assumed=unnamed.format(three, f"rgb{bits}")),
        four: Encoding(4, depth, bgra, assumed=unnamed.format(four, f"rgba{bits}")),
        **{
            f"bayer_{pattern}{bits}": Encoding(1, depth, _opencv(code), (2, 2))
            for pattern, code in BAYER.items()
        },
    }


# Studio range, as in the other YUV encodings: ITU-R BT.601.
_RED_V, _GREEN_U, _GREEN_V, _BLUE_U, _LUMA = 1.596, -0.391, -0.813, 2.018, 1.164
YUV_TO_RGB = np.array(
    [
        [_LUMA, 0, _RED_V, -16 * _LUMA - 128 * _RED_V],
        [_LUMA, _GREEN_U, _GREEN_V, -16 * _LUMA - 128 * (_GREEN_U + _GREEN_V)],
        [_LUMA, _BLUE_U, 0, -16 * _LUMA - 128 * _BLUE_U],
    ]
)

_UYVY = Encoding(2, 1, _opencv(cv2.COLOR_YUV2RGB_UYVY), (1, 2))
_YUYV = Encoding(2, 1, _opencv(cv2.COLOR_YUV2RGB_YUY2), (1, 2))
_SEMI_PLANAR = (2, 2), Fraction(3, 2)  # a plane of Y, then one of half its rows with U and V

ENCODINGS: dict[str, Encoding] = {
    **_color_orders(1, "8"),
    **_color_orders(2, "16"),
    "8UC1": Encoding(1, 1, _opencv(cv2.COLOR_GRAY2RGB)),  # 16UC1 is depth
    "yuv422": _UYVY,
    "uyvy": _UYVY,
    "yuv422_yuy2": _YUYV,
    "yuyv": _YUYV,
    "nv12": Encoding(1, 1, _opencv(cv2.COLOR_YUV2RGB_NV12), *_SEMI_PLANAR),
    "nv21": Encoding(1, 1, _opencv(cv2.COLOR_YUV2RGB_NV21), *_SEMI_PLANAR),
    "nv24": Encoding(1, 1, _nv24, rows=Fraction(3)),
}
