"""Run the benchmarks: `python -m benchmarks [NAME ...]`, or `make bench`."""

from __future__ import annotations

import argparse
import importlib
import sys
import time
from pathlib import Path

from benchmarks.harness import Report, machine, print_figures

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
    "accuracy",
    "gpu",
)
OUT = Path(__file__).parent / "results"


def main() -> int:
    """Run the named benchmarks, or all; the exit code says whether every mark is reached."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", choices=[*BENCHMARKS, []], help="(all)")
    parser.add_argument("--out", type=Path, default=OUT, help=f"folder for the JSON ({OUT.name})")
    args = parser.parse_args()
    print(", ".join(f"{name} {value}" for name, value in machine().items() if value))
    reports = []
    for name in args.names or BENCHMARKS:
        began = time.monotonic()
        report = Report(name)
        importlib.import_module(f"benchmarks.{name}").run(report)
        report.write(args.out)
        reports.append(report)
        print(f"\n{name} took {time.monotonic() - began:.0f} s")
    figures = [figure for report in reports for figure in report.figures]
    print()
    print_figures(figures)
    missed = [figure for figure in figures if figure.holds is False]
    print(f"\n{len(missed)} of {sum(f.holds is not None for f in figures)} marks missed")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
