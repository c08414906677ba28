"""`segnet fleet select` into an object store, with workers in this process."""

from __future__ import annotations

import time

import numpy as np
import pytest

from segnet_model.bags.writer import BagWriter
from segnet_model.base.errors import SettingsError
from segnet_model.cli import main
from segnet_model.commands import fleet_run
from segnet_model.fleet.records import record_done
from segnet_model.fleet.storage import Output, local_copy
from segnet_model.fleet.working_copy import working_copy

fsspec = pytest.importorskip("fsspec", reason="the extra [fleet] is not installed")
pytest.importorskip("rich", reason="the extra [fleet] is not installed")
import faulty_store  # noqa: E402 - needs fsspec

SECOND = 10**9
OPTIONS = ("--count", "4", "--val", "2", "--samples", "2", "--every", "0")


class HereRun(fleet_run.FleetRun):
    """A fleet without Ray: the driver does the workers' tasks."""

    def _connect(self, job):
        pass

    def complete(self, job, out, tasks):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(fleet_run, "Pool", HerePool)
            return super().complete(job, out, tasks)


class HerePool:
    def __init__(self, job, out, size):
        self._work, self._out = job.open(), out

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def run(self, tasks, watcher):
        for task in tasks:
            with local_copy(task.input.address) as source, self._out.new_folder(task.name) as made:
                outcome = self._work(task, source, made, lambda share: None)
            record_done(self._out, task, outcome, 0.0, 0.0)
            watcher.done(task, outcome)


@pytest.fixture(autouse=True)
def store(monkeypatch):
    """An object store on this disk, and a fleet of this process."""
    fsspec.register_implementation("faulty", faulty_store.FaultyStore, clobber=True)
    monkeypatch.setattr(fleet_run, "FleetRun", HereRun)


@pytest.fixture
def bags(tmp_path):
    """Two drives of random images."""
    rng = np.random.default_rng(2)
    for name in ("a", "b"):
        with BagWriter(tmp_path / "bags" / name) as writer:
            for index in range(12):
                image = rng.integers(0, 256, (6, 9, 3), np.uint8).repeat(10, 0).repeat(10, 1)
                writer.write_image("/camera", SECOND * (10 + index), "camera", image)
    return tmp_path / "bags"


def tree(folder):
    """The bytes of all files in a folder, but for the fleet's own."""
    files = {str(path.relative_to(folder)): path for path in folder.rglob("*") if path.is_file()}
    return {name: path.read_bytes() for name, path in files.items() if name[:7] != ".fleet/"}


def select(bags, bayesian, out, *more):
    return main(
        ["fleet", "select", "--bags", f"{bags}/*", str(bayesian), *OPTIONS, "--out", out, *more]
    )


def test_rounds_in_a_store_are_those_in_a_folder(bags, bayesian, tmp_path, capsys):
    """Two rounds; of a store nothing but the outputs is left, there and in TMPDIR."""
    stored, local = tmp_path / "store" / "yard", tmp_path / "yard"
    address = f"faulty://{stored}"
    for number in (1, 2):
        assert select(bags, bayesian, str(local), "--classes", "path,grass") == 0
        told = capsys.readouterr().out
        assert select(bags, bayesian, address, "--classes", "path,grass") == 0
        assert capsys.readouterr().out == told.replace(str(local), address)
        assert f"{local}/labels.yaml: path" in told
        assert len(expected := tree(local)) == 4 + 4 * number + 2
        assert tree(stored) == expected
    assert not (stored / ".fleet" / "picked").exists()
    assert len(list((stored / ".fleet" / "rankings").glob("[ab]-*"))) == 2


