"""Say what is installed, what runs the network and why, and try it for ten seconds."""

from __future__ import annotations

import argparse

from segnet_model.base.errors import SegNetError
from segnet_model.base.tables import DEFAULT_WEIGHTS
from segnet_model.commands import arguments

EPILOG = """\
  segnet doctor
  segnet doctor runs/yard/weights.safetensors

A "!" marks a fault, or what would make this machine faster, and says what to do. The exit code is 1
where the network does not work. Attach the output to a bug report.
"""
TITLE = 13  # characters


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's arguments."""
    parser.add_argument(
        "weights", nargs="?", default=DEFAULT_WEIGHTS,
        help=f"{arguments.WEIGHTS} (default: %(default)s)",
    )  # fmt: skip


def run(args: argparse.Namespace) -> int:
    """Print all findings; returns 1 where the network does not work."""
    from segnet_model.engines.machine import findings
    from segnet_model.evaluation.self_test import self_test

    for title, text in findings():
        _print(title, text)
    try:
        for title, text in self_test(args.weights):
            _print(title, text)
    except SegNetError as error:
        _print("self-test", f"! {error}")
        return 1
    return 0


def _print(title: str, text: str) -> None:
    print(f"{title:<{TITLE}}{text}", flush=True)
