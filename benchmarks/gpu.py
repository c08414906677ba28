"""An NVIDIA GPU: each network at two sizes and two batches, against eager PyTorch.

Says so and does nothing where there is none. `benchmarks/gpu_session.sh` runs more of it, and
trains, in ten minutes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass
from itertools import product
from unittest import mock

import numpy as np
import torch
from torch import Tensor
from torch.utils.flop_counter import FlopCounterMode

from benchmarks.harness import Report, time_together
from benchmarks.reference import Textbook
from benchmarks.subjects import SIZE
from segnet_model.engines.torch_engine import PRECISIONS, TorchEngine
from segnet_model.inference.predictor import Predictor
from segnet_model.labels import LabelSet
from segnet_model.networks import pooling
from segnet_model.networks.encoder_decoder import EncoderDecoder
from segnet_model.weights.model_info import ModelInfo

BAYESIAN = {"bayesian_segnet": "segnet", "bayesian_segnet_lite": "segnet_lite"}
SAMPLES = 20
AIMS_MS = {"H200": {"segnet": 1.0, "segnet_lite": 0.5}, "H100": {"segnet": 1.3}}  # 360x480
AIM_PASSES = 2.0  # of one pass, for 20 samples
FEATURES = ((64, 1), (128, 2), (256, 4), (512, 8), (512, 16))  # channels and stride, of SegNet


@dataclass(frozen=True)
class Scale:
    """How much is measured, and where."""

    device: str
    networks: tuple[str, ...]
    bayesian: tuple[str, ...]
    precisions: tuple[str, ...]
    sizes: tuple[tuple[int, int], ...]
    batches: tuple[int, ...]
    rounds: int
    product: int  # side of the matrices


FULL = Scale(
    "cuda", ("segnet", "segnet_lite", "segnet_basic", "enet"), tuple(BAYESIAN),
    ("float16", "bfloat16"), (SIZE, (720, 1280)), (1, 4), rounds=20, product=8192,
)  # fmt: skip
TINY = Scale(  # to rehearse
    "cpu", ("segnet_lite", "segnet_basic", "enet"), ("bayesian_segnet_lite",),
    ("bfloat16",), ((32, 48), (64, 96)), (1, 2), rounds=1, product=256,
)  # fmt: skip
Row = dict[str, object]


def run(report: Report) -> None:
    """Milliseconds from bytes on the host to maps on the host, and of the reference."""
    if not torch.cuda.is_available():
        report.note("no NVIDIA GPU is at hand: nothing measured")
        return
    for name in FULL.precisions:
        rate = matrix_rate(name, FULL)
        report.add(f"this GPU's {name} matrix product", rate / 1e12, "TFLOP/s")
    rows = list(network_rows(FULL))
    report.table("From bytes to maps, and the share of the GPU's matrix rate", rows)
    for figure in marks(rows):
        report.add(**figure)
    rows = [samples_row(name, FULL) for name in BAYESIAN]
    report.table(f"{SAMPLES} samples", rows)
    for row in rows:
        report.add(**passes_mark(row))
    report.table("SegNet's poolings, float16", list(pooling_rows(FULL)))


def matrix_rate(precision: str, scale: Scale) -> float:
    """Operations a second of a large matrix product."""
    n, dtype = scale.product, PRECISIONS[precision]
    a = torch.randn(n, n, device=scale.device).to(dtype)
    return 2 * n**3 / time_together({"product": lambda: a @ a}, scale.rounds)["product"]


def copy_rate(scale: Scale) -> float:
    """Bytes read and written a second by a copy within the device's memory."""
    a = torch.randn(scale.product, scale.product, device=scale.device)
    b = torch.empty_like(a)
    seconds = time_together({"copy": lambda: b.copy_(a)}, scale.rounds)["copy"]
    return 2 * a.numel() * a.element_size() / seconds


def network_rows(scale: Scale) -> Iterator[Row]:
    """A row for each precision, size, batch and network, the ones with marks first."""
    rates = {name: matrix_rate(name, scale) for name in scale.precisions}
    for precision, size, count in product(rates, scale.sizes, scale.batches):
        for name in scale.networks:
            yield network_row(name, size, count, precision, rates[precision], scale)


def network_row(
    name: str, size: tuple[int, int], count: int, precision: str, rate: float, scale: Scale
) -> Row:
    """Milliseconds of our predictor with and without a CUDA graph, and of the eager network."""
    ours, bare = (Predictor(_engine(name, size, precision, scale)) for _ in range(2))
    forbid_graphs(bare)
    images = _images(size, count)
    network = _info(name, size).build().eval()
    plain = Textbook(network, _info(name, size)) if isinstance(network, EncoderDecoder) else network
    calls: dict[str, Callable[[], object]] = {
        "ms": lambda: ours.predict(images),
        "no graph ms": lambda: bare.predict(images),
        "network ms": _device_only(ours.engine, torch.from_numpy(images)),
    }
    x = torch.rand(count, 3, *size, device=scale.device)
    for title, dtype in {"float32": torch.float32, precision: PRECISIONS[precision]}.items():
        eager = deepcopy(plain).to(scale.device, dtype)
        calls[f"eager {title} ms"] = _asks(eager, x.to(dtype))
    with torch.inference_mode():
        seconds = time_together(calls, scale.rounds)
    row = {"network": name, "size": f"{size[0]}x{size[1]}", "batch": count, "precision": precision}
    eager = seconds.pop(f"eager {precision} ms")
    row |= {title: round(1e3 * each, 3) for title, each in seconds.items()}
    row["eager half ms"] = round(1e3 * eager, 3)
    row["share"] = f"{100 * count * flops(name, size) / seconds['network ms'] / rate:.0f} %"
    return row