@pytest.mark.parametrize("puts", [0, 1, 5, 9])
def test_a_round_that_is_interrupted_goes_on(puts, bags, bayesian, tmp_path, monkeypatch, capsys):
    """After any number of files, and nothing is chosen or stored twice."""
    stored, whole = tmp_path / "store" / "yard", tmp_path / "whole"
    address, put = f"faulty://{stored}", Output.put
    assert select(bags, bayesian, str(whole)) == 0
    left = [puts]

    def failing(out, file, name):
        if out.address == address:  # not that of the rankings
            left[0] -= 1
            if left[0] < 0:
                raise OSError(110, "Connection timed out", name)
        put(out, file, name)

    monkeypatch.setattr(Output, "put", failing)
    assert select(bags, bayesian, address) == 2
    assert "Connection timed out" in capsys.readouterr().err
    there = tree(stored)
    assert len(there) == puts
    assert ("selection.unfinished.json" in there) == (puts > 0)
    monkeypatch.setattr(Output, "put", put)
    assert select(bags, bayesian, address) == 0
    assert tree(stored) == tree(whole)
    if puts:
        assert "selection.unfinished.json" not in tree(stored)


def test_a_file_of_somebody_else_in_the_store_stays(bags, bayesian, tmp_path, capsys):
    stored = tmp_path / "store" / "yard"
    stored.mkdir(parents=True)
    (stored / "selection.png").write_bytes(b"precious")
    address = f"faulty://{stored}"
    assert select(bags, bayesian, address) == 2
    told = capsys.readouterr().err
    assert f"{address}/selection.png was not written by segnet" in told
    assert "replace it with --overwrite" in told
    assert tree(stored) == {"selection.png": b"precious"}
    assert select(bags, bayesian, address, "--overwrite") == 0
    assert len(tree(stored)) == 9
    assert select(bags, bayesian, f"{address}/selection.png") == 2
    assert f"{address}/selection.png is a file; give the name of a folder" in (
        capsys.readouterr().err
    )


@pytest.fixture
def memory(monkeypatch):
    """A store in memory, whose names are as free as those of an object store."""
    files = fsspec.filesystem("memory")
    files.store.clear()
    monkeypatch.setattr("segnet_model.fleet.storage._protocols", lambda files: ("other",))
    yield files
    files.store.clear()


def test_changes_of_a_copy_are_stored_and_nothing_else(memory):
    memory.pipe({"/set/train/1.png": b"1", "/set/list": b"old", "/set/.fleet/r/x": b"r"})
    puts, out = [], Output("memory://set")
    put = out.put
    out.put = lambda file, name: (puts.append(name), put(file, name))
    with working_copy(out, ".fleet") as copy:
        assert copy.folder.name == "set"
        assert tree(copy.folder) == {"train/1.png": b"1", "list": b"old"}
        assert not (copy.folder / ".fleet").exists()
        (copy.folder / "unfinished").write_text("u")
        copy.store()
        time.sleep(0.01)
        (copy.folder / "train" / "2.png").write_text("2")
        (copy.folder / ".hidden").write_text("h")
        (copy.folder / "list").write_text("new")
        (copy.folder / "unfinished").unlink()
        copy.store()
    assert puts == ["unfinished", "train/2.png", "list"]
    assert memory.find("/set") == [
        "/set/.fleet/r/x", "/set/list", "/set/train/1.png", "/set/train/2.png",
    ]  # fmt: skip
    assert memory.cat("/set/list") == b"new"
    assert not copy.folder.parent.exists()


@pytest.mark.parametrize("how", ["copy", "input"])
def test_no_name_in_a_store_leads_out_of_the_copy(how, memory, tmp_path, monkeypatch):
    """A store takes `..` for a name as any other."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    memory.pipe("/set/fine", b"1")
    found = memory.find("/set", withdirs=True, detail=True)
    bad = {"/set/../../evil": {"name": "/set/../../evil", "type": "file", "size": 1}}
    monkeypatch.setattr(type(memory), "find", lambda *_, **__: {**found, **bad})
    context = local_copy("memory://set")
    if how == "copy":
        context = working_copy(Output("memory://set"), ".fleet")
    with pytest.raises(SettingsError, match=r"evil leads out of /set; rename it"), context:
        pass
    assert not list(tmp_path.iterdir())
