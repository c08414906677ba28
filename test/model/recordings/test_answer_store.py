"""Answers that are kept while a labeling runs, and what may become of their file."""

from __future__ import annotations

import sqlite3
from functools import partial

import numpy as np
import pytest

from segnet_model.base.errors import BagError, SettingsError
from segnet_model.datasets.sources import Frame
from segnet_model.datasets.sources.frame import Key
from segnet_model.recordings.answer_store import AnswerStore, Written, path_beside

JOB = {"max_uncertainty": 0.5, "weights": "abc"}


def frame(number):
    times = number * 10, number * 10 + 1
    return Frame(Key("bag", "/front", *times), str(number), *times, partial(np.zeros, 1))


def answer(number):
    messages = {"mask": bytes([number]) * 1000, "drivable_grid": b"", "stats": b"\0\1"}
    return Written(messages, "the pose cannot be right" if number % 2 else "", number / 3)


@pytest.fixture
def path(tmp_path):
    return path_beside(tmp_path / "out")


def fill(path, numbers, job=JOB):
    with AnswerStore(path, job) as store:
        for number in numbers:
            store.add(frame(number), answer(number))


def test_answers_come_back_in_order_and_new_ones_follow(path):
    fill(path, (1, 2))
    with AnswerStore(path, JOB) as store:
        assert store.kept == 2
        assert [store.take(frame(n)) for n in (1, 2, 3)] == [answer(1), answer(2), None]
        store.end()
        store.add(frame(3), answer(3))
    with AnswerStore(path, JOB) as store:
        assert [store.take(frame(n)) for n in (1, 2, 3)] == [answer(n) for n in (1, 2, 3)]
        assert store.taken == 3


def test_a_frame_that_the_network_refused_is_passed_over(path):
    fill(path, (1, 3))
    with AnswerStore(path, JOB) as store:
        assert [store.take(frame(n)) for n in (1, 2, 3)] == [answer(1), None, answer(3)]


def test_what_follows_a_new_answer_is_forgotten(path):
    """As where a frame now has an answer that had none: nothing is used out of its order."""
    fill(path, (1, 3))
    with AnswerStore(path, JOB) as store:
        store.take(frame(1))
        store.end()
        store.add(frame(2), answer(2))
        assert store.take(frame(3)) is None
    with AnswerStore(path, JOB) as store:
        assert [store.take(frame(n)) for n in (1, 2, 3)] == [answer(1), answer(2), None]


def test_other_work_starts_anew_and_names_the_change(path, caplog):
    fill(path, (1, 2))
    with AnswerStore(path, {**JOB, "max_uncertainty": 0.6}) as store:
        assert store.kept == 0
        assert store.take(frame(1)) is None
    assert "are not used: max_uncertainty changed" in caplog.text


def test_nothing_is_left_without_answers_or_once_they_are_elsewhere(path):
    fill(path, ())
    assert list(path.parent.iterdir()) == []
    fill(path, (1,))
    with AnswerStore(path, JOB) as store:
        store.remove()
    assert list(path.parent.iterdir()) == []


def test_the_folder_of_an_output_is_made(tmp_path):
    fill(path_beside(tmp_path / "new" / "deep" / "out"), (1,))
    assert (tmp_path / "new" / "deep" / ".out.answers").is_file()
    (tmp_path / "file").touch()
    with pytest.raises(BagError, match="cannot make the folder .*; give another --out"):
        fill(path_beside(tmp_path / "file" / "out"), (1,))


def test_two_cannot_write(path):
    with AnswerStore(path, JOB), pytest.raises(SettingsError, match="another labeling writes to"):
        AnswerStore(path, JOB)


def test_files_of_others_are_refused_and_stay(path):
    for content in (b"my notes, longer than the header of a database" * 9, b"short"):
        path.write_bytes(content)
        with pytest.raises(BagError, match="is damaged .*; remove it to start anew"):
            AnswerStore(path, JOB)
        assert path.read_bytes() == content
    path.unlink()
    with sqlite3.connect(path) as database:
        database.execute("CREATE TABLE mine (text TEXT)")
    database.close()
    with pytest.raises(SettingsError, match="is of another program; move it away"):
        AnswerStore(path, JOB)


def test_damage_ends_in_a_sentence(path):
    fill(path, range(1, 200))
    whole = path.read_bytes()
    rng = np.random.default_rng(3)
    for _ in range(60):
        data = bytearray(whole)
        for place in rng.integers(0, len(data), 30):
            data[place] ^= 1 << rng.integers(0, 8)
        path.write_bytes(data[: rng.integers(100, len(data) + 1)])
        try:
            with AnswerStore(path, JOB) as store:
                number = 1
                while (found := store.take(frame(number))) is not None:
                    assert found == answer(number)  # never another answer
                    number += 1
        except (BagError, SettingsError):
            pass


def test_a_disk_that_fails_at_the_end_costs_no_answers(path, monkeypatch):
    def fail(query):
        raise sqlite3.OperationalError("disk I/O error")

    with AnswerStore(path, JOB) as store:
        store.add(frame(1), answer(1))
        monkeypatch.setattr(store, "_one", fail)
    with AnswerStore(path, JOB) as store:
        assert store.take(frame(1)) == answer(1)


def test_a_full_disk_ends_in_a_sentence_and_keeps_what_was_there(path):
    noise = np.random.default_rng(1).integers(0, 256, 100_000, np.uint8).tobytes()
    with AnswerStore(path, JOB) as store:
        store.add(frame(1), answer(1))
        store._database.execute("PRAGMA max_page_count = 12")
        with pytest.raises(BagError, match="full; is the disk full or not writable"):
            store.add(frame(2), Written({"mask": noise}, ""))
    with AnswerStore(path, JOB) as store:
        assert (store.kept, store.take(frame(1))) == (1, answer(1))
