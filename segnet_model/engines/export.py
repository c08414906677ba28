"""Export of a weights file to ONNX and OpenVINO, in float32 or int8."""

from __future__ import annotations

import logging
import os
import shutil
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import torch
from torch import nn

from segnet_model.base.atomic import check_output, whole_file
from segnet_model.base.choices import NETWORKS
from segnet_model.base.errors import SettingsError, WeightsError
from segnet_model.base.limits import MAX_SIDE
from segnet_model.base.optional import require
from segnet_model.base.progress import ShareDone, no_progress
from segnet_model.engines.exported import BESIDE, INPUT, KEY, OUTPUT, PLACE, ExportInfo, last_line
from segnet_model.engines.onnx_engine import OnnxEngine
from segnet_model.engines.onnx_int8 import quantize_onnx
from segnet_model.engines.openvino_engine import OpenVinoEngine
from segnet_model.engines.whole_network import WholeNetwork
from segnet_model.networks.inputs import MIN_SIDE, resize_image
from segnet_model.weights.checkpoint import load_weights
from segnet_model.weights.tensors import file_sha256

OPSET = 18
CHATTY = ("torch.onnx", "onnxscript", "onnx_ir", "nncf")  # loggers


@dataclass(frozen=True)
class Export:
    """A network and its metadata, ready to be written in other formats.

    Attributes:
        network: in PyTorch; None where it is in a file already.
        info: the metadata.
        file: `.onnx` of an adopted network, or of an export.

    Example:
        >>> from segnet_model.weights.shipped import find_weights
        >>> export = Export.of(find_weights("segnet_basic_drives"), size=(180, 240))
        >>> export.info.size, export.info.precision
        ((180, 240), 'float32')
    """

    network: nn.Module | None
    info: ExportInfo
    file: Path | None = None

    @classmethod
    def of(
        cls, weights: Path, size: tuple[int, int] | None = None, trusted: Sequence[str] = ()
    ) -> Export:
        """Read a weights file, or an adopted network.

        Args:
            weights: the `.safetensors` file, or the `.onnx`.
            size: (height, width) in pixels of the export's images; None for the size in training.
                An `.onnx` has one size.
            trusted: see `load_weights`.

        Raises:
            SettingsError: the size is out of range.
            WeightsError: the file is not usable weights.
        """
        if weights.suffix == OnnxEngine.suffix:
            return cls._of_onnx(weights, size)
        network, info = load_weights(weights, trusted)
        height, width = size or info.input_size
        if not MIN_SIDE <= min(height, width) <= max(height, width) <= MAX_SIDE:
            raise SettingsError(
                f"size {height}x{width}; give {MIN_SIDE} to {MAX_SIDE} pixels a side"
            )
        about = ExportInfo(info, file_sha256(weights), "float32", (height, width))
        return cls(WholeNetwork(network, info).eval(), about)

    @classmethod
    def _of_onnx(cls, path: Path, size: tuple[int, int] | None) -> Export:
        info = OnnxEngine.open(path).exported
        if size not in (None, info.size):
            height, width = info.size
            raise SettingsError(
                f"{path} is made for {height}x{width}; for another --size, adopt or export the "
                "network again"
            )
        return cls(None, info, path)

    def to_onnx(
        self, path: Path, calibration: Sequence[np.ndarray] = (), progress: ShareDone = no_progress
    ) -> None:
        """Write an `.onnx`: `images` (1, h, w, 3) uint8 RGB to `logits` (1, h', w', C) float32.

        They are smaller than the image where those of `halves` are. Of weights with a place score
        it also answers `place` (1,) float32.

        The pooling uses operations that every runtime has: no MaxUnpool and no MaxPool with
        indices, which TensorRT does not build.

        Args:
            path: of the `.onnx`.
            calibration: as for `to_openvino`; int8 has Q/DQ pairs, for TensorRT.
            progress: as for `to_openvino`.

        Raises:
            SettingsError: it is an `.onnx` already, or a library is missing.
        """
        if self.network is None:
            raise SettingsError(f"{self.file} is an ONNX file already; give it to your runtime")
        onnx, info = require("onnx", "onnx"), self.info
        model = self._onnx_model(self.network)
        if calibration:
            images = [np.ascontiguousarray(resize_image(x, info.size)[None]) for x in calibration]
            model = quantize_onnx(model, images, _float_convolutions(info.info.network), progress)
            info = replace(info, precision="int8")
        onnx.helper.set_model_props(model, {KEY: info.to_json()})
        with whole_file(path) as temporary:
            onnx.save(model, temporary)

    def _onnx_model(self, network: nn.Module) -> Any:
        require("onnxscript", "onnx")
        image = torch.zeros(1, *self.info.size, 3, dtype=torch.uint8)
        with_place = self.info.info.place is not None
        with _quiet_libraries(), torch.no_grad():
            program = torch.onnx.export(
                network, (image,), dynamo=True, opset_version=OPSET, verbose=False,
                input_names=[INPUT], output_names=[OUTPUT, PLACE][: 1 + with_place],
            )  # fmt: skip
        assert program is not None
        return program.model_proto

    def to_openvino(
        self,
        path: Path,
        calibration: Sequence[np.ndarray] = (),
        progress: ShareDone = no_progress,
        *,
        quick: bool = False,
    ) -> None:
        """Write an `.xml` and the `.bin` beside it.

        Args:
            path: of the `.xml`.
            calibration: images (H, W, 3) uint8 RGB from the robot, which set the ranges of int8;
                none for a float export.
            progress: called with the share of the calibration that is done.
            quick: correct the biases by estimates instead of layer after layer, which takes a
                fraction of the time and loses more accuracy.
        """
        openvino = require("openvino", "openvino")
        model, info = self._openvino_model(openvino), self.info
        if calibration:
            model = self._to_int8(model, calibration, progress, quick)
            info = replace(info, precision="int8")
        with TemporaryDirectory() as folder:
            whole = Path(folder) / "network.xml"
            openvino.save_model(model, whole, compress_to_fp16=False)
            values = whole.with_suffix(BESIDE)
            model.set_rt_info(replace(info, digests={BESIDE: file_sha256(values)}).to_json(), [KEY])
            openvino.save_model(model, whole, compress_to_fp16=False)
            check_export(path)
            with (
                whole_file(path, known=True) as xml,
                whole_file(path.with_suffix(BESIDE), known=True) as binary,
            ):
                shutil.copyfile(whole, xml)
                shutil.copyfile(values, binary)

    def _openvino_model(self, openvino: Any) -> Any:
        with TemporaryDirectory() as folder:
            onnx = self.file or Path(folder) / "network.onnx"
            if self.file is None:
                self.to_onnx(onnx)
            try:
                return openvino.Core().read_model(onnx).clone()  # the folder goes away
            except RuntimeError as error:
                raise WeightsError(
                    f"{onnx}: OpenVINO cannot read it ({last_line(error)}); run the .onnx instead"
                ) from None

    def _to_int8(
        self, model: Any, calibration: Sequence[np.ndarray], progress: ShareDone, quick: bool
    ) -> Any:
        """Quantize the trained model, with the ranges of its values on the images."""
        os.environ.setdefault("NNCF_CI", "1")  # turns its telemetry off
        nncf = require("nncf", "openvino")
        nncf.set_log_level(logging.ERROR)
        done = 0

        def prepare(image: np.ndarray) -> np.ndarray:
            nonlocal done
            done += 1
            progress(done / (2 * len(calibration)))  # NNCF reads them twice: ranges, then biases
            return np.ascontiguousarray(resize_image(image, self.info.size)[None])

        with _quiet_libraries():
            return nncf.quantize(
                model,
                nncf.Dataset(calibration, prepare),
                subset_size=len(calibration),
                fast_bias_correction=quick,
                ignored_scope=nncf.IgnoredScope(
                    names=_kept_in_float(model, self.info.info.network)
                ),
            )


def check_export(path: Path) -> None:
    """Raise SettingsError where an export would replace a file that segnet did not write.

    The `.bin` has no mark: it belongs to the `.xml` beside it.
    """
    if path.suffix != OpenVinoEngine.suffix or path.exists():
        check_output(path)
    else:
        check_output(path.with_suffix(BESIDE))


def _kept_in_float(model: Any, network: str) -> list[str]:
    """Names of the first convolutions, as many as the network's `float_convolutions` says."""
    kinds = ("Convolution", "GroupConvolution")
    found = [each for each in model.get_ordered_ops() if each.get_type_name() in kinds]
    return [each.get_friendly_name() for each in found[: _float_convolutions(network)]]


def _float_convolutions(network: str) -> int:
    return getattr(NETWORKS[network], "float_convolutions", 0) if network in NETWORKS else 0


@contextmanager
def _quiet_libraries() -> Iterator[None]:
    """Hide the exporters' warnings and messages about their internals."""
    loggers = {name: logging.getLogger(name) for name in CHATTY}
    levels = {name: each.level for name, each in loggers.items()}
    for each in loggers.values():
        each.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for name, each in loggers.items():
            each.setLevel(levels[name])
