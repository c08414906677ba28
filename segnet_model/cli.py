#!/usr/bin/env python3
"""`segnet`: from a recording to weights, and from weights to masks, without ROS."""

from __future__ import annotations

import argparse
import importlib
import logging
import sys

from segnet_model.base.errors import SegNetError

COMMANDS = (
    "extract", "select", "prelabel", "import-labels", "check", "train", "calibrate", "evaluate",
    "predict", "view", "label", "export", "bag", "render",
)  # fmt: skip


def main(arguments: list[str] | None = None) -> int:
    """Run one subcommand; returns the exit code: its own, else 0, or 2 for bad input."""
    logging.basicConfig(format="%(message)s", level=logging.INFO)
    args = _parser().parse_args(arguments)
    try:
        return int(args.run(args) or 0)
    except (SegNetError, OSError) as error:  # the latter name the file that cannot be written
        print(f"segnet {args.command}: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="segnet", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name in COMMANDS:
        module = importlib.import_module(f"segnet_model.commands.{name.replace('-', '_')}")
        help_line = (module.__doc__ or "").splitlines()[0]
        command = commands.add_parser(
            name, help=help_line, description=help_line, epilog=getattr(module, "EPILOG", None),
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )  # fmt: skip
        module.add_arguments(command)
        command.set_defaults(run=module.run)
    return parser


if __name__ == "__main__":
    sys.exit(main())
