"""Numbered faults and attacks that only a whole process shows: its descriptors, its memory, its pauses."""

import os
import pathlib
import signal
import socket
import subprocess
import time

import pytest
from cloud import Cloud
from server import Server, wait_for
from wire import PING, PONG, Peer, connect, packet, publish, text

ROUNDS = int(os.environ.get("THINGD_SOAK_ROUNDS", "3"))
MIB = 1 << 20


class House:
    """A server of its own, with devices."""

    def __init__(self, folder, devices, run=(), env=None):
        self.server = Server(folder, env=env, run=run).start()
        self.cloud = Cloud(self.server)
        self.product = self.cloud.product("faults")
        self.secrets = {f"d{n}": self.cloud.device(self.product, f"d{n}") for n in range(devices)}
        self.proc = pathlib.Path("/proc") / str(self.server.process.pid)

    def peer(self, name, **more):
        return Peer(self.server.mqtt_address).greet(self.product + name, self.secrets[name], **more)

    def all(self, **more):
        return [self.peer(name, **more) for name in self.secrets]

    def descriptors(self):
        return len(list((self.proc / "fd").iterdir()))

    def resident(self):
        line = next(line for line in (self.proc / "status").read_text().splitlines() if line.startswith("VmRSS"))
        return int(line.split()[1]) * 1024

    def online(self, name):
        shown = self.cloud("DescribeDevice", ProductId=self.product, DeviceName=name)
        return shown["Device"]["Status"] == 1

    def stop(self):
        assert self.server.stop() == 0, self.server.log.read_text()[-2000:]
        said = self.server.log.read_text()
        assert "panicked" not in said, said[-2000:]
        return said


def test_f08_without_descriptors_those_who_are_there_are_served(tmp_path):
    house = House(tmp_path, 2, run=["sh", "-c", 'ulimit -n 256; exec "$@"', "sh"])
    first = house.peer("d0")
    crowd = [socket.create_connection(house.server.mqtt_address) for _ in range(400)]
    wait_for("all descriptors to be taken", lambda: house.descriptors() >= 250)
    for _ in range(20):
        assert first.pings()
    for number in range(1, 6):
        first.send(publish(f"{house.product}/d0/event", b"x", number))
        assert first.next() == b"\x40\x02" + number.to_bytes(2, "big")
    for one in crowd:
        one.close()
    second = house.peer("d1")
    assert second.pings() and first.pings()
    assert "cannot accept a connection" in house.stop()


def test_f09_within_a_cap_of_memory_slow_readers_and_large_packets_are_borne(tmp_path):
    cap = 1536 * MIB
    house = House(tmp_path, 40, run=["sh", "-c", f'ulimit -v {cap // 1024}; exec "$@"', "sh"])
    own, *others = house.all()
    for one, name in zip(others, list(house.secrets)[1:]):
        topic = f"{house.product}/{name}/data"
        one.send(packet(0x82, b"\x00\x01" + text(topic) + b"\x00"))
        assert one.next()[0] == 0x90
        one.socket.setblocking(False)
    before = house.resident()
    # Each hears itself and reads nothing: floods of up to 16 MiB, as far as they are taken.
    rest = {}
    for one, name in zip(others, list(house.secrets)[1:]):
        rest[one] = packet(0x30, text(f"{house.product}/{name}/data") + bytes(60_000)) * 280
    offered, quiet = sum(map(len, rest.values())), time.monotonic()
    while time.monotonic() - quiet < 1:
        for one, bytes_left in rest.items():
            try:
                rest[one] = bytes_left[one.socket.send(bytes_left[:MIB]):] if bytes_left else b""
                quiet = time.monotonic() if bytes_left else quiet
            except BlockingIOError:
                pass
    taken = offered - sum(map(len, rest.values()))
    assert 39 * MIB < taken < offered, f"{taken >> 20} MiB of {offered >> 20}"
    assert own.pings() and house.peer("d0").pings() and own.next() is None
    assert house.resident() - before < 200 * MIB, f"{before >> 20} -> {house.resident() >> 20} MiB"
    for one in others:
        one.close()
    house.stop()


def test_f10_a_starved_processor_ends_no_connection(tmp_path):
    house = House(tmp_path, 50, run=["taskset", "-c", "0"])
    loops = [subprocess.Popen(["taskset", "-c", "0", "sh", "-c", "while :; do :; done"]) for _ in range(4)]
    try:
        # Silence of 3 s would end them.
        peers = house.all(keepalive=2)
        until = time.monotonic() + 6
        while time.monotonic() < until:
            for peer in peers:
                peer.send(PING)
            for peer in peers:
                assert peer.next() == PONG
            time.sleep(0.2)
    finally:
        for loop in loops:
            loop.kill()
            loop.wait()
    house.stop()


def test_f12_a_server_that_was_paused_takes_nobody_for_gone(tmp_path):
    """More connections than the poller hands out at once, all with something to say when it goes on."""
    house = House(tmp_path, 1200, env={"THINGD_MQTT__GREETINGS_PER_ADDRESS": "0"})
    peers = []
    for name in house.secrets:
        peers.append(house.peer(name, keepalive=2))
        if len(peers) % 100 == 0:
            assert all(peer.pings() for peer in peers)
    # Silence of 3 s would end them.
    house.server.process.send_signal(signal.SIGSTOP)
    try:
        for _ in range(3):
            for peer in peers:
                peer.send(PING)
            time.sleep(1.5)
    finally:
        house.server.process.send_signal(signal.SIGCONT)
    for n, peer in enumerate(peers):
        for _ in range(3):
            assert peer.next() == PONG, f"client {n} was taken for gone"
    assert house.online("d7")
    house.stop()


