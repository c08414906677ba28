"""Int8 in ONNX, as TensorRT reads it: Q/DQ pairs around the inputs and weights of convolutions.

TensorRT takes signed bytes with zero points of 0 alone, and a bias in float: see "Explicit
Quantization" in its developer guide. ONNX Runtime runs the same file.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from segnet_model.base.optional import require
from segnet_model.base.progress import ShareDone
from segnet_model.engines.exported import INPUT

QUANTIZED = ("Conv", "ConvTranspose")
OPTIONS = {
    "ActivationSymmetric": True,
    "WeightSymmetric": True,
    "AddQDQPairToWeight": True,  # the weights stay floats: older parsers take no others
    "QuantizeBias": False,
    "OpTypesToExcludeOutputQuantization": list(QUANTIZED),
}
PREPARED = {"onnx.quant.pre_process": "onnxruntime.quant"}


def quantize_onnx(
    model: Any, images: Sequence[np.ndarray], float_convolutions: int, done: ShareDone
) -> Any:
    """The int8 form of an ONNX model, with the ranges of its values on images.

    Args:
        model: in float; gets a mark that ONNX Runtime's own preparation would leave.
        images: each (1, h, w, 3) uint8, as the network takes them.
        float_convolutions: number of convolutions at the start that stay in float.
        done: called with the share that is done.
    """
    onnx, tools = require("onnx", "onnx"), require("onnxruntime.quantization", "onnx")
    onnx.helper.set_model_props(model, PREPARED)  # shapes are known; without, it would warn
    kept = [node.name for node in model.graph.node if node.op_type in QUANTIZED]
    with TemporaryDirectory() as folder:
        out = Path(folder) / "int8.onnx"
        tools.quantize_static(
            model, out, _reader(tools, images, done), quant_format=tools.QuantFormat.QDQ,
            op_types_to_quantize=list(QUANTIZED), nodes_to_exclude=kept[:float_convolutions],
            activation_type=tools.QuantType.QInt8, weight_type=tools.QuantType.QInt8,
            per_channel=True, extra_options=OPTIONS,
        )  # fmt: skip
        return onnx.load(out)


def _reader(tools: Any, images: Sequence[np.ndarray], done: ShareDone) -> Any:
    class Reader(tools.CalibrationDataReader):  # type: ignore[misc]
        def __init__(self) -> None:
            self._read = 0

        def get_next(self) -> dict[str, np.ndarray] | None:
            done(self._read / len(images))
            if self._read == len(images):
                return None
            self._read += 1
            return {INPUT: images[self._read - 1]}

    return Reader()
