"""Names, records and the queue of a fleet, without Ray."""

from __future__ import annotations

import pickle

import pytest

from segnet_model.base.errors import SettingsError
from segnet_model.cli import _parser, main
from segnet_model.commands.fleet_jobs import JOBS, RankJob
from segnet_model.fleet.job import Input, Outcome, Task
from segnet_model.fleet.naming import output_name, settings_of
from segnet_model.fleet.queue import PAUSES, Queue
from segnet_model.fleet.records import (
    read_record,
    read_states,
    record_done,
    record_failed,
)
from segnet_model.fleet.storage import Output, find_inputs, local_copy

ITEM = Input("/recordings/a b.mcap", 10)
TASKS = [Task(name, Input(f"/{name}", 1)) for name in ("a-1", "b-1", "c-1")]


def test_names_depend_on_all_that_an_output_depends_on(tmp_path):
    weights = tmp_path / "weights"
    weights.write_bytes(b"one")
    settings = settings_of("label", {"weights": weights, "every": 0.5, "topics": ["mask"]})
    name = output_name(ITEM, settings)
    assert name.startswith("a%20b-")
    assert name == output_name(ITEM, settings)
    others = [
        output_name(Input("/elsewhere/a b.mcap", 10), settings),
        output_name(Input(ITEM.address, 11), settings),
        output_name(ITEM, settings_of("label", {"weights": weights, "every": 1.0})),
        output_name(ITEM, {**settings, "command": "predict"}),
    ]
    weights.write_bytes(b"two")  # in the same place
    again = settings_of("label", {"weights": weights, "every": 0.5, "topics": ["mask"]})
    assert len({name, output_name(ITEM, again), *others}) == 6
    (tmp_path / "copy").write_bytes(b"two")
    moved = {"weights": tmp_path / "copy", "every": 0.5, "topics": ["mask"]}
    assert settings_of("label", moved) == again


def test_inputs_are_files_and_folders_once_each(tmp_path):
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a" / "b" / "one.mcap").write_bytes(b"123")
    (tmp_path / "a" / "two.mcap").write_bytes(b"12345")
    found = find_inputs([f"{tmp_path}/**/*.mcap", f"file://{tmp_path}/a/two.mcap"])
    one, two = f"{tmp_path}/a/b/one.mcap", f"{tmp_path}/a/two.mcap"
    assert found == [Input(one, 3), Input(two, 5)]
    assert find_inputs([f"{tmp_path}/*"]) == [Input(f"{tmp_path}/a", 8)]
    (tmp_path / "links").mkdir()
    (tmp_path / "links" / "monday").symlink_to(tmp_path / "a")  # as to another disk
    linked = [Input(f"{tmp_path}/links/monday", 8)]
    assert find_inputs([f"{tmp_path}/links/*"]) == linked
    assert find_inputs([f"{tmp_path}/links/monday"]) == linked
    with local_copy(one) as path:
        assert str(path) == one  # no copy
    with pytest.raises(SettingsError, match=r"nothing matches .*none\*"):
        find_inputs([f"{tmp_path}/none*"])


@pytest.mark.parametrize("address", ["memory://out", "nothing-such://a/b"])
def test_storage_that_no_worker_sees_is_refused(address):
    with pytest.raises(SettingsError, match=address):
        Output(address)


def test_an_output_is_whole_or_absent(tmp_path):
    out = Output(str(tmp_path / "out"))

    def stop(folder):
        folder.mkdir()
        (folder / "half").touch()
        raise KeyError

    with pytest.raises(KeyError), out.new_folder("a-1") as folder:
        stop(folder)
    assert not list((tmp_path / "out").iterdir())
    for text in ("old", "new"):  # without a record, it counts as not made
        with out.new_folder("a-1") as folder:
            folder.mkdir()
            (folder / text).touch()
    assert [path.name for path in (tmp_path / "out").rglob("*")] == ["a-1", "new"]


def test_a_worker_that_was_lost_takes_no_output_away(tmp_path):
    """It may live on, and end a task that another worker has made meanwhile."""
    out = Output(str(tmp_path))
    with out.new_folder("a-1") as late:
        late.mkdir()
        (tmp_path / "a-1").mkdir()
        (tmp_path / "a-1" / "of the other").touch()
    assert [path.name for path in tmp_path.rglob("*")] == ["a-1", "of the other"]


