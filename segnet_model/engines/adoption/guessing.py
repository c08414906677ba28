"""What a foreign graph shows of the form of its input and output, and what is usual otherwise."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from segnet_model.base.errors import SettingsError, WeightsError
from segnet_model.base.limits import MAX_INPUT
from segnet_model.base.optional import require
from segnet_model.engines.adoption.forms import InputForm, OutputForm, Triple, Wishes
from segnet_model.engines.adoption.graph import UINT8
from segnet_model.labels import LabelSet
from segnet_model.weights.checkpoint import IMAGENET_MEAN, IMAGENET_STD, is_input_size

TYPES = {1: "float32", 2: "uint8", 10: "float16"}  # of onnx.TensorProto
# Operators that only move or convert the values of an image or of a map.
MOVES = {"Cast", "Transpose", "Identity", "Unsqueeze", "Squeeze", "Reshape", "Resize", "Slice"}
ARITHMETIC = {"Sub", "Add", "Mul", "Div"}
ZEROS, ONES = (0.0, 0.0, 0.0), (1.0, 1.0, 1.0)
MULTIPLE = 32  # pixels, of the sides of a network that takes any
USUAL = (512, 512)  # pixels of a network that takes any; its proportions are the image's


@dataclass
class Findings:
    """Facts for people: the value of each, and where it comes from."""

    rows: list[tuple[str, str, str]] = field(default_factory=list)

    def add(self, name: str, value: object, source: str) -> None:
        """Add a fact."""
        self.rows.append((name, str(value), source))


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
    findings.add("channels", form.color, _given(wishes.color, "guessed: usual"))
    return _normalization(model, form, wishes, findings)


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
    shown = ", ".join(f"{name} {_shape_text(each)}" for name, each in outputs.items())
    if wanted is not None:
        raise SettingsError(f"--output {wanted}: it has {shown}")
    if len(outputs) != 1:
        raise SettingsError(f"it has {len(outputs)} outputs; choose one with --output: {shown}")
    return str(*outputs)


def _image_input(model: Any) -> Any:
    inputs = list(model.graph.input)
    if len(inputs) != 1:
        names = ", ".join(each.name for each in inputs) or "none"
        raise WeightsError(f"it has {len(inputs)} inputs ({names}); export it with the image alone")
    kind = inputs[0].type.tensor_type
    shape = [dim.dim_value for dim in kind.shape.dim]
    if len(shape) != 4 or min(shape, default=0) < 0:
        raise WeightsError(f"its input is {_shape_text(inputs[0])}; expected 1x3xHxW or 1xHxWx3")
    if shape[0] > 1:
        raise WeightsError(f"it takes {shape[0]} images at once; export it with a batch of 1")
    if kind.elem_type not in TYPES:
        raise WeightsError(f"its input is of {_type_name(kind.elem_type)}; expected "
                           f"{', '.join(TYPES.values())}")  # fmt: skip
    return inputs[0]


def _layout(model: Any, name: str, shape: Sequence[int], wishes: Wishes, findings: Findings) -> str:
    """The layout of the input: where the three channels are."""
    fitting = [layout for layout, axis in (("nchw", 1), ("nhwc", 3)) if shape[axis] in (0, 3)]
    if not fitting:
        raise WeightsError(f"its input is {'x'.join(map(str, shape))}; expected 3 channels, as "
                           "1x3xHxW or 1xHxWx3")  # fmt: skip
    if wishes.layout and wishes.layout not in fitting:
        raise SettingsError(f"--layout {wishes.layout}: the input is {'x'.join(map(str, shape))}, "
                            f"which is {fitting[0]}")  # fmt: skip
    certain = [layout for layout, axis in (("nchw", 1), ("nhwc", 3)) if shape[axis] == 3]
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
    findings.add("size", f"{height}x{width}", "the graph" if all(sides) else _given(wanted, source))
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
    findings.add("range", f"0 to {largest:g}", _given(wishes.largest, source))
    if shifts or takes_bytes or wishes.mean or wishes.std:
        usual, source = (ZEROS, ONES), "the graph: it normalizes by itself"
    elif ("author", "Ultralytics") in {(p.key, p.value) for p in model.metadata_props}:
        usual, source = (ZEROS, ONES), "guessed: usual of Ultralytics"
    else:
        usual, source = (IMAGENET_MEAN, IMAGENET_STD), "guessed: ImageNet's"
        usual = _scaled(usual[0], largest), _scaled(usual[1], largest)
    mean, std = wishes.mean or usual[0], wishes.std or usual[1]
    findings.add("mean", _numbers(mean), _given(wishes.mean or wishes.std, source))
    findings.add("std", _numbers(std), _given(wishes.mean or wishes.std, source))
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


def _users(model: Any, name: str) -> Iterator[Any]:
    return (node for node in model.graph.node if name in node.input)


def _is_turn(node: Any) -> bool:
    """Whether a node turns NHWC into NCHW."""
    return node.op_type == "Transpose" and any(list(a.ints) == [0, 3, 1, 2] for a in node.attribute)


def _shape_text(value: Any) -> str:
    dims = value.type.tensor_type.shape.dim
    return "x".join(str(dim.dim_value or dim.dim_param or "?") for dim in dims) or "of any shape"


def _type_name(kind: int) -> str:
    name: str = require("onnx", "onnx").TensorProto.DataType.Name(kind)
    return name.lower()


def _numbers(values: Sequence[float]) -> str:
    return " ".join(f"{value:.4g}" for value in values)


def _given(wish: object, otherwise: str) -> str:
    return otherwise if wish is None else "given"
