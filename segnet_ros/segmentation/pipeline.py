"""The network at work: one thread in which it answers all cameras."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from functools import partial
from time import perf_counter

from rclpy.lifecycle import LifecycleNode
from std_msgs.msg import Header

from segnet_model.base.errors import SegNetError, reason
from segnet_model.inference.answer import Answer
from segnet_model.inference.prediction import Capture
from segnet_model.inference.segmentation import Segmentation
from segnet_ros.segmentation import messages
from segnet_ros.segmentation.camera import Camera, nanoseconds
from segnet_ros.segmentation.diagnostics import Observation
from segnet_ros.segmentation.handover import Handover
from segnet_ros.segmentation.input import Decoded, Frame
from segnet_ros.segmentation.network import Network
from segnet_ros.segmentation.settings import Settings
from segnet_ros.segmentation.transforms import Transforms
from segnet_ros.segmentation.worker import Counts, Worker

STOP_TIMEOUT = 10.0  # seconds; a large image on a slow processor takes a few


class Pipeline:
    """Answers the images of one camera or several with one network while it is started.

    What waits of several cameras goes through the network together; a camera that stalls holds up
    none of the others.
    """

    def __init__(
        self, node: LifecycleNode, network: Network, settings: Callable[[], Settings]
    ) -> None:
        """Create the outputs of the cameras that the settings name.

        Args:
            node: to publish and subscribe with.
            network: answers the images, until it is replaced.
            settings: asked once a frame, so that a live parameter applies between two.
        """
        self._node = node
        self._worker: Worker[Frame] | None = None
        self._unended: Worker[Frame] | None = None  # still at work although it was stopped
        self._cameras: dict[str, Camera] = {}
        transforms = Transforms(node)
        with ExitStack() as undo:
            undo.callback(transforms.close)
            for name in settings().cameras or ("",):
                submit = partial(self._submit, name)
                self._cameras[name] = Camera(node, name, network, settings, submit, transforms)
                undo.callback(self._cameras[name].destroy)
            self._undo = undo.pop_all()
        for text in messages.missing():
            node.get_logger().info(text)
        # Between two frames, so that what a mask's ids mean is said before the first such mask.
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

    def observe(self, seen: Observation) -> dict[str, Observation]:
        """Complete the state of the node for each camera."""
        return {
            name: camera.observe(seen, self.counts(name)) for name, camera in self._cameras.items()
        }

    def start(self) -> None:
        """Start the worker and subscribe.

        Raises:
            SegNetError: the network is still at work on an image of before.
        """
        if self._unended is not None and not self._unended.stop(0):
            raise SegNetError(
                "the network still works on an image of before; activate again later, or start "
                "the node anew if that stays so"
            )
        self._worker = Worker(self._answer, self._report, reason, tuple(self._cameras))
        for camera in self._cameras.values():
            camera.start()

    def replace(self, network: Network) -> None:
        """Let another network answer from the next frame on; never waits, from any thread."""
        self._network.replace(network)

    def stop(self) -> None:
        """Unsubscribe and let the frames in work come out; does nothing where not started."""
        if self._worker is None:
            return
        for camera in self._cameras.values():
            camera.stop()
        if not self._worker.stop(STOP_TIMEOUT):
            self._unended = self._worker
            self._node.get_logger().error(
                f"the network did not end within {STOP_TIMEOUT:g} s; its frame will be lost"
            )
        self._worker = None

    def destroy(self) -> None:
        """Stop, remove the outputs and forget the network."""
        self.stop()
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
        """Answer a frame of each camera that has one; returns the errors by camera."""
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
                answer = Answer(image, segmentation, network.labels, inference_ms=took_ms)
                try:
                    counts = self.counts(name)
                    self._cameras[name].publish(frames[name], header, answer, counts)
                except Exception as error:
                    failed[name] = error
        return errors | failed


def segment(
    network: Network, images: Mapping[str, Decoded]
) -> tuple[dict[str, Segmentation], dict[str, Exception]]:
    """The segmentation of each camera's image, or the error, by camera.

    One after the other where it did not go together, so that no camera pays for another.
    """
    try:
        captures = [Capture(name, _seconds(header)) for name, (header, _) in images.items()]
        found = network.predictor.predict_each([image for _, image in images.values()], captures)
        return dict(zip(images, found, strict=True)), {}
    except Exception as error:
        if len(images) == 1:
            return {}, dict.fromkeys(images, error)
    parts = [segment(network, {name: image}) for name, image in images.items()]
    found_each = {name: each for found, _ in parts for name, each in found.items()}
    failed_each = {name: each for _, failed in parts for name, each in failed.items()}
    return found_each, failed_each


def _seconds(header: Header) -> float | None:
    stamp = nanoseconds(header)
    return stamp / 1e9 if stamp else None
