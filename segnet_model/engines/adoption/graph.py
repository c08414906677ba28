"""The parts around a foreign graph: from a camera's bytes to its input, from its output on.

Together they make an export: (1, h, w, 3) uint8 RGB to logits (1, h, w, C) float32, or to ids
(1, h, w, 1) uint8. The output's sides may be smaller than the input's.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from segnet_model.base.errors import WeightsError
from segnet_model.base.optional import require
from segnet_model.engines.adoption.forms import InputForm, OutputForm
from segnet_model.engines.exported import IDS, INPUT, OUTPUT, last_line
from segnet_model.labels import LabelSet

UINT8, FLOAT = 2, 1  # of onnx.TensorProto
PREPARED, RAW = "prepared", "raw"  # the foreign network's input and output
PREFIX = "network/"  # of foreign names, so that none is one of this module's
LEAST = 1e-7  # probability whose logarithm is still taken

Value = tuple[str, int, Sequence[int]]  # name, type and shape
Step = tuple[str, dict[str, np.ndarray], dict[str, Any]]  # operator, constants, attributes


def join_input(model: Any, form: InputForm, output: str) -> Any:
    """Put the preparation of images before a network, and keep one of its outputs.

    Args:
        model: onnx.ModelProto.
        form: of its input.
        output: name of the output to keep.

    Returns:
        onnx.ModelProto from `INPUT` to that output, with `PREFIX` before its name.

    Raises:
        WeightsError: the parts cannot be joined.
    """
    sides = (3, *form.size) if form.layout == "nchw" else (*form.size, 3)
    start = _part(
        model,
        _chain(_preparation(form), INPUT, PREPARED),
        (INPUT, UINT8, (1, *form.size, 3)),
        (PREPARED, form.type, (1, *sides)),
    )
    return _merge(start, model, (PREPARED, form.name), outputs=[PREFIX + output], prefix2=PREFIX)


def join_output(model: Any, form: OutputForm, labels: LabelSet) -> Any:
    """Put the reading of the output behind a network from `join_input`.

    Args:
        model: onnx.ModelProto.
        form: of its output.
        labels: the classes.

    Returns:
        onnx.ModelProto from `INPUT` to `OUTPUT` or `IDS`.

    Raises:
        WeightsError: the parts cannot be joined.
    """
    onnx = require("onnx", "onnx")
    raw = (RAW, onnx.helper.np_dtype_to_tensor_dtype(form.dtype), form.shape)
    if form.kind == "ids":
        end = _part(model, _ids(form, labels), raw, (IDS, UINT8, (1, *form.size, 1)))
    else:
        scores = (OUTPUT, FLOAT, (1, *form.size, labels.num_classes))
        end = _part(model, _chain(_scores(form), RAW, OUTPUT), raw, scores)
    return _merge(model, end, (model.graph.output[0].name, RAW))


def _merge(first: Any, second: Any, joint: tuple[str, str], **how: Any) -> Any:
    onnx = require("onnx", "onnx")
    try:
        return onnx.compose.merge_models(first, second, [joint], **how)
    except Exception as error:  # onnx has many kinds
        raise WeightsError(
            f"the network cannot be joined with its input and output ({last_line(error)}); export "
            "it again with a newer operator set"
        ) from None


def _preparation(form: InputForm) -> list[Step]:
    """Steps from (1, h, w, 3) uint8 RGB to the network's input."""
    steps: list[Step] = []
    if form.type != UINT8:
        scale = form.largest / 255 / np.array(form.std)
        shift = np.array(form.mean) / form.std
        steps.append(("Cast", {}, {"to": FLOAT}))
        if (scale != 1).any():
            steps.append(("Mul", {"scale": scale.astype(np.float32)}, {}))
        if shift.any():
            steps.append(("Sub", {"shift": shift.astype(np.float32)}, {}))
    if form.color == "bgr":
        steps.append(("Gather", {"order": np.array([2, 1, 0])}, {"axis": 3}))
    if form.layout == "nchw":
        steps.append(("Transpose", {}, {"perm": [0, 3, 1, 2]}))
    if form.type not in (UINT8, FLOAT):
        steps.append(("Cast", {}, {"to": form.type}))
    return steps or [("Identity", {}, {})]


