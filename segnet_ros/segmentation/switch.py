"""The service that lets the node rest, and wakes it."""

from __future__ import annotations

from rclpy.node import Node
from rclpy.parameter import Parameter
from std_srvs.srv import SetBool


def serve_switch(node: Node) -> None:
    """Offer ~/set_enabled, which sets the live parameter `enabled`: one truth, by two ways."""

    def answer(request: SetBool.Request, response: SetBool.Response) -> SetBool.Response:
        (result,) = node.set_parameters([Parameter("enabled", value=request.data)])
        response.success = result.successful
        response.message = result.reason or ("enabled" if request.data else "disabled")
        return response

    node.create_service(SetBool, "~/set_enabled", answer)
