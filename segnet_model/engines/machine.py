"""Findings about this machine: its hardware, libraries and ROS, as lines for people."""

from __future__ import annotations

import os
import platform
import shutil
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import torch

from segnet_model.base.optional import is_installed
from segnet_model.base.version import version
from segnet_model.engines.capabilities import cpu_gains_from_bfloat16, cpu_has_amx, cpu_has_int8

Line = tuple[str, str]  # title and text
# Devices of NVIDIA's drivers; a Jetson has the last two.
NVIDIA = ("/dev/nvidia0", "/dev/nvhost-gpu", "/dev/nvmap")
CPU = "https://download.pytorch.org/whl/cpu"
# Module, extra and purpose of the libraries that a robot can do without.
EXTRAS = (
    ("openvino", "openvino", "networks on a CPU in less time, also in int8"),
    ("onnxruntime", "onnx", "ONNX files: adopted networks, exports"),
    ("av", "video", "videos"),
    ("tensorboard", "train", "curves of a training"),
    ("rerun", "view", "the Rerun viewer"),
    ("aiohttp", "live", "the node's page for browsers"),
)
DISTRIBUTIONS = {"rerun": "rerun-sdk"}  # of modules with another name
SHARED_MEMORY = 1 << 28  # bytes of /dev/shm; less is too small for several cameras


def findings() -> Iterator[Line]:
    """Each finding; a text that begins with "!" says the mend of the line before."""
    yield "segnet", f"{version()}, Python {platform.python_version()}, {platform.platform()}"
    yield "processor", _processor()
    yield from _memory()
    yield from _gpu()
    for module, extra, purpose in EXTRAS:
        if is_installed(module):
            yield module, _version(DISTRIBUTIONS.get(module, module))
        else:
            yield module, f"not installed; for {purpose}: pip install 'segnet_ros[{extra}]'"
    yield from _ros()


def _processor() -> str:
    known = {
        "AMX": cpu_has_amx(),
        "bfloat16": cpu_gains_from_bfloat16(),
        "int8 (VNNI)": cpu_has_int8(),
    }
    fast = ", ".join(name for name, has in known.items() if has) or "float32 alone"
    cores = len(os.sched_getaffinity(0))
    return f"{platform.machine()}, {cores} cores for this process; fast in {fast}"


def _memory() -> Iterator[Line]:
    total = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    free = shutil.disk_usage(".").free
    yield "memory", f"{total / 1e9:.1f} GB; {free / 1e9:.0f} GB of disk free"
    shared = Path("/dev/shm")
    if shared.is_dir() and (size := shutil.disk_usage(shared).total) < SHARED_MEMORY:
        yield "", f"! /dev/shm has {size / 1e6:.0f} MB, too little for large images in ROS"
        yield "", "  start the container with --shm-size=1g"


def _gpu() -> Iterator[Line]:
    """PyTorch, and the GPU that it can use."""
    built = f"for CUDA {torch.version.cuda}" if torch.version.cuda else "for the CPU alone"
    yield "torch", f"{torch.__version__}, {built}, {_size('torch', 'nvidia', 'triton')}"
    if torch.cuda.is_available():
        for index in range(torch.cuda.device_count()):
            found = torch.cuda.get_device_properties(index)
            yield "gpu", f"{found.name}, {found.total_memory / 1e9:.0f} GB"
        return
    if any(Path(each).exists() for each in NVIDIA):
        yield "gpu", "one of NVIDIA, which PyTorch cannot use"
        yield (
            "",
            "! install a PyTorch for its CUDA: https://pytorch.org/get-started/locally, or, on",
        )
        yield "", "  a Jetson, as docs/jetson.md says"
        return
    yield "gpu", "none"
    if torch.version.cuda:
        yield "", f"! without a GPU, a smaller PyTorch will do: pip install torch --index-url {CPU}"


def _ros() -> Iterator[Line]:
    """ROS, found without importing it."""
    if not is_installed("rclpy"):
        yield "ros", "none, which no command needs; for the nodes source one, or run make build"
        return
    yield "ros", os.environ.get("ROS_DISTRO") or f"rclpy {_version('rclpy')}"
    if not is_installed("segnet_ros.msg"):
        yield (
            "",
            "! its messages are not built, so ~/stats and ~/class_map are missing: colcon build",
        )
    if not is_installed("vision_msgs"):
        yield "", "without vision_msgs, so ~/label_info is missing"
    if not is_installed("nav2_msgs"):
        yield "", "without nav2_msgs, so ~/speed_limit is missing"


def _version(distribution: str) -> str:
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return "installed, of unknown version"


def _size(*prefixes: str) -> str:
    """Size on the disk of the distributions whose names begin so."""
    found = (d for d in metadata.distributions() if d.name and d.name.lower().startswith(prefixes))
    files = {Path(str(file.locate())) for each in found for file in each.files or ()}
    total = sum(file.stat().st_size for file in files if file.is_file())
    return f"{total / 1e9:.1f} GB with its libraries"
