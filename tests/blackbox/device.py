"""A plain MQTT client (paho) with Tencent's user name and password."""

import base64
import hashlib
import hmac
import json
import queue
import ssl
import time

import paho.mqtt.client as paho


def password(secret, user_name, method="hmacsha1"):
    digest = {"hmacsha1": hashlib.sha1, "hmacsha256": hashlib.sha256}[method]
    return hmac.new(base64.b64decode(secret), user_name.encode(), digest).hexdigest() + ";" + method


class Device:
    """Connects in the constructor; `expect` waits for a message on one of its down topics."""

    def __init__(self, address, product, name, secret, *, protocol=paho.MQTTv311, transport="tcp", ca=None,
                 method="hmacsha1", expiry=None, keepalive=60, path="/mqtt", user_name=None, pass_word=None):
        self.product, self.name = product, name
        client_id = product + name
        self.client = paho.Client(client_id=client_id, clean_session=True, protocol=protocol, transport=transport)
        user = user_name or f"{client_id};12010126;AbC1x;{expiry or int(time.time()) + 3600}"
        self.client.username_pw_set(user, pass_word or password(secret, user, method))
        self.messages, self.connected, self.gone = queue.Queue(), queue.Queue(), queue.Queue()
        self.acks = queue.Queue()
        self.client.on_connect = lambda c, u, f, rc: self.connected.put(rc)
        self.client.on_disconnect = lambda c, u, rc: self.gone.put(rc)
        self.client.on_message = lambda c, u, m: self.messages.put((m.topic, m.payload))
        self.client.on_subscribe = lambda c, u, mid, granted: self.acks.put((mid, granted))
        if transport == "websockets":
            self.client.ws_set_options(path=path)
        if ca:
            self.client.tls_set(ca_certs=str(ca), cert_reqs=ssl.CERT_REQUIRED)
        self.client.connect(*address, keepalive=keepalive)
        self.client.loop_start()
        self.code = self.connected.get(timeout=10)

    def topic(self, direction, family):
        return f"$thing/{direction}/{family}/{self.product}/{self.name}"

    def subscribe(self, *families, qos=1):
        """Granted QoS of each family's down topic."""
        return [self.filter(self.topic("down", family), qos) for family in families]

    def filter(self, topic, qos=1):
        _, mid = self.client.subscribe(topic, qos)
        got, granted = self.acks.get(timeout=10)
        assert got == mid
        return granted[0]

    def send(self, family, message, qos=1):
        payload = message if isinstance(message, (bytes, str)) else json.dumps(message)
        info = self.client.publish(self.topic("up", family), payload, qos)
        if qos:
            info.wait_for_publish()
        return info

    def expect(self, method, seconds=10):
        """The next message with this `method`; others before it are thrown away."""
        deadline = time.monotonic() + seconds
        while True:
            topic, payload = self.messages.get(timeout=max(0.01, deadline - time.monotonic()))
            message = json.loads(payload)
            if message.get("method") == method or message.get("type") == method:
                return message

    def report(self, params, token="t-1", qos=1, **more):
        self.send("property", {"method": "report", "clientToken": token, "params": params, **more}, qos)
        return self.expect("report_reply")

    def close(self):
        self.client.disconnect()
        self.client.loop_stop()
