"""A network that names each pixel by the nearest of five colors, in every form that people export.

Its answer is known: the image is painted with those colors in noise, and the squared distance to
color p is |x|^2 - 2 x.p + |p|^2, of which a 1x1 convolution gives all that differs between classes.
"""

from __future__ import annotations

import numpy as np
import pytest

SIZE = (64, 96)
COLORS = ((230, 40, 30), (30, 200, 60), (40, 50, 220), (220, 210, 40), (120, 120, 120))
NAMES = ("wall", "path", "water", "sign", "rock")
SHARPNESS = 20.0  # of the logits, so that probabilities are neither 0 nor 1


def true_logits(image):
    """(h, w, 3) uint8 RGB to (h, w, 5), in float64."""
    x, p = image / 255, np.array(COLORS) / 255
    return SHARPNESS * (2 * x @ p.T - (p**2).sum(1))


def true_probabilities(image):
    powers = np.exp(true_logits(image))
    return powers / powers.sum(-1, keepdims=True)


def painter(
    *, layout="nchw", bgr=False, largest=1.0, mean=(0, 0, 0), std=(1, 1, 1), dtype=np.float32,
    size=SIZE, stride=1, end="logits", channels_last=False, ids=np.int64, opset=17, more=(),
    front=(), batch=1, rank=4,
):  # fmt: skip
    """The network as an onnx.ModelProto.

    Args:
        layout, bgr, largest, mean, std, dtype, size: of its input.
        stride: of its output.
        end: "logits", "softmax" or "argmax"; "binary" or "sigmoid" for one
            channel, high for the path and low for the wall.
        channels_last: of the output.
        ids: type of the ids.
        opset: operator set.
        more: names of further outputs.
        front: (operator, values) pairs before all else.
        batch: images at once.
        rank: of the ids, 2, 3 or 4.
    """
    onnx = pytest.importorskip("onnx")
    make, array = onnx.helper.make_node, onnx.numpy_helper.from_array
    p = np.array(COLORS) / 255
    # x = (largest * v - mean) / std, so v = (std * x + mean) / largest.
    mean, std = np.array(mean), np.array(std)
    weight = SHARPNESS * 2 * p * (std / largest)
    bias = SHARPNESS * (2 * p @ (mean / largest) - (p**2).sum(1))
    if end in ("binary", "sigmoid"):
        weight, bias = weight[1:2] - weight[:1], bias[1:2] - bias[:1]
    if bgr:
        weight = weight[:, ::-1]
    compute = np.float32 if dtype == np.uint8 else dtype
    constants = {"w": weight.astype(compute)[..., None, None], "b": bias.astype(compute)}
    nodes, at = [], "image"

    def then(operator, *others, **attributes):
        nonlocal at
        name = f"v{len(nodes)}"
        nodes.append(make(operator, [at, *others], [name], **attributes))
        at = name

    if dtype == np.uint8:
        then("Cast", to=1)
    for index, (operator, values) in enumerate(front):
        constants[f"f{index}"] = np.array(values, compute)
        then(operator, f"f{index}")
    if layout == "nhwc":
        then("Transpose", perm=[0, 3, 1, 2])
    if stride > 1:
        then("AveragePool", kernel_shape=[stride, stride], strides=[stride, stride])
    then("Conv", "w", "b")
    extra = at
    if end == "softmax":
        then("Softmax", axis=1)
    if end == "sigmoid":
        then("Sigmoid")
    if end == "argmax":
        then("ArgMax", axis=1, keepdims=int(rank == 4))
        if ids != np.int64:
            then("Cast", to=onnx.helper.np_dtype_to_tensor_dtype(np.dtype(ids)))
    elif channels_last:
        then("Transpose", perm=[0, 2, 3, 1])
    nodes[-1].output[0] = "answer"
    height, width = size
    sides = (3, height, width) if layout == "nchw" else (height, width, 3)
    kinds = onnx.helper.np_dtype_to_tensor_dtype
    found = kinds(np.dtype(ids if end == "argmax" else compute))
    outputs = [onnx.helper.make_tensor_value_info("answer", found, [None] * rank)]
    for name in more:
        nodes.append(make("Relu", [extra if extra != at else "answer"], [name]))
        outputs.append(
            onnx.helper.make_tensor_value_info(name, kinds(np.dtype(compute)), [None] * 4)
        )
    given = onnx.helper.make_tensor_value_info("image", kinds(np.dtype(dtype)), (batch, *sides))
    tensors = [array(value, name) for name, value in constants.items()]
    graph = onnx.helper.make_graph(nodes, "painter", [given], outputs, tensors)
    return onnx.helper.make_model(
        graph, opset_imports=[onnx.helper.make_opsetid("", opset)], ir_version=8
    )
