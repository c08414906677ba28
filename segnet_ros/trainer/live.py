"""Learning while the robot drives: frames, rounds of learning, and weights handed over."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timezone
from pathlib import Path
from time import monotonic
from typing import Any

from rclpy.callback_groups import MutuallyExclusiveCallbackGroup
from rclpy.node import Node
from rclpy.task import Future
from std_srvs.srv import Trigger

from segnet_model.base.errors import SegNetError
from segnet_model.base.tables import DEFAULT_WEIGHTS
from segnet_model.datasets.buffer import FrameBuffer
from segnet_model.training.adaptation.frames import LEAST_HELD, LEAST_LEARNED
from segnet_model.training.adaptation.round_process import Result, RoundProcess
from segnet_model.weights.checkpoint import read_info
from segnet_model.weights.shipped import find_weights
from segnet_ros.trainer.camera import BufferedCamera
from segnet_ros.trainer.chain import Chain, Link
from segnet_ros.trainer.handover import Answer, Handover
from segnet_ros.trainer.job import EXTRACT, STOPPED, TRAIN, Status
from segnet_ros.trainer.live_diagnostics import LiveDiagnostics
from segnet_ros.trainer.settings import TrainerSettings

logger = logging.getLogger("segnet_model.live")  # forwarded to ROS with what the rounds say
MEGABYTE = 1_000_000
ROUND = "round"  # folder of the newest round, with its report
SPIN_TIMEOUT = 0.1  # seconds
RETRY_S = 2.0  # between two tries to hand over, or to begin a round


class LiveTraining:
    """One run of the trainer on live topics, in the executor's thread; rounds are processes.

    Attributes:
        status: replaced, never changed.
        buffer: frames to learn from and to measure on.
        camera: fills it.
        rounds: number of rounds that have ended.
        handed: number of weights that were handed over.
        last: what became of the last round.
        problem: why something failed or waits; empty where nothing does.
        rests: why nothing is learned any more; empty where something is.
    """

    def __init__(self, node: Node, settings: TrainerSettings) -> None:
        """Get ready; `run` begins.

        Raises:
            SegNetError: weights or parameters cannot be used.
        """
        self._node, self._settings = node, settings
        self._began = monotonic()
        live, out = settings.live, Path(settings.out)
        origin = settings.training.init or DEFAULT_WEIGHTS
        self._size = read_info(find_weights(origin)).input_size
        session = live.session or datetime.now(timezone.utc).date().isoformat()
        bounds = (live.buffer_images, live.buffer_mb * MEGABYTE)
        self.buffer = FrameBuffer(settings.buffer, session, *bounds)
        self._chain = Chain(out, origin)
        self._handover = Handover(node, live.hand_to, self._chain)
        self._round: RoundProcess | None = None
        self._compared: Link = self._chain.origin  # what the round began with
        self._pending: tuple[Link, Link] | None = None  # weights that wait, and what they beat
        self._next_round = self._next_try = self._round_began = 0.0
        self._kept_before = 0
        self.rounds = self.handed = 0
        self.last = self.problem = self.rests = ""
        self._stopped = False
        self.status = Status(EXTRACT, "waiting for images")

    @property
    def seconds(self) -> float:
        """Seconds since the beginning."""
        return monotonic() - self._began

    @property
    def weights_path(self) -> Path:
        """The weights that were handed over last, or those of the beginning."""
        return Path(self._chain.newest.weights)

    def stop(self) -> None:
        """Ask to stop."""
        self._stopped = True

    def run(self, spin: Callable[[float], None], stop_requested: Callable[[], bool]) -> Status:
        """Learn until it is asked to stop.

        Raises:
            SegNetError: the buffer or the topics cannot be used.
        """
        with self.buffer.opened():
            self.camera = BufferedCamera(self._node, self._settings, self.buffer, self._size)
            diagnostics = LiveDiagnostics(self._node, self)
            # Of its own group: the answers that it waits for come in the node's.
            group = MutuallyExclusiveCallbackGroup()
            self._node.create_service(Trigger, "~/restore", self._restore, callback_group=group)
            try:
                while not (self._stopped or stop_requested()):
                    spin(SPIN_TIMEOUT)
                    self._go_on()
            finally:
                self._stop_round()
                diagnostics.close()
                self.camera.close()
        self.status = Status(STOPPED, "stopped; start again with the same parameters to go on")
        return self.status

    def _go_on(self) -> None:
        self._handover.poll()
        if self._round and (result := self._round.result()):
            self._end_round(result)
        elif not (self._round or self._handover.busy) and monotonic() >= self._next_try:
            self._next_try = monotonic() + RETRY_S
            if self._pending:
                self._hand_over(*self._pending)
            elif self._is_due():
                self._find_start()
        self._describe()

    def _is_due(self) -> bool:
        enough = self.buffer.learned >= LEAST_LEARNED and self.buffer.held >= LEAST_HELD
        new = self.camera.kept - self._kept_before
        due = enough and monotonic() >= self._next_round
        return due and not self.rests and new >= self._settings.live.round_frames

    def _find_start(self) -> None:
        """Begin a round with what the segmentation node runs, or the newest where it is not."""
        if self._handover.reason:
            self._begin_round(self._chain.newest)
        else:
            self._handover.find_running(self._begin_with)

    def _begin_with(self, answer: Answer) -> None:
        link = self._chain.find(answer.text) if answer.done else None
        if link is not None:
            self._begin_round(link)
        else:
            self._report(f"no round begins: {answer.text}")

    def _begin_round(self, link: Link) -> None:
        live, folder = self._settings.live, Path(self._settings.out) / ROUND
        how = self._settings.adaptation(link.weights)
        self._round_began, self._compared = monotonic(), link
        self._next_round = self._round_began + live.round_every
        self._kept_before = self.camera.kept
        try:
            self._round = RoundProcess(self._settings.buffer, folder, how, live.threads, live.nice)
        except OSError as error:
            self._report(f"no round begins: {error}")
            return
        logger.info("round %d begins with %s", self.rounds + 1, link.weights)

    def _end_round(self, result: Result) -> None:
        self._round = None
        self.rounds += 1
        title = f"round {self.rounds}"
        if result.weights is None:
            self.last = f"{title} failed: {result.text}"
            self._report(self.last)
        elif result.refusal:
            self.last = f"{title}: nothing is handed over, since {result.refusal}"
            self.problem = ""
            logger.info("%s", self.last)
        else:
            self.last = f"{title}: {result.text}"
            logger.info("%s", self.last)
            self._keep(result.weights)

    def _keep(self, weights: Path) -> None:
        """Put better weights where they stay, to be handed over."""
        try:
            self._pending = self._chain.stored(weights), self._compared
            self._next_try, self.problem = 0.0, ""
        except (SegNetError, OSError) as error:
            self._report(f"the weights of round {self.rounds} cannot be kept: {error}")

    def _hand_over(self, link: Link, compared: Link) -> None:
        if not self._handover.target:
            try:
                self._chain.extend(link, compared)
            except (SegNetError, OSError) as error:
                self._report(str(error))
            self._pending = None
        elif reason := self._handover.reason:
            self._report(f"the weights of round {self.rounds} wait: {reason}")
        else:
            self._handover.give(link, compared, self._given)

    def _given(self, answer: Answer) -> None:
        self._pending = None
        if answer.done:
            self.handed += 1
            self.problem = ""
            logger.info("handed over: %s", answer.text)
        else:
            self._report(f"the weights of round {self.rounds} stay here: {answer.text}")

    async def _restore(self, request: Trigger.Request, response: Trigger.Response) -> Any:
        """Answer ~/restore: give the last good weights back, and learn nothing more."""
        if self._handover.busy:
            response.message = "a hand-over is under way; call again in a moment"
            return response
        answered = Future()
        self._handover.restore(answered.set_result)
        answer = await answered
        response.success, response.message = answer.done, answer.text
        if answer.done:
            self._stop_round()
            self._pending = None
            self.rests = "weights were taken back; start the trainer again to learn on"
            response.message += "; nothing more is learned until the trainer is started again"
            logger.warning("%s", response.message)
        return response

    def _stop_round(self) -> None:
        if self._round:
            self._round.stop()
            self._round = None

    def _report(self, problem: str) -> None:
        """Log a problem once, and keep it for the diagnostics."""
        if problem != self.problem:
            logger.warning("%s", problem)
        self.problem = problem

    def _describe(self) -> None:
        phase, share = EXTRACT, min(1.0, self.buffer.learned / LEAST_LEARNED)
        text = f"{self.buffer.learned} frames to learn from, {self.buffer.held} held out"
        if self._round:
            phase, share = TRAIN, self._round.share
            text = f"round {self.rounds + 1} learns: {share:.0%}"
        if (phase, text) != (self.status.phase, self.status.message):
            self.status = Status(phase, text, share)
