"""Tencent's own device SDK for Python, unmodified: it connects to the host name it has built in."""

import json
import os
import pathlib
import subprocess
import sys
import tempfile

import pytest
from server import wait_for

HERE = pathlib.Path(__file__).parent


@pytest.fixture()
def sdk(server, cloud, lamps, request):
    """A process in which {ProductId}.iotcloud.tencentdevices.com is our address; it talks in JSON lines."""
    name = "sdk-" + request.node.name.removeprefix("test_")[:40].replace("[", "-").replace("]", "")
    secret = cloud.device(lamps, name)
    folder = pathlib.Path(tempfile.mkdtemp())
    hosts = folder / "hosts"
    hosts.write_text(f"127.0.0.1 localhost\n{server.mqtt_address[0]} {lamps}.iotcloud.tencentdevices.com\n")
    (folder / "device.json").write_text(json.dumps({
        "auth_mode": "KEY", "productId": lamps, "productSecret": "", "deviceName": name,
        "key_deviceinfo": {"deviceSecret": secret},
        "cert_deviceinfo": {"devCaFile": "", "devCertFile": "", "devPrivateKeyFile": ""},
        "region": "china",
    }))
    (folder / "model.json").write_text(
        cloud("DescribeModelDefinition", ProductId=lamps)["Model"]["ModelDefine"])
    script = f'mount --bind "{hosts}" /etc/hosts && exec "{sys.executable}" "{HERE / "sdk_device.py"}" "{folder}"'
    process = subprocess.Popen(["unshare", "-m", "sh", "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                               stderr=open(folder / "err", "w"), text=True, cwd=folder)
    process.name = name

    def say(**command):
        process.stdin.write(json.dumps(command) + "\n")
        process.stdin.flush()

    def hear(kind):
        while True:
            line = process.stdout.readline()
            assert line, (folder / "err").read_text()[-3000:]
            if line.startswith("{"):
                message = json.loads(line)
                if message["kind"] == kind:
                    return message

    process.say, process.hear = say, hear
    hear("ready")
    yield process
    process.kill()
    process.wait()


@pytest.mark.skipif(os.geteuid() != 0, reason="a private /etc/hosts needs root")
def test_report_control_event_and_action(sdk, cloud, lamps):
    sdk.say(do="report", params={"power_switch": 1, "brightness": 33})
    reply = sdk.hear("property")["message"]
    assert reply["method"] == "report_reply" and reply["code"] == 0
    assert cloud.data(lamps, sdk.name)["brightness"]["Value"] == 33

    cloud("ControlDeviceData", ProductId=lamps, DeviceName=sdk.name, Data=json.dumps({"brightness": 44}))
    control = sdk.hear("property")["message"]
    assert control["method"] == "control" and control["params"] == {"brightness": 44}

    sdk.say(do="event", message={"events": [
        {"eventId": "low_voltage", "type": "alert", "timestamp": 0, "params": {"voltage": 3.0}}]})
    assert sdk.hear("event")["message"]["code"] == 0
    events = cloud("ListEventHistory", ProductId=lamps, DeviceName=sdk.name, Size=10)["EventHistory"]
    assert [e["EventId"] for e in events] == ["low_voltage"]

    done = cloud("CallDeviceActionSync", ProductId=lamps, DeviceName=sdk.name, ActionId="unlock",
                 InputParams=json.dumps({"user": "alice"}))
    assert json.loads(done["OutputParams"]) == {"state": 1}

    sdk.say(do="status")
    assert sdk.hear("property")["message"]["method"] == "get_status_reply"
    status = lambda: cloud("DescribeDevice", ProductId=lamps, DeviceName=sdk.name)["Device"]["Status"]
    assert status() == 1
    sdk.say(do="quit")
    wait_for("the SDK to go offline", lambda: status() == 0)
