import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from segnet_model.base.errors import DatasetError, ImageError
from segnet_model.images.label_images import decode_mask

IDS = np.array([[0, 1, 2], [3, 4, 5]], np.uint8)


def png(image, **options):
    data = io.BytesIO()
    image.save(data, "PNG", **options)
    return data.getvalue()


def palette_image():
    image = Image.fromarray(IDS)
    image.putpalette([value for i in range(6) for value in (i, 10 * i, 20 * i)])
    return image


def test_a_palette_gives_both_ids_and_colors():
    found = decode_mask(png(palette_image()))
    np.testing.assert_array_equal(found.ids, IDS)
    np.testing.assert_array_equal(found.colors, np.stack([IDS, 10 * IDS, 20 * IDS], -1))


@pytest.mark.parametrize("mode", ["L", "LA", "I;16", "1"])
def test_one_channel_gives_ids(mode):
    ids = IDS % 2 if mode == "1" else IDS
    image = Image.fromarray(ids.astype(np.uint16) if mode == "I;16" else ids)
    image = Image.fromarray(ids.astype(bool)) if mode == "1" else image
    found = decode_mask(png(image.convert("LA") if mode == "LA" else image))
    np.testing.assert_array_equal(found.ids, ids)
    assert found.ids.dtype == np.uint8
    assert found.colors is None


@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_three_channels_give_colors_and_opaque_alpha_is_dropped(mode):
    colors = np.arange(18, dtype=np.uint8).reshape(2, 3, 3)
    found = decode_mask(png(Image.fromarray(colors).convert(mode)))
    np.testing.assert_array_equal(found.colors, colors)
    assert found.ids is None


def test_transparent_labels_are_refused():
    half = Image.new("RGBA", (3, 2), (1, 2, 3, 255))
    half.putpixel((1, 1), (1, 2, 3, 254))
    for data, count in ((png(half), 1), (png(palette_image(), transparency=0), 1)):
        with pytest.raises(DatasetError, match=f"{count} pixels are transparent; export"):
            decode_mask(data)


def test_numbers_above_a_byte_are_refused():
    with pytest.raises(DatasetError, match="holds the number 256"):
        decode_mask(png(Image.fromarray(np.full((2, 3), 256, np.uint16))))


@pytest.mark.parametrize(("side", "message"), [(9000, "9000x9000"), (16000, "bomb")])
def test_an_absurd_size_is_refused_from_its_header(side, message):
    header = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(b"")), (b"IEND", b"")]
    data = b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in chunks
    )
    with pytest.raises(ImageError, match=message):
        decode_mask(data)


def test_damage_and_other_formats_are_refused():
    whole = png(Image.fromarray(np.random.default_rng(0).integers(0, 9, (40, 50), np.uint8)))
    flipped = bytearray(whole)
    flipped[len(whole) // 2] ^= 1
    jpeg = io.BytesIO()
    Image.fromarray(IDS).save(jpeg, "JPEG")
    for data in (b"", b"text", whole[:-20], whole[:50], bytes(flipped), jpeg.getvalue()):
        with pytest.raises(ImageError, match="does not open as a PNG"):
            decode_mask(data)
