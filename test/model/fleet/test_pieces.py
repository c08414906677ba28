"""Recordings that are cut by time, against the single commands."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from tf_messages import matrix, placed, tf_message, transform

from segnet_model.bags.reader import BagReader
from segnet_model.bags.writer import BagWriter
from segnet_model.cli import _parser, main
from segnet_model.commands import fleet_jobs, fleet_pieces
from segnet_model.datasets.drives import FRAME, IMAGE_TOPIC, INFO_TOPIC, write_drive
from segnet_model.driving import CameraPose
from segnet_model.fleet.job import Input, Task
from segnet_model.fleet.pieces import Piece, pieces_of
from segnet_model.fleet.storage import Output
from segnet_model.inference.predictor import Predictor

SECOND = 10**9
UNTIMED = ("--topics", "mask", "confidence", "uncertainty", "drivable", "class_map")


def tree(folder):
    return {
        str(each.relative_to(folder)): each.read_bytes()
        for each in folder.rglob("*")
        if each.is_file()
    }


def job_args(command, *options):
    words = ["fleet", command, "--bags", "x", "--out", "y", *map(str, options)]
    return _parser(words).parse_args(words)


def in_pieces(command, bag, out, count, *options):
    """Make pieces of a recording one after the other, as workers would, and join them."""
    out.parent.mkdir()
    args = job_args(command, *options)
    work, folders = fleet_pieces.JOBS[command](args).open(), []
    for number in range(count):
        folders.append(out.with_name(f"{out.name}.{number}-of-{count}"))
        task = Task(folders[-1].name, Input(str(bag), 1), Piece(number, count))
        work(task, bag, folders[-1], lambda share: None)
    join(args, bag, out, folders)
    return folders


def join(args, bag, out, folders):
    task = Task(out.name, Input(str(bag), 1), folders)
    fleet_jobs.JOBS[args.work](args).open()(task, bag, out, lambda share: None)


def single(command, bag, out, *options):
    assert main([command, str(bag), *map(str, options), "--out", str(out)]) == 0
    return tree(out)


@pytest.fixture
def passes(monkeypatch):
    """The number of images that networks were asked about, after their warm-up."""
    asked, predict = [], Predictor.predict

    def counted(self, image, *rest):
        if image.any():  # no warm-up
            asked.append(image)
        return predict(self, image, *rest)

    monkeypatch.setattr(Predictor, "predict", counted)
    return asked


@pytest.fixture
def wild_bag(tmp_path):
    """Thirty images of one second each, of which some are bad, or have the stamp of another."""
    rng, path = np.random.default_rng(0), tmp_path / "wild"
    with BagWriter(path) as writer:
        for index in range(30):
            stamp = (100 + (index if index % 7 else 12)) * SECOND  # 0, 7, 14, ... have that of 12
            image = rng.integers(0, 256, (60, 90, 3), np.uint8)
            writer.write_image("/camera", stamp, "camera", image)
    with BagWriter(tmp_path / "bag") as writer, BagReader(path) as bag:
        for index, raw in enumerate(bag.messages()):
            data = raw.data[:80] if index in (3, 15, 29) else raw.data
            writer.write_raw(raw.topic, raw.type, data, (100 + index) * SECOND)
    return tmp_path / "bag"


@pytest.mark.parametrize("count", [2, 5, 40])
@pytest.mark.parametrize("command", ["predict", "label"])
def test_pieces_are_joined_to_the_single_commands_bytes(
    command, count, wild_bag, weights, tmp_path, passes
):
    options = (weights, *(UNTIMED if command == "label" else ()))
    expected = single(command, wild_bag, tmp_path / "single" / "out", *options)
    assert len(expected) == (2 * 27 if command == "predict" else 2)
    del passes[:]
    in_pieces(command, wild_bag, tmp_path / "cut" / "out", count, *options)
    assert tree(tmp_path / "cut" / "out") == expected
    assert len(passes) == 27 if command == "predict" else 27 <= len(passes) < 27 + 2 * count


@pytest.fixture
def driven(tmp_path):
    """A drive of 18 seconds, with a camera on a robot whose tf comes half a step late."""
    drive, bag, half = tmp_path / "rendered", tmp_path / "drive", SECOND // 4
    write_drive(drive, seed=3, seconds=18.0, fps=1.0)
    with BagReader(drive) as reader, BagWriter(bag) as writer:
        fixed = transform(
            "base_link", FRAME, 0, *placed(CameraPose.mounted(1.5, pitch=0.05).matrix)
        )
        writer.write("/tf_static", tf_message(fixed), reader.start_ns)
        for raw in reader.messages(IMAGE_TOPIC, INFO_TOPIC):
            writer.write_raw(raw.topic, raw.type, raw.data, raw.receive_ns)
            if raw.topic == IMAGE_TOPIC:
                since = (raw.receive_ns - reader.start_ns) / SECOND
                pose = placed(matrix((2 * since, 0.1, 0), (0, 0, 1), 0.01 * since))
                moved = tf_message(transform("odom", "base_link", raw.receive_ns, *pose))
                writer.write("/tf", moved, raw.receive_ns + half)
    return bag


def test_a_labeled_drive_with_grid_and_map(driven, tmp_path, passes):
    """Poses come after their images; with the default network, whose place score is smoothed."""
    options = ("segnet_lite_outdoor", "--map-rate", "100")
    expected = single("label", driven, tmp_path / "single" / "out", *options)
    images = len(passes)
    assert images == 18
    del passes[:]
    in_pieces("label", driven, tmp_path / "cut" / "out", 3, *options)
    assert len(passes) <= images + 3 * 3  # none was answered twice but at the cuts
    with BagReader(tmp_path / "single" / "out") as one, BagReader(tmp_path / "cut" / "out") as cut:
        assert one.topics == cut.topics
        assert one.topics["/segmentation/drivable_map"].count > 10
        for of_one, of_cut in zip(one.messages(), cut.messages(), strict=True):
            if not of_one.topic.endswith("/stats"):
                assert of_one == of_cut, of_one.topic
    assert expected.keys() == tree(tmp_path / "cut" / "out").keys()


def test_counts_of_a_cut_recording_are_those_of_the_whole(wild_bag, weights, tmp_path):
    in_pieces("label", wild_bag, tmp_path / "cut" / "out", 4, weights, "--topics", "stats")
    single("label", wild_bag, tmp_path / "single" / "out", weights, "--topics", "stats")
    counts = [list(stats_of(tmp_path / name / "out")) for name in ("single", "cut")]
    assert counts[0] == counts[1]
    assert counts[0][-1] == (29, 27, 2)


def stats_of(bag):
    from segnet_model.inference.outputs import STATS
    from segnet_model.recordings.node_types import node_types

    with BagReader(bag) as reader:
        for raw in reader.messages("/segmentation/stats"):
            each = node_types().deserialize_cdr(raw.data, STATS)
            yield each.frames_received, each.frames_processed, each.frames_rejected


def test_an_answer_that_would_be_another_in_the_whole_is_made_again(
    wild_bag, weights, tmp_path, monkeypatch, passes
):
    options = (weights, *UNTIMED)
    expected = single("label", wild_bag, tmp_path / "single" / "out", *options)
    folders = in_pieces("label", wild_bag, tmp_path / "cut" / "out", 3, *options)
    from segnet_model.recordings import resuming

    monkeypatch.setattr(resuming, "context_of", lambda *_: b"another")
    del passes[:]
    join(job_args("label", *options), wild_bag, tmp_path / "again" / "out", folders)
    assert tree(tmp_path / "again" / "out") == expected
    assert len(passes) == 27


def test_pieces_of_16_bit_images_are_not_joined(weights, tmp_path):
    """The first has samples of 10 bits, which the second piece would read as 16."""
    with BagWriter(tmp_path / "bag") as writer:
        for index in range(4):
            most = 1 << (10 if index < 2 else 16)
            image = np.random.default_rng(index).integers(0, most, (60, 90), np.uint16)
            data, encoding = cv2.imencode(".png", image)[1].tobytes(), "mono16; png compressed "
            writer.write_compressed("/camera", index * SECOND, "camera", data, encoding)
    expected = single("predict", tmp_path / "bag", tmp_path / "single" / "out", weights)
    in_pieces("predict", tmp_path / "bag", tmp_path / "cut" / "out", 2, weights)
    assert tree(tmp_path / "cut" / "out") == expected


def test_pieces_cover_a_recording_once():
    times = range(100, 200)
    for count in (1, 3, 7, 150):
        spans = [Piece(number, count).span(100, 200) for number in range(count)]
        inside = [sum(begin <= time < end for begin, end in spans) for time in (0, *times, 999)]
        assert set(inside) == {1}
    assert [len(pieces_of(Input("x", size), 10.0)) for size in (9, 10, 11, 31)] == [1, 1, 2, 4]
    assert len(pieces_of(Input("x", 10**9), 0)) == 1


@pytest.mark.parametrize(
    ("words", "cut"),
    [
        (("predict", "w"), True),
        (("label", "w"), True),
        (("predict", "w", "--every", "1"), False),
        (("predict", "w", "--start", "1"), False),
        (("predict", "w", "--uncertainty", "temporal"), False),
        (("label", "w", "--uncertainty", "temporal"), False),
        (("extract",), False),
    ],
)
def test_only_what_depends_on_no_image_before_is_cut(words, cut, wild_bag, tmp_path, monkeypatch):
    made = []

    class Fleet:
        def complete(self, job, out, tasks):
            made.extend(tasks)

    args = job_args(*words)
    args.piece = 1e-12
    jobs = {"label": lambda _: None, "predict": lambda _: None}
    monkeypatch.setattr(fleet_pieces, "JOBS", jobs)
    task = Task("wild-0", Input(str(wild_bag), 3000), None)
    found = fleet_pieces.with_pieces(args, Fleet(), Output(str(tmp_path / "out")), [task])
    assert len(made) == (1000 if cut else 0)
    assert found == [task]  # as none is done
