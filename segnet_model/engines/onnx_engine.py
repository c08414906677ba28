"""ONNX Runtime, for exports that run anywhere."""

from __future__ import annotations

import mmap
from collections.abc import Collection, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from segnet_model.base.atomic import is_same_file, whole_file
from segnet_model.base.errors import SettingsError, WeightsError
from segnet_model.base.optional import require
from segnet_model.engines.exported import (
    INPUT,
    KEY,
    ExportedEngine,
    ExportInfo,
    check_device,
    check_exists,
    last_line,
)
from segnet_model.threads import network_threads
from segnet_model.weights.model_info import ModelInfo

SILENT = 4  # its own lines would hold names from the file, escape sequences included


class OnnxEngine(ExportedEngine):
    """Runs an `.onnx` file on the CPU."""

    name = "onnx"
    suffix = ".onnx"

    @classmethod
    def open(
        cls, path: Path, device: str = "cpu", precision: str = "auto", trusted: Collection[str] = ()
    ) -> OnnxEngine:
        """Read an export in precision "float32" or "auto", which is the same; see `open_engine`.

        In an int8 export it is that of the layers that are not int8.
        """
        check_device(device, path)
        if precision not in ("auto", "float32"):
            raise SettingsError(f"precision {precision!r}: ONNX Runtime runs float32 here")
        runtime = require("onnxruntime", "onnx")
        check_exists(path)
        _check_alone(path)
        try:
            session = open_session(runtime, path)
            text = session.get_modelmeta().custom_metadata_map.get(KEY, "")
        except Exception as error:  # ONNX Runtime has many kinds
            raise WeightsError(
                f"weights {path}: not a whole ONNX model ({last_line(error)}); export again"
            ) from None
        exported = ExportInfo.from_json(text, path)
        exported.check_files(path)

        def run(image: np.ndarray) -> list[np.ndarray]:
            answers: list[np.ndarray] = session.run(None, {INPUT: image})
            return answers

        return cls(exported, run, exported.precision)


def open_session(runtime: Any, model: Path | bytes) -> Any:
    """A session of ONNX Runtime on the CPU, its errors are of many kinds.

    Args:
        runtime: the module `onnxruntime`.
        model: the file, or its content.
    """
    options = runtime.SessionOptions()
    options.intra_op_num_threads = network_threads()
    options.log_severity_level = SILENT
    return runtime.InferenceSession(
        model, options, providers=["CPUExecutionProvider"], enable_fallback=0
    )


def replace_onnx_info(path: Path, out: Path, info: ModelInfo) -> None:
    """Write a copy of an export with other metadata of its weights, or replace the file itself.

    Raises:
        WeightsError: path is no export.
    """
    onnx = require("onnx", "onnx")
    exported = OnnxEngine.open(path).exported
    model = onnx.load(path)
    onnx.helper.set_model_props(model, {KEY: replace(exported, info=info).to_json()})
    with whole_file(out, known=is_same_file(path, out)) as temporary:
        onnx.save(model, temporary)


def tensors_elsewhere(message: Any) -> Iterator[Any]:
    """All tensors of a protobuf message that lie in other files, however deep."""
    for field, value in message.ListFields():
        if field.type != field.TYPE_MESSAGE:
            continue
        for each in value if hasattr(value, "__len__") else (value,):
            if each.DESCRIPTOR.name != "TensorProto":
                yield from tensors_elsewhere(each)
            elif each.external_data or each.data_location:
                yield each


def _check_alone(path: Path) -> None:
    """Raise WeightsError where tensors lie in other files, of which ONNX Runtime opens any.

    Such a tensor names its file under the key "location" (TensorProto.external_data of onnx.proto).
    Only a file with that word is read in full, since a name of an adopted network may hold it too.
    """
    with path.open("rb") as file:
        if not path.stat().st_size:
            raise WeightsError(f"weights {path}: an empty file; export again")
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            if data.find(b"location") < 0:
                return
    onnx = require("onnx", "onnx")
    try:
        model = onnx.load(path, load_external_data=False)
    except Exception as error:  # protobuf's kinds differ by its version
        raise WeightsError(
            f"weights {path}: not a whole ONNX model ({last_line(error)}); export again"
        ) from None
    if any(tensors_elsewhere(model)):
        raise WeightsError(f"weights {path}: it reads other files; export again")
