import struct
import zlib

import cv2
import numpy as np
import pytest
from PIL import Image

from segnet_model.base.errors import DatasetError, ImageError
from segnet_model.datasets.checking.inspect import inspect
from segnet_model.datasets.checking.label_files import decode_whole
from segnet_model.datasets.checking.listing import Pair
from segnet_model.images.compressed import PNG_SIGNATURE, decode_compressed
from segnet_model.images.files import read_image, read_labels
from segnet_model.labels import LabelSet

CAMVID = LabelSet.load("camvid")


def chunk(kind, body):
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png_header(width, height, depth=8, kind=0):
    return chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, kind, 0, 0, 0))


def zeros(count):
    """A deflated stream of zeros, made without holding them."""
    packer = zlib.compressobj(9)
    parts = [packer.compress(bytes(1 << 20)) for _ in range(count >> 20)]
    return b"".join([*parts, packer.flush()])


@pytest.fixture(scope="module")
def bomb():
    """A whole PNG of 32000x32000, which OpenCV would decode, in a few kilobytes."""
    return (
        PNG_SIGNATURE
        + png_header(32000, 32000, 1)
        + chunk(b"IDAT", zeros(1 << 27))
        + chunk(b"IEND", b"")
    )


def jpeg(width, height):
    data = bytearray(cv2.imencode(".jpg", np.zeros((16, 16, 3), np.uint8))[1])
    frame = data.index(b"\xff\xc0")
    struct.pack_into(">HH", data, frame + 5, height, width)
    return bytes(data)


@pytest.fixture
def everywhere(tmp_path, refused):
    """A file is refused as a camera's, as a data set's image, as its labels, and by the check."""

    def check(data, suffix, match):
        refused(match, lambda: decode_compressed(data), error=ImageError)
        path = tmp_path / f"strange{suffix}"
        path.write_bytes(data)
        refused(rf"strange\{suffix}.*{match}", lambda: read_image(path), error=DatasetError)
        if suffix == ".png":
            refused(r"strange\.png", lambda: read_labels(path, CAMVID), error=DatasetError)
        seen = inspect(Pair("train", path, path), CAMVID)
        assert len(seen.problems) == 2
        assert seen.size is None

    return check


@pytest.mark.parametrize("side", [8192, 32000, 60000, 2**31 - 1])
def test_a_png_that_claims_to_be_huge(everywhere, bomb, side):
    data = bomb if side == 32000 else PNG_SIGNATURE + png_header(side, side) + chunk(b"IEND", b"")
    everywhere(data, ".png", f"{side}x{side} pixels cannot be")


@pytest.mark.parametrize("side", [16000, 60000])
def test_a_jpeg_that_claims_to_be_huge(everywhere, side):
    everywhere(jpeg(side, side), ".jpg", f"{side}x{side} pixels cannot be")


def test_a_png_whose_size_stands_elsewhere(everywhere):
    text = chunk(b"tEXt", struct.pack(">II", 8, 8) + bytes(5))  # where a size is looked for
    data = PNG_SIGNATURE + text + png_header(32000, 32000, 1) + chunk(b"IEND", b"")
    everywhere(data, ".png", "damaged")


def test_a_png_with_a_second_size(everywhere):
    data = PNG_SIGNATURE + png_header(8, 8) + png_header(32000, 32000, 1)
    everywhere(data + chunk(b"IDAT", zeros(1 << 20)) + chunk(b"IEND", b""), ".png", "damaged")


def test_a_jpeg_of_a_thousand_scans(everywhere):
    """Each scan of a progressive JPEG goes over all pixels again, and may be ten bytes long."""
    image = np.random.default_rng(0).integers(0, 255, (1024, 1024, 3), np.uint8)
    data = bytes(cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_PROGRESSIVE, 1])[1])
    scan = data.rindex(b"\xff\xda")
    everywhere(data[:-2] + data[scan:-2] * 100 + data[-2:], ".jpg", "scans")


