"""Runs inside the private hosts file: the SDK connects, prints what it hears, does what it is told."""

import json
import sys
import threading
import time

from explorer import explorer

folder = sys.argv[1]
lock = threading.Lock()


def tell(**message):
    with lock:
        print(json.dumps(message), flush=True)


sdk = explorer.QcloudExplorer(device_file=f"{folder}/device.json", tls=False)
connected = threading.Event()
sdk.registerMqttCallback(
    lambda flags, rc, userdata: connected.set(), lambda rc, userdata: tell(kind="gone", rc=rc),
    lambda topic, payload, qos, userdata: None, lambda mid, userdata: None,
    lambda mid, granted_qos, userdata: None, lambda mid, userdata: None)
sdk.connect()
assert connected.wait(10), "no CONNACK"
product, name = sdk.getProductID(), sdk.getDeviceName()


def on_property(topic, qos, payload, userdata):
    tell(kind="property", message=payload)


def on_event(topic, qos, payload, userdata):
    tell(kind="event", message=payload)


def on_action(topic, qos, payload, userdata):
    reply = sdk.ReplyPara()
    reply.code, reply.timeout_ms, reply.status_msg = 0, 5000, "action execute success!"
    sdk.templateActionReply(product, name, payload["clientToken"], {"state": 1}, reply)
    tell(kind="action", message=payload)


deadline = time.monotonic() + 10
while not sdk.isMqttConnected():
    assert time.monotonic() < deadline
    time.sleep(0.02)
sdk.templateInit(product, name, on_property, on_action, on_event, lambda *a: None)
sdk.templateSetup(product, name, f"{folder}/model.json")
time.sleep(0.5)  # the SDK gives no sign that its subscriptions are granted
tell(kind="ready")
for line in sys.stdin:
    command = json.loads(line)
    if command["do"] == "report":
        message = sdk.templateJsonConstructReportArray(product, name, command["params"])
        sdk.templateReport(product, name, message)
    elif command["do"] == "event":
        sdk.templateEventPost(product, name, command["message"])
    elif command["do"] == "status":
        sdk.templateGetStatus(product, name)
    else:
        sdk.disconnect()
        time.sleep(0.5)
        sys.exit(0)
