"""Errors of the system, with the mend."""

import errno
import os

import pytest

from segnet_model.bags.reader import BagReader
from segnet_model.bags.writer import BagWriter
from segnet_model.base.errors import BagError, DatasetError, SettingsError, WeightsError
from segnet_model.cli import main
from segnet_model.images.files import new_file, read_image, read_labels
from segnet_model.labels import LabelSet
from segnet_model.weights.shipped import find_weights


def error_of(number):
    """What the system raises where a file is opened; a test of root's may read all of them."""

    def refuse(path, *_, **__):
        raise OSError(number, os.strerror(number), str(path))

    return refuse


def test_a_file_that_may_not_be_read_has_its_mend(tmp_path, monkeypatch):
    path = tmp_path / "a.png"
    path.write_bytes(b"x")
    camvid = LabelSet.load("camvid")
    monkeypatch.setattr("pathlib.Path.open", error_of(errno.EACCES))
    for read in (read_image, lambda each: read_labels(each, camvid)):
        with pytest.raises(DatasetError, match=r"a\.png: Permission denied; allow it with chmod"):
            read(path)
    with pytest.raises(SettingsError, match=r"a\.png: Permission denied; allow it with chmod \+r"):
        LabelSet.load(path)


@pytest.mark.parametrize(
    ("number", "mend"),
    [
        (errno.EACCES, "Permission denied; allow it with chmod"),
        (errno.ENOSPC, "No space left on device; free some space"),
        (errno.EROFS, "Read-only file system; nothing can be written there"),
    ],
)
def test_a_file_that_cannot_be_written_has_its_mend(number, mend, tmp_path, monkeypatch):
    monkeypatch.setattr("pathlib.Path.write_bytes", error_of(number))
    with pytest.raises(DatasetError, match=mend), new_file(tmp_path / "a.png") as temporary:
        temporary.write_bytes(b"x")


def test_an_output_below_a_file_has_its_mend(dataset, weights, tmp_path, capsys):
    (tmp_path / "out").write_text("mine")
    given = ["predict", dataset / "val", weights, "--out", tmp_path / "out"]
    assert main(list(map(str, given))) == 2
    assert "Not a directory; a file has the name of a folder" in capsys.readouterr().err


def test_the_wrong_kind_of_path_is_named(tmp_path):
    with pytest.raises(SettingsError, match="it is a folder; name the YAML file in it"):
        LabelSet.load(tmp_path)
    with pytest.raises(WeightsError, match="it is no plain file"):
        find_weights("/dev/null")


def test_metadata_that_is_no_text_is_not_blamed_on_the_recording(tmp_path):
    with BagWriter(tmp_path / "bag") as writer:
        writer.write_compressed("/camera", 1, "camera", b"x", "jpeg")
    metadata = tmp_path / "bag" / "metadata.yaml"
    metadata.write_bytes(metadata.read_bytes() + b"\xff")
    with (
        pytest.raises(BagError, match=r"metadata\.yaml is damaged.*reindex"),
        BagReader(tmp_path / "bag"),
    ):
        pass


def test_a_link_that_leads_nowhere_is_refused_before_the_work(tmp_path):
    """A bag of an hour was recorded, and lost where it took its place."""
    (tmp_path / "bag").symlink_to("nowhere")
    with pytest.raises(BagError, match="exists already"):
        BagWriter(tmp_path / "bag")
