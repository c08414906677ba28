"""Answers of the pieces of a recording that was cut by time, and what they depend on.

An answer depends on its image, on the place scores before it, and on the calibration and the pose
of the camera. A digest of these is kept beside each answer of a piece. Where it differs when the
pieces are joined, the network runs again.
"""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from segnet_model.bags.messages import CAMERA_INFO
from segnet_model.datasets.sources import Frame
from segnet_model.driving import GroundProjector
from segnet_model.inference.answer import Answer
from segnet_model.recordings.answer_store import AnswerStore, Written, path_beside
from segnet_model.recordings.node_types import node_types

STORE = "answers"  # in a piece's folder
CONTEXT = "context"  # beside the messages of an answer


def open_piece(folder: Path) -> AnswerStore:
    """The answers in a piece's folder, whose name stands for the work."""
    return AnswerStore(path_beside(folder / STORE), {"piece": folder.name})


def context_of(
    image: np.ndarray, place: float | None, info: Any, ground: GroundProjector | None
) -> bytes:
    """A digest of what an answer depends on beside the network and the settings.

    Args:
        image: (H, W, 3) uint8 RGB.
        place: the place score with which the answer was made; None without one.
        info: sensor_msgs/CameraInfo; None without one.
        ground: projector of its grid; None without one.
    """
    calibration = b"" if info is None else bytes(node_types().serialize_cdr(info, CAMERA_INFO))
    pose = (ground.lens, ground.pose.matrix.tobytes()) if ground else None
    score = None if place is None else np.float32(place).tobytes()  # as in a segmentation
    digest = hashlib.sha256(np.ascontiguousarray(image).data)
    digest.update(repr((image.shape, score, calibration, pose)).encode())
    return digest.digest()


def with_context(made: Written, answer: Answer, place: float | None) -> Written:
    """Messages of an answer with its digest, as they are kept.

    Args:
        made: of `output_writer.serialized`.
        answer: they are made of it.
        place: see `PlaceMonitor.newest`.
    """
    score = answer.segmentation.place_score
    context = context_of(
        answer.image, None if score is None else float(score), answer.info, answer.ground
    )
    return replace(made, messages={**made.messages, CONTEXT: context}, place=place)


class PieceAnswers:
    """The answers of all pieces of a recording, in the order of their images."""

    def __init__(self, folders: Sequence[Path], stack: ExitStack) -> None:
        """Open the answers until the stack is closed."""
        self._stores = deque(stack.enter_context(open_piece(folder)) for folder in folders)

    def take(self, frame: Frame) -> Written | None:
        """The answer to the next frame; None where no piece has one."""
        while self._stores:
            store = self._stores[0]
            if (kept := store.take(frame)) is not None:
                messages = dict(kept.messages)
                return replace(kept, context=messages.pop(CONTEXT), messages=messages)
            if store.taken < store.kept:
                return None
            self._stores.popleft()
        return None
