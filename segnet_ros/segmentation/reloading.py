"""Another network for a pipeline, loaded while the one that it has goes on answering frames."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from threading import RLock
from time import monotonic
from typing import Any

from lifecycle_msgs.srv import ChangeState
from rcl_interfaces.srv import SetParameters, SetParametersAtomically
from rclpy.lifecycle import LifecycleNode
from rclpy.parameter import Parameter
from std_srvs.srv import Trigger

from segnet_ros.ros.slow_services import SlowServices
from segnet_ros.segmentation import parameters
from segnet_ros.segmentation.network import Network
from segnet_ros.segmentation.pipeline import Pipeline
from segnet_ros.segmentation.settings import Settings

REFUSAL_PERIOD = 30.0  # seconds in which a refused reload is worth a warning
LOAD_TIMEOUT = 30.0  # seconds; Monte Carlo on a slow processor warms up for over ten


def load_network(settings: Settings) -> Network:
    """The network that the parameters ask for; see `Network.load` for what is raised."""
    how = parameters.of_network(settings)
    weights, classes = how.pop("weights"), how.pop("drivable_classes")
    return Network.load(weights, classes, trusted=how.pop("trusted_networks"), **how)


@dataclass(frozen=True)
class Candidate:
    """A network that was loaded for parameters which are not set yet."""

    pipeline: Pipeline
    network: Network
    asked: dict[str, Any]  # `parameters.of_network` once they are set


class Reloader:
    """Replaces the network of a node's pipeline, or says why not and leaves all as it was.

    rclpy judges a parameter before it sets it, and another judge may still refuse it after this
    one. So a network that was loaded to judge waits until its parameters are set.
    """

    def __init__(
        self,
        node: LifecycleNode,
        pipeline: Callable[[], Pipeline | None],
        settings: Callable[[], Settings],
    ) -> None:
        """Take what is asked for the present pipeline, None while unconfigured, and parameters."""
        self._node, self._pipeline, self._settings = node, pipeline, settings
        self._lock = RLock()
        self._candidate: Candidate | None = None
        self._reason, self._refused = "", -REFUSAL_PERIOD

    @property
    def reason(self) -> str:
        """Why the last reload failed; empty once one succeeds, and after a while."""
        return self._reason if monotonic() - self._refused < REFUSAL_PERIOD else ""

    def judge(self, changes: Sequence[Parameter]) -> str:
        """Load the network that these parameters would ask for, and say why that fails.

        Values that are equal to the present ones ask for nothing; other parameters do not wait for
        a network that is being loaded.
        """
        if not parameters.concern_network(changes):
            return ""
        with self._lock:
            self.settle()
            pipeline = self._pipeline()
            if pipeline is None:
                return ""  # configure will load it
            before = self._settings()
            after = parameters.changed(before, changes)
            asked = parameters.of_network(after)
            if asked == parameters.of_network(before):
                return ""
            try:
                network = _network(pipeline.newest, before, after)
            except Exception as error:  # whatever it is, the old network goes on
                return self._refuse(error)
            self._candidate = Candidate(pipeline, network, asked)
            return ""

    def settle_after(self, changes: Sequence[Parameter]) -> None:
        """Settle if these parameters, which were set, may be those of the network."""
        if parameters.concern_network(changes):
            self.settle()

    def settle(self) -> None:
        """Hand over the network that was judged if its parameters are set now, else drop it."""
        with self._lock:
            candidate, self._candidate = self._candidate, None
            if candidate is None or candidate.pipeline is not self._pipeline():
                return
            if candidate.asked == parameters.of_network(self._settings()):
                self._hand_over(candidate.pipeline, candidate.network)

    def answer(self, request: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        """Answer ~/reload_weights: read the same file again, which may hold other weights now."""
        with self._lock:
            pipeline = self._pipeline()
            response.success = False
            if pipeline is None:
                response.message = (
                    "there is no network to replace; configure the node first, which loads one"
                )
                return response
            try:
                network = load_network(self._settings())
            except Exception as error:  # as above
                response.message = self._refuse(error)
                return response
            if pipeline is not self._pipeline():
                response.message = "the node was cleaned up meanwhile; configure it, which loads it"
                return response
            self._hand_over(pipeline, network)
            response.success, response.message = True, _describe(network)
            return response

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """Let no network be loaded or handed over meanwhile, and forget what was judged.

        It is given up after LOAD_TIMEOUT seconds, so that a driver that hangs does not keep the
        process from ending. A transition that is asked for by service waits as long as the load.
        """
        free = self._lock.acquire(timeout=LOAD_TIMEOUT)
        try:
            yield
            self._candidate, self._reason = None, ""
        finally:
            if free:
                self._lock.release()

    def _hand_over(self, pipeline: Pipeline, network: Network) -> None:
        pipeline.replace(network)
        self._reason = ""
        self._node.get_logger().info(f"network replaced: {_describe(network)}")

    def _refuse(self, error: Exception) -> str:
        reason = str(error) or type(error).__name__
        self._reason, self._refused = (
            f"reload refused, the old network goes on: {reason}",
            monotonic(),
        )
        self._node.get_logger().warning(self._reason)
        return reason


def serve(node: LifecycleNode, reloader: Reloader) -> SlowServices:
    """Offer ~/reload_weights, and let no transition or set of parameters meet a reload.

    Images and diagnostics go on meanwhile.
    """
    slow = SlowServices(node)
    slow.add(node.create_service(Trigger, "~/reload_weights", reloader.answer))
    for service in node.services:
        if service.srv_type is ChangeState:
            slow.add(service, lambda request: False)
        elif service.srv_type in (SetParameters, SetParametersAtomically):
            service.callback = _settling(service.callback, reloader)
            slow.add(service, lambda request: parameters.concern_network(request.parameters))
    return slow


def _settling(change: Any, reloader: Reloader) -> Any:
    # Humble has no callback after a set, and nowhere is there one after a refusal.
    def answer(request: Any, response: Any) -> Any:
        try:
            return change(request, response)
        finally:
            reloader.settle()

    return answer


def _network(newest: Network, before: Settings, after: Settings) -> Network:
    """The network for other settings; the same one where only its labels are seen otherwise."""
    old, new = parameters.of_network(before), parameters.of_network(after)
    if {**old, "drivable_classes": after.drivable_classes} == new:
        return newest.driving_on(after.drivable_classes)
    return load_network(after)


def _describe(network: Network) -> str:
    facts = network.facts
    return f"{facts['network']}, weights {facts['weights']}, sha256 {facts['sha256']}"
