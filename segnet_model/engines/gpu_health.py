"""Temperature and free memory of a GPU, and warnings about them."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch

HOT = 87.0  # degrees Celsius; NVIDIA's GPUs slow down from about there on
NEARLY_FULL = 0.03  # share of the memory that is free


@dataclass(frozen=True)
class GpuHealth:
    """Measurements of a GPU.

    Attributes:
        temperature: in degrees Celsius; None where it cannot be read.
        free: share of its memory that is free, 0 to 1.
    """

    temperature: float | None
    free: float

    @property
    def warnings(self) -> list[str]:
        """Each problem, with the mend."""
        found = []
        if self.temperature is not None and self.temperature > HOT:
            found.append(
                f"the GPU is at {self.temperature:.0f} degrees and may slow down; cool it, or set "
                "max_rate"
            )
        if self.free < NEARLY_FULL:
            found.append(
                f"{self.free:.0%} of the GPU's memory is free; end other programs on it, or choose "
                "a smaller network"
            )
        return found

    @property
    def numbers(self) -> dict[str, str]:
        """Texts by name, for people."""
        shown = {"GPU memory free": f"{self.free:.0%}"}
        if self.temperature is not None:
            shown["GPU temperature"] = f"{self.temperature:.0f}"
        return shown


def gpu_health(device: Any) -> GpuHealth | None:
    """Measure the GPU of a device; None for the CPU, and for a GPU that does not answer.

    Args:
        device: an engine's.
    """
    if device.type != "cuda":
        return None
    import torch

    with suppress(Exception):  # a driver that does not answer must not stop the node
        free, total = torch.cuda.mem_get_info(device)
        return GpuHealth(_temperature(device), free / total)
    return None


def _temperature(device: torch.device) -> float | None:
    import torch

    with suppress(Exception):  # it needs the package nvidia-ml-py, and not every board has it
        return float(torch.cuda.temperature(device))
    return None
