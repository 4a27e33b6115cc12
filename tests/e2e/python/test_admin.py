"""Heartbeats and the admin events as python-socketio's client meets them, over each transport."""
import re
import unittest
import warnings

from hub import Hub
from test_client import TIMESTAMP, Client

UUID = re.compile(r"^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$")
CONNECTED_AT = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$")
TOKEN = "sesame"


class Cases:
    """Each case, for the transports that a class below names."""

    transports = None

    @classmethod
    def setUpClass(cls):
        warnings.simplefilter("ignore", ResourceWarning)  # of the client library, which leaves sockets to the collector
        cls.beating = Hub(plugins__enabled="heartbeat", **{
            "plugin.heartbeat__interval": "200ms", "plugin.heartbeat__timeout": "40ms"})
        cls.watched = Hub(plugins__enabled="messaging, rooms, admin", **{
            "plugin.admin__token": TOKEN, "plugin.admin__stats_interval": 0})

    @classmethod
    def tearDownClass(cls):
        cls.beating.stop()
        cls.watched.stop()

    def client(self, hub, auth=None):
        client = Client(hub, self.transports, auth=auth)
        self.addCleanup(client.close)
        return client

    def heartbeat(self, client):
        event, beat = client.next()
        self.assertEqual((event, set(beat)), ("system:heartbeat", {"id"}))
        self.assertRegex(beat["id"], UUID)
        return beat["id"]

    def stats(self, client):
        event, figures = client.next()
        self.assertEqual((event, set(figures)), ("system:stats", {"activeConnections", "totalConnections", "timestamp"}))
        self.assertRegex(figures["timestamp"], TIMESTAMP)
        return figures

    def shown(self, connection, client, rooms=(), auth=None):
        self.assertRegex(connection["connected_at"], CONNECTED_AT)
        info = connection["client_info"]
        self.assertEqual(connection, {
            "sid": client.sid(), "connected_at": connection["connected_at"], "rooms": list(rooms),
            "client_info": {"user_agent": info["user_agent"], "remote_addr": "127.0.0.1", "auth": auth}})

    def test_heartbeats_and_their_warnings(self):
        client = self.client(self.beating)
        self.assertNotEqual(self.heartbeat(client), self.heartbeat(client))
        event, warning = client.next()
        self.assertRegex(warning["timestamp"], TIMESTAMP)
        self.assertEqual((event, warning), ("system:heartbeat-warning", {
            "message": "Connection unstable - missed 2 heartbeats",
            "missedHeartbeats": 2,
            "timestamp": warning["timestamp"],
        }))
        self.assertEqual(client.call("system:heartbeat-ack", {"id": self.heartbeat(client)}), {"status": "ok"})
        refused = client.call("system:heartbeat-ack", {"id": 5})
        self.assertEqual((refused["status"], refused["code"]), ("error", "INVALID_FORMAT"))

    def test_admins_see_connections_and_what_changes(self):
        admin = self.client(self.watched, {"token": TOKEN})
        self.stats(admin)
        listed = admin.call("admin_subscribe")
        self.assertEqual((set(listed), listed["status"]), ({"status", "connections", "total"}, "subscribed"))
        self.assertEqual(len(listed["connections"]), listed["total"])
        mine, = [each for each in listed["connections"] if each["sid"] == admin.sid()]
        self.shown(mine, admin, auth={"token": "***"})

        alice = self.client(self.watched, {"user": "alice", "api_key": ["s"]})
        self.stats(alice)
        auth = {"user": "alice", "api_key": "***"}
        event, update = admin.next()
        self.assertEqual((event, update["type"], update["total"]), ("admin:connection_update", "connect", listed["total"] + 1))
        self.shown(update["connection"], alice, auth=auth)
        alice.call("join_room", "den")
        event, update = admin.next()
        self.assertEqual((event, set(update)), ("admin:room_update", {"type", "sid", "room", "connection"}))
        self.assertEqual((update["type"], update["sid"], update["room"]), ("join", alice.sid(), "den"))
        self.shown(update["connection"], alice, ["den"], auth)
        self.assertEqual(set(admin.call("admin_get_connections")), {"connections", "total"})

    def test_others_see_nothing(self):
        for auth in (None, {"token": "wrong"}):
            client = self.client(self.watched, auth)
            self.stats(client)
            for event in ("admin_subscribe", "admin_get_connections"):
                refused = client.call(event)
                self.assertEqual((refused["status"], refused["code"]), ("error", "FORBIDDEN"))
                self.assertEqual(client.next(), ("system:error", {"code": "FORBIDDEN", "message": refused["message"]}))


class OverPolling(Cases, unittest.TestCase):
    transports = ["polling"]


class OverWebSocket(Cases, unittest.TestCase):
    transports = ["websocket"]


class Upgraded(Cases, unittest.TestCase):
    transports = ["polling", "websocket"]


if __name__ == "__main__":
    unittest.main()
