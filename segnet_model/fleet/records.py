"""Records of what became of each task: an output without a record counts as not made."""

from __future__ import annotations

import json
import platform
from typing import Any

from segnet_model.base.marks import MARK
from segnet_model.base.version import version
from segnet_model.fleet.job import Outcome, Task
from segnet_model.fleet.storage import Output

FOLDER = "records"
DONE, FAULTY, FAILED = "done", "faulty", "failed"
ENDING = ".json"


def read_states(out: Output) -> dict[str, str]:
    """The state of each task by name: `DONE`, `FAULTY` or `FAILED`.

    A listing is enough, as the names of the records hold the states.
    """
    parts = (name.split(".") for name in out.names(FOLDER) if name.endswith(ENDING))
    found = sorted((parts_ for parts_ in parts if len(parts_) >= 3), key=lambda each: each[-2])
    states: dict[str, str] = {}
    for *name, state, _ in found:  # done before failed
        states.setdefault(".".join(name), state)
    return states


def record_done(
    out: Output, task: Task, outcome: Outcome, seconds: float, cpu_seconds: float
) -> None:
    """Write that a task is done, after its output is in its place."""
    times = {"seconds": round(seconds, 3), "cpu_seconds": round(cpu_seconds, 3)}
    _write(out, task, FAULTY if outcome.faulty else DONE, {"text": outcome.text, **times})
    out.remove(FOLDER, f"{task.name}.{FAILED}{ENDING}")


def record_failed(out: Output, task: Task, reasons: list[str]) -> None:
    """Write why a task is set aside, with the error of each try."""
    _write(out, task, FAILED, {"errors": reasons})


def read_record(out: Output, name: str, state: str) -> dict[str, Any]:
    """The record of a task."""
    values: dict[str, Any] = json.loads(out.read(FOLDER, f"{name}.{state}{ENDING}"))
    return values


def _write(out: Output, task: Task, state: str, values: dict[str, Any]) -> None:
    values = {
        "made_by": MARK,
        "segnet": version(),
        "host": platform.node(),
        "input": task.input.address,
        "bytes": task.input.size,
        **values,
    }
    data = json.dumps(values, indent=1, ensure_ascii=True).encode()
    out.write(data, FOLDER, f"{task.name}.{state}{ENDING}")
