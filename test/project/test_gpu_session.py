"""The session on a GPU is rehearsed on the CPU, so that none of its minutes is lost."""

import io
import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from benchmarks import gpu
from benchmarks.gpu_session import Results, main, run_step, summary, write_parts
from benchmarks.gpu_steps import MARK, SKIPPED, STEPS
from segnet_model.inference.predictor import Predictor

ROOT = Path(__file__).parents[2]
FIGURE = {"what": "time", "value": 2.0, "unit": "ms", "at_most": 1.0}


def run(results, code, limit_s=30.0, step="kernels"):
    log = io.StringIO()
    status = run_step(step, [sys.executable, "-c", code], limit_s, results, log)
    return status, log.getvalue()


@pytest.fixture
def results(tmp_path):
    return Results(tmp_path / "results.json")


def test_what_a_step_found_is_kept_however_it_ends(results):
    say = f"print({MARK + json.dumps({'row': {'a': 1}})!r}, flush=True);"
    figure = f"print({MARK + json.dumps({'figure': FIGURE})!r}, flush=True);"
    assert run(results, say + figure)[0] == "done"
    status, log = run(results, say + "raise ValueError('broken')", step="networks")
    assert status == "failed"
    assert "broken" in log
    began = time.monotonic()
    code = say + "import time; time.sleep(60)"
    assert run(results, code, limit_s=3, step="samples")[0] == "out of time"
    assert time.monotonic() - began < 30
    assert run(results, f"raise SystemExit({SKIPPED})", step="node")[0] == "skipped"
    kept = json.loads(results.path.read_text())
    assert [each["rows"] for each in kept.values()] == [[{"a": 1}]] * 3 + [[]]
    text = summary(results)
    assert "MISSED" in text
    assert text.endswith("1 marks missed")


@pytest.mark.slow
def test_a_step_that_ignores_ctrl_c_is_killed_with_its_children(results, monkeypatch):
    monkeypatch.setattr("benchmarks.gpu_session.GRACE", 1.0)
    code = (
        "import signal, subprocess, sys, time; signal.signal(signal.SIGINT, signal.SIG_IGN);"
        "child = subprocess.Popen(['sleep', '60']); print(child.pid, flush=True); time.sleep(60)"
    )
    status, log = run(results, code, limit_s=3)
    assert status == "out of time"
    state = Path(f"/proc/{log.split()[0]}/status")
    assert not state.exists() or "Z (zombie)" in state.read_text()


def test_parts_join_to_the_weights(tmp_path):
    content = bytes(range(256)) * 10000
    (tmp_path / "weights.safetensors").write_bytes(content)
    parts = write_parts(tmp_path / "weights.safetensors", tmp_path, "segnet", part_mib=1)
    assert [each["part"] for each in parts] == [f"segnet.safetensors.{i}_of_3" for i in (1, 2, 3)]
    assert max(each["bytes"] for each in parts) <= 1 << 20
    assert b"".join((tmp_path / each["part"]).read_bytes() for each in parts) == content


def test_without_time_every_step_is_named(tmp_path, capsys):
    assert main(["--minutes", "0", "--out", str(tmp_path / "out"), "--work", str(tmp_path)]) == 0
    assert capsys.readouterr().out.count("no time left") == len(STEPS)


def test_a_python_without_pytorch_is_refused(tmp_path):
    script = [ROOT / "benchmarks" / "gpu_session.sh", "--rehearse"]
    ran = subprocess.run(
        script, env={"PYTHON": str(tmp_path / "none"), "PATH": "/usr/bin:/bin"},
        capture_output=True, text=True,
    )  # fmt: skip
    assert ran.returncode == 2
    assert "name one with PYTHON=" in ran.stderr


def test_a_predictor_is_measured_without_graphs(monkeypatch):
    size = (32, 48)
    predictor = Predictor(gpu._engine("segnet_lite", size, "float32", gpu.TINY))
    monkeypatch.setattr(predictor._runner, "_graphs", lambda *args: pytest.fail("a graph"))
    gpu.forbid_graphs(predictor)
    assert predictor.predict(gpu._images(size, 1)).labels.shape == (1, *size)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_the_whole_session_is_rehearsed(tmp_path):
    """And again, as after a cut: trainings that are finished stay so."""
    out = tmp_path / "out"
    command = [ROOT / "benchmarks" / "gpu_session.sh", "--rehearse", "--out", out]
    command += ["--work", tmp_path / "work", "--minutes", "14"]
    environment = {"PYTHON": sys.executable, "PATH": "/usr/bin:/bin", "HOME": str(tmp_path)}
    ran = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    found = json.loads((out / "results.json").read_text())
    assert list(found) == list(STEPS)
    skipped = {name for name, each in found.items() if each["status"] == "skipped"}
    assert skipped <= {"tests", "node"}  # without a GPU, and a ROS
    assert all(each["status"] == "done" for name, each in found.items() if name not in skipped)
    assert len(found["networks"]["rows"]) == 12
    assert len(found["kernels"]["rows"]) == 5
    for name in ("segnet", "bayesian_segnet"):
        (row,) = found[name]["rows"]
        assert row["steps"] == "6 of 6"
        (part,) = found[name]["parts"]
        assert (out / part["part"]).stat().st_size == part["bytes"]
    assert "networks" in (out / "summary.txt").read_text()