def test_a_progressive_jpeg_is_fine(tmp_path):
    image = np.full((64, 64, 3), 100, np.uint8)
    data = bytes(cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_PROGRESSIVE, 1])[1])
    assert decode_compressed(data).shape == (64, 64, 3)


def test_text_that_unpacks_to_gigabytes(tmp_path, refused):
    packed = zeros(1 << 28)
    chunks = [chunk(b"zTXt", b"a\0\0" + packed), chunk(b"iCCP", b"a\0\0" + packed)]
    body = chunk(b"IDAT", zlib.compress(bytes(9 * 8)))
    data = PNG_SIGNATURE + png_header(8, 8) + b"".join(chunks) + body + chunk(b"IEND", b"")
    path = tmp_path / "strange.png"
    path.write_bytes(data)

    def read():
        decode_compressed(data)
        read_labels(path, CAMVID)
        raise ImageError("both read past it")  # which is as good

    refused("Decompressed data too large.*is it whole|both read past it", read)


def bmp(side):
    """Run lengths that end at once, for an image of gigabytes."""
    pixels, palette = b"\0\1", bytes(1024)
    start = 14 + 40 + len(palette)
    head = struct.pack("<2sIHHI", b"BM", start + len(pixels), 0, 0, start)
    info = struct.pack("<IiiHHIIiiII", 40, side, side, 1, 8, 1, len(pixels), 0, 0, 256, 0)
    return head + info + palette + pixels


def test_a_bmp_that_claims_to_be_huge(tmp_path, refused):
    path = tmp_path / "strange.bmp"
    path.write_bytes(bmp(30000))
    refused("30000x30000|bomb", lambda: read_image(path), error=DatasetError)


def test_a_webp_that_is_huge(tmp_path, refused):
    path = tmp_path / "strange.webp"
    Image.new("L", (16383, 4096)).save(path, lossless=True)
    refused("16383x4096", lambda: read_image(path), error=DatasetError)


@pytest.mark.parametrize(
    ("kind", "options"), [("TIFF", {}), ("PPM", {}), ("GIF", {}), ("JPEG2000", {})]
)
def test_other_formats_by_another_name(tmp_path, refused, kind, options):
    path = tmp_path / "strange.bmp"
    Image.new("RGB", (64, 64)).save(path, kind, **options)
    refused(r"strange\.bmp", lambda: read_image(path), error=DatasetError)


def test_postscript_is_no_label_image(tmp_path, refused):
    """Pillow would let Ghostscript run it."""
    path = tmp_path / "strange.png"
    path.write_text("%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\nshowpage\n")
    refused("UnidentifiedImageError", lambda: decode_whole(path), error=DatasetError)


@pytest.mark.parametrize("name", ["strange.png", "strange.jpg", "strange.bmp"])
def test_files_without_an_end(tmp_path, refused, name):
    path = tmp_path / name
    path.symlink_to("/dev/zero")
    refused(name, lambda: read_image(path), error=DatasetError)
    refused(name, lambda: read_labels(path, CAMVID), error=DatasetError)


@pytest.mark.parametrize("name", ["strange.png", "strange.jpg", "strange.bmp"])
def test_files_that_are_far_too_long(tmp_path, refused, name):
    path = tmp_path / name
    with path.open("wb") as file:
        file.write(PNG_SIGNATURE)
        file.truncate(1 << 40)  # a hole
    refused(name, lambda: read_image(path), error=DatasetError)
    refused(name, lambda: read_labels(path, CAMVID), error=DatasetError)


def test_a_link_to_nothing_is_named(tmp_path):
    """As where a folder of links was copied without what they lead to."""
    (tmp_path / "1.png").symlink_to("../elsewhere/1.png")
    why = "1.png: it is a link to ../elsewhere/1.png, which is not there; remove it"
    with pytest.raises(DatasetError, match=why):
        read_image(tmp_path / "1.png")
