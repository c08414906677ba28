"""The two places of a command line, source and weights, recognized in either order."""

from __future__ import annotations

import argparse
import logging
from pathlib import Path
from typing import Any

from segnet_model.weights.shipped import at_home, shipped_names

logger = logging.getLogger(__name__)
SOURCES = ("source", "dataset")  # names of a command's first argument
GIVEN_TWICE = "weights are given twice: {} and {}"
SUFFIX = ".safetensors"
WEIGHTS_SUFFIXES = (SUFFIX, ".onnx", ".xml")


def add_weights(parser: argparse.ArgumentParser, help_text: str, otherwise: str | None) -> None:
    """Add the weights after the source, or as `--weights`.

    Args:
        parser: of the command, with its source or data set.
        help_text: names the files that may be given.
        otherwise: what the command does without weights; None where it needs them.
    """
    place = parser.add_argument(
        "weights", action=_SecondPlace, nargs=None if otherwise is None else "?",
        help=help_text if otherwise is None else f"{help_text} (default: {otherwise})",
    )  # fmt: skip

    class Named(argparse.Action):
        """Fills the place of the weights, so that none need stand there."""

        def __call__(
            self, parser: argparse.ArgumentParser, namespace: argparse.Namespace, value: Any,
            option: str | None = None,
        ) -> None:  # fmt: skip
            if getattr(namespace, "weights", None) is not None:
                raise argparse.ArgumentError(None, GIVEN_TWICE.format(namespace.weights, value))
            place.nargs, place.required, place.default = "?", False, value
            namespace.weights = value

    parser.add_argument(
        "--weights", action=Named, dest="weights", default=argparse.SUPPRESS,
        help="the weights, in place of the second argument",
    )  # fmt: skip


class _SecondPlace(argparse.Action):
    """The weights; exchanged with the source where they came in the other order."""

    def __call__(
        self, parser: argparse.ArgumentParser, namespace: argparse.Namespace, value: Any,
        option: str | None = None,
    ) -> None:  # fmt: skip
        named = getattr(namespace, "weights", None)
        if named not in (None, value):
            raise argparse.ArgumentError(None, GIVEN_TWICE.format(named, value))
        namespace.weights = value
        place = next((name for name in SOURCES if getattr(namespace, name, None)), None)
        if place and isinstance(value, str):
            source = getattr(namespace, place)
            if is_weights(str(source)) or _is_folder_for_missing(value, source):
                self._exchange(namespace, place)
        elif place and is_weights(str(getattr(namespace, place))):
            raise argparse.ArgumentError(
                None, f"{getattr(namespace, place)} are weights; give the {place} first, and then "
                "the weights",
            )  # fmt: skip

    @staticmethod
    def _exchange(namespace: argparse.Namespace, place: str) -> None:
        source, weights = str(getattr(namespace, place)), namespace.weights
        if is_weights(weights):
            raise argparse.ArgumentError(
                None, f"{source} and {weights} are both weights; give the {place} first, and then "
                "the weights",
            )  # fmt: skip
        logger.warning(
            "took %s as the weights and %s as the %s; the order is %s, then weights",
            source, weights, place, place,
        )  # fmt: skip
        setattr(namespace, place, Path(weights))
        namespace.weights = source


def is_weights(text: str) -> bool:
    """Whether a text names weights: of shipped ones, or a file of weights or an export."""
    try:
        path = at_home(text)
        if path.is_dir():
            return False
        if text in shipped_names() or path.suffix in WEIGHTS_SUFFIXES:
            return True
        if not path.is_file():  # a pipe would wait for its writer
            return False
        with path.open("rb") as file:
            return file.read(10)[8:] == b'{"'  # the header of safetensors
    except (OSError, ValueError, RuntimeError):  # also names and homes that cannot be
        return False


def _is_folder_for_missing(weights: str, source: Path) -> bool:
    """Whether the weights are a folder, which cannot be, and the source is missing."""
    try:
        return Path(weights).is_dir() and not source.exists()
    except OSError:
        return False
