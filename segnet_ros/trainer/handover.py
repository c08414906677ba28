"""Hand-over of weights to the segmentation node by its parameter, and back."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from time import monotonic
from typing import Any, TypeAlias

from rclpy.node import Node
from rclpy.parameter import Parameter, parameter_value_to_python
from rclpy.parameter_client import AsyncParameterClient

from segnet_model.base.errors import SegNetError
from segnet_ros.trainer.chain import Chain, Link

ANSWER_S = 120.0  # loading weights takes long on a slow machine
NAME = "weights"  # of the parameter


class LateError(SegNetError):
    """The node does not answer."""


@dataclass(frozen=True)
class Answer:
    """What came of a hand-over, or of its undoing."""

    done: bool
    text: str


Steps: TypeAlias = Generator[Any, Any, Answer]  # yields futures, and gets their results


class Handover:
    """Gives weights to a node, one request at a time; `poll` goes on with it.

    The node loads them beside those that it runs, and refuses them where that fails. They are given
    only where it runs weights that they were compared with.
    """

    def __init__(self, node: Node, target: str, chain: Chain) -> None:
        """Look for the node; an empty name is none."""
        self._client = AsyncParameterClient(node, target) if target else None
        self.target, self._chain = target, chain
        self._steps: Steps | None = None
        self._future: Any = None
        self._on_end: Callable[[Answer], None] = lambda answer: None
        self._until = 0.0

    @property
    def busy(self) -> bool:
        """Whether a request is under way."""
        return self._steps is not None

    @property
    def reason(self) -> str:
        """Why nothing can be given; empty where something can."""
        if self._client is None:
            return "parameter hand_to is empty"
        if not self._client.services_are_ready():
            return f"there is no node {self.target}; start it, or set hand_to to its name"
        return ""

    def find_running(self, on_end: Callable[[Answer], None]) -> None:
        """Find the weights that the node runs; `Answer.text` is their file, or why not."""
        self._begin(self._present(), on_end)

    def give(self, link: Link, compared: Link, on_end: Callable[[Answer], None]) -> None:
        """Give weights that are better than `compared`, where the node runs those."""
        self._begin(self._give(link, compared), on_end)

    def restore(self, on_end: Callable[[Answer], None]) -> None:
        """Give back the weights before those that the node runs."""
        self._begin(self._restore(), on_end)

    def poll(self) -> None:
        """Go on, where the node has answered or is late."""
        if self._steps is None or not (self._future.done() or monotonic() > self._until):
            return
        if self._future.done():
            self._go_on(lambda steps: steps.send(self._future.result()))
        else:
            late = LateError(f"{self.target} has not answered for {ANSWER_S:g} s")
            self._go_on(lambda steps: steps.throw(late))

    def _begin(self, steps: Steps, on_end: Callable[[Answer], None]) -> None:
        assert not self.busy
        self._steps, self._on_end = steps, on_end
        self._go_on(next)

    def _go_on(self, advance: Callable[[Steps], Any]) -> None:
        assert self._steps is not None
        try:
            self._future = advance(self._steps)
            self._until = monotonic() + ANSWER_S
        except StopIteration as end:
            self._end(end.value)
        except (SegNetError, OSError) as error:
            self._end(Answer(False, str(error)))

    def _end(self, answer: Answer) -> None:
        self._steps = None
        self._on_end(answer)

    def _present(self) -> Steps:
        link = yield from self._running()
        return Answer(True, link.weights)

    def _running(self) -> Generator[Any, Any, Link]:
        """The weights of the chain that the node runs."""
        if reason := self.reason:
            raise SegNetError(reason)
        found = yield self._client.get_parameters([NAME])  # type: ignore[union-attr]
        value = parameter_value_to_python(found.values[0]) if found.values else None
        link = self._chain.find(str(value))
        if link is None:
            raise SegNetError(
                f"{self.target} runs {value}, which this trainer neither began with nor gave it; "
                "give that as init, with another out"
            )
        return link

    def _give(self, link: Link, compared: Link) -> Steps:
        running = yield from self._running()
        if running != compared:
            return Answer(
                False, f"{self.target} runs {running.weights}, with which these were not compared"
            )
        self._chain.extend(link, running)  # first: what the node runs is always in the chain
        try:
            yield from self._set(link)
        except LateError:  # it may run them all the same
            raise
        except SegNetError:
            self._chain.cut(running)
            raise
        return Answer(True, f"{self.target} runs {link.weights}")

    def _restore(self) -> Steps:
        running = yield from self._running()
        before = self._chain.before(running)
        if before is None:
            return Answer(
                False, f"{self.target} runs {running.weights}, which the trainer began with"
            )
        yield from self._set(before)
        self._chain.cut(before)
        return Answer(True, f"{self.target} runs {before.weights} again")

    def _set(self, link: Link) -> Generator[Any, Any, None]:
        parameters = [Parameter(NAME, value=link.weights)]
        found = yield self._client.set_parameters(parameters)  # type: ignore[union-attr]
        (result,) = found.results
        if not result.successful:
            raise SegNetError(f"{self.target} refuses {link.weights}: {result.reason}")
