"""The families as python-socketio's client meets them: a second implementation of the protocols, over each transport."""
import os
import queue
import re
import unittest
import warnings

import socketio

from hub import Hub

PATIENCE = 20
TIMESTAMP = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")
NAMESPACES = ["/", "/chat"]
EVENTS = [
    "message", "broadcast", "room_joined", "room_left", "room_message", "client-pong", "system:error",
    "system:heartbeat", "system:heartbeat-warning", "system:stats", "admin:connection_update", "admin:room_update",
    "system:dataSet", "system:followed", "system:clients", "system:general", "system:generalSent", "system:direct",
    "system:directSent", "system:typingUpdate", "system:notification", "system:notificationSent",
]


class InOrder(socketio.Client):
    """Handles each Engine.IO message before the next one. The library gives each a thread of its own, so that an
    attachment may overtake the packet that it belongs to."""

    def _engineio_client_class(self):
        class Engine(super()._engineio_client_class()):
            def _trigger_event(self, event, *args, **kwargs):
                kwargs["run_async"] = False
                return super()._trigger_event(event, *args, **kwargs)

        return Engine


class Client:
    """Connected; keeps what arrives, in order, for each namespace."""

    def __init__(self, hub, transports, namespaces=("/",), auth=None):
        self.inbox = {namespace: queue.Queue() for namespace in namespaces}
        self.socket = InOrder(reconnection=False)
        for namespace in namespaces:
            for event in EVENTS:
                self.socket.on(event, self._keeper(namespace, event), namespace=namespace)
        self.socket.connect(
            hub.url, transports=transports, namespaces=list(namespaces), auth=auth, wait_timeout=PATIENCE)

    def _keeper(self, namespace, event):
        return lambda *args: self.inbox[namespace].put((event, *args))

    def sid(self, namespace="/"):
        return self.socket.get_sid(namespace)

    def next(self, namespace="/"):
        return self.inbox[namespace].get(timeout=PATIENCE)

    def call(self, event, data=None, namespace="/"):
        return self.socket.call(event, data, namespace=namespace, timeout=PATIENCE)

    def emit(self, event, data=None, namespace="/"):
        self.socket.emit(event, data, namespace=namespace)

    def close(self):
        self.socket.disconnect()


