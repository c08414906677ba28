"""Every encoding against OpenCV or a closed form, and everything that a broken driver sends."""

from __future__ import annotations

import struct
import zlib
from array import array

import cv2
import numpy as np
import pytest

from segnet_model.base.errors import ImageError
from segnet_model.images.compressed import decode_compressed
from segnet_model.images.encodings import ENCODINGS, decode_image

HEIGHT, WIDTH = 12, 16


@pytest.fixture
def rgb() -> np.ndarray:
    return np.random.default_rng(3).integers(0, 256, (HEIGHT, WIDTH, 3), np.uint8)


def decode(samples: np.ndarray, encoding: str, pad: int = 0, **fields: object) -> np.ndarray:
    rows = samples.reshape(samples.shape[0], -1).view(np.uint8)
    padded = np.pad(rows, ((0, 0), (0, pad)), constant_values=77)
    values = {"height": HEIGHT, "width": WIDTH, "step": padded.shape[1], **fields}
    return decode_image(padded.tobytes(), encoding=encoding, **values)  # type: ignore[arg-type]


@pytest.mark.parametrize("pad", [0, 5])
@pytest.mark.parametrize(
    ("encoding", "from_rgb", "to_rgb"),
    [
        ("rgb8", None, None),
        ("bgr8", cv2.COLOR_RGB2BGR, None),
        ("8UC3", cv2.COLOR_RGB2BGR, None),
        ("rgba8", cv2.COLOR_RGB2RGBA, None),
        ("bgra8", cv2.COLOR_RGB2BGRA, None),
        ("8UC4", cv2.COLOR_RGB2BGRA, None),
        ("mono8", cv2.COLOR_RGB2GRAY, cv2.COLOR_GRAY2RGB),
        ("8UC1", cv2.COLOR_RGB2GRAY, cv2.COLOR_GRAY2RGB),
    ],
)
def test_eight_bits(
    rgb: np.ndarray, encoding: str, from_rgb: int | None, to_rgb: int | None, pad: int
) -> None:
    sent = rgb if from_rgb is None else cv2.cvtColor(rgb, from_rgb)
    expected = rgb if to_rgb is None else cv2.cvtColor(sent, to_rgb)
    np.testing.assert_array_equal(decode(sent, encoding, pad), expected)


@pytest.mark.parametrize("pad", [0, 3])  # an odd step leaves samples unaligned
@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize(
    ("encoding", "picked"),
    [
        ("rgb16", [0, 1, 2]),
        ("rgba16", [0, 1, 2, 1]),
        ("bgr16", [2, 1, 0]),
        ("16UC3", [2, 1, 0]),
        ("bgra16", [2, 1, 0, 1]),
        ("16UC4", [2, 1, 0, 1]),
        ("mono16", [1]),
    ],
)
def test_sixteen_bits(encoding: str, picked: list[int], order: str, pad: int) -> None:
    deep = np.random.default_rng(4).integers(0, 65536, (HEIGHT, WIDTH, 3), np.uint16)
    sent = deep[..., picked].astype(f"{order}u2")
    shallow = (deep >> 8).astype(np.uint8)
    expected = shallow if len(picked) > 1 else np.dstack([shallow[..., 1]] * 3)
    got = decode(sent, encoding, pad, big_endian=order == ">")
    np.testing.assert_array_equal(got, expected)


KINDS = [("8", "u1"), ("16", "<u2"), ("16", ">u2")]
PATTERNS = ["rggb", "bggr", "gbrg", "grbg"]


