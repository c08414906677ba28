"""Files that are stored turned are read upright: images and label images of all formats."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageOps

from segnet_model.bags.images import parse, to_rgb
from segnet_model.base.errors import DatasetError, ImageError
from segnet_model.datasets.images_to_bag import images_to_bag
from segnet_model.datasets.sources import open_source
from segnet_model.images.compressed import decode_compressed
from segnet_model.images.files import list_images, read_image, read_labels, read_size
from segnet_model.images.label_images import decode_mask
from segnet_model.labels import LabelSet

HEIGHT, WIDTH = 24, 40
SUFFIXES = [".jpg", ".png", ".webp", ".tif"]
EXACT = {".webp": {"lossless": True}, ".jpg": {"quality": 98, "subsampling": 0}}


def scene() -> np.ndarray:
    """(HEIGHT, WIDTH, 3) uint8 RGB that looks another way in each orientation."""
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    return np.dstack([x * 6, y * 10, np.where(x + 2 * y < 20, 200, 20)]).astype(np.uint8)


def save(path: Path, image: np.ndarray, orientation: int, xmp: bool = False) -> Path:
    note = Image.Exif()
    note[0x0112] = orientation
    how = {"xmp": xmp_of(orientation)} if xmp else {"exif": note}
    Image.fromarray(image).save(path, **how, **EXACT.get(path.suffix, {}))
    return path


def xmp_of(orientation: int) -> bytes:
    return (
        b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:Description '
        b'tiff:Orientation="%d"/></x:xmpmeta>' % orientation
    )


def shown(path: Path) -> np.ndarray:
    """What a viewer shows."""
    with Image.open(path) as image:
        return np.asarray(ImageOps.exif_transpose(image))


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_an_image_is_read_as_viewers_show_it(tmp_path: Path, suffix: str, orientation: int) -> None:
    path = save(tmp_path / f"a{suffix}", scene(), orientation)
    expected = shown(path)
    assert expected.shape == ((HEIGHT, WIDTH, 3) if orientation < 5 else (WIDTH, HEIGHT, 3))
    np.testing.assert_array_equal(read_image(path), expected)
    assert read_size(path) == expected.shape[:2]
    assert list_images(tmp_path) == [path]
    for source in (tmp_path, path):
        with open_source(source) as opened:
            ((_, image),) = opened.images()
        np.testing.assert_array_equal(image, expected)


@pytest.mark.parametrize("suffix", [".jpg", ".webp"])
def test_an_orientation_in_xmp(tmp_path: Path, suffix: str) -> None:
    path = save(tmp_path / f"a{suffix}", scene(), 8, xmp=True)
    np.testing.assert_array_equal(read_image(path), shown(path))
    assert read_size(path) == (WIDTH, HEIGHT)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_labels_are_read_as_viewers_show_them(tmp_path: Path, orientation: int) -> None:
    ids = (scene()[..., 2] // 100).astype(np.uint8)
    path = save(tmp_path / "a.png", ids, orientation)
    np.testing.assert_array_equal(read_labels(path, LabelSet.load("camvid")), shown(path))
    np.testing.assert_array_equal(decode_mask(path.read_bytes()).ids, shown(path))


@pytest.mark.parametrize("orientation", [0, 9, 77])
def test_an_impossible_orientation_is_ignored(tmp_path: Path, orientation: int) -> None:
    path = save(tmp_path / "a.png", scene(), orientation)
    np.testing.assert_array_equal(read_image(path), scene())


def test_damaged_exif_is_ignored(tmp_path: Path) -> None:
    path = save(tmp_path / "a.jpg", scene(), 6)
    data = path.read_bytes()
    place = data.index(b"Exif\0\0") + 6
    path.write_bytes(data[:place] + b"XX" + data[place + 2 :])
    assert read_image(path).shape == (HEIGHT, WIDTH, 3)


def test_a_message_is_read_as_stored(tmp_path: Path) -> None:
    """Turned, it would not fit its camera's calibration."""
    path = save(tmp_path / "a.png", scene(), 6)
    np.testing.assert_array_equal(decode_compressed(path.read_bytes()), scene())


@pytest.mark.parametrize("compressed", [False, True])
def test_a_bag_holds_it_upright(tmp_path: Path, compressed: bool) -> None:
    path = save(tmp_path / "a.png", scene(), 6)
    images_to_bag(path, tmp_path / "bag", compressed=compressed)
    with open_source(tmp_path / "bag") as source:
        ((frame, image),) = source.images()
    np.testing.assert_array_equal(image, shown(path))
    np.testing.assert_array_equal(to_rgb(parse(frame.raw), frame.raw.type), image)


@pytest.mark.parametrize("bits", [10, 12, 16])
def test_a_tiff_of_sixteen_bits(tmp_path: Path, bits: int) -> None:
    samples = np.linspace(0, (1 << bits) - 1, 200).reshape(10, 20).astype(np.uint16)
    Image.fromarray(samples).save(tmp_path / "a.tif")
    np.testing.assert_array_equal(
        read_image(tmp_path / "a.tif"), np.dstack([samples >> (bits - 8)] * 3)
    )


@pytest.mark.parametrize("compression", [None, "tiff_lzw", "tiff_deflate"])
@pytest.mark.parametrize("keep", [0.3, 0.9])
def test_a_cut_tiff_is_refused(tmp_path: Path, compression: str | None, keep: float) -> None:
    path = tmp_path / "a.tif"
    noise = np.random.default_rng(0).integers(0, 255, (200, 300, 3), np.uint8)
    Image.fromarray(noise).save(path, compression=compression)
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * keep)])
    with pytest.raises(DatasetError, match=r"a\.tif"):
        read_image(path)


def test_a_tiff_of_measurements_is_refused(tmp_path: Path) -> None:
    Image.fromarray(np.ones((8, 8), np.float32)).save(tmp_path / "a.tif")
    with pytest.raises(DatasetError, match="measurements, not colors"):
        read_image(tmp_path / "a.tif")


@pytest.mark.parametrize("suffix", ["tif", "webp", "png"])
def test_a_file_of_several_images_is_refused(tmp_path, suffix):
    """Instead of all but the first being left out without a word."""
    pages = [Image.fromarray(np.full((HEIGHT, WIDTH, 3), value, np.uint8)) for value in (1, 200, 9)]
    pages[0].save(tmp_path / f"a.{suffix}", save_all=True, append_images=pages[1:])
    with pytest.raises(DatasetError, match="it holds 3 images; save each as a file of its own"):
        read_image(tmp_path / f"a.{suffix}")


def test_an_animation_is_no_label(tmp_path):
    pages = [Image.fromarray(np.full((HEIGHT, WIDTH), value, np.uint8)) for value in (1, 2)]
    pages[0].save(tmp_path / "a.png", save_all=True, append_images=pages[1:])
    with pytest.raises(DatasetError, match="it holds 2 images; .*: ffmpeg -f apng -i FILE"):
        read_labels(tmp_path / "a.png", LabelSet.load("camvid"))
    with pytest.raises(ImageError, match="it holds 2 images"):
        decode_mask((tmp_path / "a.png").read_bytes())
