"""All that a GPU is needed for, in ten minutes: tests, figures against their marks, trainings.

    benchmarks/gpu_session.sh --out results --data camvid --minutes 10
    benchmarks/gpu_session.sh --out results --rehearse       on a CPU, tiny, in about a minute

Each step is a process with a limit of its own. Its results are on the disk as soon as it has them;
a step that fails, hangs or lacks something does not stop the next.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import IO, Any

from benchmarks.apart import apart, ended
from benchmarks.gpu_steps import MARK, SKIPPED, STEPS

# The most seconds of each; trainings share the rest.
LIMITS = {"machine": 60, "tests": 120, "kernels": 45, "networks": 150, "samples": 45, "node": 90}
GRACE = 20.0  # seconds to end after Ctrl-C, in which a training saves its state
TRAINED = ("segnet", "bayesian_segnet")
MIB = 1 << 20


@dataclass
class Results:
    """What the steps found, in one file that is whole at any moment."""

    path: Path
    steps: dict[str, dict[str, Any]] = field(default_factory=dict)

    def begin(self, step: str) -> None:
        """Note that a step runs."""
        kinds = ("rows", "figures", "notes", "parts")
        self.steps[step] = {"status": "running", **{kind: [] for kind in kinds}}
        self._write()

    def add(self, step: str, values: dict[str, Any]) -> None:
        """Note what a step found."""
        for kind, value in values.items():
            plural = f"{kind}s"
            if plural in self.steps[step]:
                self.steps[step][plural].append(value)
            else:
                self.steps[step][kind] = value
        self._write()

    def _write(self) -> None:
        temporary = self.path.with_suffix(".tmp")
        temporary.write_text(json.dumps(self.steps, indent=1), encoding="utf-8")
        temporary.replace(self.path)


def run_step(
    step: str, command: Sequence[str], limit_s: float, results: Results, log: IO[str]
) -> str:
    """Run a step, and note what it finds; returns "done", "skipped", "failed" or "out of time"."""
    results.begin(step)
    began = time.monotonic()
    pipe = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "errors": "replace"}
    with apart(command, GRACE, **pipe) as process:
        reader = threading.Thread(target=_read, args=(process, step, results, log))
        reader.start()
        in_time = ended(process, limit_s)
    reader.join(GRACE)
    status = {0: "done", SKIPPED: "skipped"}.get(process.returncode, "failed")
    status = status if in_time else "out of time"
    seconds = round(time.monotonic() - began, 1)
    results.add(step, {"status": status, "seconds": seconds, "exit": process.returncode})
    return status


def _read(process: subprocess.Popen[str], step: str, results: Results, log: IO[str]) -> None:
    assert process.stdout is not None
    for line in process.stdout:
        log.write(line)
        log.flush()
        if line.startswith(MARK):
            results.add(step, json.loads(line[len(MARK) :]))
            print(f"  {line[len(MARK) :].strip()}", flush=True)


def write_parts(file: Path, out: Path, name: str, part_mib: int) -> list[dict[str, Any]]:
    """Split a file into parts that are small enough to be copied; `cat` joins them.

    Returns:
        Name, bytes and SHA-256 of each part.
    """
    content, size = file.read_bytes(), part_mib * MIB
    count = max(1, -(-len(content) // size))
    parts = []
    for index in range(count):
        part = out / f"{name}.safetensors.{index + 1}_of_{count}"
        data = content[index * size : (index + 1) * size]
        part.write_bytes(data)
        digest = sha256(data).hexdigest()
        parts.append({"part": part.name, "bytes": len(data), "sha256": digest})
    return parts


def summary(results: Results) -> str:
    """The steps, and every figure beside its mark."""
    from benchmarks.harness import Figure, figure_rows, row_lines

    steps = [
        {"step": name, "result": each["status"], "seconds": each.get("seconds", ""),
         "rows": len(each["rows"]), "": each.get("skipped", "; ".join(each["notes"]))}
        for name, each in results.steps.items()
    ]  # fmt: skip
    known = {"what", "value", "unit", "at_least", "at_most", "note"}
    figures = [
        Figure(**{key: value for key, value in figure.items() if key in known})
        for each in results.steps.values() for figure in each["figures"]
    ]  # fmt: skip
    missed = sum(figure.holds is False for figure in figures)
    lines = [*row_lines(steps), ""]
    for name, each in results.steps.items():
        if each["rows"]:
            lines += [name, *row_lines(each["rows"]), ""]
    lines += row_lines(figure_rows(figures)) if figures else ["no figure was measured"]
    return "\n".join([*lines, "", f"{missed} marks missed"])


def unpack_wheels(folder: Path | None, into: Path) -> None:
    """Let the steps import the packages of a folder: wheels, or what they hold."""
    if folder is None:
        return
    wheels = sorted(folder.glob("*.whl"))
    for wheel in wheels:
        with zipfile.ZipFile(wheel) as file:
            file.extractall(into)
    path = into if wheels else folder.resolve()
    # Last: what this Python has itself fits its PyTorch.
    os.environ["PYTHONPATH"] = f"{os.environ.get('PYTHONPATH', '')}:{path}".lstrip(":")


def run_all(args: argparse.Namespace) -> Results:
    """Run the steps, as far as the time goes."""
    end = time.monotonic() + 60 * args.minutes
    args.out.mkdir(parents=True, exist_ok=True)
    unpack_wheels(args.packages, args.work / "packages")
    if args.rehearse:  # other work on the cores would keep a team of threads waiting
        os.environ["OMP_NUM_THREADS"] = "1"
    results = Results(args.out / "results.json")
    trainings = [step for step in args.steps if step in TRAINED]
    with (args.out / "log.txt").open("a", encoding="utf-8") as log:
        for step in args.steps:
            left = end - time.monotonic() - GRACE
            if step in TRAINED:
                left /= len(trainings) - trainings.index(step)
            limit = min(LIMITS.get(step, left), left)
            print(f"{step}: at most {max(limit, 0):.0f} s", flush=True)
            if limit < args.least_s:
                results.begin(step)
                results.add(step, {"status": "skipped", "skipped": "no time left"})
                continue
            run_step(step, _command(step, args, limit), limit, results, log)
            weights = args.work / step / "weights.safetensors"
            if step in TRAINED and weights.exists():
                for part in write_parts(weights, args.out, step, args.part_mib):
                    results.add(step, {"part": part, "note": f"{part['part']} is written"})
            (args.out / "summary.txt").write_text(summary(results) + "\n", encoding="utf-8")
    return results


def _command(step: str, args: argparse.Namespace, limit: float) -> list[str]:
    # A training stops by itself before it is stopped.
    seconds = str(max(1.0, limit - GRACE))
    command = [sys.executable, "-m", "benchmarks.gpu_steps", step, "--seconds", seconds]
    command += ["--work", str(args.work.resolve())]
    command += ["--data", str(args.data.resolve())] if args.data else []
    return command + (["--rehearse"] if args.rehearse else [])


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="benchmarks/gpu_session.sh", description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    parser.add_argument("--out", type=Path, default=Path("gpu_results"), metavar="FOLDER",
                        help="gets results.json, summary.txt, log.txt and parts of weights "
                        "(default: %(default)s)")  # fmt: skip
    parser.add_argument("--minutes", type=float, default=10.0, help="time budget (default: 10)")
    parser.add_argument("--data", type=Path, metavar="FOLDER",
                        help="CamVid: train/, trainannot/, val/ and valannot/")  # fmt: skip
    parser.add_argument("--packages", type=Path, metavar="FOLDER",
                        help="wheels of what this Python lacks, or the packages")  # fmt: skip
    parser.add_argument("--work", type=Path, default=Path(tempfile.gettempdir()) / "segnet_gpu",
                        metavar="FOLDER", help="states of trainings, to go on from "
                        "(default: %(default)s)")  # fmt: skip
    parser.add_argument("--steps", nargs="+", choices=STEPS, default=list(STEPS), metavar="STEP",
                        help=f"in this order: {', '.join(STEPS)} (default: all)")  # fmt: skip
    parser.add_argument("--part-mib", type=int, default=15, metavar="MIB",
                        help="largest part of a weights file (default: %(default)s)")  # fmt: skip
    parser.add_argument("--rehearse", action="store_true", help="everything small, on the CPU")
    parser.set_defaults(least_s=5.0)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run the session; the exit code says whether no step failed and every mark is reached."""
    results = run_all(_parser().parse_args(argv))
    text = summary(results)
    print("\n" + text)
    failed = any(each["status"] in ("failed", "out of time") for each in results.steps.values())
    return 1 if failed or not text.endswith("\n0 marks missed") else 0


if __name__ == "__main__":
    sys.exit(main())
