"""JPEG files of which a part is missing are refused, although each ends with its end mark."""

from __future__ import annotations

import io
import re
import struct
from collections.abc import Iterator

import cv2
import numpy as np
import pytest
from PIL import Image

from segnet_model.bags.images import to_rgb
from segnet_model.bags.messages import COMPRESSED_IMAGE, compressed_message, make_header
from segnet_model.base.errors import DatasetError, ImageError
from segnet_model.datasets.sources import open_source
from segnet_model.images.compressed import decode_compressed
from segnet_model.images.files import read_image

HEIGHT, WIDTH = 120, 160
END = b"\xff\xd9"
SCAN = b"\xff\xda"
HEADER = 14  # bytes of a scan's header of three components, its marker included
PROGRESSIVE, RESTART, SAMPLING = (
    cv2.IMWRITE_JPEG_PROGRESSIVE,
    cv2.IMWRITE_JPEG_RST_INTERVAL,
    cv2.IMWRITE_JPEG_SAMPLING_FACTOR,
)


def picture(height: int = HEIGHT, width: int = WIDTH, seed: int = 0) -> np.ndarray:
    """(height, width, 3) uint8 RGB, with some noise as of a camera."""
    y, x = np.mgrid[:height, :width]
    smooth = np.dstack([x * 255 // width, y * 255 // height, (x + y) % 256])
    noise = np.random.default_rng(seed).normal(0, 12, smooth.shape)
    return np.clip(smooth + noise, 0, 255).astype(np.uint8)


def jpeg(image: np.ndarray, *settings: int) -> bytes:
    bgr = image[..., ::-1] if image.ndim == 3 else image
    return bytes(cv2.imencode(".jpg", np.ascontiguousarray(bgr), list(settings))[1])


def in_cmyk(image: np.ndarray) -> bytes:
    file = io.BytesIO()
    Image.fromarray(image).convert("CMYK").save(file, "JPEG", quality=95)
    return file.getvalue()


KINDS = {
    "plain": jpeg(picture()),
    "4:4:4": jpeg(picture(), SAMPLING, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444),
    "4:2:2": jpeg(picture(), SAMPLING, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_422),
    "gray": jpeg(picture()[..., 0]),
    "restart markers": jpeg(picture(), RESTART, 2),
    "progressive": jpeg(picture(), PROGRESSIVE, 1),
}


@pytest.mark.parametrize("kind", KINDS)
def test_pixels_are_those_of_opencv(kind: str) -> None:
    expected = cv2.imdecode(np.frombuffer(KINDS[kind], np.uint8), cv2.IMREAD_COLOR)[..., ::-1]
    np.testing.assert_array_equal(decode_compressed(KINDS[kind]), expected)


def test_the_colors_of_print() -> None:
    """Adobe's CMYK is stored inverted."""
    difference = decode_compressed(in_cmyk(picture())).astype(int) - picture()
    assert np.abs(difference).mean() < 8


@pytest.mark.parametrize("share", [0.02, 0.3, 0.5, 0.9])
@pytest.mark.parametrize("kind", KINDS)
def test_the_rest_of_a_scan_was_lost(kind: str, share: float) -> None:
    file = KINDS[kind]
    start = file.index(SCAN) + HEADER
    arrived = file[: start + int((len(file) - start) * share)].rstrip(b"\xff")
    with pytest.raises(ImageError, match="damaged JPEG|lacks some of its scans"):
        decode_compressed(arrived + END)


@pytest.mark.parametrize("lost", [512, 3072])  # a packet of USB, three of its fast ones
@pytest.mark.parametrize("kind", ["plain", "4:4:4", "4:2:2", "restart markers"])
def test_the_middle_of_a_scan_was_lost(kind: str, lost: int) -> None:
    file = KINDS[kind]
    middle = len(file) // 2
    with pytest.raises(ImageError, match="damaged JPEG"):
        decode_compressed(file[:middle] + file[middle + lost :])


@pytest.mark.parametrize("filler", ["zeros", "another frame", "noise"])
def test_a_packet_was_replaced(filler: str) -> None:
    file, other = KINDS["plain"], jpeg(picture(seed=1)[::-1].copy())
    middle, size = len(file) // 3, 2048
    noise = np.random.default_rng(0).integers(0, 255, size, np.uint8).tobytes()  # no FF
    wrong = {"zeros": bytes(size), "another frame": other[middle : middle + size], "noise": noise}
    with pytest.raises(ImageError, match="damaged JPEG"):
        decode_compressed(file[:middle] + wrong[filler] + file[middle + size :])


def test_two_frames_ran_together() -> None:
    file = KINDS["plain"]
    with pytest.raises(ImageError, match="damaged JPEG"):
        decode_compressed(file[: len(file) // 2] + file)


@pytest.mark.parametrize("intervals", [1, 3, 8])  # the numbers of the markers repeat after eight
def test_restart_intervals_were_lost(intervals: int) -> None:
    file = KINDS["restart markers"]
    marks = [found.start() for found in re.finditer(rb"\xff[\xd0-\xd7]", file)]
    with pytest.raises(ImageError, match="damaged JPEG"):
        decode_compressed(file[: marks[4]] + file[marks[4 + intervals] :])


def scans(file: bytes) -> list[int]:
    """Where the scans of a progressive file begin, with the tables before them."""
    starts = [found.start() for found in re.finditer(rb"\xff\xda|\xff\xc4", file)]
    return [at for at in starts if file[at + 1] == SCAN[1]]


@pytest.mark.parametrize("scan", range(10))
def test_a_scan_of_a_progressive_file_was_lost(scan: int) -> None:
    file = KINDS["progressive"]
    starts = [*scans(file), len(file) - len(END)]
    assert len(starts) == 11
    with pytest.raises(ImageError, match="damaged JPEG|lacks some of its scans"):
        decode_compressed(file[: starts[scan]] + file[starts[scan + 1] :])


def one_scan_each(file: bytes) -> Iterator[bytes]:
    """The scans of a gray file of 8x8 pixels, as if of three components of their own."""
    start = file.index(SCAN)
    coded = file[start + 10 : -len(END)]
    for component in b"\1\2\3":
        yield SCAN + struct.pack(">HBBBBBB", 8, 1, component, 0, 0, 63, 0) + coded


def test_a_component_s_scan_was_lost() -> None:
    """Plain files may have a scan for each component, too."""
    gray = jpeg(np.full((8, 8), 90, np.uint8))
    frame = gray.index(b"\xff\xc0")
    head = gray[:frame] + struct.pack(
        ">HHBHHB9B", 0xFFC0, 17, 8, 8, 8, 3, 1, 0x11, 0, 2, 0x11, 0, 3, 0x11, 0
    )
    head += gray[frame + 13 : gray.index(SCAN)]
    parts = list(one_scan_each(gray))
    whole = decode_compressed(head + b"".join(parts) + END)
    expected = cv2.cvtColor(np.full((1, 1, 3), 90, np.uint8), cv2.COLOR_YCrCb2RGB)
    np.testing.assert_allclose(whole, np.broadcast_to(expected, whole.shape), atol=2)
    for lost in range(3):
        file = head + b"".join(parts[:lost] + parts[lost + 1 :]) + END
        with pytest.raises(ImageError, match="lacks some of its scans"):
            decode_compressed(file)


@pytest.mark.parametrize("count", [1, 5, 64])
@pytest.mark.parametrize("kind", ["color", "gray", "of print"])
def test_a_few_bytes_before_the_end_are_harmless(kind: str, count: int) -> None:
    """Webcams of all makers leave some; libjpeg warns of them."""
    image = picture(seed=count)  # no memory holds its pixels yet
    files = {"color": jpeg(image), "gray": jpeg(image[..., 0]), "of print": in_cmyk(image)}
    got = decode_compressed(files[kind][:-2] + bytes(count) + END)
    np.testing.assert_array_equal(got, decode_compressed(files[kind]))


def test_many_bytes_before_the_end_are_not() -> None:
    with pytest.raises(ImageError, match="9. extraneous bytes"):
        decode_compressed(KINDS["plain"][:-2] + bytes(100) + END)


@pytest.mark.parametrize("kind", KINDS)
def test_padding_behind_the_end(kind: str) -> None:
    """A driver may send its whole buffer, with the end of a longer frame in it."""
    file, longer = KINDS[kind], jpeg(picture(240, 320))
    assert len(longer) > len(file)
    for padded in (file + bytes(4000), file + bytes(100_000), file + longer[len(file) :]):
        np.testing.assert_array_equal(decode_compressed(padded), decode_compressed(file))


@pytest.mark.parametrize("kind", KINDS)
def test_a_cut_file_in_a_padded_buffer(kind: str) -> None:
    file = KINDS[kind]
    with pytest.raises(ImageError):
        decode_compressed(file[: len(file) // 2] + bytes(50_000))


def resized(file: bytes, frame: bytes, width: int, height: int) -> bytes:
    data = bytearray(file)
    struct.pack_into(">HH", data, data.index(frame) + 5, height, width)
    return bytes(data)


@pytest.mark.parametrize("progressive", [0, 1])
def test_a_small_file_that_claims_many_pixels(progressive: int) -> None:
    small = jpeg(np.zeros((16, 16, 3), np.uint8), PROGRESSIVE, progressive)
    file = resized(small, b"\xff\xc2" if progressive else b"\xff\xc0", 8000, 4000)
    with pytest.raises(ImageError, match=f"{len(file)} bytes is too short for 8000x4000"):
        decode_compressed(file)


@pytest.mark.parametrize("progressive", [0, 1])
def test_the_smallest_file_of_many_pixels_is_read(progressive: int) -> None:
    """A black image with codes made for it: two bits a block, or one."""
    settings = (PROGRESSIVE, progressive, cv2.IMWRITE_JPEG_OPTIMIZE, 1)
    file = jpeg(np.zeros((1200, 1600, 3), np.uint8), *settings)
    assert len(file) < 1600 * 1200 * 1.5 / 64 * 2 / 8 * 1.1 + 1000
    assert not decode_compressed(file).any()


def test_kinds_of_jpeg_that_nobody_uses() -> None:
    arithmetic = KINDS["plain"].replace(b"\xff\xc0", b"\xff\xc9", 1)
    with pytest.raises(ImageError, match="arithmetic or lossless"):
        decode_compressed(arithmetic)


def test_a_thumbnail_of_its_own_end(tmp_path) -> None:
    """EXIF holds a whole JPEG, with an end mark before the scan."""
    thumbnail = jpeg(picture(16, 16))
    segment = b"\xff\xe1" + struct.pack(">H", 2 + len(thumbnail)) + thumbnail
    file = KINDS["progressive"]
    np.testing.assert_array_equal(
        decode_compressed(file[:2] + segment + file[2:]), decode_compressed(file)
    )


@pytest.fixture
def damaged() -> bytes:
    file = KINDS["plain"]
    return file[: len(file) // 2] + END


def test_in_a_message(damaged: bytes) -> None:
    message = compressed_message(make_header(0, "camera"), damaged, "bgr8; jpeg compressed bgr8")
    with pytest.raises(ImageError, match="damaged JPEG.*premature end"):
        to_rgb(message, COMPRESSED_IMAGE)


def test_in_a_folder(damaged: bytes, tmp_path) -> None:
    (tmp_path / "a.jpg").write_bytes(damaged)
    with pytest.raises(DatasetError, match=r"a\.jpg.*damaged JPEG"):
        read_image(tmp_path / "a.jpg")
    with open_source(tmp_path) as source, pytest.raises(DatasetError, match=r"a\.jpg.*damaged"):
        list(source.images())


def test_a_damaged_mosaic(damaged: bytes) -> None:
    whole = jpeg(picture()[..., 0])
    kind = "bayer_rggb8; jpeg compressed "
    assert decode_compressed(whole, kind).shape == (HEIGHT, WIDTH, 3)
    with pytest.raises(ImageError, match="damaged JPEG"):
        decode_compressed(whole[: len(whole) // 2] + END, kind)
