"""Users and what they tell each other, as python-socketio's client meets it, over each transport."""
import itertools
import os
import unittest
import warnings

from hub import Hub
from test_client import Client, TIMESTAMP

NUMBERS = itertools.count(1)
NOW = "(now)"


class Users:
    """Each case, for the transports that a class below names."""

    transports = None

    @classmethod
    def setUpClass(cls):
        warnings.simplefilter("ignore", ResourceWarning)  # of the client library, which leaves sockets to the collector
        families = "messaging, rooms, heartbeat, users, direct, typing, notifications"
        cls.hub = Hub(plugins__enabled=families, limits__events_per_second=0, **{"plugin.typing__timeout": "300ms"})

    @classmethod
    def tearDownClass(cls):
        cls.hub.stop()

    def client(self):
        client = Client(self.hub, self.transports)
        self.addCleanup(client.close)
        return client

    def user(self, **data):
        client, name = self.client(), f"user {next(NUMBERS)}"
        self.assertEqual(client.call("system:setData", {"username": name, **data})["success"], True)
        client.next()
        return client, name

    def blurred(self, payload):
        self.assertRegex(payload["timestamp"], TIMESTAMP)
        return {**payload, "timestamp": NOW}

    def assert_next(self, client, event, payload):
        name, received = client.next()
        self.assertEqual((name, self.blurred(received)), (event, payload))
        self.assertEqual(list(received), list(payload))

    def assert_confirmed(self, client, request, data, event, payload):
        ack = client.call(request, data)
        self.assertEqual(self.blurred(ack), payload)
        self.assertEqual(client.next(), (event, ack))

    def assert_refused(self, client, code, request, data):
        ack = client.call(request, data)
        event, error = client.next()
        self.assertEqual((event, list(error), error["code"]), ("system:error", ["code", "message"], code))
        self.assertEqual(ack, {"status": "error", **error})

    def sender(self, client, name, profile=None):
        return {"id": client.sid(), "username": name, "profile": profile or {}}

    def test_user_data(self):
        (alice, a), (bob, b) = self.user(), self.user()
        done = {"success": True, "updatedFields": ["following", "profile", "x"], "timestamp": NOW}
        data = {"x": 1, "profile": {"photo": os.urandom(100), "n": 1.5}, "following": [b, "nobody"]}
        self.assert_confirmed(alice, "system:setData", data, "system:dataSet", done)
        self.assert_next(bob, "system:followed", {"username": a, "timestamp": NOW})
        taken = {"success": False, "error": "Username already taken", "timestamp": NOW}
        ack = bob.call("system:setData", {"username": a})
        self.assertEqual(self.blurred(ack), taken)
        received = dict([bob.next(), bob.next()])
        self.assertEqual(received["system:dataSet"], ack)
        self.assertEqual(received["system:error"]["code"], "DUPLICATE_USERNAME")
        listed = {entry["id"]: entry for entry in bob.call("system:clients")["clients"]}
        bob.next()
        entry = listed[alice.sid()]
        self.assertRegex(entry.pop("connectTime"), TIMESTAMP)
        self.assertEqual(
            entry, {"id": alice.sid(), "username": a, "following": data["following"], "profile": data["profile"]})

    def test_direct(self):
        (alice, a), (bob, b) = self.user(profile={"p": 1}), self.user()
        sent = {"success": True, "target": b, "timestamp": NOW}
        message = {"target": b, "type": "t", "sender": "forged", "file": b"\x00\xff", "x": [None, {"y": "🌍"}]}
        self.assert_confirmed(alice, "system:direct", message, "system:directSent", sent)
        self.assert_next(bob, "system:direct", {
            "sender": self.sender(alice, a, {"p": 1}), "type": "t", "file": b"\x00\xff", "x": [None, {"y": "🌍"}],
            "timestamp": NOW})
        lost = {"success": False, "target": "nobody", "reason": "User not found", "timestamp": NOW}
        ack = alice.call("system:direct", {"target": "nobody", "type": "t"})
        self.assertEqual(self.blurred(ack), lost)
        self.assertEqual({alice.next()[0], alice.next()[0]}, {"system:directSent", "system:error"})

    def test_general(self):
        (alice, a), bob = self.user(), self.client()
        message = {"type": "t", "timestamp": "forged", "data": b"binary"}
        sent = {"success": True, "originalMessage": message, "timestamp": NOW}
        self.assert_confirmed(alice, "system:general", message, "system:generalSent", sent)
        self.assert_next(bob, "system:general", {
            "sender": self.sender(alice, a), "type": "t", "data": b"binary", "timestamp": NOW, "broadcast": True})

    def test_typing(self):
        (alice, a), (bob, b) = self.user(), self.user()
        for request, is_typing in (("system:typingStart", True), ("system:typingStop", False)):
            self.assertEqual(alice.call(request, {"target": b}), {"status": "ok"})
            update = {"sender": self.sender(alice, a), "isTyping": is_typing, "timestamp": NOW}
            self.assert_next(bob, "system:typingUpdate", update)
        alice.call("system:typingStart", {"target": b})
        for is_typing in (True, False):  # the timeout
            update = {"sender": self.sender(alice, a), "isTyping": is_typing, "timestamp": NOW}
            self.assert_next(bob, "system:typingUpdate", update)

    def test_notifications(self):
        (alice, a), (bob, b), (carol, c) = self.user(), self.user(), self.user()
        request = {"type": "t", "content": {"x": b"1"}, "targets": [b, c, b]}
        sent = {"success": True, "recipientCount": 2, "timestamp": NOW}
        received = {"sender": self.sender(alice, a), "type": "t", "content": {"x": b"1"}, "timestamp": NOW}
        self.assert_confirmed(alice, "system:notification", request, "system:notificationSent", sent)
        for client in (bob, carol):
            self.assert_next(client, "system:notification", received)
        bob.call("system:setData", {"following": [a]})
        self.assert_next(alice, "system:followed", {"username": b, "timestamp": NOW})
        bob.next()
        del request["targets"]
        self.assert_confirmed(alice, "system:notification", request, "system:notificationSent", {**sent, "recipientCount": 1})
        self.assert_next(bob, "system:notification", received)

    def test_refusals(self):
        client = self.client()
        requests = [
            ("system:general", {"type": "t"}), ("system:direct", {"target": "x", "type": "t"}),
            ("system:typingStart", {"target": "x"}), ("system:typingStop", {"target": "x"}),
            ("system:notification", {"type": "t", "content": {}}),
        ]
        for request, data in requests:
            self.assert_refused(client, "INVALID_FORMAT", request, {})
            self.assert_refused(client, "NO_USERNAME", request, data)


class OverPolling(Users, unittest.TestCase):
    transports = ["polling"]


class OverWebSocket(Users, unittest.TestCase):
    transports = ["websocket"]


class Upgraded(Users, unittest.TestCase):
    transports = ["polling", "websocket"]


if __name__ == "__main__":
    unittest.main()
