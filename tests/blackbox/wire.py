"""MQTT packets by hand, for tests that need many connections, or none that behaves."""

import base64
import hashlib
import hmac
import socket
import struct
import time

PING, PONG = b"\xc0\x00", b"\xd0\x00"


def text(value):
    value = value.encode() if isinstance(value, str) else value
    return struct.pack(">H", len(value)) + value


def packet(first, body):
    length, size = len(body), b""
    while True:
        size += bytes([length & 127 | (128 if length > 127 else 0)])
        length >>= 7
        if not length:
            return bytes([first]) + size + body


def connect(client_id, secret, keepalive=60, level=4):
    user = f"{client_id};12010126;AbC1x;{int(time.time()) + 3600}"
    proof = hmac.new(base64.b64decode(secret), user.encode(), hashlib.sha1).hexdigest() + ";hmacsha1"
    properties = b"\x00" if level == 5 else b""
    head = text("MQTT") + bytes([level, 0xC2]) + struct.pack(">H", keepalive)
    return packet(0x10, head + properties + text(client_id) + text(user) + text(proof))


def publish(topic, payload, number, level=4):
    return packet(0x32, text(topic) + struct.pack(">H", number) + (b"\x00" if level == 5 else b"") + payload)


class Peer:
    """A socket that reads whole packets."""

    def __init__(self, address, seconds=20):
        self.socket = socket.create_connection(address, timeout=seconds)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.bytes = b""

    def send(self, data):
        self.socket.sendall(data)

    def greet(self, client_id, secret, keepalive=60, level=4):
        """Connects as a device; fails unless it is let in."""
        self.send(connect(client_id, secret, keepalive, level))
        answer = self.next()
        assert answer and answer[0] == 0x20 and answer[3] == 0, answer
        return self

    def next(self):
        """The next packet; None at the end of the connection."""
        while True:
            length, shift, at = 0, 0, 1
            while at < len(self.bytes):
                byte = self.bytes[at]
                length |= (byte & 127) << shift
                shift, at = shift + 7, at + 1
                if byte < 128:
                    break
            else:
                at = None
            if at is not None and len(self.bytes) >= at + length:
                found, self.bytes = self.bytes[:at + length], self.bytes[at + length:]
                return found
            try:
                more = self.socket.recv(65536)
            except ConnectionResetError:
                return None
            if not more:
                return None
            self.bytes += more

    def pings(self):
        self.send(PING)
        return self.next() == PONG

    def close(self):
        self.socket.close()