def test_records_say_in_their_names_what_became_of_a_task(tmp_path):
    out = Output(str(tmp_path))
    assert read_states(out) == {}
    a, b, c = TASKS
    record_failed(out, a, ["one", "two", "three"])
    record_failed(out, b, ["one", "two", "three"])
    assert read_states(out) == {"a-1": "failed", "b-1": "failed"}
    record_done(out, a, Outcome("six images"), 1.5, 2.5)
    record_done(out, c, Outcome("2 errors", faulty=True), 0.5, 0.5)
    assert read_states(out) == {"a-1": "done", "b-1": "failed", "c-1": "faulty"}
    assert read_record(out, "a-1", "done")["text"] == "six images"
    assert read_record(out, "b-1", "failed")["errors"] == ["one", "two", "three"]


def test_a_task_that_failed_goes_to_another_node_and_is_tried_three_times():
    queue, nodes = Queue(TASKS), {"x", "y"}
    first = queue.take("x", nodes, 0.0)
    assert first.task is TASKS[0]
    assert first.fail("x", "disk full", 0.0)
    queue.put(first)
    assert [queue.take("x", nodes, 0.0).task for _ in range(2)] == TASKS[1:]
    assert queue.take("y", nodes, PAUSES[0] / 2) is None  # not yet
    assert queue.take("x", nodes, PAUSES[0]) is None  # not there
    assert queue.take("y", nodes, PAUSES[0]) is first
    assert first.fail("y", "again", 0.0)
    queue.put(first)
    assert queue.take("x", nodes, PAUSES[1]) is first  # it failed everywhere
    assert not first.fail("x", "and again", 0.0)
    assert first.errors == ["disk full", "again", "and again"]


@pytest.mark.parametrize("work", ["train", "adapt"])
def test_trainings_name_the_line_to_type(work, capsys):
    assert main(["fleet", work, "yard", "--out", "run"]) == 2
    said = capsys.readouterr().err
    assert "torchrun --nnodes 2" in said
    assert "segnet_model.cli train DATASET" in said


@pytest.mark.parametrize(("work", "more"), [
    ("label", ["segnet_lite_drives", "--topics", "mask"]), ("predict", ["segnet_lite_drives"]),
    ("extract", ["--every", "2"]), ("check", ["--strict"]),
    ("select", ["bayesian_segnet_basic_drives", "--count", "7"]),
])  # fmt: skip
def test_a_job_goes_to_workers_and_knows_the_single_commands_options(work, more):
    words = ["fleet", work, "--bags", "x", "--out", "y", "--workers", "3", *more]
    args = _parser(words).parse_args(words)
    (task,) = {**JOBS, "select": RankJob}[work](args).tasks([ITEM])
    job = pickle.loads(pickle.dumps({**JOBS, "select": RankJob}[work](args)))
    assert job.tasks([ITEM]) == [task]
    words[words.index("3")] = "4"  # workers change no output
    same = _parser(words).parse_args(words)
    assert {**JOBS, "select": RankJob}[work](same).tasks([ITEM]) == [task]


def test_options_without_an_effect_are_refused_as_in_the_single_command(tmp_path, capsys):
    words = ["predict", "segnet_lite_drives", "--samples", "3"]
    single = [*words[:1], str(tmp_path), *words[1:], "--out", str(tmp_path / "out")]
    assert main(single) == 2
    expected = capsys.readouterr().err.removeprefix("segnet predict: ")
    fleet = ["fleet", *words, "--bags", str(tmp_path), "--out", str(tmp_path / "out")]
    assert main(fleet) == 2
    assert capsys.readouterr().err.removeprefix("segnet fleet: ") == expected


def test_a_share_of_several_gpus_is_refused(capsys):
    """Ray refuses it too, when the first worker starts, and as an error of a program."""
    line = ["fleet", "check", "--bags", "x", "--out", "y", "--gpus"]
    with pytest.raises(SystemExit):
        main([*line, "1.5"])
    assert "1.5 is no share of a GPU; give less than 1, or a whole" in capsys.readouterr().err
    for text in ("0", "0.25", "1", "2"):
        assert _parser(line).parse_args([*line, text]).gpus == float(text)
