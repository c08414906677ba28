"""The cameras of the node, and the worker thread that runs the network for all of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from time import perf_counter

import numpy as np
from rclpy.lifecycle import LifecycleNode

from segnet_model.base.errors import SegNetError, reason
from segnet_model.inference.answer import Answer
from segnet_model.inference.prediction import Capture
from segnet_model.inference.segmentation import Segmentation
from segnet_ros.ros.qos import deliver
from segnet_ros.ros.stamps import seconds
from segnet_ros.ros.transports import Decoded
from segnet_ros.segmentation import messages
from segnet_ros.segmentation.camera import Camera
from segnet_ros.segmentation.diagnostics import Observation
from segnet_ros.segmentation.drivable_map import DrivableMap
from segnet_ros.segmentation.handover import Handover
from segnet_ros.segmentation.input import Frame
from segnet_ros.segmentation.network import Network
from segnet_ros.segmentation.settings import NodeSettings
from segnet_ros.segmentation.transforms import Transforms
from segnet_ros.segmentation.worker import Counts, Worker

STOP_TIMEOUT = 10.0  # seconds; a large image on a slow processor takes a few
DELIVERY_TIMEOUT = 1.0  # seconds; a subscriber that was killed never answers


class Pipeline:
    """Answers the images of one camera or several with one network while it is started.

    Waiting frames of several cameras go through the network as one batch; a camera without a frame
    delays none of the others.
    """

    def __init__(
        self,
        node: LifecycleNode,
        network: Network,
        settings: Callable[[], NodeSettings],
        alarm: Callable[[], None] = lambda: None,
    ) -> None:
        """Create the outputs of the cameras that the settings name.

        Args:
            node: to publish and subscribe with.
            network: answers the images, until it is replaced.
            settings: called once a frame, so that a live parameter applies between two.
            alarm: see `Camera`.
        """
        self._node = node
        self._worker: Worker[Frame] | None = None
        self._hung: Worker[Frame] | None = None  # did not stop in time
        self._cameras: dict[str, Camera] = {}
        transforms = Transforms(node)
        with ExitStack() as undo:
            undo.callback(transforms.close)
            self._map = DrivableMap(node, transforms, settings)
            undo.callback(self._map.destroy)
            for name in settings().cameras or ("",):
                submit = partial(self._submit, name)
                self._cameras[name] = Camera(
                    node, name, network, settings, submit, transforms, self._map, alarm
                )
                undo.callback(self._cameras[name].destroy)
            self._undo = undo.pop_all()
        for text in messages.missing_topics():
            node.get_logger().info(text)
        # Between two frames, so that the classes are published before their first mask.
        self._network = Handover(network, self._announce)

    @property
    def network(self) -> Network:
        """The network that answers now."""
        return self._network.current

    @property
    def newest(self) -> Network:
        """The network that answers the next frame."""
        return self._network.newest

    def counts(self, name: str = "") -> Counts:
        """Counts of a camera's frames since the start, without idle and skipped ones."""
        return self._worker.counts(name) if self._worker else Counts()

    def observe(self, node: Observation) -> dict[str, Observation]:
        """The observation of each camera, from the node's."""
        node = replace(node, map_reason=self._map.reason)
        return {
            name: camera.observe(node, self.counts(name)) for name, camera in self._cameras.items()
        }

    def start(self) -> None:
        """Start the worker and subscribe.

        Raises:
            SegNetError: the network still works on a frame from before the last stop.
        """
        if self._hung is not None and not self._hung.stop(0):
            raise SegNetError(
                "the network still works on an old frame; activate again later, or restart the "
                "node if that does not help"
            )
        self._worker = Worker(self._answer, self._report, reason, tuple(self._cameras))
        self._map.start()
        for camera in self._cameras.values():
            camera.start()

    def replace(self, network: Network) -> None:
        """Answer with another network from the next frame on; never waits, from any thread."""
        self._network.replace(network)

    def stop(self) -> None:
        """Unsubscribe, publish the answers in work and then that they do not hold any more.

        Does nothing where not started.
        """
        if self._worker is None:
            return
        for camera in self._cameras.values():
            camera.stop()
        if not self._worker.stop(STOP_TIMEOUT):
            self._hung = self._worker
            self._node.get_logger().error(
                f"the network did not finish its frame within {STOP_TIMEOUT:g} s; it is lost"
            )
        self._worker = None
        self._map.stop()
        for camera in self._cameras.values():
            camera.withdraw()

    def destroy(self) -> None:
        """Stop, remove the outputs and release the network."""
        self.stop()
        if self._node.context.ok():
            deliver(self._node.publishers, DELIVERY_TIMEOUT)  # above all that ground is taken back
        self._undo.close()
        del self._network  # its memory must not wait until Python breaks the cycle of callbacks

    def _submit(self, name: str, frame: Frame) -> None:
        if self._worker is not None:
            self._worker.submit(frame, name)

    def _announce(self, network: Network) -> None:
        for camera in self._cameras.values():
            camera.announce(network)

    def _report(self, name: str, error: Exception) -> None:
        self._cameras[name].report(error)

    def _answer(self, frames: Mapping[str, Frame]) -> dict[str, Exception]:
        """Answer a frame of each of these cameras; returns the errors by camera."""
        images: dict[str, Decoded] = {}
        errors: dict[str, Exception] = {}
        for name, frame in frames.items():
            try:
                images[name] = frame.decode()
            except Exception as error:
                errors[name] = error
        with self._network.use() as network:
            started = perf_counter()
            found, failed = segment(network, images)
            took_ms = (perf_counter() - started) * 1000
            for name, segmentation in found.items():
                header, image = images[name]
                try:
                    alone = partial(segment_alone, network)
                    own = None if network.predictor.averages else segmentation
                    turn = self._cameras[name].turn(image, own, alone)
                    answer = Answer(
                        image, segmentation, network.labels, bound=network.bound,
                        inference_ms=took_ms, turn=turn,
                    )  # fmt: skip
                    counts = self.counts(name)
                    self._cameras[name].publish(frames[name], header, answer, counts)
                except Exception as error:
                    failed[name] = error
        return errors | failed


def segment_alone(network: Network, image: np.ndarray) -> Segmentation:
    """The segmentation of an image that is of no camera."""
    return network.predictor.predict_each([image], [Capture(None)])[0]


def segment(
    network: Network, images: Mapping[str, Decoded]
) -> tuple[dict[str, Segmentation], dict[str, Exception]]:
    """The segmentation of each camera's image, or the error, by camera.

    Where the batch fails, each image goes through the network alone, so that an error of one camera
    costs no other camera its frame.
    """
    try:
        captures = [Capture(name, seconds(header.stamp)) for name, (header, _) in images.items()]
        found = network.predictor.predict_each([image for _, image in images.values()], captures)
        return dict(zip(images, found, strict=True)), {}
    except Exception as error:
        if len(images) == 1:
            return {}, dict.fromkeys(images, error)
    parts = [segment(network, {name: image}) for name, image in images.items()]
    found_each = {name: each for found, _ in parts for name, each in found.items()}
    failed_each = {name: each for _, failed in parts for name, each in failed.items()}
    return found_each, failed_each
