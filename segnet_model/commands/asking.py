"""The arguments of every command that runs a network."""

from __future__ import annotations

import argparse
from collections.abc import Collection
from typing import TYPE_CHECKING

from segnet_model.base import options
from segnet_model.base.choices import UNCERTAINTIES
from segnet_model.base.tables import NetworkSettings, uncertainty_help

if TYPE_CHECKING:
    from segnet_model.inference.predictor import Predictor

WEIGHTS = "weights file (.safetensors), exported network, or name of shipped weights"


def add_arguments(
    parser: argparse.ArgumentParser, uncertainties: Collection[str], otherwise: str | None = None
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
        help=WEIGHTS if otherwise is None else f"{WEIGHTS} (default: {otherwise})",
    )  # fmt: skip
    ways = {"choices": uncertainties, "help": uncertainty_help(uncertainties)}
    names = [name for name in options.options_of(NetworkSettings) if name != "weights"]
    options.add_arguments(parser, NetworkSettings, names=names, uncertainty=ways)


def load(args: argparse.Namespace) -> Predictor:
    """The predictor that the arguments ask for."""
    from segnet_model.inference.predictor import Predictor

    asked = options.from_arguments(NetworkSettings, args)
    return Predictor.load(
        asked.weights, asked.device, asked.precision, asked.engine,
        uncertainty=asked.uncertainty, samples=asked.samples, seed=asked.seed, refine=asked.refine,
        trusted=asked.trusted_networks,
    )  # fmt: skip
