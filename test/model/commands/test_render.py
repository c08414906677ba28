"""The command that renders drives: photographs in folders, and what is wrong with them."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from segnet_model.cli import main


def photographs(folder: Path) -> Path:
    (folder / "Path").mkdir(parents=True)
    rgb = np.random.default_rng(0).integers(60, 90, (48, 64, 3), np.uint8)
    cv2.imwrite(str(folder / "Path" / "a.jpg"), rgb)
    return folder


@pytest.mark.parametrize("textures", ["drawn", "yard"])
def test_a_data_set_is_rendered_with_textures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, textures: str
) -> None:
    photographs(tmp_path / "yard")
    monkeypatch.chdir(tmp_path)
    options = ["--drives", "1", "--frames", "1", "--val", "0", "--workers", "1"]
    assert main(["render", "--textures", textures, "--dataset", "set", *options]) == 0
    assert cv2.imread("set/train/000000_0000.png") is not None


def test_a_bad_folder_is_refused_with_the_mend(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (photographs(tmp_path / "yard") / "Gras").mkdir()
    textures = ["--textures", str(tmp_path / "yard")]
    assert main(["render", *textures, "--dataset", str(tmp_path / "set")]) == 2
    assert "Gras is named after no material and no class; rename it to Grass" in (
        capsys.readouterr().err
    )
    assert not (tmp_path / "set").exists()
