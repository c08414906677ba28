"""The ROS side of the page: the newest message of each topic, while a browser watches."""

from __future__ import annotations

from collections.abc import Callable, Collection
from functools import partial
from time import monotonic
from typing import Any, NamedTuple

from rclpy.executors import ExternalShutdownException, SingleThreadedExecutor
from rclpy.node import Node
from rclpy.parameter import Parameter
from rclpy.qos import QoSProfile, ReliabilityPolicy

from segnet_ros.live.presence import Presence
from segnet_ros.live.views import VIEWS, Part, View
from segnet_ros.ros.log import PlainLogs

PERIOD = 0.1  # seconds between two looks at the watched cameras
DISCOVERY_PERIOD = 1.0  # seconds between two looks for the node
START_TIME = 5.0  # seconds until a node that is not there is worth a warning
MAX_SILENCE = 3.0  # seconds without an image


class Key(NamedTuple):
    """One topic of one camera, or of the node, where the view is shared."""

    camera: str
    view: str

    @classmethod
    def of(cls, camera: str, view: str) -> Key:
        """The topic of a view for a camera."""
        return cls("" if VIEWS[view].shared else camera, view)


DIAGNOSTICS = Key.of("", "diagnostics")


class Newest(NamedTuple):
    """The newest message of a topic."""

    number: int  # counts the messages of all topics
    time: float  # of `monotonic`
    part: Part


class Watch(PlainLogs, Node):
    """Subscribes to the topics of the cameras that are watched, and to no others.

    All of ROS happens in the thread of `spin`; any thread may call the other methods.

    Attributes:
        target: full name of the node that is shown.
    """

    def __init__(self, target: str, **arguments: Any) -> None:
        """Take the full name of the node to show; arguments go to `rclpy.node.Node`."""
        # Without services: nobody has anything to set here, and the page's SROS 2 enclave has none.
        quiet = [Parameter("start_type_description_service", value=False)]
        super().__init__(
            "live_page", start_parameter_services=False, parameter_overrides=quiet, **arguments
        )
        self.target = target
        self._presence = Presence(self, target)
        self._watched: frozenset[str] = frozenset()
        self._subscribed: dict[Key, Any] = {}
        self._since: dict[Key, float] = {}  # times of the subscriptions
        self._newest: dict[Key, Newest] = {}
        self._refused: set[Key] = set()  # topics with messages that cannot be shown
        self._count = 0
        self._notify: Callable[[], object] = lambda: None
        self._next_look, self._first_log = 0.0, monotonic() + START_TIME
        self._logged = ""

    def spin(self, stop_requested: Callable[[], bool], notify: Callable[[], object]) -> None:
        """Receive until the stop; `notify` is called in this thread after each message."""
        self._notify = notify
        executor = SingleThreadedExecutor(context=self.context)
        executor.add_node(self)
        try:
            while self.context.ok() and not stop_requested():
                executor.spin_once(PERIOD)
                self._look()
                self._follow()
        except ExternalShutdownException:
            pass
        finally:
            executor.shutdown()

    def watch(self, cameras: Collection[str]) -> None:
        """Name the cameras that are watched now; without any, nothing is subscribed to."""
        self._watched = frozenset(cameras)

    @property
    def cameras(self) -> tuple[str, ...]:
        """Names of the node's cameras by now."""
        return self._presence.cameras

    def newest(self, camera: str) -> dict[str, Newest]:
        """The newest message of each view of a camera that has come."""
        found = {name: self._newest.get(Key.of(camera, name)) for name in VIEWS}
        return {name: each for name, each in found.items() if each is not None}

    def ages(self, camera: str) -> dict[str, float]:
        """Seconds without a message, of each view that is subscribed to."""
        ages, now = {}, monotonic()
        for name in VIEWS:
            key = Key.of(camera, name)
            newest, since = self._newest.get(key), self._since.get(key)
            if since is not None:
                ages[name] = now - (newest.time if newest else since)
        return ages

    def problem(self, camera: str) -> str:
        """Why a camera cannot be seen now, with the mend; empty where it can."""
        if self._presence.problem:
            return self._presence.problem
        if camera not in self.cameras:
            return f"{self.target} has no camera {camera!r}; choose {' or '.join(self.cameras)}"
        ages = self.ages(camera)
        age = ages.get("overlay", 0.0)
        if age <= MAX_SILENCE:
            return ""
        if ages.get("diagnostics", age) > MAX_SILENCE:
            return f"no image for {age:.0f} s, and no diagnostics; check that {self.target} runs"
        return f"no image for {age:.0f} s; the diagnostics say why"

    def _look(self) -> None:
        """Look for the node, and log once that it is not there, and that it has come."""
        now = monotonic()
        if now < self._next_look:
            return
        self._next_look = now + DISCOVERY_PERIOD
        self._presence.look()
        problem = self._presence.problem
        if problem == self._logged or now < self._first_log:
            return
        if problem:
            self.get_logger().warning(f"{problem}. The page waits for it")
        else:
            self.get_logger().info(f"{self.target} is there")
        self._logged = problem

    def _follow(self) -> None:
        """Subscribe to the topics of the watched cameras, and unsubscribe from all others."""
        present = self._watched.intersection(self.cameras)
        wanted = {Key.of(camera, name) for camera in present for name in VIEWS}
        if self._watched:  # a node without outputs may still say why
            wanted.add(DIAGNOSTICS)
        for key in self._subscribed.keys() - wanted:
            self.destroy_subscription(self._subscribed.pop(key))
            del self._since[key]
            self._newest.pop(key, None)
        for key in wanted - self._subscribed.keys():
            if (view := VIEWS[key.view]).kind is not None:
                self._subscribed[key] = self._subscribe(key, view)
                self._since[key] = monotonic()

    def _subscribe(self, key: Key, view: View) -> Any:
        topic, callback = view.name(self.target, key.camera), partial(self._receive, key)
        # Best effort receives from publishers of both kinds.
        qos = QoSProfile(depth=view.depth, reliability=ReliabilityPolicy.BEST_EFFORT)
        return self.create_subscription(view.kind, topic, callback, qos)

    def _receive(self, key: Key, message: Any) -> None:
        try:
            part = VIEWS[key.view].pack(message)
        except ValueError as error:
            if key not in self._refused:  # once, as the next may be no better
                self.get_logger().warning(f"the {key.view} cannot be shown: {error}")
            self._refused.add(key)
            return
        if key == DIAGNOSTICS:
            part = self._own(part)
            if not part.about["status"]:
                return  # of other nodes
        self._count += 1
        self._newest[key] = Newest(self._count, monotonic(), part)
        self._notify()

    def _own(self, diagnostics: Part) -> Part:
        """The diagnostics of the shown node alone."""
        start = f"{self.target.lstrip('/')}: "
        status = [s for s in diagnostics.about["status"] if s["name"].startswith(start)]
        return Part({"status": status})
