"""The benchmarks run to their end, or are stopped and named."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from benchmarks import __main__ as benchmarks
from benchmarks.harness import Report

ROOT = Path(__file__).parents[2]
WRITES = """
import sys
from pathlib import Path
from benchmarks.harness import Report
print("a bar: 100 %", file=sys.stderr)
print("a library talks")
report = Report("pooling")
report.note("no GPU here")
report.table("a table", [{"engine": "torch", "ms": 1.5}])
report.add("speed", 2.0, "x", at_least=1.0)
report.write(Path(sys.argv[1]))
"""
HANGS = "import subprocess; print(subprocess.Popen(['sleep', '60']).pid, flush=True); import time; "


@pytest.fixture
def run(monkeypatch, tmp_path):
    """Runs the benchmark `pooling` with code in its place; returns the exit code."""
    monkeypatch.setattr(benchmarks, "CACHE", tmp_path / "cache")
    monkeypatch.setattr(benchmarks, "OUT", tmp_path / "results")
    monkeypatch.setattr(benchmarks, "GRACE", 1.0)
    before = signal.getsignal(signal.SIGTERM)

    def run(code, *more):
        monkeypatch.setattr(sys, "argv", ["benchmarks", "pooling", *more])
        monkeypatch.setattr(
            benchmarks, "_command", lambda _, out, quick: [sys.executable, "-c", code, str(out)]
        )
        return benchmarks.main()

    yield run
    signal.signal(signal.SIGTERM, before)


def test_tables_and_marks_are_printed_and_nothing_between(run, tmp_path, capsys):
    assert run(WRITES) == 0
    said = capsys.readouterr()
    assert "pooling: no GPU here\n\na table\nengine   ms\ntorch   1.5\n" in said.out
    assert ["speed", "2", "x", ">=", "1", "holds"] in [
        line.split() for line in said.out.splitlines()
    ]
    assert "0 of 1 marks missed" in said.out
    assert "a bar" not in said.out + said.err
    assert "a library talks" not in said.out + said.err
    log = (tmp_path / "cache" / "logs" / "pooling.txt").read_text()
    assert sorted(log.splitlines()) == ["a bar: 100 %", "a library talks"]
    kept = Report.read(tmp_path / "results" / "pooling.json")
    assert kept.figures[0].holds
    assert kept.tables == [{"title": "a table", "rows": [{"engine": "torch", "ms": 1.5}]}]


def test_a_quick_run_leaves_the_results_alone(run, tmp_path):
    assert run(WRITES, "--quick") == 0
    assert not (tmp_path / "results").exists()
    assert (tmp_path / "cache" / "quick" / "pooling.json").is_file()


@pytest.mark.parametrize("names", [[], ["pooling", "gpu"]])
def test_one_at_a_time_runs_here(names, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["benchmarks", *names, "--here"])
    with pytest.raises(SystemExit):
        benchmarks.main()
    assert "--here runs one benchmark: name it" in capsys.readouterr().err


def test_one_that_fails_is_a_missed_mark_with_its_last_words(run, tmp_path, capsys):
    """Also where it had written its figures before."""
    assert run(WRITES + "raise ValueError('broken')") == 1
    said = capsys.readouterr().out
    assert "pooling ended with 1; " in said
    assert "ValueError: broken" in said
    rows = [" ".join(line.split()) for line in said.splitlines()]
    assert "pooling: runs to its end 0 >= 1 MISSED ended with 1" in rows
    assert not (tmp_path / "results").exists()


def test_one_that_hangs_is_stopped_with_what_it_started(run, monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(benchmarks, "LIMITS", {False: 3.0})
    assert run(HANGS + "time.sleep(60)") == 1
    assert "pooling took too long; " in capsys.readouterr().out
    assert not alive(int((tmp_path / "cache" / "logs" / "pooling.txt").read_text().split()[0]))


def test_a_run_that_is_ended_leaves_nothing_behind(tmp_path):
    """As by `timeout`."""
    code = (
        "from pathlib import Path; import sys; from benchmarks import __main__ as it;"
        f"it.CACHE, it.GRACE, sys.argv = Path({str(tmp_path)!r}), 1.0, ['benchmarks', 'pooling'];"
        f"it._command = lambda *_: [sys.executable, '-c', {HANGS + 'time.sleep(60)'!r}]; it.main()"
    )
    process = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE)
    log, end = tmp_path / "logs" / "pooling.txt", time.monotonic() + 60
    while not (log.exists() and log.read_text().endswith("\n")) and time.monotonic() < end:
        time.sleep(0.05)
    process.terminate()
    process.communicate(timeout=60)
    assert not alive(int(log.read_text().split()[0]))


def alive(process):
    state = Path(f"/proc/{process}/status")
    return state.exists() and "Z (zombie)" not in state.read_text()


def test_each_benchmark_is_there_and_described():
    text = (ROOT / "benchmarks" / "README.md").read_text()
    for name in benchmarks.BENCHMARKS:
        assert (ROOT / "benchmarks" / f"{name}.py").is_file()
        assert f"| `{name}` |" in text


def test_a_node_that_ends_is_not_waited_for():
    streams = pytest.importorskip("benchmarks.streams")
    waits = [sys.executable, "-c", "import sys; sys.stdin.read()"]
    ends = [sys.executable, "-c", "raise SystemExit(3)"]
    began = time.monotonic()
    with (
        streams.running(waits, None) as camera,
        streams.running(ends, None) as node,
        pytest.raises(RuntimeError, match="ended with 3; see above"),
    ):
        streams.wait_for(camera, [node])
    assert time.monotonic() - began < streams.PATIENCE / 2
