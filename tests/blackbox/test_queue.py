"""What waits for a client that is away outlives the server, however it ends (F1): in order, nothing lost."""

import os
import random
import threading
import time

import paho.mqtt.client as paho
import pytest
from server import Server
from test_service_client import key

ROUNDS = int(os.environ.get("THINGD_KILL_ROUNDS", "10"))
SEED = int(os.environ.get("THINGD_KILL_SEED", random.randrange(1 << 30)))
TOPIC = "queue/numbers"
WINDOW = 20
# Of one round: the queue of a service client holds 10,000, and what is over is refused.
NUMBERS = 600


@pytest.fixture
def world(tmp_path):
    server = Server(tmp_path).start()
    made = key(server, "create", "--instance", "enterprise")
    yield server, made
    server.stop()


def client(made, name, clean):
    made_client = paho.Client(client_id=name, clean_session=clean)
    made_client.username_pw_set(made["UserName"], made["Token"])
    return made_client


class Reader:
    """Keeps its session; takes what waits for it."""

    def __init__(self, server, made):
        self.present, self.numbers, self.ready = None, [], threading.Event()
        self.heard = threading.Condition()
        self.client = client(made, "reader", False)
        self.client.on_connect = self.on_connect
        self.client.on_subscribe = lambda *_: self.ready.set()
        self.client.on_message = self.on_message
        self.client.connect(*server.mqtt_address)
        self.client.loop_start()
        assert self.ready.wait(10)

    def on_connect(self, connected, _, flags, code):
        assert code == 0
        self.present = flags["session present"]
        connected.subscribe(TOPIC, 1)

    def on_message(self, _, __, message):
        with self.heard:
            self.numbers.append(int(message.payload))
            self.heard.notify_all()

    def until(self, number):
        with self.heard:
            assert self.heard.wait_for(lambda: number in self.numbers[-200:], 30), (number, self.numbers[-3:])

    def leave(self):
        self.client.disconnect()
        self.client.loop_stop()


class Writer:
    """Publishes numbers at QoS 1, some in flight; knows which were acknowledged."""

    def __init__(self, server, made, first, last=None):
        self.sent, self.acked = {}, set()
        self.room, self.stopped = threading.Semaphore(WINDOW), threading.Event()
        self.number, self.last = first, last
        connected = threading.Event()
        self.client = client(made, "writer", True)
        self.client.on_connect = lambda *_: connected.set()
        self.client.on_publish = self.on_publish
        self.client.connect(*server.mqtt_address)
        self.client.loop_start()
        assert connected.wait(10)
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def on_publish(self, _, __, mid):
        self.acked.add(mid)
        self.room.release()

    def run(self):
        while not self.stopped.is_set() and (self.last is None or self.number < self.last):
            if self.room.acquire(timeout=0.2):
                self.number += 1
                self.sent[self.client.publish(TOPIC, str(self.number), 1).mid] = self.number

    def stop(self):
        """The numbers that the server acknowledged."""
        self.stopped.set()
        self.thread.join()
        self.client.disconnect()
        self.client.loop_stop()
        return {self.sent[mid] for mid in self.acked if mid in self.sent}

    def all_acknowledged(self):
        self.thread.join()
        deadline = time.monotonic() + 30
        while len(self.acked) < len(self.sent):
            assert time.monotonic() < deadline, f"{len(self.acked)} of {len(self.sent)} acknowledged"
            time.sleep(0.01)
        return self.stop()


@pytest.mark.parametrize("ending", ["SIGTERM", "SIGKILL after a second", "SIGKILL at once"])
def test_f01_500_messages_wait_for_a_client_that_is_away(world, ending):
    server, made = world
    Reader(server, made).leave()
    assert len(Writer(server, made, 0, 500).all_acknowledged()) == 500
    if ending == "SIGTERM":
        assert server.stop() == 0
    else:
        if ending == "SIGKILL after a second":
            time.sleep(1)
        server.kill()
    server.start()
    reader = Reader(server, made)
    assert reader.present == 1
    reader.until(500)
    assert reader.numbers == list(range(1, 501))
    reader.leave()


@pytest.mark.timeout(60 + 20 * ROUNDS)
def test_f01_a_queue_outlives_kills_at_random_moments(world):
    chance, (server, made) = random.Random(SEED), world
    Reader(server, made).leave()
    acked, number, seen, starts = set(), 0, [], 0
    for turn in range(ROUNDS):
        writer = Writer(server, made, number, number + NUMBERS)
        # In half of the rounds somebody takes what waits meanwhile, and is cut off in the middle.
        reader = Reader(server, made) if turn % 2 else None
        time.sleep(chance.uniform(0.02, 0.6))
        server.kill()
        acked |= writer.stop()
        number = writer.number
        if reader:
            reader.leave()
            seen += reader.numbers
        server.start()
        starts += 1
    number += 1
    assert Writer(server, made, number - 1, number).all_acknowledged() == {number}
    reader = Reader(server, made)
    assert reader.present == 1
    reader.until(number)
    reader.leave()
    seen += reader.numbers
    missing = (acked | {number}) - set(seen)
    assert not missing, f"seed {SEED}: lost {sorted(missing)[:10]} of {len(acked)}"
    first = list(dict.fromkeys(seen))
    assert first == sorted(first), f"seed {SEED}: out of order"
    assert starts == ROUNDS and len(acked) > ROUNDS