def forbid_graphs(predictor: Predictor) -> None:
    """Let a predictor start each kernel by itself."""
    predictor._runner._graphs = None


def _asks(network: torch.nn.Module, x: Tensor) -> Callable[[], object]:
    return lambda: network(x).argmax(1)


def _device_only(engine: TorchEngine, images: Tensor) -> Callable[[], object]:
    """The network alone, from normalized images on the device: a CUDA graph where there is one."""
    x = engine.prepare(images)

    def call() -> Tensor:
        with torch.inference_mode():
            return engine.network(x)

    for _ in range(3):
        call()
    if engine.device.type != "cuda":
        return call
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        call()
    return graph.replay


def flops(name: str, size: tuple[int, int]) -> float:
    """Operations of one pass with one image, counted without computing it."""
    network = _info(name, size).build().eval().to("meta")
    with FlopCounterMode(display=False) as counter, torch.inference_mode():
        network(torch.zeros(1, 3, *size, device="meta"))
    return float(counter.get_total_flops())


def marks(rows: list[Row]) -> list[Row]:
    """Figures with the marks of this GPU, of the rows with one image of 360x480 in float16."""
    gpu = torch.cuda.get_device_name() if torch.cuda.is_available() else ""
    aims = next((aims for name, aims in AIMS_MS.items() if name in gpu), {})
    wanted = {"size": "360x480", "batch": 1, "precision": "float16"}
    return [
        {"what": f"{row['network']} 360x480, one image", "value": row["ms"], "unit": "ms",
         "at_most": aims.get(str(row["network"]))}
        for row in rows if row.items() >= wanted.items() and row["network"] in AIMS_MS["H200"]
    ]  # fmt: skip


def samples_row(name: str, scale: Scale) -> Row:
    """Milliseconds of Monte Carlo dropout, and of a pass of the same network without it."""
    size = scale.sizes[0]
    images = _images(size, 1)
    ask = Predictor(_engine(name, size, scale.precisions[0], scale), "mc", samples=SAMPLES)
    one = Predictor(_engine(BAYESIAN[name], size, scale.precisions[0], scale))
    calls = {"mc": lambda: ask.predict(images), "pass": lambda: one.predict(images)}
    seconds = time_together(calls, scale.rounds)
    return {
        "network": name, "size": f"{size[0]}x{size[1]}", "samples": SAMPLES,
        "ms": round(1e3 * seconds["mc"], 3), "ms of a pass": round(1e3 * seconds["pass"], 3),
        "passes": round(seconds["mc"] / seconds["pass"], 2),
    }  # fmt: skip


def passes_mark(row: Row) -> Row:
    """The figure of a row of `samples_row`, with its mark."""
    what = f"{row['network']}: {row['samples']} samples over a pass"
    return {"what": what, "value": row["passes"], "unit": "passes", "at_most": AIM_PASSES}


def pooling_rows(scale: Scale) -> Iterator[Row]:
    """Microseconds of each pooling and unpooling of SegNet, by Triton's kernels and by PyTorch."""
    height, width = scale.sizes[0]
    kernels = pooling.fused_kernels(torch.device(scale.device))
    for channels, stride in FEATURES:
        shape = (1, channels, max(2, height // stride), max(2, width // stride))
        x = torch.randn(shape, device=scale.device, dtype=PRECISIONS[scale.precisions[0]]).relu()
        x = x.contiguous(memory_format=torch.channels_last)
        calls = {"pool us": lambda x=x: pooling.max_pool_2x2(x)}
        pooled = pooling.max_pool_2x2(x)
        calls["unpool us"] = lambda p=pooled, s=shape: pooling.max_unpool_2x2(*p, s[2:])
        for title, call in list(calls.items()):
            calls[f"PyTorch's {title}"] = _without_kernels(call)
        seconds = time_together(calls, scale.rounds)
        row: Row = {"features": "x".join(map(str, shape[1:])), "kernels": kernels is not None}
        yield row | {title: round(1e6 * each, 1) for title, each in seconds.items()}


def _without_kernels(call: Callable[[], object]) -> Callable[[], object]:
    def plain() -> object:
        with mock.patch.object(pooling, "fused_kernels", return_value=None):
            return call()

    return plain


def _info(name: str, size: tuple[int, int]) -> ModelInfo:
    return ModelInfo(name, LabelSet.load("camvid"), size)


def _engine(name: str, size: tuple[int, int], precision: str, scale: Scale) -> TorchEngine:
    info = _info(name, size)
    return TorchEngine(info.build(), info, scale.device, precision)


def _images(size: tuple[int, int], count: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (count, *size, 3), np.uint8)
