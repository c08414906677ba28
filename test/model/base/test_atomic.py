"""The writer of every file: whole, followed links, streams, and nothing of somebody else."""

import errno
import os
import subprocess
import sys
import threading
import zipfile
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from segnet_model.base import leftovers
from segnet_model.base.atomic import check_output, whole_file, write_rules
from segnet_model.base.errors import SettingsError
from segnet_model.base.marks import MARK, is_marked
from segnet_model.images.files import write_png

FOREIGN = "was not written by segnet, or was changed since.*--overwrite"


def write(path, text="new", **options):
    with whole_file(path, **options) as temporary:
        temporary.write_text(text)


def test_a_foreign_file_stays(tmp_path):
    path = tmp_path / "labels.yaml"
    path.write_text("mine")
    with pytest.raises(SettingsError, match=FOREIGN):
        write(path)
    assert path.read_text() == "mine"
    with write_rules(overwrite=True):
        write(path)
    assert path.read_text() == "new"


def test_an_empty_file_holds_nothing_to_lose(tmp_path):
    path = tmp_path / "from_mktemp"
    path.touch()
    write(path)
    assert path.read_text() == "new"


def test_a_marked_file_is_replaced_until_somebody_changes_it(tmp_path):
    path = tmp_path / "problems.json"
    write(path, f'{{"made_by": "{MARK}", "count": 1}}')
    write(path, f'{{"made_by": "{MARK}", "count": 2}}')
    assert '"count": 2' in path.read_text()
    path.write_text(path.read_text().replace('"count": 2', '"count": 3'))
    with pytest.raises(SettingsError, match=FOREIGN):
        write(path)


def test_a_file_that_quotes_the_mark_of_another_is_own(tmp_path):
    quoted, path = tmp_path / "export", tmp_path / "report.html"
    write(quoted, MARK)
    write(path, f"<p>{quoted.read_text()}</p><!-- {MARK} -->")
    assert is_marked(path)
    path.write_text(path.read_text() + " ")
    assert not is_marked(path)


def test_a_mask_that_was_corrected_by_hand_stays(tmp_path):
    path, mask = tmp_path / "0.png", np.zeros((4, 5), np.uint8)
    write_png(path, mask)
    write_png(path, mask + 1)  # predicted again
    assert (cv2.imread(str(path), cv2.IMREAD_UNCHANGED) == 1).all()
    with Image.open(path) as image:
        corrected, texts = Image.fromarray(np.asarray(image) + 1), PngInfo()
        texts.add_text("segnet", image.text["segnet"])
    for kept in (None, texts):  # editors that drop a picture's texts, and those that keep them
        corrected.save(path, pnginfo=kept)
        with pytest.raises(SettingsError, match=FOREIGN):
            write_png(path, mask)


def test_marks_of_other_formats(tmp_path):
    path = tmp_path / "a.zip"
    with whole_file(path) as temporary, zipfile.ZipFile(temporary, "w") as archive:
        archive.comment = MARK.encode()
        archive.writestr("a.txt", "text")
    assert is_marked(path)
    assert zipfile.ZipFile(path).testzip() is None
    for data in (
        b"",
        b"\x89PNG\r\n\x1a\n",
        b"\xff" * 100,
        b"\x02" + bytes(7) + b"{}",
        MARK.encode(),
    ):
        path.write_bytes(data)
        assert not is_marked(path)


def test_links_are_followed(tmp_path):
    target, link, second = tmp_path / "there" / "a.json", tmp_path / "link", tmp_path / "second"
    target.parent.mkdir()
    link.symlink_to(target)
    second.symlink_to(link)
    write(second, MARK)  # leads nowhere yet
    assert is_marked(target)
    write(link, MARK + "2")
    assert target.read_text().endswith("2")
    assert link.is_symlink()
    assert second.is_symlink()
    target.write_text("mine")
    with pytest.raises(SettingsError, match=FOREIGN):
        write(second)
    assert target.read_text() == "mine"


def test_links_in_a_circle(tmp_path):
    (tmp_path / "a").symlink_to(tmp_path / "b")
    (tmp_path / "b").symlink_to(tmp_path / "a")
    with pytest.raises(OSError, match="links that lead to each other"):
        write(tmp_path / "a")