def _scores(form: OutputForm) -> list[Step]:
    """Steps from the network's scores to logits with the channels last."""
    steps: list[Step] = []
    if form.dtype != np.float32:
        steps.append(("Cast", {}, {"to": FLOAT}))
    axis = form.channels
    if len(form.shape) == 3:
        steps.append(("Reshape", {"shape": np.array([1, *form.shape])}, {}))
        axis = None if axis is None else axis + 1
    if axis == 1:
        steps.append(("Transpose", {}, {"perm": [0, 2, 3, 1]}))
    if form.kind == "probabilities":
        steps += _logarithm(form.binary)
    if form.binary:  # the sigmoid of z is the softmax of (0, z)
        steps.append(("Pad", {"pads": np.array([0, 0, 0, 1, 0, 0, 0, 0])}, {}))
    return steps or [("Identity", {}, {})]


def _logarithm(binary: bool) -> list[Step]:
    """Steps from probabilities to logits, whose softmax gives the probabilities back."""
    least: Step = ("Clip", {"least": _number(LEAST)}, {})
    if not binary:
        return [least, ("Log", {}, {})]
    # Of one channel p, for the second of two classes: log p / (1 - p) = -log (1 / p - 1). Clipped
    # twice, since in bfloat16 a p near 1 is 1.
    to_odds: list[Step] = [("Reciprocal", {}, {}), ("Sub", {"one": _number(1)}, {})]
    return [least, *to_odds, least, ("Log", {}, {}), ("Neg", {}, {})]


def _chain(steps: Sequence[Step], start: str, end: str) -> list[Any]:
    """Nodes and constants of steps, each of which takes what the one before gives."""
    onnx = require("onnx", "onnx")
    parts: list[Any] = []
    for index, (operator, constants, attributes) in enumerate(steps):
        name = end if index == len(steps) - 1 else f"{end}/{index}"
        given = {f"{name}/{key}": value for key, value in constants.items()}
        parts += [onnx.numpy_helper.from_array(v, n) for n, v in given.items()]
        parts.append(onnx.helper.make_node(operator, [start, *given], [name], **attributes))
        start = name
    return parts


def _ids(form: OutputForm, labels: LabelSet) -> list[Any]:
    """Nodes and constants from ids of any type to bytes; what is no class is the ignored id."""
    onnx = require("onnx", "onnx")
    constants = {
        "shape": np.array([1, *form.size, 1]),
        "before_first": _number(-1),
        "after_last": _number(labels.num_classes),
        "ignored": _number(labels.ignore_id),
    }
    node = onnx.helper.make_node
    return [
        *(onnx.numpy_helper.from_array(value, name) for name, value in constants.items()),
        node("Cast", [RAW], ["number"], to=FLOAT),
        node("Reshape", ["number", "shape"], ["placed"]),
        node("Greater", ["placed", "before_first"], ["high"]),
        node("Less", ["placed", "after_last"], ["low"]),
        node("And", ["high", "low"], ["known"]),
        node("Where", ["known", "placed", "ignored"], ["id"]),
        node("Cast", ["id"], [IDS], to=UINT8),
    ]


def _number(value: float) -> np.ndarray:
    return np.array(value, np.float32)


def _part(model: Any, parts: Sequence[Any], *ends: Value) -> Any:
    """A model of nodes and constants between two values, of the operator set of another model."""
    onnx = require("onnx", "onnx")
    start, end = (onnx.helper.make_tensor_value_info(*each) for each in ends)
    nodes = [part for part in parts if part.DESCRIPTOR.name == "NodeProto"]
    constants = [part for part in parts if part.DESCRIPTOR.name == "TensorProto"]
    graph = onnx.helper.make_graph(nodes, "part", [start], [end], constants)
    plain = [entry for entry in model.opset_import if not entry.domain]
    return onnx.helper.make_model(graph, opset_imports=plain, ir_version=model.ir_version)