class Families:
    """Each case, for the transports that a class below names."""

    transports = None
    ends_on = None

    @classmethod
    def setUpClass(cls):
        warnings.simplefilter("ignore", ResourceWarning)  # of the client library, which leaves sockets to the collector
        families = ("messaging", "rooms", "heartbeat")
        cls.hub = Hub(
            server__namespaces=", ".join(NAMESPACES),
            **{f"plugin.{name}__namespaces": ", ".join(NAMESPACES) for name in families},
            limits__events_per_second=0,
        )

    @classmethod
    def tearDownClass(cls):
        cls.hub.stop()

    def client(self, namespaces=("/",)):
        client = Client(self.hub, self.transports, namespaces)
        self.addCleanup(client.close)
        self.assertEqual(client.socket.transport(), self.ends_on)
        return client

    def assert_nothing(self, sender, *receivers, namespace="/"):
        """What the sender emits next is what arrives next."""
        sender.emit("message", "marker", namespace)
        for receiver in (sender, *receivers):
            expected = ("message", {"from": sender.sid(namespace), "data": "marker"})
            self.assertEqual(receiver.next(namespace), expected)

    def test_message_reaches_everybody(self):
        alice, bob = self.client(), self.client()
        for data in ["text", "Grüße 🌍", 1, 1.5, True, [1, {"a": None}], {"b": 1, "a": [2]}, "", 0]:
            self.assertEqual(alice.call("message", data), {"status": "received", "sid": alice.sid()})
            for client in (alice, bob):
                self.assertEqual(client.next(), ("message", {"from": alice.sid(), "data": data}))
        self.assertEqual(alice.call("message"), {"status": "received", "sid": alice.sid()})
        for client in (alice, bob):
            self.assertEqual(client.next(), ("message", {"from": alice.sid(), "data": None}))

    def test_broadcast_reaches_the_others(self):
        alice, bob = self.client(), self.client()
        self.assertEqual(alice.call("broadcast", {"x": 1}), {"status": "broadcasted"})
        self.assertEqual(bob.next(), ("broadcast", {"from": alice.sid(), "data": {"x": 1}}))
        self.assert_nothing(alice, bob)

    def test_rooms(self):
        alice, bob, carol = self.client(), self.client(), self.client()
        self.assertEqual(alice.call("join_room", "den"), {"status": "joined", "room": "den"})
        self.assertEqual(alice.next(), ("room_joined", {"room": "den", "sid": alice.sid()}))
        self.assertEqual(bob.call("join_room", "den"), {"status": "joined", "room": "den"})
        for client in (alice, bob):
            self.assertEqual(client.next(), ("room_joined", {"room": "den", "sid": bob.sid()}))
        self.assertEqual(bob.call("join_room", "den"), {"status": "joined", "room": "den"})
        sent = bob.call("room_message", {"room": "den", "message": {"hi": 1}})
        self.assertEqual(sent, {"status": "sent", "room": "den"})
        received = ("room_message", {"from": bob.sid(), "room": "den", "message": {"hi": 1}})
        self.assertEqual(alice.next(), received)
        self.assert_nothing(bob, alice, carol)
        self.assertEqual(alice.call("leave_room", "den"), {"status": "left", "room": "den"})
        self.assertEqual(bob.next(), ("room_left", {"room": "den", "sid": alice.sid()}))
        self.assertEqual(alice.call("leave_room", "den"), {"status": "left", "room": "den"})
        self.assert_nothing(alice, bob, carol)

    def test_a_disconnect_leaves_the_rooms(self):
        alice, bob = self.client(), self.client()
        bob.call("join_room", "exit")
        self.assertEqual(bob.next(), ("room_joined", {"room": "exit", "sid": bob.sid()}))
        alice.call("join_room", "exit")
        self.assertEqual(bob.next(), ("room_joined", {"room": "exit", "sid": alice.sid()}))
        sid = alice.sid()
        alice.socket.disconnect()
        self.assertEqual(bob.next(), ("room_left", {"room": "exit", "sid": sid}))

    def test_refusals(self):
        client = self.client()
        missing = {"status": "error", "message": "Missing room or message"}
        self.assertEqual(client.call("room_message", {"room": "den"}), missing)
        event, error = client.next()
        self.assertEqual((event, set(error), error["code"]), ("system:error", {"code", "message"}, "INVALID_FORMAT"))
        for event, data, code in [("join_room", "", "INVALID_FORMAT"), ("no_such_event", 1, "UNKNOWN_EVENT")]:
            answer = client.call(event, data)
            event, error = client.next()
            self.assertEqual((event, set(error), error["code"]), ("system:error", {"code", "message"}, code))
            self.assertEqual(answer, {"status": "error", **error})

    def test_heartbeat(self):
        client = self.client()
        self.assertEqual(client.call("ping"), {"status": "pong", "sid": client.sid()})
        client.emit("client-ping", {})
        event, pong = client.next()
        self.assertEqual((event, set(pong)), ("client-pong", {"timestamp"}))
        self.assertRegex(pong["timestamp"], TIMESTAMP)
        answer = client.call("client-ping")
        self.assertEqual(client.next(), ("client-pong", answer))

    def test_binary(self):
        alice, bob = self.client(), self.client()
        bob.call("join_room", "files")
        bob.next()
        for data in [b"", bytes(range(256)), {"a": [b"one", {"b": os.urandom(100_000)}], "c": "text"}, [b"x"] * 10]:
            self.assertEqual(alice.call("broadcast", data), {"status": "broadcasted"})
            self.assertEqual(bob.next(), ("broadcast", {"from": alice.sid(), "data": data}))
            sent = alice.call("room_message", {"room": "files", "message": data})
            self.assertEqual(sent, {"status": "sent", "room": "files"})
            self.assertEqual(bob.next(), ("room_message", {"from": alice.sid(), "room": "files", "message": data}))

    def test_namespaces_are_isolated(self):
        alice, bob = self.client(NAMESPACES), self.client(NAMESPACES)
        self.assertNotEqual(alice.sid("/"), alice.sid("/chat"))
        self.assertEqual(alice.call("join_room", "r", "/chat"), {"status": "joined", "room": "r"})
        self.assertEqual(alice.next("/chat"), ("room_joined", {"room": "r", "sid": alice.sid("/chat")}))
        self.assertEqual(bob.call("room_message", {"room": "r", "message": 1}), {"status": "sent", "room": "r"})
        self.assertEqual(bob.call("broadcast", "in chat", "/chat"), {"status": "broadcasted"})
        self.assertEqual(alice.next("/chat"), ("broadcast", {"from": bob.sid("/chat"), "data": "in chat"}))
        self.assert_nothing(bob, alice)
        self.assert_nothing(bob, alice, namespace="/chat")

    def test_a_namespace_that_does_not_exist_is_refused(self):
        client = socketio.Client(reconnection=False)
        self.addCleanup(client.disconnect)
        refusals = queue.Queue()
        client.on("connect_error", refusals.put, namespace="/no-such")
        client.connect(self.hub.url, transports=self.transports, namespaces=["/no-such"], wait=False)
        self.assertEqual(refusals.get(timeout=PATIENCE), {"message": "Invalid namespace"})


class OverPolling(Families, unittest.TestCase):
    transports = ["polling"]
    ends_on = "polling"


class OverWebSocket(Families, unittest.TestCase):
    transports = ["websocket"]
    ends_on = "websocket"


class Upgraded(Families, unittest.TestCase):
    transports = ["polling", "websocket"]
    ends_on = "websocket"


if __name__ == "__main__":
    unittest.main()
