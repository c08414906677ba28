"""What strangers wrote is shown, and the terminal obeys none of it."""

from __future__ import annotations

import csv
import io
import os
import subprocess
import sys

import pytest

from segnet_model.base.terminal import Terminal, escaped, plain
from segnet_model.images.files import read_cell, write_table

CLIPBOARD = "\x1b]52;c;cm0gLXJm\a"  # OSC 52
TURNED = "\u202egnp.exe"  # shows letters from right to left
FOLDER = CLIPBOARD + "caf\udce9"
# Runs a command in a process of its own, with what a shell may have done to it.
COMMAND = [sys.executable, "-m", "segnet_model.cli"]


def test_every_character_that_is_not_printed_is_an_escape():
    assert plain(f"a{CLIPBOARD}b\n\r\x9b1m{TURNED}\udcff") == (
        r"a\x1b]52;c;cm0gLXJm\x07b\n\r\x9b1m\u202egnp.exe\udcff"
    )
    assert plain("Straße 道路 é") == "Straße 道路 é"


def test_a_further_line_is_none_of_ours():
    assert escaped("bag x\nsegnet check: all is well\x1b[A") == (
        "bag x\n  segnet check: all is well\\x1b[A"
    )


@pytest.mark.parametrize(
    ("encoding", "shown"), [("ascii", r"\xfc \x1b[2J\u9053" + "\n"), ("utf-8", "ü \\x1b[2J道\n")]
)
def test_a_stream_shows_what_its_encoding_has(encoding, shown):
    buffer = io.BytesIO()
    stream = Terminal(io.TextIOWrapper(buffer, encoding))
    print("ü \x1b[2J道", file=stream)
    stream.flush()
    assert buffer.getvalue().decode(encoding) == shown


def run(*arguments, shell="", **environment):
    """The exit code and what was said, of a command at the end of some shell code."""
    done = subprocess.run(
        ["sh", "-c", f'"$@" {shell}', "sh", *COMMAND, *arguments],
        capture_output=True, env={**os.environ, "PYTHONUTF8": "0", **environment}, check=False,
    )  # fmt: skip
    return done.returncode, done.stdout + done.stderr


def test_a_name_of_a_folder_reaches_no_terminal(tmp_path):
    (tmp_path / FOLDER).mkdir()
    code, said = run("check", str(tmp_path / FOLDER), "--labels", "camvid")
    assert code == 1
    assert rb"\x1b]52;c;cm0gLXJm\x07caf\udce9: label set camvid" in said
    assert b"\x1b" not in said
    assert b"\a" not in said


def test_an_ascii_terminal_gets_escapes(tmp_path):
    code, said = run("check", str(tmp_path / "grün"), PYTHONIOENCODING="ascii")
    assert code == 2
    assert rb"gr\xfcn" in said


@pytest.mark.parametrize(
    ("shell", "code", "said"),
    [
        (">&-", 1, b""),
        (">&- 2>&-", 1, b""),
        ("<&- >&- 2>&-", 1, b""),
        (
            ">/dev/full",
            2,
            b"segnet check: <stdout>: No space left on device; free some space, or name another "
            b"place\n",
        ),
    ],
)
def test_an_output_that_is_closed_or_full(tmp_path, shell, code, said):
    assert run("check", str(tmp_path), "--labels", "camvid", shell=shell) == (code, said)


def test_a_reader_that_has_seen_enough_is_no_error(tmp_path):
    code, said = run("check", str(tmp_path), "--labels", "camvid", shell="| sleep 0")
    assert (code, said) == (0, b"")


ROWS = ["=1+1", "+49", "-0.5", "-a", "@SUM(A1)", "'=1+1", "''", "plain", "\tx", "caf\udce9"]


def test_cells_that_a_spreadsheet_would_run_are_quoted(tmp_path):
    write_table(tmp_path / "table.csv", ["name"], [{"name": row} for row in ROWS])
    text = (tmp_path / "table.csv").read_text(errors="surrogateescape")
    cells = [row["name"] for row in csv.DictReader(io.StringIO(text))]
    assert [cell[:1] for cell in cells if cell[:1] in "=@\t"] == []
    assert [cell for cell in cells if cell[0] in "+-"] == ["+49", "-0.5"]  # numbers
    assert [read_cell(cell) for cell in cells] == ROWS
