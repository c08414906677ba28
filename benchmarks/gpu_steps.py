"""The steps of `gpu_session`, each in a process of its own: what it finds, it prints as it comes.

`python -m benchmarks.gpu_steps STEP` runs one by itself.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import math
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
MARK = "@found "  # begins a line with a result, as JSON
SKIPPED = 3  # exit code
TESTS = ("test/model/engines/test_devices.py", "test/model/networks/test_pooling_kernels.py")
# By step; pip calls them otherwise where a name follows.
NEEDED = {
    "networks": ("torch", "numpy", "cv2", "PIL", "yaml", "safetensors", "tqdm", "triton"),
    "tests": ("pytest", "pytest_timeout", "rosbags", "simplejpeg", "tensorboard", "jinja2"),
    "train": ("simplejpeg", "tensorboard", "jinja2"),
    "node": ("rclpy",),
}
TRIAL_STEPS, STEADY_STEPS = 12, 6  # of a training, to time one
SPARE = 0.85  # share of the time that a training is planned for


def found(**values: object) -> None:
    """Hand a result to the session."""
    print(MARK + json.dumps(values), flush=True)


def skip(reason: str) -> None:
    """End this step, with a reason that the summary shows."""
    found(skipped=reason)
    sys.exit(SKIPPED)


def missing(step: str) -> list[str]:
    """Modules that a step needs and this Python lacks."""
    return [name for name in NEEDED[step] if importlib.util.find_spec(name) is None]


def machine(args: argparse.Namespace) -> None:
    """The machine, what it lacks, and its limits: matrix products and copies."""
    for step in NEEDED:
        if lacks := missing(step):
            found(note=f"step {step} lacks {', '.join(lacks)}")
    from benchmarks import gpu, harness

    found(machine={**harness.machine(), "python": sys.version.split()[0]})
    scale = _scale(args)
    for precision in ("float16", "bfloat16", "float32"):
        rate = gpu.matrix_rate(precision, scale)
        found(figure={"what": f"{precision} matrix product", "value": rate / 1e12,
                      "unit": "TFLOP/s"})  # fmt: skip
    found(figure={"what": "copy", "value": gpu.copy_rate(scale) / 1e9, "unit": "GB/s"})


def tests(args: argparse.Namespace) -> None:
    """The tests that need a GPU."""
    if lacks := missing("tests"):
        skip(f"no {', '.join(lacks)} in this Python")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-m", "cuda", *TESTS]
    ran = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    print(ran.stdout)
    last = (ran.stdout.strip().splitlines() or [""])[-1]
    counts = dict.fromkeys(("passed", "failed", "error", "skipped"), 0)
    counts |= {kind: int(n) for n, kind in re.findall(rf"(\d+) ({'|'.join(counts)})", last)}
    found(row={"tests": "cuda", **counts})
    bad = counts["failed"] + counts["error"]
    if not counts["passed"] + bad:
        skip("no test ran, as there is no GPU")
    found(figure={"what": "GPU tests that fail", "value": bad, "at_most": 0})


def networks(args: argparse.Namespace) -> None:
    """Every network at two sizes, batches and precisions."""
    from benchmarks import gpu

    for row in gpu.network_rows(_scale(args)):
        found(row=row)
        for figure in gpu.marks([row]):
            found(figure=figure)


def samples(args: argparse.Namespace) -> None:
    """Monte Carlo dropout against a pass."""
    from benchmarks import gpu

    scale = _scale(args)
    for name in scale.bayesian:
        row = gpu.samples_row(name, scale)
        found(row=row)
        found(figure=gpu.passes_mark(row))


def kernels(args: argparse.Namespace) -> None:
    """Triton's pooling against PyTorch's operations."""
    from benchmarks import gpu

    for row in gpu.pooling_rows(_scale(args)):
        found(row=row)


def node(args: argparse.Namespace) -> None:
    """Latency of the node on the GPU."""
    if lacks := missing("node"):
        skip(f"no {', '.join(lacks)} in this Python: source a ROS 2 and build the package")
    if args.rehearse:
        skip("not rehearsed: python -m benchmarks node is the same on a CPU")
    from benchmarks.harness import Report
    from benchmarks.node import run

    run(report := Report("node"))
    for table in report.tables:
        for row in table["rows"]:
            found(row=row)
    for each in report.figures:
        found(figure={**vars(each)})


def train(args: argparse.Namespace, network: str) -> None:
    """Train on CamVid for the time that there is; a second session on the machine goes on."""
    if lacks := missing("train"):
        skip(f"no {', '.join(lacks)} in this Python")
    if args.data is None and not args.rehearse:
        skip("no data: give --data FOLDER, with train/ and trainannot/ of CamVid")
    begin = time.monotonic()
    from segnet_model.training.trainer import train as run
    from segnet_model.weights.checkpoint import load_weights

    data = args.data or _tiny_data(args.work / "data")
    out = args.work / network
    settings = _planned(data, out, _settings(network, args.rehearse), args.seconds)
    deadline = begin + args.seconds
    losses: list[float] = []

    def progress(done: Any) -> None:
        if math.isfinite(done.loss):  # not before the first step
            losses.append(done.loss)

    weights = run(data, out, settings, progress, lambda: time.monotonic() > deadline)
    if weights is None:
        found(note=f"{network}: stopped before the end; the same command goes on")
        weights = out / "weights.safetensors"
    if weights.exists():
        info = load_weights(weights)[1]
        row = {"network": network, "epochs": settings.epochs, **info.metrics}
        row |= {"steps": f"{info.training['step']} of {info.training['steps']}"}
        found(row={**row, "loss": round(losses[-1], 4) if losses else None})
    else:
        found(note=f"{network}: no weights yet, since none were measured")


def _settings(network: str, rehearse: bool) -> Any:
    from benchmarks.camvid.recipes import RECIPES

    settings = replace(RECIPES[network][0], workers=os.cpu_count() or 2)
    if not rehearse:
        return settings
    small = network.replace("segnet", "segnet_basic")
    return replace(
        settings, network=small, network_settings={"features": 8}, input_size=(32, 48),
        crop_size=None, epochs=2, batch_size=2, statistics_images=2,
    )  # fmt: skip


def _planned(data: Path, out: Path, settings: Any, seconds: float) -> Any:
    """The settings with as many epochs as there is time for; those of a training that began."""
    plan = out / "plan.json"
    if plan.exists():
        epochs = json.loads(plan.read_text())["epochs"]
    else:
        begin = time.monotonic()
        epoch_s = _seconds_of_an_epoch(data, out.with_name(out.name + "_trial"), settings)
        left = SPARE * (seconds - (time.monotonic() - begin))
        epochs = max(1, min(settings.epochs, int(left / epoch_s)))
        found(note=f"{out.name}: {epoch_s:.2f} s an epoch, {epochs} epochs")
        out.mkdir(parents=True, exist_ok=True)
        plan.write_text(json.dumps({"epochs": epochs}))
    return replace(settings, epochs=epochs, evaluate_every=max(1, epochs // 3), save_every_s=30)


def _seconds_of_an_epoch(data: Path, out: Path, settings: Any) -> float:
    """By the last of a few steps of a training, which is thrown away."""
    from segnet_model.training.trainer import train as run

    times: list[float] = []

    def progress(done: Any) -> None:
        if done.step > len(times):
            times.append(time.monotonic())
            steps.append(done.steps)

    steps: list[int] = []
    shutil.rmtree(out, ignore_errors=True)  # of a trial that was cut short
    run(data, out, settings, progress, lambda: len(times) >= TRIAL_STEPS)
    steady = times[-STEADY_STEPS - 1 :]
    step_s = (steady[-1] - steady[0]) / max(1, len(steady) - 1)
    return step_s * steps[0] / settings.epochs


def _tiny_data(folder: Path) -> Path:
    """Six images to train on and two to measure: a gray sky over a road, in noise."""
    import numpy as np
    from PIL import Image

    from segnet_model.labels import LabelSet

    labels = LabelSet.load("camvid")
    truth = np.full((32, 48), labels.names.index("Sky"), np.uint8)
    truth[16:] = labels.names.index("Road")
    random = np.random.default_rng(0)
    for split, count in (("train", 6), ("val", 2)):
        for name in (split, f"{split}annot"):
            (folder / name).mkdir(parents=True, exist_ok=True)
        for index in range(count):
            image = np.where(truth[..., None] == truth[0, 0], 200, 90)
            image = (image + random.integers(0, 40, (32, 48, 3))).astype(np.uint8)
            Image.fromarray(image).save(folder / split / f"{index}.png")
            Image.fromarray(truth).save(folder / f"{split}annot" / f"{index}.png")
    return folder


def _scale(args: argparse.Namespace) -> Any:
    from benchmarks import gpu

    return gpu.TINY if args.rehearse else gpu.FULL


STEPS: Mapping[str, Callable[[argparse.Namespace], None]] = {
    "machine": machine,
    "tests": tests,
    "kernels": kernels,
    "networks": networks,
    "samples": samples,
    "node": node,
    "segnet": lambda args: train(args, "segnet"),
    "bayesian_segnet": lambda args: train(args, "bayesian_segnet"),
}


def main() -> None:
    """Run the step that is named."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gpu_steps", description=__doc__)
    parser.add_argument("step", choices=STEPS)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--work", type=Path, default=Path("gpu_work"))
    parser.add_argument("--seconds", type=float, default=120.0)
    parser.add_argument("--rehearse", action="store_true")
    args = parser.parse_args()
    STEPS[args.step](args)


if __name__ == "__main__":
    main()
