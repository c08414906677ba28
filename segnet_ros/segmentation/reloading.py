"""Replacement of the network, loaded while the old one still answers frames."""

from __future__ import annotations

import gc
import sys
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
from segnet_ros.segmentation.settings import NodeSettings

REFUSAL_PERIOD = 30.0  # seconds for which /diagnostics warns of a refused reload
LOAD_TIMEOUT = 30.0  # seconds; Monte Carlo on a slow processor warms up for over ten


def load_network(settings: NodeSettings) -> Network:
    """Load the network of the parameters; errors as of `Network.load`."""
    how = parameters.network_values(settings)
    with _frozen_torch():
        return Network.load(trusted=how.pop("trusted_networks"), **how)


@contextmanager
def _frozen_torch() -> Iterator[None]:
    """Keep PyTorch's objects from the garbage collector, where it is imported meanwhile.

    A collection of them stops every thread for 0.1 s: lost images.
    """
    before = "torch" in sys.modules
    try:
        yield
    finally:
        if not before and "torch" in sys.modules:
            gc.freeze()


@dataclass(frozen=True)
class Candidate:
    """A network that was loaded for parameters which are not set yet."""

    pipeline: Pipeline
    network: Network
    values: dict[str, Any]  # `parameters.network_values` once they are set


class Reloader:
    """Replaces the network of a node's pipeline, or refuses with a reason and changes nothing.

    rclpy checks parameters before it sets them, and a later callback may still refuse them. So a
    network is loaded in the check, and replaces the old one after its parameters are set.
    """

    def __init__(
        self,
        node: LifecycleNode,
        pipeline: Callable[[], Pipeline | None],
        settings: Callable[[], NodeSettings],
    ) -> None:
        """Take functions for the present pipeline, None while unconfigured, and parameters."""
        self._node, self._pipeline, self._settings = node, pipeline, settings
        self._lock = RLock()
        self._candidate: Candidate | None = None
        self._reason, self._refusal_time = "", -REFUSAL_PERIOD

    @property
    def reason(self) -> str:
        """Why the last reload failed; empty after a success, and after REFUSAL_PERIOD."""
        return self._reason if monotonic() - self._refusal_time < REFUSAL_PERIOD else ""

    def prepare(self, changes: Sequence[Parameter]) -> str:
        """Load the network of changed parameters; returns the reason where that fails.

        Equal values load nothing. Parameters that do not affect the network return at once, also
        during a reload.
        """
        if not parameters.affect_network(changes):
            return ""
        with self._lock:
            self.apply()
            pipeline = self._pipeline()
            if pipeline is None:
                return ""  # configure will load it
            before = self._settings()
            after = parameters.changed(before, changes)
            values = parameters.network_values(after)
            if values == parameters.network_values(before):
                return ""
            try:
                network = _network(pipeline.newest, before, after)
            except Exception as error:  # after any error the old network goes on
                return self._refuse(error)
            self._candidate = Candidate(pipeline, network, values)
            return ""

    def apply(self) -> None:
        """Replace the network by the prepared one if its parameters are set now, else drop it."""
        with self._lock:
            candidate, self._candidate = self._candidate, None
            if candidate is None or candidate.pipeline is not self._pipeline():
                return
            if candidate.values == parameters.network_values(self._settings()):
                self._replace(candidate.pipeline, candidate.network)

    def reload(self, request: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        """Answer ~/reload_weights: read the same file again, which may hold other weights now."""
        with self._lock:
            response.success, response.message = self._reload()
            return response

    def _reload(self) -> tuple[bool, str]:
        pipeline = self._pipeline()
        if pipeline is None:
            return False, "there is no network to replace; configure the node first"
        try:
            network = load_network(self._settings())
        except Exception as error:  # as above
            return False, self._refuse(error)
        if pipeline is not self._pipeline():
            return False, "the node was cleaned up meanwhile; configure it, which loads the network"
        self._replace(pipeline, network)
        return True, _describe(network)

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """Keep networks from being loaded or replaced meanwhile, and drop the prepared one.

        After LOAD_TIMEOUT seconds it goes on all the same, so that a hung driver does not keep the
        process from ending. A transition requested by service waits for the end of a reload.
        """
        free = self._lock.acquire(timeout=LOAD_TIMEOUT)
        try:
            yield
            self._candidate, self._reason = None, ""
        finally:
            if free:
                self._lock.release()

    def _replace(self, pipeline: Pipeline, network: Network) -> None:
        pipeline.replace(network)
        self._reason = ""
        self._node.get_logger().info(f"network replaced: {_describe(network)}")
        self._node.get_logger().info(network.describe_bound(self._settings().max_uncertainty))

    def _refuse(self, error: Exception) -> str:
        reason = str(error) or type(error).__name__
        self._reason = f"reload refused, the old network goes on: {reason}"
        self._refusal_time = monotonic()
        self._node.get_logger().warning(self._reason)
        return reason


def add_services(node: LifecycleNode, reloader: Reloader) -> SlowServices:
    """Add ~/reload_weights, and make transitions and new parameters wait for a reload.

    Images and diagnostics go on meanwhile.
    """
    slow = SlowServices(node)
    slow.add(node.create_service(Trigger, "~/reload_weights", reloader.reload))
    for service in node.services:
        if service.srv_type is ChangeState:
            slow.add(service, lambda request: False)
        elif service.srv_type in (SetParameters, SetParametersAtomically):
            service.callback = _then_apply(service.callback, reloader)
            slow.add(service, lambda request: parameters.affect_network(request.parameters))
    return slow


def _then_apply(set_parameters: Any, reloader: Reloader) -> Any:
    # Humble has no callback after a set, and no ROS has one after a refusal.
    def answer(request: Any, response: Any) -> Any:
        try:
            return set_parameters(request, response)
        finally:
            reloader.apply()

    return answer


def _network(newest: Network, before: NodeSettings, after: NodeSettings) -> Network:
    """The network of new settings; the same one where only its drivable classes have changed."""
    driving = {"drivable_classes": after.drivable_classes, "class_costs": after.class_costs}
    if parameters.network_values(before) | driving == parameters.network_values(after):
        return newest.with_drivable(after.drivable_classes, after.class_costs)
    return load_network(after)


def _describe(network: Network) -> str:
    facts = network.facts
    return f"{facts['network']}, weights {facts['weights']}, sha256 {facts['sha256']}"
