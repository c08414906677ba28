"""`segnet label` goes on after Ctrl-C and kill -9, and ends in the same bytes."""

from __future__ import annotations

import signal
import time
from dataclasses import replace

import numpy as np
import pytest
from tf_messages import placed, tf_message, transform

from segnet_model.bags.images import parse
from segnet_model.bags.reader import BagReader, BagWriter
from segnet_model.base.errors import AnswerError
from segnet_model.cli import main
from segnet_model.datasets.drives import FRAME, IMAGE_TOPIC, INFO_TOPIC
from segnet_model.driving import CameraPose
from segnet_model.inference.outputs import OUTPUTS
from segnet_model.inference.predictor import Predictor
from segnet_model.recordings import answers
from segnet_model.recordings.answer_store import AnswerStore
from segnet_model.recordings.output_writer import OutputWriter

IMAGES = 6
STEP = 10**8
USUAL = ("--device", "cpu", "--max-uncertainty", "0.99")
ALL = ("--topics", *OUTPUTS, "drivable_map", "class_map")


@pytest.fixture(scope="module")
def moving(drive, tmp_path_factory):
    """The drive with a camera that sinks 2 mm with each image: not every pose makes a new grid."""
    bag = tmp_path_factory.mktemp("moving") / "bag"
    with BagReader(drive) as reader, BagWriter(bag) as writer:
        for number, raw in enumerate(reader.messages(IMAGE_TOPIC, INFO_TOPIC)):
            if raw.topic == IMAGE_TOPIC:
                pose = CameraPose.mounted(1.1 - 0.001 * number, pitch=0.6)
                said = transform("base_link", FRAME, raw.receive_ns, *placed(pose.matrix))
                moved = transform("odom", "base_link", raw.receive_ns, (0.1 * number, 0, 0))
                writer.write("/tf", tf_message(said, moved), raw.receive_ns)
            if number == 5:  # a bad image, which stats count from here on
                writer.write_raw(raw.topic, raw.type, raw.data[:500], raw.receive_ns + 1)
            writer.write_raw(raw.topic, raw.type, raw.data, raw.receive_ns)
    return bag


@pytest.fixture
def label(moving, skyless, tmp_path, monkeypatch):
    """Label into a folder. The network takes no time, and gives place scores; stats hold both."""
    monkeypatch.setattr(answers, "perf_counter", lambda: 0.0)
    predict = Predictor.predict

    def with_place(self, image, stamp=None):
        score = np.float32(int(image.sum(dtype=np.int64)) % 1000 / 1001)
        return replace(predict(self, image, stamp), place_score=score)

    monkeypatch.setattr(Predictor, "predict", with_place)

    def run(folder, *more, code=0):
        (tmp_path / folder).mkdir(exist_ok=True)
        out = tmp_path / folder / "out"
        assert main(["label", str(moving), str(skyless), "--out", str(out), *USUAL, *more]) == code
        return out

    return run


@pytest.fixture
def count(monkeypatch):
    """Number of images that the network answers."""
    seen, whole = [], answers.FramePredictor.answer

    def answer(self, frame, image):
        seen.append(frame)
        return whole(self, frame, image)

    monkeypatch.setattr(answers.FramePredictor, "answer", answer)
    return seen


def files(folder):
    return {each.name: each.read_bytes() for each in folder.iterdir()}


def stop_at(patch, number):
    """Interrupt before the messages of an answer are written to the bag."""
    write, calls = OutputWriter.write, []

    def stopped(self, written, receive_ns):
        calls.append(1)
        if len(calls) == number:
            raise KeyboardInterrupt
        write(self, written, receive_ns)

    patch.setattr(OutputWriter, "write", stopped)


@pytest.mark.parametrize("storage", ["mcap", "sqlite3"])
def test_a_labeling_that_was_stopped_again_and_again_ends_in_the_same_bytes(
    label, count, storage, capsys
):
    more = ("--storage", storage, *ALL)
    out = label("whole", *more)
    whole = files(out)
    with BagReader(out) as bag:  # so that a pose that was not followed would show
        grids = [parse(raw).data for raw in bag.messages("/segmentation/drivable_grid")]
    assert all((grid > -1).any() for grid in grids)
    assert len(count) == IMAGES
    for stopped in (1, 3, 4, 6):
        with pytest.MonkeyPatch.context() as patch:
            stop_at(patch, stopped)
            out = label("parts", *more, code=130)
        assert not out.exists()
        assert [each.name for each in out.parent.iterdir()] == [".out.answers"]
        assert "the same command goes on after the answers in" in capsys.readouterr().err
    out = label("parts", *more)
    assert files(out) == whole
    assert [each.name for each in out.parent.iterdir()] == ["out"]
    assert "6 images on /camera/image_raw labeled, 6 of them before" in capsys.readouterr().out
    assert IMAGES < len(count) - IMAGES < IMAGES + 4 * 5  # read ahead, and not kept


