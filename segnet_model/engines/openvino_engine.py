"""OpenVINO, for exports that run on x86 processors."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Any

import numpy as np

from segnet_model.base.errors import SettingsError, WeightsError
from segnet_model.base.optional import require
from segnet_model.engines.capabilities import cpu_gains_from_bfloat16, cpu_has_int8, warn_once
from segnet_model.engines.exported import (
    KEY,
    ExportedEngine,
    ExportInfo,
    check_device,
    check_exists,
    last_line,
)
from segnet_model.threads import network_threads

HINTS = {"float32": "f32", "bfloat16": "bf16"}


class OpenVinoEngine(ExportedEngine):
    """Runs an `.xml` file and the `.bin` beside it."""

    name = "openvino"
    suffix = ".xml"

    @classmethod
    def open(
        cls, path: Path, device: str, precision: str, trusted: Collection[str]
    ) -> OpenVinoEngine:
        """Read and compile an export; see `open_engine`.

        The precision is "float32", "bfloat16", or "auto" for the faster one. In an int8 export it
        is that of the few layers that are not int8.
        """
        check_device(device, path)
        if precision == "auto":
            precision = "bfloat16" if cpu_gains_from_bfloat16() else "float32"
        if precision not in HINTS:
            raise SettingsError(f"precision {precision!r}: OpenVINO has {', '.join(HINTS)}")
        core, model, exported = read_export(path)
        if exported.precision == "int8" and not cpu_has_int8():
            warn_once("this processor has no VNNI: int8 is right here, but not much faster")
        options = {
            "INFERENCE_PRECISION_HINT": HINTS[precision],
            "PERFORMANCE_HINT": "LATENCY",
            "INFERENCE_NUM_THREADS": network_threads(),
        }
        try:
            request = core.compile_model(model, "CPU", options).create_infer_request()
        except RuntimeError as error:
            raise WeightsError(
                f"weights {path}: it cannot be compiled ({last_line(error)})"
            ) from None

        def run(image: np.ndarray) -> list[np.ndarray]:
            return list(request.infer([image]).values())

        return cls(exported, run, "int8" if exported.precision == "int8" else precision)


def read_export(path: Path) -> tuple[Any, Any, ExportInfo]:
    """OpenVINO's core, the model before compilation, and its metadata; errors as `open_engine`."""
    openvino = require("openvino", "openvino")
    check_exists(path)
    core = openvino.Core()
    try:
        model = core.read_model(path)
        text = model.get_rt_info([KEY]).astype(str) if model.has_rt_info([KEY]) else ""
    except (RuntimeError, UnicodeDecodeError) as error:
        raise WeightsError(
            f"weights {path}: not a whole OpenVINO model ({last_line(error)}); export again"
        ) from None
    exported = ExportInfo.from_json(text, path)
    exported.check_files(path)
    return core, model, exported
