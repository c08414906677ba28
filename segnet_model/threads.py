"""Threads of networks and image operations: their number, and how they wait."""

from __future__ import annotations

import os
import sys
from collections.abc import MutableMapping
from functools import cache

# GNU OpenMP, in PyTorch's Linux wheels, makes waiting threads spin for milliseconds. On a robot's
# busy cores, they take the core from the thread that they wait for: seven times as slow was
# measured on two cores beside one busy process. So short a spin costs nothing on idle cores.
SPINS = "2000"
USER_CHOICES = ("OMP_WAIT_POLICY", "GOMP_SPINCOUNT")


def limit_spinning(environment: MutableMapping[str, str] = os.environ) -> None:
    """Make waiting threads sleep soon; call it before PyTorch is imported."""
    if not any(name in environment for name in USER_CHOICES):
        environment["GOMP_SPINCOUNT"] = SPINS


_chosen: list[int] = []  # empty until `use_threads`
_untold: list[int] = []  # the same, until PyTorch knows it


def use_threads(threads: int) -> None:
    """Set the number of threads of networks and of image operations; 0 is all cores.

    PyTorch gets it where it is imported, and otherwise by `share_with_torch`.
    """
    import cv2

    _chosen[:] = _untold[:] = [threads]
    cv2.setNumThreads(threads or -1)
    if "torch" in sys.modules:
        share_with_torch()


def share_with_torch() -> None:
    """Give PyTorch the number of threads that was chosen, if any was."""
    import torch

    every = _all_of_torch()
    while _untold:  # once, as others may change it later
        torch.set_num_threads(_untold.pop() or every)


def network_threads() -> int:
    """The number of threads for a runtime of exports; 0 leaves it to the runtime."""
    if "torch" in sys.modules:
        import torch

        share_with_torch()  # others may have imported it
        return torch.get_num_threads()
    given = os.environ.get("OMP_NUM_THREADS", "")
    return _chosen[0] if _chosen else int(given) if given.isdigit() else 0


@cache
def _all_of_torch() -> int:
    """PyTorch's number of threads before its first change."""
    import torch

    return torch.get_num_threads()
