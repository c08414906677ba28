"""Services that may take seconds: one at a time, while everything else of the node goes on."""

from __future__ import annotations

from collections.abc import Callable
from threading import Thread
from typing import Any

from rclpy.callback_groups import MutuallyExclusiveCallbackGroup
from rclpy.node import Node
from rclpy.service import Service
from rclpy.task import Future


class SlowServices:
    """Answers some services of a node in a thread, without an executor of several threads.

    That one would cost every image some of its time. Here the executor hands a slow request to a
    thread and goes on; the others of these services wait for the answer, and nothing else does.
    """

    def __init__(self, node: Node) -> None:
        """Begin without any; call it before an executor has the node."""
        self._node = node
        self._group = MutuallyExclusiveCallbackGroup()
        self._thread: Thread | None = None

    def add(self, service: Service, slow: Callable[[Any], bool] = lambda request: True) -> None:
        """Let a service be one of them.

        Args:
            service: of the node, with a plain function for a callback.
            slow: says which requests need a thread; others are answered by the executor itself.
        """
        service.callback_group = self._group
        self._group.add_entity(service)
        service.callback = self._apart(service.callback, slow)

    def stop(self, timeout: float) -> bool:
        """Wait for the request in work, seconds at most; whether there is none any more."""
        if self._thread is None:
            return True
        self._thread.join(timeout)
        return not self._thread.is_alive()

    def _apart(self, call: Callable[[Any, Any], Any], slow: Callable[[Any], bool]) -> Any:
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
            except Exception as error:  # the executor raises it, as if it had called itself
                done.set_exception(error)
            if executor := self._node.executor:
                executor.wake()  # it waits for messages and would find this only by and by

        # A daemon, so that a network that hangs in a driver cannot keep the process from ending.
        self._thread = Thread(target=run, name="slow service", daemon=True)
        self._thread.start()
        return done