def test_a_pipe_is_written_into(tmp_path):
    pipe, read = tmp_path / "pipe", []
    os.mkfifo(pipe)
    reader = threading.Thread(target=lambda: read.append(pipe.read_text()))
    reader.start()
    write(pipe)
    reader.join()
    assert read == ["new"]
    assert pipe.is_fifo()


def test_an_error_names_the_file(tmp_path):
    """A full disk names none, wherever it fills up."""
    path = tmp_path / "a.onnx"
    with pytest.raises(OSError, match="a.onnx"), whole_file(path):
        raise OSError(errno.ENOSPC, "No space left on device")
    assert list(tmp_path.iterdir()) == []


def test_a_device_stays_a_device(tmp_path):
    write("/dev/null")
    assert Path("/dev/null").is_char_device()
    with pytest.raises(OSError, match="No space left"):
        write("/dev/full")


def test_the_standard_output_is_written_into(tmp_path):
    code = (
        "from segnet_model.base.atomic import whole_file\n"
        "print('before', flush=True)\n"
        "with whole_file('/dev/stdout') as path: path.write_text('new')\n"
    )
    with (tmp_path / "out").open("w") as file:
        subprocess.run([sys.executable, "-c", code], stdout=file, check=True)
    assert (tmp_path / "out").read_text() == "before\nnew"


def test_a_folder_is_no_file(tmp_path):
    with pytest.raises(SettingsError, match="is a folder"):
        write(tmp_path)


def test_an_input_is_never_written_over(tmp_path):
    images, weights = tmp_path / "images", tmp_path / "weights.safetensors"
    images.mkdir()
    (images / "a.png").write_text("mine")
    write(weights, MARK)
    with write_rules([images, weights], overwrite=True):
        for path in (images / "a.png", weights):
            with pytest.raises(SettingsError, match="is an input of this command"):
                write(path)
        write(images / "report.html", MARK)  # a new file, and then one of segnet
        check_output(images / "report.html")
        (images / "out").mkdir()  # an output beside the images
        (images / "out" / "a.png").write_text("mine")
        write(images / "out" / "a.png")
        (tmp_path / "link").symlink_to(images / "a.png")
        with pytest.raises(SettingsError, match="is an input of this command"):
            write(tmp_path / "link")
    assert (images / "a.png").read_text() == "mine"


def test_the_mode_of_a_replaced_file_stays(tmp_path):
    write(tmp_path / "a", MARK)
    (tmp_path / "a").chmod(0o640)
    write(tmp_path / "a", MARK)
    assert (tmp_path / "a").stat().st_mode & 0o777 == 0o640


def test_file_and_folder_are_flushed_before_and_after_the_move(tmp_path, monkeypatch):
    """The order that keeps a file whole through a power cut."""
    calls = []

    def fsync(file):
        calls.append(("flush", Path(f"/proc/self/fd/{file}").readlink().name))

    def replace(path, target, move=Path.replace):
        calls.append(("move", path.name))
        move(path, target)

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(Path, "replace", replace)
    write(tmp_path / "a")
    (_, temporary), *_ = calls
    assert temporary.startswith(".a.")
    assert calls == [("flush", temporary), ("move", temporary), ("flush", tmp_path.name)]


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="no /proc on this system")
def test_a_process_that_nobody_waited_for_is_dead():
    """As where the first process of a container takes care of no others."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    assert not leftovers.is_alive(process.pid)
    process.wait()
    assert leftovers.is_alive(os.getpid())


def test_leftovers_of_dead_processes_are_removed_and_named(tmp_path, caplog):
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()  # its number is free
    names = {
        pid: f".a.json.{leftovers.HOST}-{pid}" for pid in (process.pid, os.getppid(), os.getpid())
    }
    dead = names[process.pid]
    (tmp_path / f"{dead}.tmp").write_text("half")
    (tmp_path / f"{dead}.part").mkdir()
    kept = [f"{names[os.getppid()]}.tmp", ".a.json.elsewhere-1.tmp", ".hidden.tmp", "b.tmp"]
    for name in kept:
        (tmp_path / name).touch()
    (tmp_path / f".bag{dead}.tmp").mkdir()  # an unfinished recording
    write(tmp_path / "c")
    found = {path.name for path in tmp_path.iterdir()}
    assert found == {*kept, f".bag{dead}.tmp", "c"}
    assert f"removed {tmp_path / dead}.tmp" in caplog.text