def test_f27_a_signal_ends_many_connections_in_time(tmp_path):
    house = House(tmp_path, 500)
    peers = house.all(level=5)
    begun = time.monotonic()
    house.server.process.send_signal(signal.SIGTERM)
    assert house.server.process.wait(timeout=10) == 0
    assert time.monotonic() - begun < 10
    for peer in peers:
        assert peer.next() == b"\xe0\x01\x8b"
        assert peer.next() is None


@pytest.mark.timeout(60 + 40 * ROUNDS)
def test_f30_comings_and_goings_leave_nothing_behind(tmp_path):
    house = House(tmp_path, 50)

    def churn():
        for turn in range(20):
            level = 4 + turn % 2
            peers = house.all(level=level)
            for name, peer in zip(house.secrets, peers):
                peer.send(publish(f"{house.product}/{name}/event", b"x" * 100, 1, level))
                assert peer.next()[0] == 0x40
            for n, peer in enumerate(peers):
                if n % 2:
                    peer.send(b"\xe0\x00")
                    assert peer.next() is None
                peer.close()
        wait_for("all to be gone", lambda: house.descriptors() <= quiet)

    quiet = house.descriptors() + 2
    # Caches and memory tables of the store fill up first.
    for _ in range(ROUNDS // 2 + 1):
        churn()
    before = house.resident()
    for _ in range(ROUNDS):
        churn()
    allowed = 24 * MIB
    assert house.resident() - before < allowed, f"{before >> 20} -> {house.resident() >> 20} MiB"
    house.stop()


def upgrade(house):
    """A WebSocket of the HTTP door, after its handshake."""
    host, port = house.server.http.rsplit(":", 1)
    peer = Peer((host, int(port)))
    peer.send(f"GET /mqtt HTTP/1.1\r\nhost: {house.server.http}\r\nupgrade: websocket\r\nconnection: Upgrade\r\n"
              "sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
              "sec-websocket-protocol: mqtt\r\n\r\n".encode())
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        head += peer.socket.recv(1)
    assert b" 101 " in head.split(b"\r\n")[0], head
    return peer


def test_a02_nothing_is_set_aside_for_a_length_that_is_only_claimed(tmp_path):
    house = House(tmp_path, 200)
    peers = house.all()
    before = house.resident()
    for peer in peers:
        # A packet just within the bound, of which a little comes.
        peer.send(b"\x30\xff\xff\x3f" + bytes(100))
    strangers = [Peer(house.server.mqtt_address) for _ in range(200)]
    for stranger in strangers:
        stranger.send(b"\x10\xff\xff\x03" + bytes(100))
    sockets = [upgrade(house) for _ in range(50)]
    for one in sockets:
        # A masked frame of 1 MiB that does not come.
        one.send(b"\x82\xff" + (1 << 20).to_bytes(8, "big") + bytes(4) + bytes(100))
    fresh = house.peer("d0")
    assert fresh.pings()
    grown = house.resident() - before
    assert grown < 40 * MIB, f"{grown >> 20} MiB for 450 connections that claim 265 MiB"
    for claim in (1 << 62, 1 << 63, (1 << 64) - 1, 1 << 31):
        one = upgrade(house)
        one.send(b"\x82\xff" + claim.to_bytes(8, "big") + bytes(4) + bytes(100))
        while (more := one.socket.recv(4096)):
            assert len(more) < 200
    for claim in (b"\x10\xff\xff\xff\xff\x01", b"\x10\xff\xff\xff\x7f"):
        stranger = Peer(house.server.mqtt_address)
        stranger.send(claim)
        assert stranger.next() is None
    house.stop()


def test_a05_silent_connections_leave_room_for_others(tmp_path):
    """Half a ClientHello, half a CONNECT, nothing: from another address there is room all the time."""
    house = House(tmp_path, 30, env={"THINGD_MQTT__GREETINGS_PER_ADDRESS": "300"})
    crowd = []
    for n in range(600):
        tls = n % 2 == 0
        one = socket.create_connection(house.server.mqtts_address if tls else house.server.mqtt_address,
                                       source_address=("127.0.0.9", 0))
        one.sendall([b"\x16\x03\x01\x02\x00\x01", b"\x10\x40\x00\x04MQ", b""][n % 3])
        crowd.append(one)
    times = []
    for name, secret in house.secrets.items():
        begun = time.monotonic()
        assert Peer(house.server.mqtt_address).greet(house.product + name, secret).pings()
        times.append(time.monotonic() - begun)
    assert max(times) < 1, f"{max(times):.2f} s"
    for one in crowd:
        one.close()
    house.stop()


def test_a06_half_a_connect_has_ten_seconds(tmp_path):
    house = House(tmp_path, 1)
    whole = connect(house.product + "d0", house.secrets["d0"])
    halves = [Peer(house.server.mqtt_address) for _ in range(100)]
    begun = time.monotonic()
    for n, half in enumerate(halves):
        half.send(whole[:n % len(whole)])
    for half in halves:
        assert half.next() is None
    assert 8 < time.monotonic() - begun < 15
    assert house.peer("d0").pings()
    house.stop()
