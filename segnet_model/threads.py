"""OpenMP threads on busy cores."""

from __future__ import annotations

import os
from collections.abc import MutableMapping

# GNU OpenMP, in PyTorch's Linux wheels, makes waiting threads spin for milliseconds. On a robot's
# busy cores, they take the core from the thread that they wait for: seven times as slow was
# measured on two cores beside one busy process. So short a spin costs nothing on idle cores.
SPINS = "2000"
USER_CHOICES = ("OMP_WAIT_POLICY", "GOMP_SPINCOUNT")


def limit_spinning(environment: MutableMapping[str, str] = os.environ) -> None:
    """Make waiting threads sleep soon; call it before PyTorch is imported."""
    if not any(name in environment for name in USER_CHOICES):
        environment["GOMP_SPINCOUNT"] = SPINS
