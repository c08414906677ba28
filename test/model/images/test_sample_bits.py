"""Samples of 10 and 12 bits in 16, as many sensors send them, are not nearly black."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from segnet_model.images.compressed import decode_compressed
from segnet_model.images.encodings import decode_image
from segnet_model.images.sample_bits import SampleBits

HEIGHT, WIDTH = 12, 16
BITS = [10, 12, 16]


def ramp(bits: int) -> np.ndarray:
    """(HEIGHT, WIDTH) uint16 from 0 to the largest sample of so many bits."""
    return np.linspace(0, (1 << bits) - 1, HEIGHT * WIDTH).reshape(HEIGHT, WIDTH).astype(np.uint16)


def decode(samples: np.ndarray, encoding: str = "mono16", pad: int = 0, **fields) -> np.ndarray:
    rows = samples.reshape(len(samples), -1).view(np.uint8)
    data = np.pad(rows, ((0, 0), (0, pad)), constant_values=255)
    size = {"height": HEIGHT, "width": WIDTH, "step": data.shape[1]}
    return decode_image(data.tobytes(), encoding=encoding, **size, **fields)


@pytest.mark.parametrize("pad", [0, 3])
@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("bits", BITS)
def test_gray(bits: int, order: str, pad: int) -> None:
    got = decode(ramp(bits).astype(f"{order}u2"), pad=pad, big_endian=order == ">")
    np.testing.assert_array_equal(got, np.dstack([ramp(bits) >> (bits - 8)] * 3))
    assert (got.min(), got.max()) == (0, 255)


@pytest.mark.parametrize("bits", BITS)
def test_color_and_mosaic(bits: int) -> None:
    color = np.dstack([ramp(bits), ramp(bits)[::-1], ramp(bits)[:, ::-1]])
    np.testing.assert_array_equal(decode(color, "rgb16"), color >> (bits - 8))
    shallow = (ramp(bits) >> (bits - 8)).astype(np.uint8)
    expected = decode_image(
        shallow.tobytes(), height=HEIGHT, width=WIDTH, encoding="bayer_gbrg8", step=WIDTH
    )
    np.testing.assert_array_equal(decode(ramp(bits), "bayer_gbrg16"), expected)


@pytest.mark.parametrize("bits", BITS)
def test_png(bits: int) -> None:
    color = np.dstack([ramp(bits), ramp(bits)[::-1], ramp(bits)[:, ::-1]])
    file = cv2.imencode(".png", color[..., ::-1])[1].tobytes()
    np.testing.assert_array_equal(decode_compressed(file, "png"), color >> (bits - 8))
    file = cv2.imencode(".png", ramp(bits))[1].tobytes()
    shallow = (ramp(bits) >> (bits - 8)).astype(np.uint8)
    got = decode_compressed(file, "mono16; png compressed ")
    np.testing.assert_array_equal(got, np.dstack([shallow] * 3))
    expected = cv2.cvtColor(shallow, cv2.COLOR_BayerBG2RGB)
    got = decode_compressed(file, "bayer_rggb16; png compressed ")
    np.testing.assert_array_equal(got, expected)


def test_a_camera_keeps_its_bits_in_the_dark() -> None:
    said: list[str] = []
    bits = SampleBits(said.append)
    dark = np.full((HEIGHT, WIDTH), 800, np.uint16)
    assert decode(dark, bits=bits).max() == 800 >> 2
    assert decode(ramp(12), bits=bits).max() == 255
    assert decode(dark, bits=bits).max() == 800 >> 4
    assert decode(ramp(16), bits=bits).max() == 255
    assert decode(dark, bits=bits).max() == 800 >> 8
    assert decode(ramp(12), bits=bits).max() == 4095 >> 8
    assert [each.partition(":")[0] for each in said] == [
        "all 16-bit samples are below 1024",
        "all 16-bit samples are below 4096",
        "a sample of 16 bits came",
    ]


def test_sixteen_bits_go_without_saying() -> None:
    said: list[str] = []
    bits = SampleBits(said.append)
    for _ in range(3):
        decode(ramp(16), bits=bits)
    assert said == []
    assert bits.bits == 16


@pytest.mark.parametrize(("largest", "expected"), [(1023, 10), (1024, 12), (4095, 12), (4096, 16)])
def test_the_bounds(largest: int, expected: int) -> None:
    bits = SampleBits()
    decode(np.full((HEIGHT, WIDTH), largest, np.uint16), bits=bits)
    assert bits.bits == expected


@pytest.mark.parametrize("encoding", ["8UC3", "8UC4", "16UC3", "16UC4"])
def test_an_order_of_channels_that_is_assumed_is_said_once(encoding: str) -> None:
    """Blue first, as cv_bridge reads them; the message names what to call red first."""
    said: list[str] = []
    size, channels = int(encoding.partition("U")[0]) // 8, int(encoding[-1])
    blue = np.zeros((HEIGHT, WIDTH, channels), f"<u{size}")
    blue[..., 0] = 256**size - 1
    fields = {"height": HEIGHT, "width": WIDTH, "step": WIDTH * channels * size}
    bits = SampleBits(said.append)
    for _ in range(2):
        got = decode_image(blue.tobytes(), encoding=encoding, bits=bits, **fields)
        assert (got == (0, 0, 255)).all()
    named = f"rgb{'a' * (channels == 4)}{8 * size}"
    assert [f"{encoding} does not say" in each and named in each for each in said] == [True]
    decode_image(
        blue.tobytes(), encoding=f"bgr{'a' * (channels == 4)}{8 * size}", bits=bits, **fields
    )
    assert len(said) == 1


def depths() -> np.ndarray:
    """(HEIGHT, WIDTH) uint16 millimeters: a floor, a box, and what the camera cannot measure."""
    image = np.linspace(6000, 700, HEIGHT)[:, None] + np.arange(WIDTH)
    image[3:7, 4:9] = 1203
    image[3:7, 2:4] = 0
    return image.astype(np.uint16)


def test_depths_sent_as_gray_are_said() -> None:
    said: list[str] = []
    bits = SampleBits(said.append)
    for _ in range(3):
        decode(depths(), bits=bits)
    assert len(said) == 1
    assert "as in depth images, and are read as a picture: where" in said[0]
    file = cv2.imencode(".png", depths())[1].tobytes()
    decode_compressed(file, "mono16; png compressed ", SampleBits(said.append))
    assert said[1:] == said[:1]


@pytest.mark.parametrize("kind", ["scaled", "dark", "no holes", "night"])
def test_pictures_of_sixteen_bits_are_not_taken_for_depths(kind: str) -> None:
    rng = np.random.default_rng(0)
    camera = np.clip(rng.normal(900, 600, (HEIGHT, WIDTH)), 0, 4095).astype(np.uint16)
    pictures = {
        "scaled": np.where(camera < 100, 0, camera) << 4,  # with a border, or clipped
        "dark": rng.integers(0, 30000, (HEIGHT, WIDTH)).astype(np.uint16),
        "no holes": np.maximum(depths(), 500),
        "night": np.zeros((HEIGHT, WIDTH), np.uint16),
    }
    said: list[str] = []
    decode(pictures[kind], bits=SampleBits(said.append))
    assert "depth" not in "".join(said)
