"""The arguments of every command that asks a network."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from segnet_model.base.choices import ENGINES, REFINEMENTS, UNCERTAINTIES

if TYPE_CHECKING:
    from segnet_model.inference.predictor import Predictor

_WAYS = {
    "mc": "several passes with dropout",
    "temporal": "one pass a frame with dropout, and their average",
}


def add_arguments(
    parser: argparse.ArgumentParser, uncertainties: tuple[str, ...], otherwise: str | None = None
) -> None:
    """Add them.

    Args:
        parser: of the command.
        uncertainties: those of `UNCERTAINTIES` that the command can use.
        otherwise: what the command does without weights; None where it needs them.
    """
    assert set(uncertainties) <= set(UNCERTAINTIES)
    parser.add_argument(
        "weights", nargs=None if otherwise is None else "?",
        help="a .safetensors file, an export, or a shipped name"
        + ("" if otherwise is None else f" ({otherwise})"),
    )  # fmt: skip
    group = parser.add_argument_group("how the network is asked")
    group.add_argument("--device", default="auto", help="auto, cpu, cuda (default: auto)")
    group.add_argument("--precision", default="auto", help="auto, float32, bfloat16, float16")
    group.add_argument("--engine", choices=ENGINES, default="auto", help="(default: auto)")
    ways = "; ".join(f"{name}: {_WAYS[name]}" for name in uncertainties if name != "none")
    group.add_argument(
        "--uncertainty", choices=uncertainties, default="none",
        help=f"{ways}; needs a Bayesian network (default: %(default)s)",
    )  # fmt: skip
    group.add_argument(
        "--samples", type=int, default=20, help="passes of mc (default: %(default)s)"
    )
    group.add_argument("--seed", type=int, default=0, help="of the dropout masks (default: 0)")
    group.add_argument(
        "--refine", choices=REFINEMENTS, default="none",
        help="crf fits the labels to the image's edges (default: none)",
    )  # fmt: skip
    group.add_argument(
        "--trust", action="append", default=[], metavar="PACKAGE.MODULE:FACTORY",
        help="a network of one's own that the weights name",
    )  # fmt: skip


def load(args: argparse.Namespace) -> Predictor:
    """The predictor that the arguments ask for."""
    from segnet_model.inference.predictor import Predictor

    return Predictor.load(
        args.weights, args.device, args.precision, args.engine, uncertainty=args.uncertainty,
        samples=args.samples, seed=args.seed, refine=args.refine, trusted=args.trust,
    )  # fmt: skip
