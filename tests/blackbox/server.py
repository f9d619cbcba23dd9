"""The released binary, started as a user would, on a folder of its own."""

import json
import os
import pathlib
import random
import signal
import subprocess
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
# THINGD_BINARY names another, a debug build for example.
BINARY = pathlib.Path(os.environ.get("THINGD_BINARY", ROOT / "target" / "release" / "thingd"))
# How often one device may connect and publish is tested elsewhere; here it would only make tests wait.
UNLIMITED = {
    "THINGD_LIMITS__UP_QOS1_PER_S": "0", "THINGD_LIMITS__UP_QOS0_PER_S": "0",
    "THINGD_LIMITS__INSTANCE_RATE": "false", "THINGD_LIMITS__CONNECT_EVERY_S": "0",
}


def wait_for(what, probe, seconds=15.0):
    """Polls `probe` until it gives something true; fails after `seconds`."""
    deadline = time.monotonic() + seconds
    while True:
        found = probe()
        if found:
            return found
        assert time.monotonic() < deadline, f"waited {seconds} s for {what}"
        time.sleep(0.02)


class Server:
    """One `thingd serve`; can be killed and started again on the same folder."""

    def __init__(self, folder, mqtt="127.0.0.1:0", mqtts="127.0.0.1:0", flags=(), env=None, run=()):
        self.data = pathlib.Path(folder) / "data"
        self.ready_file = pathlib.Path(folder) / "ready.json"
        self.log = pathlib.Path(folder) / "thingd.log"
        self.mqtt_flag, self.mqtts_flag = mqtt, mqtts
        self.env = {**os.environ, **UNLIMITED, **(env or {})}
        self.flags = list(flags)
        # What starts it: a shell that sets limits and becomes it.
        self.run = list(run)
        self.process = None

    def start(self):
        self.ready_file.unlink(missing_ok=True)
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                [
                    *self.run, str(BINARY), "serve", "--data", str(self.data), "--http", "127.0.0.1:0",
                    "--mqtt", self.mqtt_flag, "--mqtts", self.mqtts_flag,
                    "--ready-file", str(self.ready_file), *self.flags,
                ],
                env=self.env, stdout=log, stderr=log,
            )
        wait_for("the ready file", self._ready)
        ready = json.loads(self.ready_file.read_text())
        self.http, self.mqtt, self.mqtts = ready["http"], ready["mqtt"], ready["mqtts"]
        assert ready["pid"] == self.process.pid
        login = self.data / "first-login.json"
        self.login = json.loads(login.read_text())
        return self

    def _ready(self):
        assert self.process.poll() is None, self.log.read_text()[-2000:]
        return self.ready_file.exists()

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self):
        """SIGTERM; returns the exit code."""
        if self.process is None or self.process.poll() is not None:
            return None
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise

    @property
    def mqtt_address(self):
        host, port = self.mqtt.rsplit(":", 1)
        return host, int(port)

    @property
    def mqtts_address(self):
        host, port = self.mqtts.rsplit(":", 1)
        return host, int(port)


def loopback():
    """An address of 127/8 that no other test is likely to hold, so that 1883 is free on it."""
    return f"127.{random.randint(1, 254)}.{random.randint(1, 254)}.{random.randint(2, 254)}"
