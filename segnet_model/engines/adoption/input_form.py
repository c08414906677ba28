"""The form of a foreign network's input: what the graph shows, and what is usual otherwise."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from segnet_model.base.errors import SettingsError, WeightsError
from segnet_model.base.limits import MAX_INPUT
from segnet_model.base.optional import require
from segnet_model.engines.adoption.forms import (
    MOVES,
    Findings,
    InputForm,
    Triple,
    Wishes,
    given,
    shape_text,
)
from segnet_model.engines.adoption.graph import UINT8
from segnet_model.weights.model_info import IMAGENET_MEAN, IMAGENET_STD, is_input_size

TYPES = {1: "float32", 2: "uint8", 10: "float16"}  # of onnx.TensorProto
CHANNELS = {"nchw": 1, "nhwc": 3}  # axis of each layout
ARITHMETIC = {"Sub", "Add", "Mul", "Div"}
ZEROS, ONES = (0.0, 0.0, 0.0), (1.0, 1.0, 1.0)
MULTIPLE = 32  # pixels, of the sides of a network that takes any
USUAL = (512, 512)  # pixels of a network that takes any; its proportions are the image's


def find_input(
    model: Any, wishes: Wishes, image_size: tuple[int, int], findings: Findings
) -> InputForm:
    """Find the form of the input.

    Args:
        model: onnx.ModelProto.
        wishes: override what is found.
        image_size: (height, width) of an image, for the proportions of a network that takes any.
        findings: gets what was found.

    Raises:
        WeightsError: there is not one input of an RGB image.
        SettingsError: a wish contradicts the graph.
    """
    entry = _image_input(model)
    kind = entry.type.tensor_type.elem_type
    shape = [dim.dim_value for dim in entry.type.tensor_type.shape.dim]  # 0 where it is dynamic
    layout = _layout(model, entry.name, shape, wishes, findings)
    sides = (shape[2], shape[3]) if layout == "nchw" else (shape[1], shape[2])
    size = _size(sides, wishes.size, image_size, findings)
    form = InputForm(entry.name, kind, size, layout, wishes.color or "rgb")
    findings.add("input", f"{entry.name}, {TYPES[kind]}", "the graph")
    findings.add("channels", form.color, given(wishes.color, "guessed: usual"))
    return _normalization(model, form, wishes, findings)


def _image_input(model: Any) -> Any:
    inputs = list(model.graph.input)
    if len(inputs) != 1:
        names = ", ".join(each.name for each in inputs) or "none"
        raise WeightsError(f"it has {len(inputs)} inputs ({names}); export it with the image alone")
    kind = inputs[0].type.tensor_type
    shape = [dim.dim_value for dim in kind.shape.dim]
    if len(shape) != 4 or min(shape, default=0) < 0:
        raise WeightsError(f"its input is {shape_text(inputs[0])}; expected 1x3xHxW or 1xHxWx3")
    if shape[0] > 1:
        raise WeightsError(f"it takes {shape[0]} images at once; export it with a batch of 1")
    if kind.elem_type not in TYPES:
        raise WeightsError(f"its input is of {_type_name(kind.elem_type)}; expected "
                           f"{', '.join(TYPES.values())}")  # fmt: skip
    return inputs[0]


def _layout(model: Any, name: str, shape: Sequence[int], wishes: Wishes, findings: Findings) -> str:
    """The layout of the input: where the three channels are."""
    fitting = [layout for layout, axis in CHANNELS.items() if shape[axis] in (0, 3)]
    if not fitting:
        raise WeightsError(f"its input is {'x'.join(map(str, shape))}; expected 3 channels, as "
                           "1x3xHxW or 1xHxWx3")  # fmt: skip
    if wishes.layout and wishes.layout not in fitting:
        raise SettingsError(f"--layout {wishes.layout}: the input is {'x'.join(map(str, shape))}, "
                            f"which is {fitting[0]}")  # fmt: skip
    certain = [layout for layout in fitting if shape[CHANNELS[layout]] == 3]
    if wishes.layout:
        layout, source = wishes.layout, "given"
    elif len(certain) == 1:
        layout, source = certain[0], "the graph"
    else:
        first = next(iter(_users(model, name)), None)
        turned = first is not None and _is_turn(first)
        layout, source = "nhwc" if turned else "nchw", "guessed from the first operator"
    findings.add("layout", layout, source)
    return layout


def _size(
    sides: tuple[int, int],
    wanted: tuple[int, int] | None,
    image: tuple[int, int],
    findings: Findings,
) -> tuple[int, int]:
    """The size of the input: the graph's, the wanted one, or the image's proportions."""
    if wanted and any(side not in (0, want) for side, want in zip(sides, wanted, strict=True)):
        raise SettingsError(f"--size {wanted[0]}x{wanted[1]}: the network takes "
                            f"{sides[0]}x{sides[1]} alone; leave --size out")  # fmt: skip
    scale = (USUAL[0] * USUAL[1] / (image[0] * image[1])) ** 0.5
    usual = [max(MULTIPLE, round(s * scale / MULTIPLE) * MULTIPLE) for s in image]
    height, width = wanted or (sides[0] or usual[0], sides[1] or usual[1])
    if not is_input_size((height, width)):
        raise WeightsError(f"its images are {height}x{width}; expected at most {MAX_INPUT} pixels; "
                           "export it for a smaller size")  # fmt: skip
    source = "guessed: it takes any; --size for another"
    findings.add("size", f"{height}x{width}", "the graph" if all(sides) else given(wanted, source))
    return height, width


def _normalization(model: Any, form: InputForm, wishes: Wishes, findings: Findings) -> InputForm:
    """The form with its range, mean and deviation."""
    if form.type == UINT8:
        if wishes.largest == 1 or wishes.mean or wishes.std:
            raise SettingsError("it takes bytes as they are; leave --range, --mean and --std out")
        findings.add("range", "0 to 255", "the graph: it takes bytes")
        return replace(form, largest=255.0, mean=ZEROS, std=ONES)
    shifts, scales = _arithmetic_in_front(model, form.name)
    takes_bytes = any(scale > 50 for scale in scales) or any(shift > 2 for shift in shifts)
    largest = wishes.largest or (255.0 if takes_bytes else 1.0)
    source = "the graph: it scales by itself" if takes_bytes else "guessed: usual"
    findings.add("range", f"0 to {largest:g}", given(wishes.largest, source))
    if shifts or takes_bytes or wishes.mean or wishes.std:
        usual, source = (ZEROS, ONES), "the graph: it normalizes by itself"
    elif ("author", "Ultralytics") in {(p.key, p.value) for p in model.metadata_props}:
        usual, source = (ZEROS, ONES), "guessed: usual of Ultralytics"
    else:
        usual, source = (IMAGENET_MEAN, IMAGENET_STD), "guessed: ImageNet's"
        usual = _scaled(usual[0], largest), _scaled(usual[1], largest)
    mean, std = wishes.mean or usual[0], wishes.std or usual[1]
    findings.add("mean", _numbers(mean), given(wishes.mean or wishes.std, source))
    findings.add("std", _numbers(std), given(wishes.mean or wishes.std, source))
    return replace(form, largest=largest, mean=mean, std=std)


def _scaled(values: Triple, factor: float) -> Triple:
    red, green, blue = (value * factor for value in values)
    return red, green, blue


def _arithmetic_in_front(model: Any, name: str) -> tuple[list[float], list[float]]:
    """What is subtracted from the input, and what it is divided by, before the first layer."""
    onnx = require("onnx", "onnx")
    constants = {each.name: each for each in model.graph.initializer}
    for node in model.graph.node:
        if node.op_type == "Constant" and node.attribute and node.attribute[0].name == "value":
            constants[node.output[0]] = node.attribute[0].t
    shifts: list[float] = []
    scales: list[float] = []
    while len(users := list(_users(model, name))) == 1:
        (node,) = users
        others = [each for each in node.input if each != name]
        if node.op_type in ARITHMETIC and len(others) == 1 and others[0] in constants:
            value = float(np.abs(onnx.numpy_helper.to_array(constants[others[0]])).max())
            if node.op_type in ("Sub", "Add"):
                shifts.append(value)
            else:
                scales.append(1 / max(value, 1e-9) if node.op_type == "Mul" else value)
        elif node.op_type not in MOVES:
            break
        name = node.output[0]
    return shifts, scales


def _users(model: Any, name: str) -> Iterator[Any]:
    return (node for node in model.graph.node if name in node.input)


def _is_turn(node: Any) -> bool:
    """Whether a node turns NHWC into NCHW."""
    return node.op_type == "Transpose" and any(list(a.ints) == [0, 3, 1, 2] for a in node.attribute)


def _type_name(kind: int) -> str:
    name: str = require("onnx", "onnx").TensorProto.DataType.Name(kind)
    return name.lower()


def _numbers(values: Sequence[float]) -> str:
    return " ".join(f"{value:.4g}" for value in values)
