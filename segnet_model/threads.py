"""How threads wait for each other where others want the same cores."""

from __future__ import annotations

import os
from collections.abc import MutableMapping

# GNU's OpenMP, with which PyTorch's Linux wheels come, lets a thread that waits turn around itself
# for milliseconds. On a robot whose cores have other work too, the thread that it waits for cannot
# run meanwhile: seven times as slow was measured on two cores beside one busy process. So short a
# turn costs nothing where all cores are free.
TURNS = "2000"
CHOICES = ("OMP_WAIT_POLICY", "GOMP_SPINCOUNT")  # with which a person has decided


def wait_briefly(environment: MutableMapping[str, str] = os.environ) -> None:
    """Let waiting threads sleep soon; it must be said before PyTorch is imported."""
    if not any(name in environment for name in CHOICES):
        environment["GOMP_SPINCOUNT"] = TURNS
