"""The check of a camera's pose by its answers, after they are published."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from time import perf_counter

from builtin_interfaces.msg import Time as Stamp

from segnet_model.driving import GroundProjector
from segnet_model.driving.robot_pose import RobotPose
from segnet_model.inference.answer import Answer
from segnet_ros.segmentation.motion import MotionWatch
from segnet_ros.segmentation.settings import NodeSettings
from segnet_ros.segmentation.suggestion import PitchSuggestion
from segnet_ros.segmentation.throttle import Throttle
from segnet_ros.segmentation.worker import Worker

STOP_TIMEOUT = 2.0  # seconds; a look takes a fraction of one
LOG_PERIOD = 5.0  # seconds between two lines about errors


@dataclass(frozen=True)
class Item:
    """An answer to look at."""

    answer: Answer
    stamp: Stamp  # of its image
    settings: NodeSettings
    time: float  # seconds of perf_counter


class PoseCheck:
    """Looks at answers in a thread of its own, so that neither they nor the next image wait.

    A pair of images takes as long as the network does. While it is compared, of the answers that
    come only the newest waits; the others are skipped.
    """

    def __init__(
        self,
        robot: Callable[[Stamp], RobotPose],
        inform: Callable[[str], None],
        complain: Callable[[str], None],
    ) -> None:
        """Create it without its thread.

        Args:
            robot: gives the robot's pose, or raises SegNetError; from any thread.
            inform: called with a suggestion for the log.
            complain: called with an error for the log.
        """
        self._robot, self._inform, self._complain = robot, inform, complain
        self._worker: Worker[Item] | None = None
        self._forget()

    def _forget(self) -> None:
        self._motion, self._suggestion = MotionWatch(self._robot), PitchSuggestion()
        self._throttle = Throttle()

    def start(self) -> None:
        """Begin, without any earlier answer."""
        self._forget()
        self._worker = Worker(self._look, self._fail, name="pose_check")

    def stop(self) -> None:
        """End the thread after the look that it takes."""
        if self._worker is not None:
            self._worker.stop(STOP_TIMEOUT)
            self._worker = None

    def contradiction(self, ground: GroundProjector) -> str:
        """Why this pose or lens cannot be right, by the answers looked at until now; or empty."""
        return self._motion.reason(ground.lens, ground.pose)

    def add(self, answer: Answer, stamp: Stamp, settings: NodeSettings) -> None:
        """Look at a published answer soon; never waits.

        Args:
            answer: with its projector, or without where nobody gives the camera's pose.
            stamp: of its image.
            settings: of the node.
        """
        worker = self._worker  # another thread may stop it meanwhile
        if worker is not None:
            worker.submit(Item(answer, stamp, settings, perf_counter()))

    def _look(self, items: Mapping[str, Item]) -> dict[str, Exception]:
        for item in items.values():
            answer, ground = item.answer, item.answer.ground
            if ground is None:
                self._suggest(item)
            else:
                self._motion.add(answer, item.stamp, ground.lens, ground.pose, item.time)
        return {}

    def _suggest(self, item: Item) -> None:
        answer = item.answer
        text = self._suggestion.add(answer, item.settings, item.time)
        lens = self._suggestion.lens
        if lens is not None and (lens.height, lens.width) == answer.image.shape[:2]:
            self._motion.add(answer, item.stamp, lens, None, item.time)
            text = self._motion.suggestion() or text
        if text:
            self._inform(text)

    def _fail(self, _: str, error: Exception) -> None:
        if self._throttle.passes(perf_counter(), 1 / LOG_PERIOD):
            trace = "".join(traceback.format_exception(error))
            self._complain(f"the camera's pose was not checked: {trace}")
