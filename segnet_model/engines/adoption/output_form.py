"""The form of a foreign network's output: what the graph and its answer to an image show."""

from __future__ import annotations

from typing import Any

import numpy as np

from segnet_model.base.errors import SettingsError, WeightsError
from segnet_model.base.optional import require
from segnet_model.engines.adoption.forms import (
    MOVES,
    Findings,
    InputForm,
    OutputForm,
    Wishes,
    shape_text,
)
from segnet_model.labels import LabelSet


def find_output(
    model: Any, name: str, answer: np.ndarray, labels: LabelSet, form: InputForm,
    wishes: Wishes, findings: Findings,
) -> OutputForm:  # fmt: skip
    """Find the form of the output.

    Args:
        model: onnx.ModelProto.
        name: of the output.
        answer: its array for an image.
        labels: the classes.
        form: of the input.
        wishes: override what is found.
        findings: gets what was found.

    Raises:
        WeightsError: it is no map of classes.
        SettingsError: the label set or a wish contradicts it.
    """
    kind, source = _kind(model, name, answer, labels)
    kind, source = (wishes.kind, "given") if wishes.kind else (kind, source)
    channels = None if kind == "ids" else _channels(answer.shape, labels, form, name)
    binary = channels is not None and answer.shape[channels] == 1
    found = OutputForm(kind, answer.shape, answer.dtype, channels, binary)
    height, width = found.size
    if not (0 < height <= form.size[0] and 0 < width <= form.size[1]):
        raise WeightsError(
            f"its output {name!r} has the shape {answer.shape}, which is no map of the image's "
            f"{form.size[0]}x{form.size[1]} pixels; choose another with --output"
        )
    _check_values(kind, answer)
    findings.add("output", f"{name}, {answer.dtype}, {answer.shape}", "the graph")
    findings.add("answers", kind, source)
    if kind == "ids" and (none := _share_without_class(answer, labels)):
        findings.add("no class", f"{none:.1%} of the pixels", "the trial: other ids are ignored")
    findings.add("stride", f"{form.size[0] / height:g}", "the graph")
    return found


def choose_output(model: Any, wishes: Wishes) -> str:
    """The name of the output to use.

    Where scores are wished for and the network ends in ArgMax, what ArgMax takes becomes an output.

    Raises:
        SettingsError: there is none of the wished name, or there are several.
    """
    name = _named_output(model, wishes.output)
    node = _last_node(model, name)
    if wishes.kind in (None, "ids") or node is None or node.op_type != "ArgMax":
        return name
    helper = require("onnx", "onnx").helper
    inner = helper.make_tensor_value_info(node.input[0], _type_of(model, node.input[0]), [None] * 4)
    model.graph.output.append(inner)
    return str(inner.name)


def _named_output(model: Any, wanted: str | None) -> str:
    outputs = {each.name: each for each in model.graph.output}
    if wanted is not None and wanted in outputs:
        return wanted
    shown = ", ".join(f"{name} {shape_text(each)}" for name, each in outputs.items())
    if wanted is not None:
        raise SettingsError(f"--output {wanted}: it has {shown}")
    if len(outputs) != 1:
        raise SettingsError(f"it has {len(outputs)} outputs; choose one with --output: {shown}")
    return str(*outputs)


def _kind(model: Any, name: str, answer: np.ndarray, labels: LabelSet) -> tuple[str, str]:
    """What the output holds, and how it is known."""
    node = _last_node(model, name)
    last = "" if node is None else node.op_type
    whole = np.issubdtype(answer.dtype, np.integer) or answer.dtype == bool
    if whole or last == "ArgMax":
        found = "the graph: ArgMax; --answers logits skips it" if last == "ArgMax" else ""
        return "ids", found or f"the graph: {answer.dtype}"
    if last in ("Softmax", "Sigmoid"):
        return "probabilities", f"the graph: {last}"
    if labels.num_classes > 2 and 1 in answer.shape[1:] and (answer == np.round(answer)).all():
        return "ids", "guessed: whole numbers"
    return "logits", "guessed: no Softmax, no ArgMax at the end"


def _channels(shape: tuple[int, ...], labels: LabelSet, form: InputForm, name: str) -> int:
    """The axis of the classes, the input's own where two would do."""
    if len(shape) not in (3, 4) or (len(shape) == 4 and shape[0] != 1):
        raise WeightsError(
            f"its output {name!r} has the shape {shape}; expected 1xCxHxW or 1xHxWxC; choose "
            "another with --output"
        )
    axes = [len(shape) - 3, len(shape) - 1]
    if form.layout == "nhwc":
        axes.reverse()
    wanted = {labels.num_classes} | ({1} if labels.num_classes == 2 else set())
    fitting = [axis for axis in axes if shape[axis] in wanted]
    if not fitting:
        raise SettingsError(
            f"its output {name!r} has the shape {shape}, and label set {labels.name!r} has "
            f"{labels.num_classes} classes; give --labels with the classes that it was trained on, "
            "one for each channel"
        )
    return fitting[0]


def _check_values(kind: str, answer: np.ndarray) -> None:
    values = answer.astype(np.float32)
    if not np.isfinite(values).all():
        raise WeightsError("its answer is not finite; is the range or the normalization wrong?")
    if kind == "probabilities" and not (-1e-3 <= values.min() <= values.max() <= 1.001):
        raise SettingsError(f"its answers go from {values.min():.3g} to {values.max():.3g}, which "
                            "are no probabilities; give --answers logits")  # fmt: skip


def _share_without_class(ids: np.ndarray, labels: LabelSet) -> float:
    return float(((ids < 0) | (ids >= labels.num_classes)).mean())


def _last_node(model: Any, name: str) -> Any:
    """The node that makes an output, before it is only moved; None where there is none."""
    made_by = {output: node for node in model.graph.node for output in node.output}
    while (node := made_by.get(name)) is not None and node.op_type in MOVES:
        name = node.input[0]
    return node


def _type_of(model: Any, name: str) -> int:
    """The type of a value inside a graph, one of TensorProto's; float32 where it is not known."""
    inferred = require("onnx", "onnx").shape_inference.infer_shapes(model)
    known = {each.name: each.type.tensor_type.elem_type for each in inferred.graph.value_info}
    return int(known.get(name, 1))
