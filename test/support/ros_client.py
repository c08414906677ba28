"""A client that talks to nodes under test over real topics and services."""

from __future__ import annotations

import time
from collections import defaultdict
from contextlib import suppress
from queue import Empty, Queue
from threading import Thread

import rclpy
from diagnostic_msgs.msg import DiagnosticArray
from rcl_interfaces.srv import GetParameters, SetParameters
from rclpy.executors import ExternalShutdownException, SingleThreadedExecutor
from rclpy.parameter import Parameter

WAIT = 40.0  # seconds, after which a test has failed; a busy machine starts a node in ten


class Inbox:
    """What came on a topic and was not looked at yet."""

    def __init__(self):
        self.queue = Queue()

    def next(self, wanted=lambda message: True, timeout=WAIT):
        """The next message that is wanted; those before it are forgotten."""
        until = time.monotonic() + timeout
        seen, message = 0, None
        while (left := until - time.monotonic()) > 0:
            try:
                message = self.queue.get(timeout=left)
            except Empty:
                break
            if wanted(message):
                return message
            seen += 1
        raise AssertionError(
            f"no such message within {timeout:g} s, but {seen} others, the last: {message!s:.1000}"
        )


class Client:
    """A ROS node in this process, with an executor in a thread."""

    def __init__(self):
        self.context = rclpy.Context()
        rclpy.init(context=self.context)
        self.node = rclpy.create_node("client", context=self.context)
        self._executor = SingleThreadedExecutor(context=self.context)
        self._executor.add_node(self.node)
        self._thread = Thread(target=self._spin, daemon=True)
        self._thread.start()
        self._listening = defaultdict(list)
        self._clients = {}

    def _spin(self):
        with suppress(ExternalShutdownException):
            self._executor.spin()

    def listen(self, topic, kind, qos=10):
        inbox = Inbox()
        subscription = self.node.create_subscription(kind, topic, inbox.queue.put, qos)
        self._listening[topic].append(subscription)
        return inbox

    def forget(self, topic):
        for subscription in self._listening.pop(topic, []):
            self.node.destroy_subscription(subscription)

    def publisher(self, topic, kind, qos=1):
        """A publisher, once the node listens to it."""
        publisher = self.node.create_publisher(kind, topic, qos)
        wait_until(lambda: publisher.get_subscription_count() > 0, f"a listener on {topic}")
        return publisher

    def exchange(self, publisher, message, inbox):
        """Send an image until its answer comes: before all have found each other, some are lost."""
        for _ in range(40):
            publisher.publish(message)
            with suppress(AssertionError):
                return inbox.next(lambda m: m.header.stamp == message.header.stamp, timeout=0.5)
        raise AssertionError(f"no answer to the image of {message.header.stamp}")

    def change(self, node="/segmentation", **values):
        """Set parameters of a node, which accepts them."""
        assert all(each.successful for each in self.set_parameters(node, **values))

    def set_parameters(self, node="/segmentation", **values):
        """Set parameters of a node, one by one; a result for each."""
        changes = [Parameter(name, value=each).to_parameter_msg() for name, each in values.items()]
        request = SetParameters.Request(parameters=changes)
        return self.call(SetParameters, f"{node}/set_parameters", request).results

    def call(self, kind, name, request):
        future = self.ask(kind, name, request)
        wait_until(future.done, f"an answer of {name}")
        return future.result()

    def ask(self, kind, name, request):
        """Call a service without waiting for the answer: a future."""
        if name not in self._clients:
            self._clients[name] = self._known(kind, name)
        assert self._clients[name].wait_for_service(WAIT), f"no service {name}"
        return self._clients[name].call_async(request)

    def _known(self, kind, name):
        """A client that the server has found: an answer to another goes nowhere, on a busy machine.

        The middleware tells of endpoints in order: who answers a later one knows this one too.
        """
        client = self.node.create_client(kind, name)
        assert client.wait_for_service(WAIT), f"no service {name}"
        later = self.node.create_client(GetParameters, f"{name.rpartition('/')[0]}/get_parameters")
        assert later.wait_for_service(WAIT), f"no parameters of {name}"
        asked = []

        def answered():
            asked.append(later.call_async(GetParameters.Request()))
            with suppress(AssertionError):
                wait_until(asked[-1].done, "an answer", 0.5)
            return any(future.done() for future in asked)

        wait_until(answered, f"any answer of the node of {name}")
        self.node.destroy_client(later)
        return client

    def diagnostics(self, inbox, wanted, timeout=WAIT):
        """The next diagnostic status of the node that is wanted, with its values as a dict."""
        found = inbox.next(lambda message: wanted(*unpacked(message)), timeout)
        return unpacked(found)

    def close(self):
        self._executor.shutdown()
        self._thread.join(WAIT)
        self.node.destroy_node()
        rclpy.try_shutdown(context=self.context)


def unpacked(message: DiagnosticArray):
    (status,) = message.status
    return status, {item.key: item.value for item in status.values}


def wait_until(condition, what, seconds=WAIT):
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, f"{what} did not come within {seconds:g} s"
        time.sleep(0.01)
