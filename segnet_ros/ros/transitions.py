"""Lifecycle transitions: an invalid request must not end the node."""

from __future__ import annotations

from typing import Any

from lifecycle_msgs.srv import ChangeState
from rclpy.lifecycle import LifecycleNode


def refuse_invalid_transitions(node: LifecycleNode) -> None:
    """Make ~/change_state refuse transitions that the present state does not allow.

    In rclpy up to Jazzy such a request raises out of `spin`, and the caller waits for ever.
    """
    for service in node.services:
        if service.srv_type is ChangeState:
            service.callback = _guarded(node, service.callback)


def _guarded(node: LifecycleNode, change: Any) -> Any:
    def answer(request: ChangeState.Request, response: ChangeState.Response) -> Any:
        try:
            return change(request, response)
        except RuntimeError as error:  # RCLError is one
            node.get_logger().error(f"transition refused: {error}")
            response.success = False
            return response

    return answer
