"""List the weights that ship, with their figures and licenses."""

from __future__ import annotations

import argparse
import textwrap
from typing import TYPE_CHECKING

from segnet_model.base.tables import DEFAULT_WEIGHTS

if TYPE_CHECKING:
    from segnet_model.weights.catalog import ShippedWeights

EPILOG = """\
  segnet weights            # and then, with one of the names, segnet info NAME

Every command and the node take these names in place of a file. The val mIoU is that of validation
images from the same place as those of the training: on another place expect less, and measure it
with segnet evaluate. All figures are in segnet_model/weights/README.md; segnet info NAME lists the
classes and the settings of one.
"""
WIDTH = 100


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add no arguments."""


def run(args: argparse.Namespace) -> None:
    """Print the table, the default first."""
    from segnet_model.weights.catalog import shipped_weights

    found = sorted(shipped_weights(), key=lambda each: each.name != DEFAULT_WEIGHTS)
    wide = max(len(each.name) for each in found)
    print(f"{'name':<{wide}}  {'network':<22}{'classes':<13}{'val mIoU':<10}{'MB':<6}license")
    for each in found:
        _print(each, wide)


def _print(weights: ShippedWeights, wide: int) -> None:
    info, megabytes = weights.info, weights.path.stat().st_size / 1e6
    classes = f"{info.labels.name}, {info.labels.num_classes}"
    miou = info.metrics.get("val_miou")
    shown = f"{miou:.3f}" if isinstance(miou, float) else "-"
    default = "; the default" if weights.name == DEFAULT_WEIGHTS else ""
    restricted = "" if info.license == "Apache-2.0" else ": research only"
    print(f"{weights.name:<{wide}}  {info.network:<22}{classes:<13}{shown:<10}{megabytes:<6.1f}"
          f"{info.license}{restricted}{default}")  # fmt: skip
    for title, text in (("for", weights.use), ("not for", weights.not_for)):
        if text:
            print(textwrap.fill(text, WIDTH, initial_indent=f"    {title} ",
                                subsequent_indent="        "))  # fmt: skip
