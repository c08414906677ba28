"""Takes back published ground once nothing newer says that it is free.

A costmap keeps the last grid that it got, and drives by it even when the camera is long dead. So an
unknown grid and an empty drivable area have to follow the last answer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from threading import Lock

from builtin_interfaces.msg import Time as Stamp
from std_msgs.msg import Header

from segnet_model.inference.answer import Answer
from segnet_model.inference.outputs import GROUNDED
from segnet_ros.segmentation.drivable_map import NAME as MAP
from segnet_ros.segmentation.outputs import Outputs

GROUND = GROUNDED | {MAP}
DRIVABLE = GROUND | {"drivable"}  # by which a planner may drive


class Withdrawal:
    """Publishes answers, and remembers those by which a planner may still drive.

    Answers come in one thread, and the time at which they are too old passes in another.
    """

    def __init__(self, outputs: Outputs, now: Callable[[], Stamp]) -> None:
        """Take the outputs, and the clock of the stamps."""
        self._outputs, self._now = outputs, now
        self._lock = Lock()
        self._held: dict[str, tuple[Answer, Header]] = {}  # by output
        self._time = 0.0  # of the last answer
        self._stale = False

    def publish(self, answer: Answer, header: Header, wanted: frozenset[str], time: float) -> None:
        """Publish the wanted outputs, and take back a grid that this answer does not replace.

        Args:
            answer: the answer.
            header: of its image.
            wanted: names of outputs.
            time: seconds of a clock that never goes back.
        """
        made = wanted & (DRIVABLE if answer.ground is not None else DRIVABLE - GROUND)
        with self._lock:
            if not self._held:
                self._time = time
            # Before publishing: where that fails halfway, the grid may be out already.
            self._held |= dict.fromkeys(made, (answer.withdrawn(), header))
            self._outputs.publish(answer, header, wanted)
            self._take_back(GROUND - made, header.stamp)
            self._time, self._stale = time, False

    def check(self, stale: float, time: float) -> str:
        """Take everything back if the last answer is too old.

        Args:
            stale: seconds for which an answer holds.
            time: as above.

        Returns:
            The reason, if something was taken back.
        """
        with self._lock:
            if not self._held or time - self._time <= stale:
                return ""
            self._take_back(DRIVABLE, self._now())
            self._stale = True
        return self.reason(stale, time)

    def reason(self, stale: float, time: float) -> str:
        """Why the last answer does not hold any more; empty where it does, or none was held."""
        if not self._stale:
            return ""
        return (
            f"no answer for {time - self._time:.0f} s, longer than stale, {stale:g} s, so nothing "
            "is drivable and the grid is unknown until the next answer"
        )

    def close(self) -> None:
        """Take everything back, because no answer will come."""
        with self._lock:
            self._take_back(DRIVABLE, self._now())
            self._stale = False

    def _take_back(self, names: Iterable[str], stamp: Stamp) -> None:
        for name in names:
            if name in self._held:
                answer, header = self._held.pop(name)
                header = Header(stamp=stamp, frame_id=header.frame_id)
                self._outputs.publish(answer, header, frozenset({name}))  # but not the map
