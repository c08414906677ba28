"""Slow services in a thread: the executor goes on, and they go one after another."""

from __future__ import annotations

import time
from threading import Event, Thread, get_ident

import pytest

pytest.importorskip("rclpy")
import rclpy
from rclpy.executors import SingleThreadedExecutor
from std_srvs.srv import SetBool, Trigger

from segnet_ros.ros.slow_services import SlowServices

pytestmark = pytest.mark.ros

WAIT = 10.0  # seconds, after which a test has failed


class Server:
    """A node with a slow service, one that waits for it, and a quick one; and a client of them."""

    def __init__(self, context):
        self.node = rclpy.create_node("server", context=context)
        self.may_end, self.begun = Event(), Event()
        self.calls = []
        self.services = SlowServices(self.node)
        self.services.add(self.node.create_service(Trigger, "slow", self._slow))
        other = self.node.create_service(SetBool, "other", self._other)
        self.services.add(other, slow=lambda request: request.data)
        self.node.create_service(Trigger, "quick", self._quick)
        self.executor = SingleThreadedExecutor(context=context)
        self.executor.add_node(self.node)

    def _slow(self, request, response):
        self.calls.append(("slow", get_ident()))
        self.begun.set()
        assert self.may_end.wait(WAIT)
        response.success, response.message = True, "done"
        return response

    def _other(self, request, response):
        self.calls.append(("other", get_ident()))
        response.message = "other"
        return response

    def _quick(self, request, response):
        response.message = "quick"
        return response

    def ask(self, kind, name, **values):
        client = self.node.create_client(kind, name)
        assert client.service_is_ready() or client.wait_for_service(WAIT)
        return client.call_async(kind.Request(**values))

    def spin(self, condition):
        until = time.monotonic() + WAIT
        while not condition():
            assert time.monotonic() < until
            self.executor.spin_once(timeout_sec=0.05)


@pytest.fixture
def server():
    context = rclpy.Context()
    rclpy.init(context=context)
    server = Server(context)
    yield server
    server.may_end.set()
    assert server.services.stop(WAIT)
    server.executor.shutdown()
    server.node.destroy_node()
    rclpy.shutdown(context=context)


def test_the_executor_goes_on_during_a_slow_service(server):
    ticks = []
    server.node.create_timer(0.01, lambda: ticks.append(1))
    slow = server.ask(Trigger, "slow")
    server.spin(server.begun.is_set)
    ticks.clear()
    quick = server.ask(Trigger, "quick")
    server.spin(lambda: quick.done() and len(ticks) > 3)
    assert quick.result().message == "quick"
    assert not slow.done()
    server.may_end.set()
    server.spin(slow.done)
    assert (slow.result().success, slow.result().message) == (True, "done")
    assert server.calls[0][1] != get_ident()


@pytest.mark.parametrize("in_thread", [False, True])
def test_slow_services_run_one_after_another(server, in_thread):
    slow = server.ask(Trigger, "slow")
    server.spin(server.begun.is_set)
    other = server.ask(SetBool, "other", data=in_thread)
    quick = server.ask(Trigger, "quick")  # asked later, answered earlier
    server.spin(quick.done)
    assert [name for name, _ in server.calls] == ["slow"]
    server.may_end.set()
    server.spin(lambda: slow.done() and other.done())
    assert [name for name, _ in server.calls] == ["slow", "other"]
    assert (server.calls[1][1] != get_ident()) == in_thread


def test_the_answer_is_sent_at_once(server):
    """Without being woken, an executor would sleep on until a message comes."""
    slow = server.ask(Trigger, "slow")
    server.spin(server.begun.is_set)
    Thread(target=lambda: (time.sleep(0.2), server.may_end.set())).start()
    until = time.monotonic() + 5
    while not slow.done():
        assert time.monotonic() < until
        server.executor.spin_once(timeout_sec=WAIT)


def test_the_executor_raises_errors(server):
    def fail(request, response):
        raise RuntimeError("broken")

    server.services.add(server.node.create_service(Trigger, "failing", fail))
    server.ask(Trigger, "failing")
    with pytest.raises(RuntimeError, match="broken"):
        server.spin(lambda: False)


def test_stop_waits_for_the_request_in_work(server):
    assert server.services.stop(0.0)
    server.ask(Trigger, "slow")
    server.spin(server.begun.is_set)
    assert not server.services.stop(0.01)
    server.may_end.set()
    assert server.services.stop(WAIT)
