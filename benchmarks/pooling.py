"""Our pooling and unpooling against PyTorch's: time and memory."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from benchmarks.harness import Report, peak_memory, time_together
from benchmarks.reference import Textbook
from benchmarks.subjects import SIZE
from segnet_model.labels import LabelSet
from segnet_model.networks.blocks import channels_last
from segnet_model.networks.pooling import max_pool_2x2, max_unpool_2x2
from segnet_model.weights.model_info import ModelInfo

CHANNELS = (64, 128, 256, 512, 512)  # of SegNet's features before each pooling


def run(report: Report) -> None:
    """Time of all five poolings, bytes of their indices, and peaks of the whole network."""
    maps = _features()
    with torch.inference_mode():
        rows = []
        for dtype in (torch.float32, torch.bfloat16):
            x = [each.to(dtype) for each in maps]
            ours, theirs = [max_pool_2x2(e) for e in x], _torch_pool(x)
            calls = {
                "pool": partial(_pool, x),
                "unpool": partial(_unpool, x, ours),
                "torch pool": partial(_torch_pool, x),
                "torch unpool": partial(_torch_unpool, x, theirs),
            }
            seconds = time_together(calls, report.amount(11, 2))
            times = {name: round(1e3 * s, 2) for name, s in seconds.items()}
            rows.append({"ms of all five": str(dtype).split(".")[1], **times})
    report.table(f"SegNet's poolings at {SIZE[0]}x{SIZE[1]}", rows)
    report.add("indices as bytes", _bytes([p for _, p in ours]), "MB", at_most=5.3)
    report.add("indices as PyTorch's int64", _bytes([i for _, i in theirs]), "MB")
    rows = []
    if report.quick:
        return
    for name, training in (("inference", False), ("training", True)):
        peaks = [peak_memory(whole_network, textbook, training) for textbook in (False, True)]
        rows.append(
            {"peak MB, float32": name, "ours": round(peaks[0]), "reference": round(peaks[1])}
        )
        report.add(f"{name}: peak memory over the reference's", peaks[0] / peaks[1])
    report.table(f"SegNet at {SIZE[0]}x{SIZE[1]}, one image", rows)


def whole_network(textbook: bool, training: bool) -> Callable[[], object]:
    """For `peak_memory`: a pass forward, and backward in training, through SegNet."""
    info = ModelInfo("segnet", LabelSet.load("camvid"), SIZE)
    network: nn.Module = channels_last(info.build())
    if textbook:
        network = Textbook(network, info)
    network.train(training)
    x = torch.rand(1, 3, *SIZE)

    def call() -> None:
        if training:
            network(x).square().mean().backward()
            return
        with torch.inference_mode():
            network(x)

    return call


def _features() -> list[Tensor]:
    height, width = SIZE
    return [
        torch.randn(1, channels, height >> stage, width >> stage)
        .relu()
        .contiguous(memory_format=torch.channels_last)
        for stage, channels in enumerate(CHANNELS)
    ]


def _pool(x: list[Tensor]) -> None:
    for each in x:
        max_pool_2x2(each)


def _unpool(x: list[Tensor], pooled: list[tuple[Tensor, Tensor]]) -> None:
    for each, (values, places) in zip(x, pooled, strict=True):
        max_unpool_2x2(values, places, (each.shape[2], each.shape[3]))


def _torch_pool(x: list[Tensor]) -> list[tuple[Tensor, Tensor]]:
    return [F.max_pool2d(each, 2, return_indices=True) for each in x]


def _torch_unpool(x: list[Tensor], pooled: list[tuple[Tensor, Tensor]]) -> None:
    for each, (values, indices) in zip(x, pooled, strict=True):
        F.max_unpool2d(values, indices, 2, output_size=each.shape)


def _bytes(indices: list[Tensor]) -> float:
    return sum(each.numel() * each.element_size() for each in indices) / 1e6
