"""Exported networks of every format: their metadata, and the engine that runs them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from segnet_model.base.documents import read_json
from segnet_model.base.errors import SegNetError, SettingsError, WeightsError
from segnet_model.base.marks import MARK, is_marked
from segnet_model.engines.capabilities import warn_once
from segnet_model.weights.model_info import ModelInfo, is_input_size
from segnet_model.weights.tensors import file_sha256

if TYPE_CHECKING:
    from torch import Tensor

KEY = "segnet"  # of the formats' metadata
INPUT, OUTPUT, PLACE, IDS = "images", "logits", "place", "ids"
PRECISIONS = ("float32", "int8")
BESIDE = ".bin"  # ending of OpenVINO's second file


@dataclass(frozen=True)
class ExportInfo:
    """The metadata of an export.

    Attributes:
        info: metadata of the weights file.
        weights_sha256: of the weights file.
        precision: "float32" or "int8".
        size: (height, width) in pixels of its images.
        digests: SHA-256 of the files beside it, by ending, as ".bin".
        mark: of the file itself; see `base.marks`. Empty in a file of an older segnet.
    """

    info: ModelInfo
    weights_sha256: str
    precision: str
    size: tuple[int, int]
    digests: Mapping[str, str] = field(default_factory=dict)
    mark: str = ""

    def to_json(self) -> str:
        """The metadata as text, with the mark of a file that is to be written."""
        values = {**vars(self), "info": json.loads(self.info.to_json()), "mark": MARK}
        return json.dumps(values)

    def check_files(self, path: Path) -> None:
        """Raise WeightsError where a file of the export is not the one that was written."""
        if not self.mark:
            warn_once(f"{path.name} is of an older segnet, without digests; export again")
            return
        if not is_marked(path):
            raise WeightsError(f"weights {path}: changed since it was written; export again")
        for ending, digest in self.digests.items():
            file = path.with_suffix(ending)
            if not file.is_file() or file_sha256(file) != digest:
                raise WeightsError(f"weights {file}: not the file that belongs to {path.name}; "
                                   "copy both again, or export again")  # fmt: skip

    @classmethod
    def from_json(cls, text: str, path: Path) -> ExportInfo:
        """The inverse of `to_json`; WeightsError where the text is something else."""
        try:
            values = read_json(text)
            info = ModelInfo.from_json(json.dumps(values.pop("info")))
            height, width = values.pop("size")
            found = cls(info, size=(height, width), **values)
            _check_form(found)
            return found
        except (ValueError, KeyError, TypeError, AttributeError, SegNetError) as error:
            raise WeightsError(
                f"{path}: its metadata is not that of `segnet export` ({error}); export again"
            ) from None


def _check_form(found: ExportInfo) -> None:
    """Raise WeightsError where a value does not suit its field."""
    if not is_input_size(found.size):
        raise WeightsError(f"its size {'x'.join(map(str, found.size))} cannot be")
    if not isinstance(found.weights_sha256, str) or found.precision not in PRECISIONS:
        raise WeightsError(f"its precision is none of {', '.join(PRECISIONS)}")
    known = isinstance(found.digests, dict) and found.digests.keys() <= {BESIDE}
    if not known or not isinstance(found.mark, str):
        raise WeightsError("its digests are of other files")


@dataclass(frozen=True)
class Cpu:
    """The device of exports, as `torch.device` without PyTorch."""

    type: str = "cpu"

    def __str__(self) -> str:
        return self.type


@dataclass(frozen=True)
class Answers:
    """What an export says of N images, in NumPy.

    Attributes:
        values: (N, h', w', C) float32 logits, or (N, h', w', 1) uint8 where it answers ids.
        score: (N, h', w') float32, the feature score; None where it has none.
        places: (N,) float32, the place scores; None where it has none.
    """

    values: np.ndarray
    score: np.ndarray | None
    places: np.ndarray | None


class ExportedEngine:
    """An engine that runs an export; see `Engine` for the attributes."""

    name = "exported"
    device = Cpu()

    def __init__(
        self,
        exported: ExportInfo,
        run: Callable[[np.ndarray], Sequence[np.ndarray]],
        precision: str,
    ) -> None:
        """Wrap a backend's function.

        Args:
            exported: metadata of the file.
            run: from (1, h, w, 3) uint8 to (1, h', w', C) float32, h' and w' at most h and w, with
                the feature score as one channel more where the metadata have one; to
                (1, h', w', 1) uint8 where the network answers ids. Where the metadata have a place
                score, that follows: (1,) float32.
            precision: of most of the arithmetic.
        """
        self.exported, self.info, self.precision = exported, exported.info, precision
        self.size: tuple[int, int] | None = exported.size
        self.place_scores: Tensor | None = None
        self._run = run

    def answers(self, images: np.ndarray) -> Answers:
        """Run the network once on images (N, h, w, 3) uint8 RGB."""
        found = [self._answer(image[None]) for image in images]
        # A runtime may use the same memory for its next answer.
        values, *places = (np.concatenate(each) for each in zip(*found, strict=True))
        scored = self.info.features is not None
        return Answers(
            values[..., :-1] if scored else values,
            values[..., -1] if scored else None,
            places[0] if places else None,
        )

    def logits(self, images: Tensor) -> Tensor:
        """Run the network once; see `Engine`. The answers are in channels-last memory."""
        return self._tensors(images)[0]

    def check_scored(self) -> None:
        """See `Engine`."""
        if self.info.features is None:
            raise SettingsError(
                "this export has no feature score; run segnet calibrate and then segnet export, or "
                "choose uncertainty 'none'"
            )

    def scored(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """As `logits`, and the feature score."""
        self.check_scored()
        logits, score = self._tensors(images)
        assert score is not None
        return logits, score

    def _tensors(self, images: Tensor) -> tuple[Tensor, Tensor | None]:
        """The logits and the feature score, for PyTorch."""
        import torch

        found = self.answers(images.numpy())
        self.place_scores = None if found.places is None else torch.from_numpy(found.places)
        score = None if found.score is None else torch.from_numpy(found.score)
        return torch.from_numpy(found.values).permute(0, 3, 1, 2), score

    def _answer(self, image: np.ndarray) -> Sequence[np.ndarray]:
        """The runtime's answers; WeightsError where a shape or type is not as `run` says."""
        try:
            answers = self._run(image)
        except Exception as error:  # each runtime has its own kinds
            raise WeightsError(
                f"the export cannot be run ({last_line(error)}); export again"
            ) from None
        ids = self.info.answers_ids
        channels = self.info.labels.num_classes + (self.info.features is not None)
        expected = (*image.shape[:3], 1 if ids else channels)
        dtype = np.dtype(np.uint8 if ids else np.float32)
        answer = answers[0]
        if not _fits(answer.shape, expected) or answer.dtype != dtype:
            raise WeightsError(
                f"the export answers {answer.shape} {answer.dtype}, whose last are channels, and "
                f"its metadata say {expected} {dtype}; export again"
            )
        places = [] if self.info.place is None else [(1,)]
        if [each.shape for each in answers[1:]] != places:
            raise WeightsError(
                "the export's answers and its metadata differ in the place score; export again"
            )
        return answers


def _fits(shape: tuple[int, ...], expected: tuple[int, ...]) -> bool:
    """Whether an answer has the expected batch and channels, and at most its height and width."""
    same = len(shape) == 4 and (shape[0], shape[3]) == (expected[0], expected[3])
    return same and 0 < shape[1] <= expected[1] and 0 < shape[2] <= expected[2]


def last_line(error: Exception) -> str:
    """The last line of an error's message, which has the reason in both runtimes."""
    return (str(error).strip().splitlines() or [type(error).__name__])[-1]


def check_device(device: str, path: Path) -> None:
    """Raise SettingsError unless a device is the CPU, the only one for exports."""
    if device not in ("auto", "cpu"):
        raise SettingsError(f"device {device!r}: {path.name} runs on 'cpu'; for a GPU give the "
                            ".safetensors file, or build the .onnx with TensorRT")  # fmt: skip


def check_exists(path: Path) -> None:
    """Raise WeightsError unless there is such a file, and it can be read."""
    if not path.is_file():
        raise WeightsError(f"weights {path}: there is no such file")
    try:
        with path.open("rb") as file:
            file.read(1)
    except OSError as error:
        raise WeightsError(
            f"weights {path}: it cannot be read ({error.strerror or error})"
        ) from None
