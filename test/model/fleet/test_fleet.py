"""`segnet fleet` on a cluster of two nodes, against the single commands."""

from __future__ import annotations

import contextlib
import csv
import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from segnet_model.bags.writer import BagWriter
from segnet_model.base.leftovers import is_alive
from segnet_model.cli import main
from segnet_model.datasets.sources import open_source
from segnet_model.fleet import queue
from segnet_model.images.files import read_image
from segnet_model.weights.checkpoint import save_weights

ray = pytest.importorskip("ray", reason="the extra [fleet] is not installed")
pytest.importorskip("rich", reason="the extra [fleet] is not installed")
import faulty_store  # noqa: E402 - needs fsspec

ROOT = Path(__file__).parents[3]
TOPIC = "/camera"
UNTIMED = ("--topics", "mask", "confidence", "drivable", "class_map")  # stats have milliseconds
MEMORY = 80_000_000  # bytes of Ray's object store on each node
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("ray"), pytest.mark.timeout(300)]


class Nodes:
    """A cluster whose nodes can be added and removed."""

    def __init__(self, packages):
        """Start the head; packages is a folder on the path of all workers."""
        from ray.cluster_utils import Cluster

        self.packages = packages
        head = {"num_cpus": 0, "include_dashboard": False, "object_store_memory": MEMORY}
        self.cluster = Cluster(initialize_head=True, head_node_args=head)
        self.address = self.cluster.address

    def add(self, **environment):
        node = self.cluster.add_node(
            num_cpus=1, object_store_memory=MEMORY, env_vars=environment or None
        )
        self.cluster.wait_for_nodes()
        return node


@pytest.fixture(scope="module")
def nodes(tmp_path_factory):
    """Two nodes of one core each."""
    extra = tmp_path_factory.mktemp("packages")
    faulty_store.install(extra)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT), str(extra)]))
        patch.setenv("RAY_USAGE_STATS_ENABLED", "0")
        nodes = Nodes(extra)
        nodes.add(), nodes.add()
        yield nodes
        nodes.cluster.shutdown()


@pytest.fixture(autouse=True)
def soon(monkeypatch):
    """Let no test wait for the next try."""
    monkeypatch.setattr(queue, "PAUSES", (0.1, 0.2))


@pytest.fixture(scope="module")
def recordings(tmp_path_factory):
    """Forty recordings of six small images."""
    folder = tmp_path_factory.mktemp("recordings")
    rng = np.random.default_rng(0)
    for number in range(40):
        write_bag(folder / f"bag{number:02}", rng, 6)
    return folder


def write_bag(path, rng, images):
    with BagWriter(path) as writer:
        for index in range(images):
            image = rng.integers(0, 256, (6, 9, 3), np.uint8).repeat(10, 0).repeat(10, 1)
            writer.write_image(TOPIC, 10**18 + index * 500_000_000, "camera", image)


@pytest.fixture
def network(tmp_path, small_info):
    path = tmp_path / "small.safetensors"
    save_weights(path, small_info.build(), small_info)
    return path


