"""Nothing acknowledged is lost (F1): the server is killed in the middle of a load, started again, and asked."""

import json
import os
import random
import threading
import time

import pytest
from cloud import Cloud
from conftest import MODEL
from device import Device
from server import Server

ROUNDS = int(os.environ.get("THINGD_KILL_ROUNDS", "10"))
SEED = int(os.environ.get("THINGD_KILL_SEED", random.randrange(1 << 30)))
DEVICES = 4
WINDOW = 20


class Load:
    """Publishes numbered reports at QoS 1 until the connection breaks; knows which were acknowledged."""

    def __init__(self, address, product, name, secret, first):
        self.device = Device(address, product, name, secret)
        assert self.device.code == 0
        self.sent, self.acked = {}, set()
        self.room = threading.Semaphore(WINDOW)
        self.device.client.on_publish = self.on_publish
        self.number, self.stopped = first, threading.Event()
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def on_publish(self, client, userdata, mid):
        self.acked.add(mid)
        self.room.release()

    def run(self):
        topic = self.device.topic("up", "property")
        while not self.stopped.is_set():
            if not self.room.acquire(timeout=0.2):
                continue
            self.number += 1
            message = {"method": "report", "clientToken": "k", "params": {"name": str(self.number), "brightness": 1}}
            self.sent[self.device.client.publish(topic, json.dumps(message), 1).mid] = self.number

    def stop(self):
        """The numbers that the server acknowledged."""
        self.stopped.set()
        self.thread.join()
        self.device.client.disconnect()
        self.device.client.loop_stop()
        return {self.sent[mid] for mid in self.acked if mid in self.sent}


def stored(cloud, product, name):
    found, context, until = [], "", int(time.time() * 1000) + 60_000
    while True:
        page = cloud("DescribeDeviceDataHistory", ProductId=product, DeviceName=name, FieldName="name", MinTime=0,
                     MaxTime=until, Limit=500, Context=context)
        found += [int(row["Value"]) for row in page["Results"]]
        context = page["Context"]
        if page["Listover"]:
            return found


@pytest.mark.timeout(60 + 20 * ROUNDS)
def test_f01_nothing_acknowledged_is_lost_when_the_server_is_killed_at_random_moments(tmp_path):
    chance = random.Random(SEED)
    server = Server(tmp_path).start()
    cloud = Cloud(server)
    product = cloud.product("killed", json.dumps(MODEL))
    secrets = {f"k{i}": cloud.device(product, f"k{i}") for i in range(DEVICES)}
    acked = {name: set() for name in secrets}
    last = dict.fromkeys(secrets, 0)
    for turn in range(ROUNDS):
        loads = {n: Load(server.mqtt_address, product, n, s, last[n]) for n, s in secrets.items()}
        time.sleep(chance.uniform(0.02, 1.0))
        server.kill()
        for name, load in loads.items():
            acked[name] |= load.stop()
            last[name] = load.number
        server.start()
        cloud = Cloud(server)
        for name in secrets:
            found = stored(cloud, product, name)
            missing = acked[name] - set(found)
            assert not missing, f"seed {SEED}, kill {turn}: {name} lost {sorted(missing)[:10]} of {len(acked[name])}"
            assert len(found) == len(set(found)), f"seed {SEED}, kill {turn}: {name} has reports twice"
            if acked[name]:
                value = int(cloud.data(product, name)["name"]["Value"])
                assert value >= max(acked[name]), f"seed {SEED}, kill {turn}: {name} shows {value}"
    assert sum(map(len, acked.values())) > 0
    assert server.stop() == 0
