"""What is measured: weights, images, and how fast this machine multiplies.

Labels of untrained weights mean nothing, so a small training on rendered drives makes them: enough
that the network knows a road from the sky.
"""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from benchmarks.harness import time_together
from segnet_model.base.progress import progress_bar
from segnet_model.labels import LabelSet
from segnet_model.scenes import Drive
from segnet_model.training.augment_settings import AugmentSettings
from segnet_model.training.settings import SCRATCH, TrainSettings
from segnet_model.training.trainer import train
from segnet_model.weights.checkpoint import save_weights
from segnet_model.weights.model_info import ModelInfo

CACHE = Path(__file__).parent / "cache"
SIZE = (360, 480)
UNSEEN_SEED = 2000


def weights_of(network: str, quick: bool) -> Path:
    """The file of `trained_weights`; quick: of a fresh network, whose labels mean nothing."""
    return _untrained_weights(network) if quick else trained_weights(network)


def _untrained_weights(network: str) -> Path:
    file = CACHE / f"{network}_untrained.safetensors"
    if not file.exists():
        CACHE.mkdir(exist_ok=True)
        torch.manual_seed(0)
        info = ModelInfo(network, LabelSet.load("camvid"), SIZE)
        save_weights(file, info.build(), info)
    return file


def trained_weights(network: str) -> Path:
    """The file of a network that was trained for a minute or two; made once."""
    out = CACHE / network
    file = out / "weights.safetensors"
    if file.exists():
        return file
    # Crops of images at nearly their full size, at which the network will be asked.
    crops = AugmentSettings(scale_min=3.0, scale_max=3.75)
    settings = TrainSettings(
        network=network, input_size=(96, 128), epochs=6, batch_size=4, learning_rate=1e-3,
        balance=0, augment=crops, init=SCRATCH,
    )  # fmt: skip
    with progress_bar(f"training {network}") as bar:
        train(drives(), out, settings, lambda done: bar(done.step / done.steps))
    return file


def drives(quick: bool = False) -> Path:
    """A data set of 160 rendered images, or of 24; made once."""
    folder = CACHE / ("few_drives" if quick else "drives")
    if not folder.exists():
        from segnet_model.datasets.drives import write_dataset  # needs rosbags, which GPUs may lack

        number, frames = (6, 4) if quick else (16, 10)
        with progress_bar("rendering") as progress:
            write_dataset(folder, range(number), frames, 0.7, 0.0, None, progress)
    return folder


def image(index: int = 0) -> np.ndarray:
    """A rendered image that no network has seen: (360, 480, 3) uint8 RGB."""
    return Drive(UNSEEN_SEED + index).frame(0).image


def batch(images: int = 1) -> Tensor:
    """Some of them: (N, 360, 480, 3) uint8."""
    return torch.from_numpy(np.stack([image(index) for index in range(images)]))


def operations_of(network: nn.Module) -> int:
    """Operations of a pass with one image as plain convolutions, counted without computing them."""
    counted = deepcopy(network).to("meta").eval()
    with FlopCounterMode(display=False) as counter, torch.inference_mode():
        counted(torch.zeros(1, 3, *SIZE, device="meta"))
    return counter.get_total_flops()


def matrix_rates(rounds: int = 7) -> dict[str, float]:
    """Operations a second, by number format: the best of a matrix product and a convolution."""
    rates = {}
    for name, dtype in (("float32", torch.float32), ("bfloat16", torch.bfloat16)):
        a = torch.randn(2048, 2048).to(dtype)
        x, w = torch.randn(1, 256, 90, 120).to(dtype), torch.randn(256, 256, 3, 3).to(dtype)
        x, w = (t.contiguous(memory_format=torch.channels_last) for t in (x, w))
        rates[name] = _best(
            rounds,
            (2 * 2048**3, lambda a=a: a @ a),
            (2 * 9 * 256 * 256 * 90 * 120, lambda x=x, w=w: F.conv2d(x, w, padding=1)),
        )
    b = torch.randint(-99, 99, (2048, 2048), dtype=torch.int8)
    rates["int8"] = _best(rounds, (2 * 2048**3, lambda: torch._int_mm(b, b)))
    return rates


def _best(rounds: int, *works: tuple[int, Callable[[], Tensor]]) -> float:
    seconds = time_together({str(i): call for i, (_, call) in enumerate(works)}, rounds)
    return max(work[0] / seconds[str(i)] for i, work in enumerate(works))