def mosaic(rgb: np.ndarray, pattern: str) -> np.ndarray:
    """What a sensor behind a color filter sees: (H, W)."""
    seen = np.empty(rgb.shape[:2], rgb.dtype)
    for place, color in enumerate(pattern):
        cell = np.s_[place // 2 :: 2, place % 2 :: 2]
        seen[cell] = rgb[..., "rgb".index(color)][cell]
    return seen


@pytest.mark.parametrize("pad", [0, 3])
@pytest.mark.parametrize(("bits", "kind"), KINDS)
@pytest.mark.parametrize("pattern", PATTERNS)
def test_bayer_of_slopes(pattern: str, bits: str, kind: str, pad: int) -> None:
    """Bilinear interpolation is exact where each color is a slope of its own."""
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    slopes = np.dstack([4 * x + 2 * y, 200 - 2 * x, 20 + 6 * y + 2 * x])
    sent = (mosaic(slopes, pattern) << (int(bits) - 8)).astype(kind)
    got = decode(sent, f"bayer_{pattern}{bits}", pad, big_endian=kind[0] == ">")
    np.testing.assert_array_equal(got[1:-1, 1:-1], slopes[1:-1, 1:-1])
    assert np.abs(got.astype(int) - slopes).max() <= 12  # edges are repeated


def bt601(y: int, u: int, v: int) -> list[float]:
    """RGB of studio-range YUV, ITU-R BT.601."""
    luma = 1.164 * (y - 16)
    red, blue = 1.596 * (v - 128), 2.018 * (u - 128)
    return [luma + red, luma - 0.813 * (v - 128) - 0.391 * (u - 128), luma + blue]


YUV = (120, 90, 170)


@pytest.mark.parametrize("pad", [0, 6])
@pytest.mark.parametrize(
    ("encoding", "order"),
    [("yuv422", "uyvy"), ("uyvy", "uyvy"), ("yuv422_yuy2", "yuyv"), ("yuyv", "yuyv")],
)
def test_packed_yuv(encoding: str, order: str, pad: int) -> None:
    cell = np.array([YUV["yuv".index(c)] for c in order], np.uint8)
    got = decode(np.tile(cell, (HEIGHT, WIDTH // 2)), encoding, pad)
    np.testing.assert_allclose(got.reshape(-1, 3), [bt601(*YUV)] * HEIGHT * WIDTH, atol=1)


@pytest.mark.parametrize("pad", [0, 5])
@pytest.mark.parametrize(("encoding", "order"), [("yuv422", "uyvy"), ("yuyv", "yuyv")])
def test_packed_yuv_goes_from_left_to_right(encoding: str, order: str, pad: int) -> None:
    random = np.random.default_rng(2)
    luma = random.integers(60, 180, (HEIGHT, WIDTH), np.uint8)
    chroma = random.integers(110, 146, (HEIGHT, WIDTH // 2, 2), np.uint8)  # of each pair of pixels
    places = {"y": [luma[:, 0::2], luma[:, 1::2]], "u": [chroma[..., 0]], "v": [chroma[..., 1]]}
    sent = np.dstack([places[c].pop(0) for c in order])
    wide = chroma.repeat(2, axis=1)
    expected = [bt601(*yuv) for yuv in np.dstack([luma, wide]).reshape(-1, 3).astype(int)]
    got = decode(sent, encoding, pad)
    np.testing.assert_allclose(got.reshape(-1, 3), expected, atol=1.5)


@pytest.mark.parametrize("pad", [0, 5])
@pytest.mark.parametrize("encoding", ["nv12", "nv21"])
def test_semi_planar_yuv_shares_chroma_among_four(encoding: str, pad: int) -> None:
    random = np.random.default_rng(2)
    luma = random.integers(60, 180, (HEIGHT, WIDTH), np.uint8)
    chroma = random.integers(110, 146, (HEIGHT // 2, WIDTH // 2, 2), np.uint8)
    below = chroma if encoding == "nv12" else chroma[..., ::-1]
    sent = np.vstack([luma, below.reshape(HEIGHT // 2, WIDTH)])
    wide = chroma.repeat(2, axis=0).repeat(2, axis=1)
    expected = [bt601(*yuv) for yuv in np.dstack([luma, wide]).reshape(-1, 3).astype(int)]
    got = decode(sent, encoding, pad)
    np.testing.assert_allclose(got.reshape(-1, 3), expected, atol=1.5)


@pytest.mark.parametrize("pad", [0, 5])
@pytest.mark.parametrize("size", [(HEIGHT, WIDTH), (5, 7)])
def test_nv24_has_chroma_for_each_pixel(size: tuple[int, int], pad: int) -> None:
    """A row of chroma is two rows of memory: those of V4L2 are padded together."""
    height, width = size
    yuv = np.random.default_rng(2).integers((60, 110, 110), (180, 146, 146), (*size, 3), np.uint8)
    step = width + pad
    luma = np.full((height, step), 77, np.uint8)
    luma[:, :width] = yuv[..., 0]
    chroma = np.full((height, 2 * step), 77, np.uint8)
    chroma[:, : 2 * width] = yuv[..., 1:].reshape(height, -1)
    data = luma.tobytes() + chroma.tobytes()
    got = decode_image(data, height=height, width=width, encoding="nv24", step=step)
    expected = [bt601(*each) for each in yuv.reshape(-1, 3).astype(int)]
    np.testing.assert_allclose(got.reshape(-1, 3), expected, atol=1)


@pytest.mark.parametrize(("encoding", "rows"), [("nv12", 1.5), ("nv21", 1.5), ("nv24", 3)])
def test_a_step_that_counts_the_chroma_in(encoding: str, rows: float) -> None:
    """The DepthAI driver announces 1.5 times the width."""
    random = np.random.default_rng(2)
    data = random.integers(16, 235, int(HEIGHT * rows) * WIDTH, np.uint8).tobytes()
    fields = {"height": HEIGHT, "width": WIDTH, "encoding": encoding}
    plain = decode_image(data, step=WIDTH, **fields)
    np.testing.assert_array_equal(decode_image(data, step=int(WIDTH * rows), **fields), plain)
    with pytest.raises(ImageError, match="longer|shorter"):
        decode_image(data[:-2], step=int(WIDTH * rows), **fields)


@pytest.mark.parametrize("pad", [0, 6])
@pytest.mark.parametrize(("encoding", "chroma"), [("nv12", YUV[1:]), ("nv21", YUV[:0:-1])])
def test_semi_planar_yuv(encoding: str, chroma: tuple[int, int], pad: int) -> None:
    luma = np.full((HEIGHT, WIDTH), YUV[0], np.uint8)
    sent = np.vstack([luma, np.tile(np.array(chroma, np.uint8), (HEIGHT // 2, WIDTH // 2))])
    got = decode(sent, encoding, pad)
    assert got.shape == (HEIGHT, WIDTH, 3)
    np.testing.assert_allclose(got.reshape(-1, 3), [bt601(*YUV)] * HEIGHT * WIDTH, atol=1)


def test_rgb8_is_a_view() -> None:
    step = WIDTH * 3 + 8
    data = np.zeros(HEIGHT * step, np.uint8)
    image = decode_image(data, height=HEIGHT, width=WIDTH, encoding="rgb8", step=step)
    data[step + 4] = 9
    assert image[1, 1, 1] == 9
    data.flags.writeable = False
    image = decode_image(data, height=HEIGHT, width=WIDTH, encoding="rgb8", step=step)
    assert not image.flags.writeable


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview, lambda b: array("B", b)])
def test_any_buffer(kind: object, rgb: np.ndarray) -> None:
    data = kind(rgb.tobytes())  # type: ignore[operator]
    got = decode_image(data, height=HEIGHT, width=WIDTH, encoding="rgb8", step=WIDTH * 3)
    np.testing.assert_array_equal(got, rgb)


@pytest.mark.parametrize("encoding", sorted(ENCODINGS))
def test_pytorch_can_take_the_result(encoding: str) -> None:
    torch = pytest.importorskip("torch")
    kind = ENCODINGS[encoding]
    step = WIDTH * kind.channels * kind.depth
    data = bytearray(int(HEIGHT * kind.rows) * step)
    image = decode_image(data, height=HEIGHT, width=WIDTH, encoding=encoding, step=step)
    assert torch.from_numpy(image).shape == (HEIGHT, WIDTH, 3)


GOOD = {"height": 4, "width": 4, "encoding": "rgb8", "step": 12, "data": bytes(48)}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"encoding": "rgb9"}, "not known here; convert the image to one of rgb8"),
        ({"encoding": ""}, "not known here"),
        ({"encoding": "x" * 5000}, "'x{40}' is not known here"),
        ({"encoding": "32FC1"}, "measurements, not colors"),
        ({"encoding": "32FC3"}, "measurements, not colors"),
        (
            {"encoding": "16UC1", "step": 8, "data": bytes(32)},
            "'16UC1' holds depth.*call it mono16",
        ),
        ({"encoding": "16SC1"}, "holds depth"),
        ({"encoding": "64FC1"}, "holds depth"),
        ({"height": 0, "data": b""}, "4x0 pixels"),
        ({"width": 0}, "0x4 pixels"),
        ({"step": 11, "data": bytes(44)}, "step 11 is shorter than a row of 12 bytes"),
        ({"step": 0, "data": b""}, "step 0 is shorter"),
        ({"data": bytes(47)}, "47 bytes is shorter .* send 48 bytes"),
        ({"data": bytes(49)}, "49 bytes is longer"),
        ({"data": b""}, "0 bytes is shorter"),
        ({"height": 2**32 - 1, "width": 2**32 - 1}, "expected 1 to 16384"),
        ({"height": 16384, "width": 2048, "step": 2**32 - 1}, "send 70368744161280 bytes"),
        ({"encoding": "yuv422", "width": 3}, "multiples of 2 and 1"),
        ({"encoding": "nv12", "height": 3}, "multiples of 2 and 2"),
        ({"encoding": "bayer_rggb8", "height": 5}, "multiples of 2 and 2"),
        ({"encoding": "nv21", "step": 4, "data": bytes(16)}, "16 bytes is shorter than the 6 rows"),
        (
            {"encoding": "nv12", "height": 6, "step": 4, "data": bytes(24)},
            "height 6 of a nv12 image counts its chroma in; set it to 4",
        ),
    ],
)
def test_refuses(change: dict[str, object], message: str) -> None:
    fields = {**GOOD, **change}
    with pytest.raises(ImageError, match=message):
        decode_image(fields.pop("data"), **fields)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("encoding", "step"),
    [("mono8", 3), ("mono8", 4), ("rgb8", 4), ("bgr8", 8), ("mono16", 3), ("yuyv", 3), ("nv12", 3)],
)
def test_rows_of_another_encoding_are_refused(encoding: str, step: int) -> None:
    """An image of a wrong encoding would be decoded to a part of it, in wrong colors."""
    fields = {"height": 4, "width": 640, "encoding": encoding, "step": 640 * step}
    data = bytes((6 if encoding == "nv12" else 4) * 640 * step)
    with pytest.raises(ImageError, match=f"hold {step} bytes a pixel, .*; is the encoding wrong"):
        decode_image(data, **fields)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("encoding", "step", "width"),
    [("rgb8", 384, 96), ("rgb8", 2048, 640), ("mono8", 512, 100), ("rgb8", 6 * 640, 640)],
)
def test_padded_rows_and_halves_of_an_image_are_read(encoding: str, step: int, width: int) -> None:
    fields = {"height": 4, "width": width, "encoding": encoding, "step": step}
    assert decode_image(bytes(4 * step), **fields).shape == (4, width, 3)  # type: ignore[arg-type]


@pytest.mark.filterwarnings("error")
def test_a_column_of_padded_pixels_is_read() -> None:
    """There is no neighbor to compare a pixel with, and nothing to warn of."""
    image = decode_image(bytes([7, 0] * 9), height=9, width=1, encoding="mono8", step=2)
    assert image.tolist() == [[[7, 7, 7]]] * 9


def encoded(image: np.ndarray, extension: str, *settings: int) -> bytes:
    return bytes(cv2.imencode(extension, image, list(settings))[1])


def test_png_is_exact(rgb: np.ndarray) -> None:
    np.testing.assert_array_equal(decode_compressed(encoded(rgb[..., ::-1], ".png")), rgb)


def test_png_of_other_depths(rgb: np.ndarray) -> None:
    gray = np.dstack([rgb[..., 0]] * 3)
    np.testing.assert_array_equal(decode_compressed(encoded(rgb[..., 0], ".png")), gray)
    deep = rgb[..., ::-1].astype(np.uint16) << 8
    np.testing.assert_array_equal(decode_compressed(encoded(deep, ".png")), rgb)
    with_alpha = np.dstack([rgb[..., ::-1], rgb[..., 0]])
    np.testing.assert_array_equal(decode_compressed(encoded(with_alpha, ".png")), rgb)


def test_sixteen_bits_of_png_are_cut_to_eight() -> None:
    deep = np.random.default_rng(1).integers(0, 65536, (HEIGHT, WIDTH, 3), np.uint16)
    got = decode_compressed(encoded(deep[..., ::-1], ".png"))
    np.testing.assert_array_equal(got, deep >> 8)
    gray = decode_compressed(encoded(deep[..., 0], ".png"))
    np.testing.assert_array_equal(gray, np.dstack([deep[..., 0] >> 8] * 3))


@pytest.mark.parametrize(
    "kind",
    ["", "png", "rgb8; png compressed bgr8", "bgr8;png compressed bgr8", "bgra8; png compressed "],
)
def test_what_image_transport_calls_a_format(kind: str, rgb: np.ndarray) -> None:
    """Whatever the camera's order was, a file says itself which of its colors is red."""
    np.testing.assert_array_equal(decode_compressed(encoded(rgb[..., ::-1], ".png"), kind), rgb)


@pytest.mark.parametrize("kind", ["mono8; png compressed ", "mono8; png compressed", "8UC1; png"])
def test_a_format_of_gray(kind: str, rgb: np.ndarray) -> None:
    gray = np.dstack([rgb[..., 0]] * 3)
    np.testing.assert_array_equal(decode_compressed(encoded(rgb[..., 0], ".png"), kind), gray)


@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("pattern", PATTERNS)
def test_a_compressed_mosaic(pattern: str, bits: int) -> None:
    """image_transport compresses what a Bayer camera sends as if it were gray."""
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    slopes = np.dstack([4 * x + 2 * y, 200 - 2 * x, 20 + 6 * y + 2 * x]).astype(f"u{bits // 8}")
    file = encoded(mosaic(slopes, pattern) << (bits - 8), ".png")
    got = decode_compressed(file, f"bayer_{pattern}{bits}; png compressed ")
    np.testing.assert_array_equal(got[1:-1, 1:-1], slopes[1:-1, 1:-1])


def test_a_bayer_camera_s_colors_are_no_mosaic(rgb: np.ndarray) -> None:
    file = encoded(rgb[..., ::-1], ".png")
    got = decode_compressed(file, "bayer_rggb8; png compressed bgr8")
    np.testing.assert_array_equal(got, rgb)


def test_a_mosaic_of_odd_size_is_refused() -> None:
    with pytest.raises(ImageError, match="multiples of 2 and 2"):
        decode_compressed(
            encoded(np.zeros((3, 4), np.uint8), ".png"), "bayer_rggb8; png compressed"
        )


@pytest.mark.parametrize("before", [bytes(12), b""])
@pytest.mark.parametrize(
    "kind",
    ["16UC1; compressedDepth png", "32FC1; compressedDepth", "16UC1; png compressed ", "16UC1;png"],
)
def test_compressed_depth_is_refused(kind: str, before: bytes) -> None:
    file = before + encoded(np.full((4, 4), 1500, np.uint16), ".png")
    with pytest.raises(ImageError, match="holds depth"):
        decode_compressed(file, kind)


@pytest.mark.parametrize("kind", ["h264", "H265", "hevc; yuv420p"])
def test_a_video_is_no_compressed_image(kind: str) -> None:
    with pytest.raises(ImageError, match="is a video.*ffmpeg_image_transport, or as JPEG"):
        decode_compressed(b"\0\0\0\1\x67" + bytes(100), kind)


@pytest.mark.parametrize("progressive", [0, 1])
def test_jpeg_of_one_color(progressive: int) -> None:
    image = np.full((37, 53, 3), (30, 90, 200), np.uint8)
    data = encoded(image, ".jpg", cv2.IMWRITE_JPEG_PROGRESSIVE, progressive)
    got = decode_compressed(np.frombuffer(data + bytes(64), np.uint8))  # some cameras pad
    assert got.shape == image.shape
    np.testing.assert_allclose(got.reshape(-1, 3), [[200, 90, 30]] * 37 * 53, atol=3)


def test_jpeg_ignores_orientation() -> None:
    exif = b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0"
    segment = b"\xff\xe1" + struct.pack(">H", len(exif) + 2) + exif
    plain = encoded(np.zeros((8, 24, 3), np.uint8), ".jpg")
    turned = plain[:2] + segment + plain[2:]
    assert cv2.imdecode(np.frombuffer(turned, np.uint8), 1).shape == (24, 8, 3)  # it does say so
    assert decode_compressed(turned).shape == (8, 24, 3)


@pytest.mark.parametrize("extension", [".jpg", ".png"])
def test_any_cut_is_refused(rgb: np.ndarray, extension: str) -> None:
    data = encoded(rgb, extension)
    for length in range(len(data)):
        with pytest.raises(ImageError):
            decode_compressed(data[:length])


def test_damaged_png_is_refused(rgb: np.ndarray) -> None:
    data = bytearray(encoded(rgb, ".png"))
    data[len(data) // 2] ^= 1
    with pytest.raises(ImageError, match="checksum"):
        decode_compressed(data)


def test_damaged_jpeg_never_crashes(rgb: np.ndarray) -> None:
    data = encoded(rgb, ".jpg")
    random = np.random.default_rng(0)
    for _ in range(300):
        bad = bytearray(data)
        bad[random.integers(len(bad))] = random.integers(256)
        try:
            image = decode_compressed(bad)
        except ImageError:
            continue
        assert image.dtype == np.uint8
        assert image.ndim == 3


def test_huge_png_is_refused_by_its_header() -> None:
    def chunk(kind: bytes, body: bytes) -> bytes:
        checksum = struct.pack(">I", zlib.crc32(kind + body))
        return struct.pack(">I", len(body)) + kind + body + checksum

    header = struct.pack(">IIBBBBB", 2**31 - 1, 2**31 - 1, 8, 2, 0, 0, 0)
    pixels = chunk(b"IDAT", zlib.compress(b""))
    data = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + pixels + chunk(b"IEND", b"")
    with pytest.raises(ImageError, match="2147483647x2147483647"):
        decode_compressed(data)


def test_huge_jpeg_is_refused_by_its_header(rgb: np.ndarray) -> None:
    data = bytearray(encoded(rgb, ".jpg"))
    start = data.index(b"\xff\xc0")
    data[start + 5 : start + 9] = struct.pack(">HH", 65535, 65535)
    with pytest.raises(ImageError, match="65535x65535"):
        decode_compressed(data)


def test_no_data_at_all_is_no_other_format() -> None:
    with pytest.raises(ImageError, match="there is no data: it is empty"):
        decode_compressed(b"")


@pytest.mark.parametrize("data", [b"GIF89a", b"\xff\xd8", b"BM" + bytes(60)])
def test_other_formats_are_refused(data: bytes) -> None:
    with pytest.raises(ImageError, match="neither JPEG nor PNG"):
        decode_compressed(data)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"RIFF\x1a\1\0\0WEBPVP8 ", "a WebP image, .*; send or save it as one"),
        (b"\0\0\0\x18ftypheic\0\0", "a HEIC image"),
        (b"\0\0\0\x20ftypavif", "an AVIF image"),
        (b"II*\0" + bytes(60), "a TIFF image, or a raw photo"),
        (b"\0\0\0\1\x67\x64", "a packet of a video.*; send it by ffmpeg_image_transport"),
        (b"\0\0\1\x40\1", "a packet of a video"),
        (b"\0\0\0\x18ftypmp42", "a video, .*; give it as one"),
        (b"<!DOCTYPE html><html>", "a page of the web.*; download the image itself"),
        (b"version https://git-lfs.github.com/spec/v1\n", ".*Git LFS left, .*; type git lfs pull"),
        (b"/9j/4AAQSkZJRgABAQ", "text in base64"),
    ],
)
def test_other_kinds_are_named(data: bytes, said: str) -> None:
    with pytest.raises(ImageError, match=f"it is {said}") as caught:
        decode_compressed(data, "jpeg")
    assert "neither JPEG nor PNG" in str(caught.value)


def test_a_small_file_of_a_huge_image_is_refused_before_it_is_unpacked():
    """16384 pixels a side are allowed, but not both ways: 0.8 GB from 0.3 MB."""
    data = cv2.imencode(".png", np.zeros((1, 1), np.uint8))[1].tobytes()
    header = bytearray(data[12:29])  # IHDR with its sizes
    header[4:12] = (16384).to_bytes(4, "big") * 2
    forged = data[:12] + bytes(header) + zlib.crc32(header).to_bytes(4, "big") + data[33:]
    with pytest.raises(ImageError, match="16384x16384 pixels cannot be"):
        decode_compressed(forged)
    with pytest.raises(ImageError, match="cannot be"):
        decode_image(b"", height=8192, width=8192, encoding="mono8", step=8192)
