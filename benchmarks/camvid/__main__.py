"""Train on CamVid: `python -m benchmarks.camvid recipe | ablation | selection`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from benchmarks.camvid import ablation, recipes, selection
from benchmarks.harness import Report, machine
from segnet_model.base.errors import SegNetError

OUT = Path(__file__).parents[1] / "results"


def main() -> int:
    """Run one of them; where it was stopped it goes on."""
    args = _parser().parse_args()
    print(", ".join(f"{name} {value}" for name, value in machine().items() if value))
    try:
        report = _run(args)
    except SegNetError as error:
        print(error, file=sys.stderr)
        return 2
    report.write(OUT)
    return 0


def _run(args: argparse.Namespace) -> Report:
    size = tuple(args.size) if "size" in args else (0, 0)
    if args.what == "recipe":
        report = Report(f"camvid_{args.name}")
        recipes.run(report, args.name, args.seeds, args.final, args.epochs)
    elif args.what == "ablation":
        report = Report(f"camvid_ablation_{args.network}")
        ablation.run(report, args.network, size, args.epochs, args.seeds)
    else:
        report = Report("camvid_selection")
        selection.run(report, size, args.epochs, args.seeds)
    return report


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.camvid", description=__doc__)
    commands = parser.add_subparsers(dest="what", required=True)
    recipe = commands.add_parser("recipe", help="train a network, hold a sequence out, measure")
    recipe.add_argument("name", choices=recipes.RECIPES)
    recipe.add_argument(
        "--seeds", type=int, default=3,
        help="trainings with a held-out sequence; with 0 nobody says how sure the final one may be",
    )  # fmt: skip
    recipe.add_argument("--final", action="store_true", help="then train on all, to ship")
    recipe.add_argument("--epochs", type=float, default=1.0, help="times the recipe's epochs")
    each = commands.add_parser("ablation", help="what each ingredient gives")
    each.add_argument("--network", choices=recipes.NETWORKS, default="enet")
    chosen = commands.add_parser("selection", help="chosen frames against random ones")
    for command, epochs, seeds in ((each, 30, 1), (chosen, 40, 3)):
        command.add_argument("--size", type=int, nargs=2, default=(120, 160))
        command.add_argument("--epochs", type=int, default=epochs)
        command.add_argument("--seeds", type=int, default=seeds)
    return parser


if __name__ == "__main__":
    sys.exit(main())
