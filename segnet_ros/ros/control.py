"""Parameters and services of a running node, where there is no `ros2` command.

python3 -m segnet_ros.ros.control /segmentation max_rate overlay_alpha
python3 -m segnet_ros.ros.control /segmentation weights=new.safetensors uncertainty=features
python3 -m segnet_ros.ros.control /segmentation/reload_weights
python3 -m segnet_ros.ros.control /segmentation/set_enabled false
"""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from typing import Any

import rclpy
import yaml
from rclpy.node import Node
from rclpy.parameter import Parameter, parameter_value_to_python
from rclpy.parameter_client import AsyncParameterClient
from std_srvs.srv import SetBool, Trigger

WAIT_S = 5.0  # for the node to be discovered
SERVICES = {"std_srvs/srv/Trigger": Trigger, "std_srvs/srv/SetBool": SetBool}
ANSWER_S = 120.0  # for its answer: loading weights takes long on a slow machine


def main(arguments: Sequence[str] | None = None) -> int:
    """Read parameters, set NAME=VALUE all at once, or call a service; 1 where it was refused."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    if not words or words[0].startswith("-"):
        print(__doc__)
        return 0 if words else 2
    rclpy.init()
    try:
        return _run(rclpy.create_node("control"), *words)
    finally:
        rclpy.try_shutdown()


def _run(node: Node, name: str, *words: str) -> int:
    client = AsyncParameterClient(node, name)
    kind = _discovered(node, name, client)
    if kind is AsyncParameterClient:
        return _parameters(node, client, words)
    if kind is None:
        there = node.get_node_names_and_namespaces()
        nodes = ", ".join(sorted(f"{space.rstrip('/')}/{each}" for each, space in there))
        print(f"control: no node or service {name} answers; there are {nodes}", file=sys.stderr)
        return 1
    request = kind.Request()
    if kind is SetBool:
        request.data = not words or yaml.safe_load(words[0]) is True
    answer = _wait(node, node.create_client(kind, name).call_async(request))
    print(answer.message)
    return 0 if answer.success else 1


def _discovered(node: Node, name: str, client: AsyncParameterClient) -> Any:
    """The type of a service, or of the client of a node's parameters; None where neither is."""
    end = time.monotonic() + WAIT_S
    while time.monotonic() < end:
        found = dict(node.get_service_names_and_types()).get(name, ())
        if kind := next((SERVICES[each] for each in found if each in SERVICES), None):
            return kind
        if client.services_are_ready():
            return AsyncParameterClient
        time.sleep(0.1)
    return None


def _parameters(node: Node, client: Any, words: Sequence[str]) -> int:
    if not words:
        print(f"control: give names of parameters, or NAME=VALUE\n{__doc__}", file=sys.stderr)
        return 2
    names = [word for word in words if "=" not in word]
    pairs = [word.partition("=") for word in words if "=" in word]
    if pairs:
        new = [Parameter(key, value=yaml.safe_load(text)) for key, _, text in pairs]
        result = _wait(node, client.set_parameters_atomically(new)).result
        print("set" if result.successful else f"refused: {result.reason}")
        if not result.successful:
            return 1
    if names:
        values = _wait(node, client.get_parameters(names)).values
        for key, value in zip(names, values, strict=True):
            print(f"{key}: {parameter_value_to_python(value)}")
    return 0


def _wait(node: Node, future: Any) -> Any:
    """The answer of a service."""
    rclpy.spin_until_future_complete(node, future, timeout_sec=ANSWER_S)
    if not future.done():
        raise SystemExit("control: no answer; is the node still running?")
    return future.result()


if __name__ == "__main__":
    sys.exit(main())
