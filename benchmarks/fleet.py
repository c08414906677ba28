"""A fleet on this machine: two workers against one, and what a recording costs beside its work."""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import numpy as np
import psutil

from benchmarks.harness import Report
from segnet_model.bags.writer import BagWriter
from segnet_model.commands import fleet
from segnet_model.commands.fleet_jobs import ExtractJob
from segnet_model.datasets.extraction.extract import extract
from segnet_model.datasets.extraction.settings import ExtractSettings
from segnet_model.fleet.cluster import cluster
from segnet_model.fleet.job import Outcome, Task
from segnet_model.fleet.pool import Member, Pool, Size
from segnet_model.fleet.records import DONE, read_record
from segnet_model.fleet.storage import Output, find_inputs
from segnet_model.scenes import Camera, Drive

TOPIC = "/camera/image_raw"
CAMERA = Camera(640, 480, 480.0, 480.0, 319.5, 239.5)
LONG, FRAMES = 8, 40  # recordings, and frames of each
SHORT = 60  # recordings of one frame
ROUNDS = 3
STEP = 500_000_000


def run(report: Report) -> None:
    """Extract the same recordings with one worker and with two, in turns; then many short ones."""
    with tempfile.TemporaryDirectory() as name, cluster(None):
        folder = Path(name)
        long, frames = report.amount(LONG, 4), report.amount(FRAMES, 10)
        _write_bags(folder / "long", long, frames)
        _write_bags(folder / "short", report.amount(SHORT, 10), 1)
        runs: dict[int, list[_Run]] = {1: [], 2: []}
        for number in range(report.amount(ROUNDS, 1)):
            for workers, found in runs.items():
                out = folder / f"out_{workers}_{number}"
                found.append(_extract(folder / "long", out, workers))
        short = _extract(folder / "short", folder / "out_short", 1)
        single = _single(folder / "short", folder / "out_single")
    best = {workers: min(found, key=lambda each: each.seconds) for workers, found in runs.items()}
    report.table(
        f"{long} recordings of {frames} images, {CAMERA.width}x{CAMERA.height}, one thread each",
        [
            {"workers": workers, "s": each.seconds, "CPU s a recording": each.work_cpu,
             "workers busy": each.busy}
            for workers, each in best.items()
        ],
    )  # fmt: skip
    one, two = best[1], best[2]
    alone = 2 * two.busy / one.busy * one.work_cpu / two.work_cpu
    ratios = [one.seconds / two.seconds for one, two in zip(runs[1], runs[2], strict=True)]
    load = f"{os.getloadavg()[0]:.1f} programs share {os.cpu_count()} cores"
    report.add("two workers over one, by the clock", median(ratios), "x", at_least=1.8, note=load)
    report.add(
        "the same by processor seconds", alone, "x", at_least=1.8,
        note=f"busy {one.busy:.1%} and {two.busy:.1%} of their time",
    )  # fmt: skip
    extra = short.all_cpu - single
    report.add(
        "CPU of a recording beside its work", extra, "s", at_most=0.3,
        note=f"{short.all_cpu:.3f} with Ray, {single:.3f} in the single command's process",
    )  # fmt: skip


@dataclass(frozen=True)
class _Run:
    """One pass over recordings.

    Attributes:
        seconds: from the first task to the last result.
        busy: share of the workers' time in which they worked.
        work_cpu: processor seconds of the work on a recording.
        all_cpu: the same of all processes, Ray's and the driver's too, for a recording.
    """

    seconds: float
    busy: float
    work_cpu: float
    all_cpu: float


class _Watcher:
    """Notes when workers were ready."""

    def __init__(self) -> None:
        self.errors: list[str] = []

    def look(self, members: Sequence[Member], waiting: int) -> None:
        """Nothing is shown."""

    def done(self, task: Task, outcome: Outcome) -> None:
        """Nothing is counted."""

    def failed(self, task: Task, error: str, last: bool) -> None:
        """Keep the error."""
        self.errors.append(error)


def _extract(bags: Path, folder: Path, workers: int) -> _Run:
    parser = argparse.ArgumentParser()
    fleet.add_arguments(parser)
    words = ["extract", "--bags", f"{bags}/*", "--out", str(folder), "--topic", TOPIC]
    args = parser.parse_args(words)
    job, out = ExtractJob(args), Output(args.out)
    tasks = job.tasks(find_inputs(args.bags))
    warm = [Task(f"warm-{number}", tasks[0].input) for number in range(workers)]
    watcher = _Watcher()
    with Pool(job, out, Size(workers)) as pool:
        pool.run(warm, watcher)  # starts the workers
        cpu, began = _tree_cpu(), time.perf_counter()
        pool.run(tasks, watcher)
        seconds, cpu = time.perf_counter() - began, _tree_cpu() - cpu
    assert not watcher.errors, watcher.errors
    records = [read_record(out, task.name, DONE) for task in tasks]
    worked = sum(each["seconds"] for each in records)
    work_cpu = sum(each["cpu_seconds"] for each in records) / len(tasks)
    return _Run(seconds, worked / seconds / workers, work_cpu, cpu / len(tasks))


def _single(bags: Path, folder: Path) -> float:
    """Processor seconds of the same work on a recording in this process."""
    inputs = sorted(bags.iterdir())
    settings = ExtractSettings(topics=(TOPIC,))
    extract(inputs[0], folder / "warm", settings)
    began = time.process_time()
    for bag in inputs:
        extract(bag, folder / bag.name, settings)
    return (time.process_time() - began) / len(inputs)


def _tree_cpu() -> float:
    """Processor seconds of this process and of all below it, as Ray's."""
    own = psutil.Process()
    times = [each.cpu_times() for each in [own, *own.children(recursive=True)]]
    return float(sum(each.user + each.system for each in times))


def _write_bags(folder: Path, count: int, frames: int) -> None:
    scene = Drive(7, CAMERA).frame(0).image.astype(np.int16)
    rng = np.random.default_rng(0)
    for number in range(count):
        with BagWriter(folder / f"bag{number:02}") as writer:
            for index in range(frames):
                image = np.clip(scene + rng.normal(0, 2, scene.shape), 0, 255).astype(np.uint8)
                writer.write_image(TOPIC, 10**18 + index * STEP, "camera", image)
