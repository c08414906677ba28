"""Services that take seconds, one at a time, while the rest of the node goes on."""

from __future__ import annotations

from collections.abc import Callable
from threading import Thread
from typing import Any

from rclpy.callback_groups import MutuallyExclusiveCallbackGroup
from rclpy.node import Node
from rclpy.service import Service
from rclpy.task import Future


class SlowServices:
    """Answers some services of a node in a thread, without a multi-threaded executor.

    A multi-threaded executor would cost time with every image. Here the executor hands a slow
    request to a thread and goes on; only the other slow services wait for its answer.
    """

    def __init__(self, node: Node) -> None:
        """Create it without services, before the node is added to an executor."""
        self._node = node
        self._group = MutuallyExclusiveCallbackGroup()
        self._thread: Thread | None = None

    def add(self, service: Service, slow: Callable[[Any], bool] = lambda request: True) -> None:
        """Add a service.

        Args:
            service: of the node, with a plain function as its callback.
            slow: whether a request needs the thread; else the executor answers it.
        """
        service.callback_group = self._group
        self._group.add_entity(service)
        service.callback = self._wrap(service.callback, slow)

    def stop(self, timeout: float) -> bool:
        """Wait for the request in work, at most timeout seconds; returns whether it has ended."""
        if self._thread is None:
            return True
        self._thread.join(timeout)
        return not self._thread.is_alive()

    def _wrap(self, call: Callable[[Any, Any], Any], slow: Callable[[Any], bool]) -> Any:
        async def answer(request: Any, response: Any) -> Any:
            if slow(request):
                return await self._in_thread(lambda: call(request, response))
            return call(request, response)

        return answer

    def _in_thread(self, work: Callable[[], Any]) -> Any:
        done = Future()

        def run() -> None:
            try:
                done.set_result(work())
            except Exception as error:  # the executor raises it, as for any callback
                done.set_exception(error)
            if executor := self._node.executor:
                executor.wake()  # else it goes on only when the next message comes

        # A daemon, so that a hung driver cannot keep the process from ending.
        self._thread = Thread(target=run, name="slow service", daemon=True)
        self._thread.start()
        return done
