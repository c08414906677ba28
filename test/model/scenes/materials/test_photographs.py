"""Folders of photographs: what they give, and the mend for what is wrong with them."""

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from segnet_model.base.errors import DatasetError
from segnet_model.scenes.materials.photographs import find_photographs, read_tile


def write(path: Path, height: int = 64, width: int = 64, color: int = 90) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    rgb = np.full((height, width, 3), color, np.uint8)
    cv2.imwrite(str(path), rgb + np.random.default_rng(0).integers(0, 9, rgb.shape, np.uint8))
    return path


def test_folders_by_material_and_by_class(tmp_path: Path) -> None:
    stones = [write(tmp_path / "Gravel" / name) for name in ("a.jpg", "b.PNG")]
    path = write(tmp_path / "Path" / "yard.jpeg")
    (tmp_path / "Gravel" / "license.txt").write_text("mine")
    (tmp_path / "Gravel" / ".DS_Store").write_text("")
    (tmp_path / ".cache").mkdir()
    assert find_photographs(tmp_path) == {"Gravel": tuple(stones), "Path": (path,)}


def no_folders(folder: Path) -> None:
    write(folder / "lonely.jpg")


def empty(folder: Path) -> None:
    (folder / "Grass").mkdir()


def unknown(folder: Path) -> None:
    write(folder / "Gras" / "a.jpg")


def strange(folder: Path) -> None:
    write(folder / "Xyz" / "a.jpg")


def phone(folder: Path) -> None:
    write(folder / "Grass" / "a.jpg")
    (folder / "Grass" / "b.HEIC").write_bytes(b"ftypheic")


def text(folder: Path) -> None:
    (folder / "Grass").mkdir()
    (folder / "Grass" / "a.jpg").write_text("not an image")


def tiny(folder: Path) -> None:
    write(folder / "Grass" / "a.png", 8, 300)


def huge(folder: Path) -> None:
    data = bytearray(write(folder / "Grass" / "a.png").read_bytes())
    data[16:24] = b"\x00\x01\x00\x00\x00\x01\x00\x00"  # 65536 x 65536 in the header
    data[29:33] = __import__("zlib").crc32(data[12:29]).to_bytes(4, "big")
    (folder / "Grass" / "a.png").write_bytes(data)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (no_folders, "has no folders; sort its photographs into folders"),
        (empty, "Grass has no photograph; add a JPEG or PNG, or remove the folder"),
        (unknown, "Gras is named after no material and no class; rename it to Grass"),
        (strange, "Xyz is named after no material .* rename it to one of Asphalt, "),
        (phone, "b.HEIC is neither JPEG nor PNG; convert it or move it away"),
        (text, r"cannot read .*a.jpg \(.*\); save it again or remove it"),
        (tiny, "a.png has only 300x8 pixels; use 32 or more a side"),
        (huge, r"cannot read .*a.png \(.*\); save it again or remove it"),
    ],
)
def test_a_bad_folder_is_refused(
    tmp_path: Path, make: Callable[[Path], None], message: str
) -> None:
    make(tmp_path)
    with pytest.raises(DatasetError, match=message):
        find_photographs(tmp_path)


def test_a_missing_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="nowhere is no folder; give one with folders like"):
        find_photographs(tmp_path / "nowhere")


def test_a_cut_file_is_refused_when_it_is_read(tmp_path: Path) -> None:
    whole = write(tmp_path / "Grass" / "a.jpg").read_bytes()
    (tmp_path / "Grass" / "a.jpg").write_bytes(whole[: len(whole) // 2])
    path = find_photographs(tmp_path)["Grass"][0]
    with pytest.raises(DatasetError, match=r"cannot read .*a.jpg \(.*\); save it again"):
        read_tile(path)


def test_a_photograph_becomes_a_square_tile_of_its_aspect(tmp_path: Path) -> None:
    tile = read_tile(write(tmp_path / "large.jpg", 900, 1800))
    assert tile.rgb.shape == (512, 512, 3)
    assert tile.aspect == pytest.approx(0.5, abs=0.01)
    assert abs(float(tile.rgb.mean()) - 94) < 2


def test_a_turned_photograph_is_turned_back(tmp_path: Path) -> None:
    from PIL import Image

    rgb: npt.NDArray[np.uint8] = np.zeros((64, 64, 3), np.uint8)
    rgb[:, 32:] = 200
    image = Image.fromarray(rgb)
    exif = image.getexif()
    exif[274] = 6  # the camera was held upright: right edge is the bottom
    image.save(tmp_path / "a.jpg", exif=exif)
    tile = read_tile(tmp_path / "a.jpg")
    rows = tile.rgb.mean(axis=(1, 2))
    assert rows.max() - rows.min() > 100
    assert tile.rgb.mean(axis=(0, 2)).std() < 5


def test_white_borders_are_cut(tmp_path: Path) -> None:
    rgb = cv2.imread(str(write(tmp_path / "a.png", 128, 128, 80)))
    assert rgb is not None
    rgb[-4:] = 255
    rgb[:, :3] = 255
    cv2.imwrite(str(tmp_path / "framed.png"), rgb)
    assert read_tile(tmp_path / "framed.png").rgb.max() < 120
