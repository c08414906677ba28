"""Run the benchmarks: `python -m benchmarks [NAME ...]`, or `make bench`.

Each runs in a process of its own, which is stopped when it takes far too long; what it prints
goes to a log in the cache. Its tables and, in the end, all figures with their marks are printed.
"""

from __future__ import annotations

import argparse
import importlib
import os
import shutil
import signal
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.apart import apart, ended
from benchmarks.harness import Figure, Report, machine, print_figures

BENCHMARKS = (
    "engines",
    "bayesian",
    "pooling",
    "networks",
    "uncertainty",
    "mapping",
    "learning",
    "extraction",
    "fleet",
    "conversion",
    "transport",
    "waterfall",
    "node",
    "footprint",
    "accuracy",
    "gpu",
)
OUT = Path(__file__).parent / "results"
CACHE = Path(__file__).parent / "cache"
LIMITS = {True: 300.0, False: 900.0}  # seconds of each, quick or not; most take a tenth of it
GRACE = 15.0  # seconds to end what it started
LAST_LINES = 12  # of a log, of what did not run to its end


def main() -> int:
    """Run the named benchmarks, or all; the exit code says whether every mark is reached."""
    parser = _parser()
    args = parser.parse_args()
    if args.here and len(args.names) != 1:
        parser.error("--here runs one benchmark: name it")
    out = args.out or (CACHE / "quick" if args.quick else OUT)
    if args.here:
        return _run_here(args.names[0], out, args.quick)
    print(", ".join(f"{name} {value}" for name, value in machine().items() if value), flush=True)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # ends what runs apart, too
    began = time.monotonic()
    reports = [_run_apart(name, out, args.quick) for name in args.names or BENCHMARKS]
    figures = [figure for report in reports for figure in report.figures]
    print()
    print_figures(figures)
    missed = [figure for figure in figures if figure.holds is False]
    print(
        f"\n{len(missed)} of {sum(f.holds is not None for f in figures)} marks missed, "
        f"in {time.monotonic() - began:.0f} s; {out}"
    )
    return 1 if missed else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "names", nargs="*", choices=[*BENCHMARKS, []], metavar="NAME",
        help=f"{', '.join(BENCHMARKS)} (default: all)",
    )  # fmt: skip
    parser.add_argument(
        "--quick", action="store_true",
        help="all in about four minutes: less of everything, and without what needs a training",
    )  # fmt: skip
    parser.add_argument(
        "--out", type=Path, metavar="FOLDER",
        help=f"gets NAME.json (default: {OUT.name}, with --quick {CACHE.name}/quick)",
    )  # fmt: skip
    parser.add_argument(
        "--here", action="store_true",
        help="run one in this process, with all that it prints and without a limit of time",
    )  # fmt: skip
    return parser


def _run_here(name: str, out: Path, quick: bool) -> int:
    report = Report(name, quick)
    importlib.import_module(f"benchmarks.{name}").run(report)
    report.write(out)
    report.show()
    return 0


def _run_apart(name: str, out: Path, quick: bool) -> Report:
    """Run a benchmark, print its tables and keep its JSON, if it ends well and in time."""
    began, cpu_began = time.monotonic(), _cpu_seconds()
    log = CACHE / "logs" / f"{name}.txt"
    log.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        command = _command(name, Path(folder), quick)
        with log.open("w") as file, apart(command, GRACE, stdout=file, stderr=file) as process:
            in_time = ended(process, LIMITS[quick])
        found = Path(folder, f"{name}.json")
        if found.exists() and in_time and process.returncode == 0:
            out.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(found, out / found.name)
            report = Report.read(found)
        else:
            why = f"ended with {process.returncode}" if in_time else "took too long"
            report = _failed(name, why, log)
    report.show()
    seconds, cpu = time.monotonic() - began, _cpu_seconds() - cpu_began
    print(f"\n{name} took {seconds:.0f} s, {cpu:.0f} s of processor", flush=True)
    return report


def _command(name: str, out: Path, quick: bool) -> list[str]:
    command = [sys.executable, "-m", "benchmarks", name, "--here", "--out", str(out)]
    return [*command, "--quick"] if quick else command


def _failed(name: str, why: str, log: Path) -> Report:
    print(f"\n{name} {why}; {log} ends with:")
    print("\n".join(log.read_text(errors="replace").splitlines()[-LAST_LINES:]))
    return Report(name, figures=[Figure(f"{name}: runs to its end", 0, at_least=1, note=why)])


def _cpu_seconds() -> float:
    """Of all processes that this one has started and that have ended."""
    times = os.times()
    return times.children_user + times.children_system


if __name__ == "__main__":
    sys.exit(main())
