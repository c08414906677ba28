"""Adoption of a foreign network: read, tried on an image, and joined with an export's ends."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from segnet_model.base.errors import SegNetError, WeightsError
from segnet_model.base.marks import set_mark
from segnet_model.base.optional import require
from segnet_model.engines.adoption.forms import Findings, InputForm, OutputForm, Wishes
from segnet_model.engines.adoption.graph import join_input, join_output
from segnet_model.engines.adoption.input_form import find_input
from segnet_model.engines.adoption.output_form import choose_output, find_output
from segnet_model.engines.adoption.reading import check_memory, read_model
from segnet_model.engines.exported import KEY, ExportInfo, last_line
from segnet_model.engines.onnx_engine import open_session
from segnet_model.labels import LabelSet
from segnet_model.networks.inputs import resize_image
from segnet_model.weights.model_info import MAX_TEXT, ModelInfo
from segnet_model.weights.tensors import file_sha256


@dataclass(frozen=True)
class Adopted:
    """An adopted network.

    Attributes:
        model: onnx.ModelProto in the form of an export, with its metadata.
        info: the metadata.
        findings: how the network is used: name, value and source of each fact.
    """

    model: Any
    info: ExportInfo
    findings: list[tuple[str, str, str]]

    def save(self, path: Path) -> None:
        """Write the `.onnx`; WeightsError where that fails."""
        try:
            require("onnx", "onnx").save(self.model, path)
            set_mark(path)
        except Exception as error:  # protobuf has many kinds
            raise WeightsError(f"cannot write {path}: {last_line(error)}") from None


def adopt(
    path: Path,
    labels: LabelSet,
    image: np.ndarray,
    wishes: Wishes | None = None,
    license: str = "unknown",
) -> Adopted:
    """Adopt an ONNX file of a network from elsewhere.

    Args:
        path: the file; its external data, if any, beside it.
        labels: the classes that it was trained on, in its order.
        image: (H, W, 3) uint8 RGB, to try it on.
        wishes: form of its input and output; what is left out is guessed.
        license: of its weights.

    Raises:
        WeightsError: the file is no such network, or cannot be run.
        SettingsError: the label set or a wish does not fit it.
    """
    try:
        return _adopt(path, labels, image, wishes or Wishes(), license)
    except SegNetError as error:
        named = str(path) in str(error)
        raise error if named else type(error)(f"{path}: {error}") from None


def _adopt(
    path: Path, labels: LabelSet, image: np.ndarray, wishes: Wishes, license: str
) -> Adopted:
    model, findings = read_model(path), Findings()
    form = find_input(model, wishes, (image.shape[0], image.shape[1]), findings)
    output = choose_output(model, wishes)
    started = join_input(model, form, output)
    check_memory(started)
    answer = _try(started, resize_image(image, form.size))
    read = find_output(model, output, answer, labels, form, wishes, findings)
    whole = join_output(started, read, labels)
    info = ExportInfo(_info(path, labels, form, read, findings, license), file_sha256(path),
                      "float32", form.size)  # fmt: skip
    require("onnx", "onnx").helper.set_model_props(whole, {KEY: info.to_json()})
    return Adopted(whole, info, findings.rows)


def _info(
    path: Path, labels: LabelSet, form: InputForm, read: OutputForm, findings: Findings,
    license: str,
) -> ModelInfo:  # fmt: skip
    facts = {name: value for name, value, _ in findings.rows}
    return ModelInfo(
        path.stem.replace(":", "_")[:MAX_TEXT],
        labels,
        form.size,
        mean=form.unit_mean,
        std=form.unit_std,
        activation="argmax" if read.kind == "ids" else "softmax",
        license=license,
        training={"adopted": {"file": path.name, **facts}},
    )


def _try(model: Any, image: np.ndarray) -> np.ndarray:
    """Run a network on an image (h, w, 3) uint8; WeightsError where that fails."""
    runtime = require("onnxruntime", "onnx")
    try:
        session = open_session(runtime, model.SerializeToString())
        (answer,) = session.run(None, {session.get_inputs()[0].name: image[None]})
    except Exception as error:  # ONNX Runtime has many kinds
        height, width = image.shape[:2]
        raise WeightsError(
            f"it cannot be run on an image of {height}x{width} ({last_line(error)}); try another "
            "--size, or export it again"
        ) from None
    if not isinstance(answer, np.ndarray):
        raise WeightsError("its output is no array; choose another with --output")
    return answer
