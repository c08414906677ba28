"""Average weights of one network, so that it keeps what each training of it learned."""

from __future__ import annotations

import argparse
from pathlib import Path

from segnet_model.base.options import ABOVE_0
from segnet_model.commands import arguments, outputs

EPILOG = """\
A network that learns your yard forgets some of what it knew of other places. The mean of its
weights before and after the training keeps most of both:

  segnet train yard --out runs/yard --init segnet_lite_outdoor
  segnet average runs/yard/weights.safetensors segnet_lite_outdoor --shares 0.7 0.3 \\
      --out both.safetensors
  segnet calibrate yard both.safetensors
  segnet evaluate yard both.safetensors --compare runs/yard/weights.safetensors

All have to be weights of one network that were trained from each other, or from one start; means
of others are useless. The classes are those of the first. Weights with other classes count in all
layers but the last. The mean has no temperature and no bound: calibrate it.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's arguments."""
    parser.add_argument(
        "weights", nargs="+", help="weights files (.safetensors), or names of shipped weights"
    )
    parser.add_argument(
        "--shares", nargs="+", type=arguments.number(ABOVE_0, 1.0), metavar="SHARE",
        help="weight of each in the mean, more than 0 and at most 1 (default: equal ones)",
    )  # fmt: skip
    parser.add_argument(
        "--network", help="network of the mean, of which one of the weights is (default: that of "
        "the first); segnet_lite and bayesian_segnet_lite have the same tensors",
    )  # fmt: skip
    parser.add_argument("--out", type=Path, required=True, help="weights file to write")
    parser.add_argument(
        "--half", action="store_true", help="write half precision: half as many bytes"
    )
    arguments.add_overwrite(parser)


def run(args: argparse.Namespace) -> None:
    """Write the mean of the weights."""
    import torch

    from segnet_model.training.soup import average_weights
    from segnet_model.weights.checkpoint import load_weights, save_weights
    from segnet_model.weights.shipped import find_weights

    outputs.prepare_weights(args.out)
    sources = [load_weights(find_weights(each)) for each in args.weights]
    shares = args.shares or [1.0] * len(sources)
    network, info = average_weights(sources, shares, args.network)
    save_weights(args.out, network, info, torch.float16 if args.half else torch.float32)
    print(f"weights: {args.out}, the mean of {len(sources)}; calibrate and evaluate it")
