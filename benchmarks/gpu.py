"""An NVIDIA GPU: each network at two sizes and two batches, against eager PyTorch.

Says so and does nothing where there is none.
"""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy

import numpy as np
import torch
from torch.utils.flop_counter import FlopCounterMode

from benchmarks.harness import Report, time_together
from benchmarks.reference import Textbook
from benchmarks.subjects import SIZE
from segnet_model.engines.torch_engine import TorchEngine
from segnet_model.inference.predictor import Predictor
from segnet_model.labels import LabelSet
from segnet_model.networks.encoder_decoder import EncoderDecoder
from segnet_model.weights.model_info import ModelInfo

NETWORKS = ("segnet", "segnet_basic", "enet")
SIZES = (SIZE, (720, 1280))
BATCHES = (1, 4)
ROUNDS = 30
AIM_MS = 1.0  # SegNet at 360x480, one image, H200


def run(report: Report) -> None:
    """Milliseconds from bytes on the host to maps on the host, and of the reference."""
    if not torch.cuda.is_available():
        print("\nno NVIDIA GPU is at hand: nothing measured; python -m benchmarks gpu on one")
        return
    rate = _matrix_rate()
    report.add("this GPU's float16 matrix product", rate / 1e12, "TFLOP/s")
    rows = []
    for name in NETWORKS:
        for size in SIZES:
            for count in BATCHES:
                rows.append(_row(name, size, count, rate))
    report.table("From bytes to maps, and the share of the GPU's matrix rate", rows)
    one = next(row for row in rows if row["network"] == "segnet")
    report.add("SegNet 360x480, one image", one["ms"], "ms", at_most=AIM_MS)
    ask = Predictor(_engine("bayesian_segnet", SIZE), "mc", samples=20)
    images = _images(SIZE, 1)
    seconds = time_together({"mc": lambda: ask.predict(images)}, ROUNDS)
    report.add("Bayesian SegNet 360x480, 20 samples", seconds["mc"] * 1e3, "ms")


def _row(name: str, size: tuple[int, int], count: int, rate: float) -> dict[str, object]:
    predictor, images = Predictor(_engine(name, size)), _images(size, count)
    calls: dict[str, Callable[[], object]] = {"ours": lambda: predictor.predict(images)}
    network = _info(name, size).build().eval()
    plain = Textbook(network, _info(name, size)) if isinstance(network, EncoderDecoder) else network
    x = torch.rand(count, 3, *size, device="cuda")
    for dtype in (torch.float32, torch.float16):
        calls[str(dtype)] = _asks(deepcopy(plain).to("cuda", dtype), x.to(dtype))
    with torch.inference_mode():
        seconds = time_together(calls, ROUNDS)
        with FlopCounterMode(display=False) as counter:
            network(torch.zeros(count, 3, *size))
    share = counter.get_total_flops() / seconds["ours"] / rate
    return {
        "network": name,
        "size": f"{size[0]}x{size[1]}",
        "batch": count,
        "ms": round(seconds["ours"] * 1e3, 2),
        "eager float32 ms": round(seconds["torch.float32"] * 1e3, 2),
        "eager float16 ms": round(seconds["torch.float16"] * 1e3, 2),
        "share of the GPU": f"{100 * share:.0f} %",
    }


def _asks(network: torch.nn.Module, x: torch.Tensor) -> Callable[[], object]:
    return lambda: network(x).argmax(1)


def _matrix_rate() -> float:
    a = torch.randn(8192, 8192, device="cuda", dtype=torch.float16)
    return 2 * 8192**3 / time_together({"product": lambda: a @ a}, ROUNDS)["product"]


def _info(name: str, size: tuple[int, int]) -> ModelInfo:
    return ModelInfo(name, LabelSet.load("camvid"), size)


def _engine(name: str, size: tuple[int, int]) -> TorchEngine:
    info = _info(name, size)
    return TorchEngine(info.build(), info, "cuda")


def _images(size: tuple[int, int], count: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (count, *size, 3), np.uint8)