def tree(folder):
    """The bytes of all files in a folder."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def made(out):
    """The folders of outputs, and no others, by the name of their recording."""
    folders = [path for path in out.iterdir() if path.is_dir() and path.name != "records"]
    return {path.name.rpartition("-")[0]: path for path in folders}


def check_same(out, recordings, command, *options):
    """Compare each output with that of the single command."""
    outputs = made(out)
    bags = sorted(recordings.iterdir())
    assert sorted(outputs) == [bag.name for bag in bags]
    single = out.with_name(f"{out.name}_single")
    for bag in bags:
        place = single / outputs[bag.name].name
        assert main([command, str(bag), *map(str, options), "--out", str(place)]) == 0
        assert tree(outputs[bag.name]) == tree(place), bag.name
    assert not [path for path in out.iterdir() if path.name.startswith(".")]


def fleet(nodes, command, bags, out, *options):
    words = ["fleet", command, "--bags", str(bags), "--out", str(out), *map(str, options)]
    return main([*words, "--address", nodes.address])


def processes_at_work(out):
    """The processes that are making outputs, by the names of their hidden folders."""
    with contextlib.suppress(FileNotFoundError):
        return [int(path.name.split("-")[-1].split(".")[0]) for path in out.glob(".*.part")]
    return []


def wait_for_the_end_of(processes):
    while any(map(is_alive, processes)):
        time.sleep(0.05)


def when(condition, do):
    """Do something in a thread as soon as a condition holds; returns the thread."""

    def wait():
        while not condition():
            time.sleep(0.002)
        do()

    thread = threading.Thread(target=wait, daemon=True)
    thread.start()
    return thread


def test_forty_recordings_with_a_worker_killed_in_the_middle(
    nodes, recordings, network, tmp_path, capsys
):
    out, killed = tmp_path / "labeled", []

    def kill():
        killed.append(processes_at_work(out)[0])
        os.kill(killed[0], signal.SIGKILL)

    killer = when(lambda: len(list(out.glob("bag*"))) > 3 and processes_at_work(out), kill)
    options = (network, *UNTIMED)
    assert fleet(nodes, "label", recordings / "*", out, *options) == 0
    killer.join()
    said = capsys.readouterr()
    assert "40 of 40 made, 0 were there already" in said.out
    assert "is tried again: its worker was lost" in said.err
    check_same(out, recordings, "label", *options)
    before = {path: path.stat().st_mtime_ns for path in out.rglob("*")}
    assert fleet(nodes, "label", recordings / "*", out, *options) == 0
    assert "0 of 40 made, 40 were there already" in capsys.readouterr().out
    assert {path: path.stat().st_mtime_ns for path in out.rglob("*")} == before


def test_a_long_recording_on_two_workers_of_which_one_is_killed(nodes, network, tmp_path, capsys):
    """Pieces of 200 kB; the same command ends what was begun, and makes no piece twice."""
    bags, out, pieces = tmp_path / "bags", tmp_path / "labeled", tmp_path / "labeled" / ".pieces"
    write_bag(bags / "long", np.random.default_rng(0), 150)
    write_bag(bags / "short", np.random.default_rng(1), 6)
    options, piece = (network, *UNTIMED), ("--piece", "0.0002")

    def kill():
        os.kill(processes_at_work(pieces)[0], signal.SIGKILL)

    killer = when(lambda: len(list(pieces.glob("long*"))) > 2 and processes_at_work(pieces), kill)
    assert fleet(nodes, "label", bags / "*", out, *options, *piece) == 0
    killer.join()
    said = capsys.readouterr()
    assert "is tried again: its worker was lost" in said.err
    assert "2 of 2 made, 0 were there already" in said.out
    check_same(out, bags, "label", *options)  # and nothing hidden is left
    assert fleet(nodes, "label", bags / "*", out, *options) == 0  # --piece changes no name
    assert "0 of 2 made, 2 were there already" in capsys.readouterr().out


def test_a_node_that_is_removed(nodes, recordings, network, tmp_path):
    out, third = tmp_path / "masks", nodes.add()
    options = (network, "--uncertainty", "none")

    def remove():
        nodes.cluster.remove_node(third, allow_graceful=False)

    remover = when(lambda: len(list(out.glob("bag*"))) > 5, remove)
    assert fleet(nodes, "predict", recordings / "*", out, *options) == 0
    remover.join()
    wait_for_the_end_of(processes_at_work(out))  # a lost node's worker may outlive the driver
    assert fleet(nodes, "predict", recordings / "*", out, *options) == 0
    check_same(out, recordings, "predict", *options)


def test_a_driver_that_is_killed_and_started_again(nodes, recordings, tmp_path, capsys):
    out, options = tmp_path / "yards", ("--every", "0", "--val", "0.5")
    words = ["fleet", "extract", "--bags", str(recordings / "*"), "--out", str(out), *options]
    program = [sys.executable, "-m", "segnet_model.cli", *words, "--address", nodes.address]
    driver = subprocess.Popen(program, cwd=ROOT)
    when(lambda: len(list(out.glob("records/*.done.json"))) > 9, driver.kill).join()
    driver.wait()
    there = len(list(out.glob("records/*.done.json")))
    assert 9 < there < 40
    assert fleet(nodes, "extract", recordings / "*", out, *options) == 0
    said = capsys.readouterr().out
    assert f"{out}: " in said
    made_now = int(said.split(": ")[1].split()[0])
    assert made_now <= 40 - there  # the workers may have ended what they were at
    assert len(list(out.glob("records/*.done.json"))) == 40
    check_same(out, recordings, "extract", *options)


def test_a_corrupt_recording_is_set_aside(nodes, tmp_path, capsys):
    bags, out, rng = tmp_path / "bags", tmp_path / "out", np.random.default_rng(1)
    for name in ("a", "b", "c"):
        write_bag(bags / name, rng, 4)
    (file,) = (bags / "b").glob("*.mcap")
    whole = file.read_bytes()
    file.write_bytes(b"no recording" + bytes(len(whole) - 12))
    assert fleet(nodes, "extract", bags / "*", out) == 1
    said = capsys.readouterr().out
    assert "2 of 3 made" in said
    assert f"set aside {bags / 'b'}: bag {bags / 'b'} " in said
    assert sorted(made(out)) == ["a", "c"]
    (record,) = (out / "records").glob("b-*.failed.json")
    assert len(json.loads(record.read_text())["errors"]) == 3
    file.write_bytes(whole)  # copied again, with the same size
    assert fleet(nodes, "extract", bags / "*", out) == 0
    assert not list((out / "records").glob("*.failed.json"))
    check_same(out, bags, "extract")


def test_a_store_that_fails_twice_and_a_full_disk(nodes, recordings, network, tmp_path, capsys):
    """Both nodes' store fails twice for each recording in one run; one disk is full in another."""
    store, faults = tmp_path / "store", tmp_path / "faults"
    faults.mkdir()
    address = f"faulty://{store}"
    bags = f"faulty://{recordings}/bag0*/*.mcap"
    (nodes.packages / "waiting").touch()  # so that the full disk gets its share of ten
    full = nodes.add(FAULTY_DISK="1")
    assert fleet(nodes, "extract", bags, address, "--workers", 3) == 0
    nodes.cluster.remove_node(full)
    said = capsys.readouterr()
    assert "10 of 10 made" in said.out
    assert "No space left on device" in said.err
    twice = nodes.add(FAULTY_TWICE=str(faults))
    assert fleet(nodes, "extract", bags, f"{address}/again", "--workers", 3) == 0
    nodes.cluster.remove_node(twice)
    files = {name.name: path for name, path in ((each, each) for each in recordings.glob("bag0*"))}
    for out in (store, store / "again"):
        outputs = {path.parent: tree(path.parent) for path in out.glob("bag0*/manifest.csv")}
        assert len(outputs) == 10
        for folder, content in outputs.items():
            bag = files[folder.name.rpartition("_0-")[0]] if "_0-" in folder.name else None
            (file,) = (bag or files[folder.name.rpartition("-")[0]]).glob("*.mcap")
            single = tmp_path / "single" / out.name / folder.name
            assert main(["extract", str(file), "--out", str(single)]) == 0
            expected = tree(single)
            expected["manifest.csv"] = content["manifest.csv"]
            assert content == expected
            assert f"faulty://{file}".encode() in content["manifest.csv"]


