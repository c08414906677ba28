"""Origins of a run: contents of the files that it began with, beside the data to learn from."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from segnet_model.base.errors import SettingsError
from segnet_model.weights.shipped import find_weights
from segnet_model.weights.tensors import file_sha256

KEY = "origins"  # in the facts of a state


def digest_of(weights: str | Path) -> str:
    """Digest of a weights file, or of shipped weights; WeightsError where there are none."""
    return file_sha256(find_weights(weights))


def check_origins(facts: Mapping[str, Any], now: Mapping[str, str], out: Path) -> None:
    """Refuse to go on with other contents than a run began with.

    Args:
        facts: of a state; one from before origins were kept has none, and goes on.
        now: digest of each, by the option that names it.
        out: folder of the run.

    Raises:
        SettingsError: names the options.
    """
    before = facts.get(KEY)
    if not isinstance(before, dict):
        return
    if changed := [name for name, digest in now.items() if before.get(name, digest) != digest]:
        raise SettingsError(
            f"{' and '.join(changed)}: other content than when the run in {out} began; bring the "
            "earlier one back to go on, or give another folder to start afresh"
        )