def test_only_what_is_missing_is_answered(label, count):
    with pytest.MonkeyPatch.context() as patch:
        stop_at(patch, 4)
        label("parts", code=130)
    count.clear()
    label("parts")
    assert len(count) == IMAGES - 4  # the fourth was kept, and then the work stopped


def test_an_image_that_the_network_refuses_is_refused_again(label, monkeypatch, capsys):
    answer = answers.FramePredictor.answer

    def refusing(self, frame, image):
        if frame.stamp_ns // STEP % 10 == 2:
            raise AnswerError("the network's answer is not finite")
        return answer(self, frame, image)

    monkeypatch.setattr(answers.FramePredictor, "answer", refusing)
    whole = files(label("whole", *ALL))
    with pytest.MonkeyPatch.context() as patch:
        stop_at(patch, 4)
        label("parts", *ALL, code=130)
    capsys.readouterr()
    assert files(label("parts", *ALL)) == whole
    said = capsys.readouterr().out
    assert "5 images on" in said
    assert "2 images could not be used" in said


def test_other_options_start_anew_and_say_so(label, count, caplog):
    with pytest.MonkeyPatch.context() as patch:
        stop_at(patch, 4)
        label("parts", code=130)
    count.clear()
    label("parts", "--margin", "3")
    assert len(count) == IMAGES
    assert "are not used: drivable_margin changed" in caplog.text


def test_a_recording_that_was_changed_starts_anew(label, count, moving, caplog):
    with pytest.MonkeyPatch.context() as patch:
        stop_at(patch, 4)
        label("parts", code=130)
    next(moving.glob("*.mcap")).touch()
    count.clear()
    label("parts")
    assert len(count) == IMAGES
    assert "the recording changed" in caplog.text


def test_two_cannot_label_to_one_output(label, tmp_path, capsys):
    (tmp_path / "parts").mkdir()
    with AnswerStore(tmp_path / "parts" / ".out.answers", {}):
        label("parts", code=2)
    assert "another labeling writes to" in capsys.readouterr().err


def test_temporal_answers_are_not_kept_as_each_needs_those_before(
    label, moving, bayesian, tmp_path, capsys
):
    words = ["label", str(moving), str(bayesian), "--out", str(tmp_path / "out"), *USUAL]
    with pytest.MonkeyPatch.context() as patch:
        stop_at(patch, 4)
        assert main([*words, "--uncertainty", "temporal"]) == 130
    assert not list(tmp_path.glob(".out*"))
    assert "was not made, and temporal begins with the first image" in capsys.readouterr().err


def has_answer(file):
    return file.exists() and file.stat().st_size > 60_000  # of the empty tables it is a third


SLOW = """
import time
import torch
from segnet_model.recordings import answers
torch.set_num_threads(1)
answers.perf_counter = lambda: 0.0
answer = answers.FramePredictor.answer
def slow(self, frame, image):
    time.sleep(0.5)
    return answer(self, frame, image)
answers.FramePredictor.answer = slow
"""


@pytest.mark.parametrize("storage", ["mcap", pytest.param("sqlite3", marks=pytest.mark.slow)])
def test_killed_at_any_moment_it_goes_on(programs, moving, skyless, tmp_path, storage):
    """Killed four times, at its start too."""

    def start(folder):
        (tmp_path / folder).mkdir(exist_ok=True)
        out = str(tmp_path / folder / "out")
        return programs.fork(
            "segnet_model.cli", "label", str(moving), str(skyless), "--out", out, *USUAL,
            "--storage", storage, *ALL, before=SLOW,
        )  # fmt: skip

    whole = start("whole")
    parts, kept = tmp_path / "parts", tmp_path / "parts" / ".out.answers-wal"
    rng = np.random.default_rng(len(storage))
    for number in range(4):
        process = start("parts")
        until = time.monotonic() + 60
        while not number and not has_answer(kept) and time.monotonic() < until:
            time.sleep(0.02)
        time.sleep(rng.uniform(0, 3))
        process.send_signal(signal.SIGKILL)
        process.wait(60)
        if (parts / "out").exists():
            break
    else:
        last = start("parts")
        said = last.communicate(100)[0]
        assert last.returncode == 0, said
        assert "of them before it was stopped" in said
    assert whole.wait(100) == 0
    assert files(parts / "out") == files(tmp_path / "whole" / "out")
