"""Timing, memory, tables and the JSON file."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, field
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import torch


@dataclass(frozen=True)
class Figure:
    """A measured figure, and the mark that it is held against."""

    what: str
    value: float
    unit: str = ""
    at_least: float | None = None
    at_most: float | None = None
    note: str = ""

    @property
    def holds(self) -> bool | None:
        """Whether it reaches its mark; None without one."""
        if self.at_least is None and self.at_most is None:
            return None
        above = self.at_least is None or self.value >= self.at_least
        below = self.at_most is None or self.value <= self.at_most
        return bool(above and below)

    @property
    def mark(self) -> str:
        """The mark as text."""
        if self.at_least is not None:
            return f">= {self.at_least:g}"
        return "" if self.at_most is None else f"<= {self.at_most:g}"


@dataclass
class Report:
    """What one benchmark found: tables for people, and figures with their marks.

    Attributes:
        name: of the benchmark.
        quick: whether it measures little, and uses no weights that are to be trained first.
    """

    name: str
    quick: bool = False
    figures: list[Figure] = field(default_factory=list)
    tables: list[dict[str, Any]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)  # what was not measured, and why

    def amount(self, full: int, quick: int) -> int:
        """How much to measure."""
        return quick if self.quick else full

    def add(self, what: str, value: float, unit: str = "", **mark: Any) -> None:
        """Note a figure."""
        self.figures.append(Figure(what, value, unit, **mark))

    def table(self, title: str, rows: list[dict[str, Any]]) -> None:
        """Note a table."""
        self.tables.append({"title": title, "rows": rows})

    def note(self, text: str) -> None:
        """Say what is not measured, and why."""
        self.notes.append(text)

    def show(self) -> None:
        """Print the notes and the tables."""
        for text in self.notes:
            print(f"\n{self.name}: {text}")
        for each in self.tables:
            print(f"\n{each['title']}")
            print_rows(each["rows"])

    def write(self, folder: Path) -> None:
        """Write everything as JSON."""
        folder.mkdir(parents=True, exist_ok=True)
        values = {
            "machine": machine(),
            "notes": self.notes,
            "tables": self.tables,
            "figures": [{**asdict(f), "holds": f.holds} for f in self.figures],
        }
        (folder / f"{self.name}.json").write_text(json.dumps(values, indent=1))

    @classmethod
    def read(cls, file: Path) -> Report:
        """What `write` wrote."""
        values = json.loads(file.read_text())
        kept = [{key: f[key] for key in f if key != "holds"} for f in values["figures"]]
        figures = [Figure(**each) for each in kept]
        return cls(file.stem, figures=figures, tables=values["tables"], notes=values["notes"])


def print_rows(rows: list[dict[str, Any]]) -> None:
    """Print rows, all with the same keys, as a table."""
    print("\n".join(row_lines(rows)))


def row_lines(rows: list[dict[str, Any]]) -> list[str]:
    """Rows, all with the same keys, as the lines of a table."""
    lines = []
    texts = [{key: _text(value) for key, value in row.items()} for row in rows]
    widths = {key: max(len(key), *(len(row[key]) for row in texts)) for key in rows[0]}
    for row in [{key: key for key in widths}, *texts]:
        cells = [
            row[key].ljust(width) if index == 0 else row[key].rjust(width)
            for index, (key, width) in enumerate(widths.items())
        ]
        lines.append("  ".join(cells).rstrip())
    return lines


def print_figures(figures: list[Figure]) -> None:
    """Print figures beside their marks."""
    print_rows(figure_rows(figures))


def figure_rows(figures: list[Figure]) -> list[dict[str, Any]]:
    """Figures beside their marks, a row each."""
    words = {True: "holds", False: "MISSED", None: ""}
    return [
        {
            "figure": f.what,
            "value": f"{f.value:.4g} {f.unit}".strip(),
            "mark": f.mark,
            "": words[f.holds],
            "note": f.note,
        }
        for f in figures
    ]


def time_together(
    calls: Mapping[str, Callable[[], object]],
    rounds: int,
    clock: Callable[[], float] = time.perf_counter,
) -> dict[str, float]:
    """Least seconds of each call; they take turns, so that all see the same machine.

    The least is what the machine needs when nobody else has a say, and varies least between runs.
    On a busy machine `time.process_time` does, too, though it counts each thread.
    """
    for call in calls.values():
        call()
    seconds: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(rounds):
        for name, call in calls.items():
            call()  # what ran before it has filled the caches and keeps its threads awake
            _wait_for_gpu()
            began = clock()
            call()
            _wait_for_gpu()
            seconds[name].append(clock() - began)
    return {name: min(each) for name, each in seconds.items()}


def peak_memory(work: Callable[..., Callable[[], object]], *arguments: Any) -> float:
    """MB by which a process of its own grows at most, the second time that it does some work.

    Args:
        work: prepares and returns what is to be measured; both must be picklable by name.
        arguments: for work.
    """
    # Without these the C library keeps freed memory, and later allocations seem to cost nothing.
    os.environ |= {"MALLOC_MMAP_THRESHOLD_": "262144", "MALLOC_TRIM_THRESHOLD_": "262144"}
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(_measured, work, arguments).result()


def _measured(work: Callable[..., Callable[[], object]], arguments: tuple[Any, ...]) -> float:
    call = work(*arguments)
    call()
    Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew
    before = _resident("VmRSS")
    call()
    return (_resident("VmHWM") - before) / 1e3


def _resident(name: str) -> int:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(name):
            return int(line.split()[1])
    raise RuntimeError(f"the kernel does not tell {name}")


def machine() -> dict[str, Any]:
    """What it was measured on."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    gpu = torch.cuda.get_device_name() if torch.cuda.is_available() else None
    return {
        "processor": names[0] if names else "unknown",
        "threads": torch.get_num_threads(),
        "gpu": gpu,
        "torch": torch.__version__,
    }


def _wait_for_gpu() -> None:
    if torch.cuda.is_available():
        torch.cuda.synchronize()


def _text(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
