"""A backend with plain paho, at MQTT 5.0 and 3.1.1, beside devices: a user name and a token, no HTTP."""

import json
import queue
import subprocess

import paho.mqtt.client as paho
import pytest
from device import Device
from server import BINARY, wait_for

NOT_AUTHORIZED = 0x87


def key(server, *args):
    """`thingd key` against the running server."""
    command = [str(BINARY), "key", *args, "--data", str(server.data), "--api", f"http://{server.http}", "--output", "json"]
    return json.loads(subprocess.run(command, check=True, capture_output=True, timeout=30).stdout)


class Backend:
    def __init__(self, server, made, client_id, protocol=paho.MQTTv5):
        self.client = paho.Client(client_id=client_id, protocol=protocol)
        self.client.username_pw_set(made["UserName"], made["Token"])
        self.connected, self.messages, self.acks = queue.Queue(), queue.Queue(), queue.Queue()
        self.client.on_connect = lambda c, u, flags, code, *more: self.connected.put(int(getattr(code, "value", code)))
        self.client.on_message = lambda c, u, m: self.messages.put((m.topic, m.payload))
        self.client.on_subscribe = lambda c, u, mid, codes, *more: self.acks.put(
            [int(getattr(code, "value", code)) for code in codes])
        self.client.connect(*server.mqtt_address, keepalive=60)
        self.client.loop_start()
        self.code = self.connected.get(timeout=10)

    def subscribe(self, filter, qos=1):
        self.client.subscribe(filter, qos)
        return self.acks.get(timeout=10)[0]

    def publish(self, topic, payload):
        self.client.publish(topic, payload, qos=1).wait_for_publish()

    def next(self):
        return self.messages.get(timeout=10)

    def close(self):
        self.client.disconnect()
        self.client.loop_stop()


@pytest.fixture(scope="module")
def made(server):
    return key(server, "create", "--instance", "enterprise", "--remark", "black box")


@pytest.mark.parametrize("protocol", [paho.MQTTv311, paho.MQTTv5])
def test_a_backend_hears_devices_and_speaks_to_them(server, cloud, lamps, made, protocol):
    name = f"heard-{int(protocol)}"
    backend = Backend(server, made, f"b-{int(protocol)}", protocol)
    assert backend.code == 0
    assert backend.subscribe(f"$thing/up/+/{lamps}/{name}") == 1
    device = Device(server.mqtt_address, lamps, name, cloud.device(lamps, name))
    device.subscribe("property")
    device.report({"brightness": 42}, "tok-1")
    topic, payload = backend.next()
    assert topic == f"$thing/up/property/{lamps}/{name}"
    assert json.loads(payload)["params"] == {"brightness": 42}
    control = f"{lamps}/{name}/control"
    assert device.filter(control) == 1
    backend.publish(control, b"on")
    assert device.messages.get(timeout=10) == (control, b"on")
    refused = NOT_AUTHORIZED if protocol == paho.MQTTv5 else 0x80
    assert backend.subscribe("$thing/down/#") == refused
    assert backend.subscribe("$SYS/#") == refused
    device.close()
    backend.close()


def test_workers_share_and_retained_messages_wait(server, made):
    boss = Backend(server, made, "boss")
    workers = [Backend(server, made, f"worker-{n}") for n in range(2)]
    for worker in workers:
        assert worker.subscribe("$share/pool/job/+") == 1
    for n in range(20):
        boss.publish(f"job/{n}", b"x")
    wait_for("all jobs", lambda: sum(worker.messages.qsize() for worker in workers) >= 20)
    jobs = sorted(worker.messages.get()[0] for worker in workers for _ in range(worker.messages.qsize()))
    assert jobs == sorted(f"job/{n}" for n in range(20))
    boss.client.publish("plan/today", b"grow", qos=1, retain=True).wait_for_publish()
    assert workers[0].subscribe("plan/#") == 1
    assert workers[0].next() == ("plan/today", b"grow")
    for backend in [boss, *workers]:
        backend.close()


def test_a_wrong_or_revoked_token_is_refused(server, made):
    wrong = Backend(server, {**made, "Token": "x" * 32}, "wrong")
    assert wrong.code == 0x86
    wrong.close()
    other = key(server, "create", "--instance", "enterprise")
    backend = Backend(server, other, "leaves")
    assert backend.code == 0
    gone = queue.Queue()
    backend.client.on_disconnect = lambda *args: gone.put(args)
    key(server, "revoke", other["UserName"])
    gone.get(timeout=10)
    backend.client.loop_stop()
    again = Backend(server, other, "again")
    assert again.code == 0x86
    again.close()