def test_select_of_one_recording_is_the_single_commands(nodes, bayesian, tmp_path, capsys):
    """Two rounds; the second ranks nothing anew."""
    bags, rng = tmp_path / "bags", np.random.default_rng(2)
    write_bag(bags / "drive", rng, 30)
    options = [str(bayesian), "--count", "4", "--val", "2", "--samples", "2", "--every", "0"]
    fleet_out, single = tmp_path / "yard", tmp_path / "single"
    fleet_out.mkdir()
    (fleet_out / "selection.png").write_bytes(b"precious")
    assert fleet(nodes, "select", bags / "*", fleet_out, *options) == 2
    assert "replace it with --overwrite" in capsys.readouterr().err
    for number in (1, 2):  # of the same rankings, with --overwrite and without
        more = ["--overwrite"] if number == 1 else []
        assert fleet(nodes, "select", bags / "*", fleet_out, *options, *more) == 0
        said = capsys.readouterr().out.splitlines()[-1]
        assert main(["select", str(bags / "drive"), *options, "--out", str(single)]) == 0
        expected = tree(single)
        found = {k: v for k, v in tree(fleet_out).items() if not k.startswith(".fleet/")}
        assert len(expected) == 3 + 4 * number + 2
        assert found == expected
        assert f"round {number}: 4 of " in said
    rankings = list((fleet_out / ".fleet" / "rankings").glob("drive-*"))
    assert len(rankings) == 1


def test_select_of_all_recordings_takes_the_best_of_all(nodes, recordings, bayesian, tmp_path):
    out = tmp_path / "yard"
    options = (bayesian, "--count", 9, "--val", 3, "--samples", 2, "--every", 0)
    assert fleet(nodes, "select", recordings / "*", out, *options) == 0
    assert len(list((out / "train").iterdir())) == 9
    assert len(list((out / "val").iterdir())) == 3
    with (out / "manifest.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert len({row["bag"] for row in rows if row["split"] == "train"}) > 3
    for row in rows:  # stamps are the same in all recordings
        with open_source(row["bag"]) as source:
            frames = {frame.receive_ns: frame for frame in source.frames()}
            image = frames[int(row["receive_ns"])].image()
        assert np.array_equal(read_image(out / row["file"]), image)


def test_select_into_a_store(nodes, recordings, bayesian, tmp_path):
    """The workers put rankings and frames there, and the driver the data set."""
    store, out = tmp_path / "store" / "yard", tmp_path / "yard"
    options = (bayesian, "--count", 5, "--val", 2, "--samples", 2, "--every", 0)
    for place in (out, f"faulty://{store}"):
        assert fleet(nodes, "select", recordings / "bag0*", place, *options) == 0
    found, expected = (
        {name: data for name, data in tree(each).items() if not name.startswith(".fleet/")}
        for each in (store, out)
    )
    assert len(expected) == 3 + 5 + 2
    assert found == expected
    assert sorted(path.name for path in (store / ".fleet").iterdir()) == ["rankings"]
