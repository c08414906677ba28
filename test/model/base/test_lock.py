"""Locks of output folders."""

import subprocess
import sys

import pytest

from segnet_model.base.errors import SettingsError
from segnet_model.base.lock import locked

HOLD = """
import sys, time
from pathlib import Path
from segnet_model.base.lock import locked
with locked(Path(sys.argv[1]), "command"):
    print("locked", flush=True)
    time.sleep(100)
"""


def test_one_process_a_folder_and_no_traces(tmp_path):
    out = tmp_path / "yard"
    process = subprocess.Popen([sys.executable, "-c", HOLD, out], stdout=subprocess.PIPE)
    assert process.stdout.readline() == b"locked\n"
    with pytest.raises(SettingsError, match="another command is writing to .*another folder"):
        locked(out, "command").__enter__()
    process.kill()
    process.communicate()
    with locked(out, "command"):
        (out / "a.png").touch()
    assert [path.name for path in out.iterdir()] == ["a.png"]


def test_a_folder_that_stayed_empty_is_removed(tmp_path):
    with locked(tmp_path / "a" / "b", "command"):
        pass
    assert not (tmp_path / "a").exists()
