import json

import pytest
from cloud import Cloud
from server import BINARY, Server, loopback

MODEL = {
    "version": "1.0",
    "properties": [
        {"id": "power_switch", "name": "电灯开关", "desc": "", "required": True, "mode": "rw",
         "define": {"type": "bool", "mapping": {"0": "关", "1": "开"}}},
        {"id": "color", "name": "颜色", "desc": "", "mode": "rw",
         "define": {"type": "enum", "mapping": {"0": "Red", "1": "Green", "2": "Blue"}}},
        {"id": "brightness", "name": "亮度", "desc": "", "mode": "rw",
         "define": {"type": "int", "unit": "%", "step": "1", "min": "0", "max": "100", "start": "1"}},
        {"id": "name", "name": "名称", "desc": "", "mode": "rw", "required": False,
         "define": {"type": "string", "min": "0", "max": "64"}},
        {"id": "temp", "name": "温度", "desc": "", "mode": "r",
         "define": {"type": "float", "unit": "℃", "step": "0.1", "min": "-40", "max": "80", "start": "0"}},
    ],
    "events": [
        {"id": "low_voltage", "name": "LowVoltage", "desc": "", "type": "alert", "required": False,
         "params": [{"id": "voltage", "name": "Voltage", "desc": "",
                     "define": {"type": "float", "unit": "V", "step": "1", "min": "0.0", "max": "24.0", "start": "1"}}]},
        {"id": "status_report", "name": "DeviceStatus", "desc": "", "type": "info", "required": False,
         "params": [{"id": "message", "name": "Message", "desc": "", "define": {"type": "string", "min": "0", "max": "64"}}]},
    ],
    "actions": [
        {"id": "unlock", "name": "开锁", "desc": "", "required": False,
         "input": [{"id": "user", "name": "用户", "define": {"type": "string", "min": "0", "max": "2048"}}],
         "output": [{"id": "state", "name": "状态", "define": {"type": "bool", "mapping": {"0": "关", "1": "开"}}}]},
    ],
    "profile": {"ProductId": "", "CategoryId": "1"},
}


def pytest_configure(config):
    assert BINARY.exists(), f"{BINARY} is not built: scripts/release.sh"


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    """One server for all tests, on the ports that the device SDK has built in."""
    address = loopback()
    server = Server(tmp_path_factory.mktemp("thingd"), f"{address}:1883", f"{address}:8883")
    server.start()
    yield server
    assert server.stop() == 0, server.log.read_text()[-2000:]
    assert "panicked" not in server.log.read_text()


@pytest.fixture(scope="session")
def cloud(server):
    return Cloud(server)


@pytest.fixture(scope="session")
def lamps(cloud):
    """A product with the light's model."""
    return cloud.product("blackbox_lamp", json.dumps(MODEL))
