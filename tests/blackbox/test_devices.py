"""A plain MQTT client on every door, through the thing model both ways."""

import json
import threading
import time

import paho.mqtt.client as paho
import pytest
from device import Device
from server import wait_for


@pytest.fixture()
def lamp(server, cloud, lamps, request):
    name = f"lamp-{abs(hash(request.node.name)) % 10**9}"
    secret = cloud.device(lamps, name)
    device = Device(server.mqtt_address, lamps, name, secret)
    assert device.code == 0
    device.secret = secret
    yield device
    device.close()


def test_a_report_is_answered_stored_and_read_back(cloud, lamp):
    assert lamp.subscribe("property") == [1]
    reply = lamp.report({"power_switch": 1, "brightness": 40, "name": "客厅 💡", "temp": 21.5}, "tok-9")
    assert reply == {"method": "report_reply", "clientToken": "tok-9", "code": 0, "status": reply["status"]}
    data = cloud.data(lamp.product, lamp.name)
    assert {k: v["Value"] for k, v in data.items() if k in ("power_switch", "brightness", "name", "temp")} == {
        "power_switch": 1, "brightness": 40, "name": "客厅 💡", "temp": 21.5}
    lamp.report({"brightness": 41}, "tok-10")
    now = int(time.time() * 1000)
    history = cloud("DescribeDeviceDataHistory", ProductId=lamp.product, DeviceName=lamp.name,
                    FieldName="brightness", MinTime=now - 600_000, MaxTime=now + 600_000, Limit=10)
    assert sorted(r["Value"] for r in history["Results"]) == ["40", "41"] and history["Listover"]


def test_history_pages_by_its_context(cloud, lamp):
    lamp.subscribe("property")
    base = int(time.time() * 1000) - 50_000
    for i in range(7):
        lamp.report({"brightness": i}, f"p{i}", timestamp=base + i * 1000)
    seen, context = [], ""
    for _ in range(10):
        page = cloud("DescribeDeviceDataHistory", ProductId=lamp.product, DeviceName=lamp.name, FieldName="brightness",
                     MinTime=base - 1, MaxTime=base + 60_000, Limit=3, Context=context)
        seen += [int(r["Value"]) for r in page["Results"]]
        context = page["Context"]
        if page["Listover"]:
            break
    assert sorted(seen) == list(range(7)) and len(seen) == 7


@pytest.mark.parametrize("params", [
    {"nobody": 1}, {"brightness": 101}, {"brightness": "40"}, {"power_switch": 2}, {"color": 9}, {"name": "x" * 65},
    {"temp": "warm"}, {"brightness": 1, "nobody": 2},
])
def test_a_report_outside_the_model_gets_406_and_stores_nothing(cloud, lamp, params):
    lamp.subscribe("property")
    assert lamp.report(params, "bad")["code"] == 406
    stored = cloud.data(lamp.product, lamp.name)
    assert not any(v.get("LastUpdate") for v in stored.values()), stored


def test_control_reaches_the_device_and_waits_as_desired_value_when_it_is_away(cloud, lamp):
    lamp.subscribe("property")
    sent = cloud("ControlDeviceData", ProductId=lamp.product, DeviceName=lamp.name, Data=json.dumps({"power_switch": 1}))
    assert json.loads(sent["Result"]) == {"Sent": 1, "pushResult": 0}
    control = lamp.expect("control")
    assert control["params"] == {"power_switch": 1}
    lamp.send("property", {"method": "control_reply", "clientToken": control["clientToken"], "code": 0, "status": ""})
    lamp.send("property", {"method": "clear_control", "clientToken": "c1"})
    assert lamp.expect("clear_control_reply")["code"] == 0
    lamp.close()
    status = lambda: cloud("DescribeDevice", ProductId=lamp.product, DeviceName=lamp.name)["Device"]["Status"]
    wait_for("the device to be offline", lambda: status() == 0)
    sent = cloud("ControlDeviceData", ProductId=lamp.product, DeviceName=lamp.name, Data=json.dumps({"brightness": 7}))
    assert json.loads(sent["Result"])["Sent"] == 0 and json.loads(sent["Result"])["pushResult"] == 23101


def test_get_status_gives_pending_control_until_it_is_cleared(server, cloud, lamps):
    secret = cloud.device(lamps, "desired-1")
    cloud("ControlDeviceData", ProductId=lamps, DeviceName="desired-1", Data=json.dumps({"brightness": 7}))
    device = Device(server.mqtt_address, lamps, "desired-1", secret)
    device.subscribe("property")
    ask = {"method": "get_status", "clientToken": "g1", "type": "report", "showmeta": 0}
    device.send("property", ask)
    got = device.expect("get_status_reply")
    assert got["code"] == 0 and got["data"]["control"] == {"brightness": 7}
    device.send("property", {"method": "clear_control", "clientToken": "c1"})
    assert device.expect("clear_control_reply")["code"] == 0
    device.report({"brightness": 7}, "r1")
    device.send("property", ask)
    got = device.expect("get_status_reply")
    assert not got["data"].get("control") and got["data"]["reported"]["brightness"] == 7
    device.close()


def test_events_in_both_shapes_are_listed(cloud, lamp):
    lamp.subscribe("event")
    lamp.send("event", {"method": "event_post", "clientToken": "e1", "version": "1.0", "eventId": "low_voltage",
                        "type": "alert", "timestamp": 0, "params": {"voltage": 1.5}})
    assert lamp.expect("event_reply")["code"] == 0
    lamp.send("event", {"method": "events_post", "clientToken": "e2", "events": [
        {"eventId": "status_report", "type": "info", "timestamp": 0, "params": {"message": "a"}},
        {"eventId": "low_voltage", "type": "alert", "timestamp": 0, "params": {"voltage": 2.5}}]})
    assert lamp.expect("event_reply")["code"] == 0
    listed = cloud("ListEventHistory", ProductId=lamp.product, DeviceName=lamp.name, Size=10)["EventHistory"]
    assert sorted(e["EventId"] for e in listed) == ["low_voltage", "low_voltage", "status_report"]
    alerts = cloud("ListEventHistory", ProductId=lamp.product, DeviceName=lamp.name, Type="alert", Size=10)["EventHistory"]
    assert {json.loads(e["Data"])["voltage"] for e in alerts} == {1.5, 2.5}
    lamp.send("event", {"method": "event_post", "clientToken": "e3", "eventId": "nobody", "type": "alert", "params": {}})
    assert lamp.expect("event_reply")["code"] != 0


def test_an_action_is_called_and_answered(cloud, lamp):
    lamp.subscribe("action")

    def answer():
        call = lamp.expect("action")
        assert set(call) >= {"method", "clientToken", "actionId", "timestamp", "params"}
        lamp.send("action", {"method": "action_reply", "clientToken": call["clientToken"], "code": 0, "status": "fine",
                             "response": {"state": 1}})

    thread = threading.Thread(target=answer)
    thread.start()
    done = cloud("CallDeviceActionSync", ProductId=lamp.product, DeviceName=lamp.name, ActionId="unlock",
                 InputParams=json.dumps({"user": "alice"}))
    thread.join()
    assert json.loads(done["OutputParams"]) == {"state": 1} and done["Status"] == "fine"
    called = cloud("CallDeviceActionAsync", ProductId=lamp.product, DeviceName=lamp.name, ActionId="unlock",
                   InputParams=json.dumps({"user": "bob"}))
    assert lamp.expect("action")["clientToken"] == called["ClientToken"]
    assert cloud.code("CallDeviceActionSync", ProductId=lamp.product, DeviceName=lamp.name, ActionId="nobody",
                      InputParams="{}") != "InternalError"


def test_a_message_of_the_cloud_reaches_a_custom_topic(cloud, lamp):
    topic = f"{lamp.product}/{lamp.name}/control"
    assert lamp.filter(topic) == 1
    cloud("PublishMessage", ProductId=lamp.product, DeviceName=lamp.name, Topic=topic, Payload="aGVsbG8=", Qos=1,
          PayloadEncoding="base64")
    assert lamp.messages.get(timeout=10) == (topic, b"hello")
    other = f"{lamp.product}/nobody/control"
    assert cloud.code("PublishMessage", ProductId=lamp.product, DeviceName=lamp.name, Topic=other,
                      Payload="x") != "InternalError"


def test_foreign_topics_are_refused_and_the_connection_is_kept(cloud, lamp):
    for topic in ["#", "$thing/down/property/+/+", f"$thing/down/property/{lamp.product}/other", "$SYS/#",
                  f"{lamp.product}/+/data", "$share/g/#"]:
        assert lamp.filter(topic) == 0x80, topic
    lamp.client.publish(f"$thing/up/property/{lamp.product}/other", "{}", 1).wait_for_publish()
    lamp.subscribe("property")
    assert lamp.report({"brightness": 1})["code"] == 0


@pytest.mark.parametrize("method", ["hmacsha1", "hmacsha256"])
@pytest.mark.parametrize("protocol", [paho.MQTTv31, paho.MQTTv311])
@pytest.mark.parametrize("expiry", ["92233720368547758", "2147483647", None, "1732450000000"])
def test_the_odd_user_names_of_the_sdks_connect(server, cloud, lamps, method, protocol, expiry):
    name = f"odd-{method}-{protocol}-{expiry}"
    device = Device(server.mqtt_address, lamps, name, cloud.device(lamps, name), method=method, protocol=protocol,
                    expiry=expiry)
    assert device.code == 0
    device.close()


def test_a_wrong_password_and_a_disabled_device_are_refused_and_kicked(server, cloud, lamps):
    secret = cloud.device(lamps, "guarded")
    assert Device(server.mqtt_address, lamps, "guarded", secret, pass_word="00" * 20 + ";hmacsha1").code in (4, 5)
    device = Device(server.mqtt_address, lamps, "guarded", secret)
    assert device.code == 0
    items = [{"ProductId": lamps, "DeviceName": "guarded"}]
    cloud("UpdateDevicesEnableState", DevicesItems=items, Status=0)
    device.gone.get(timeout=10)
    device.client.loop_stop()
    assert Device(server.mqtt_address, lamps, "guarded", secret).code in (4, 5)
    cloud("UpdateDevicesEnableState", DevicesItems=items, Status=1)
    again = Device(server.mqtt_address, lamps, "guarded", secret)
    assert again.code == 0
    again.close()


@pytest.mark.parametrize("door", ["tls", "ws /", "ws /mqtt"])
def test_the_other_doors(server, cloud, lamps, door):
    name = "door-" + door.replace(" ", "").replace("/", "_")
    secret = cloud.device(lamps, name)
    if door == "tls":
        device = Device(server.mqtts_address, lamps, name, secret, ca=server.data / "tls" / "ca.pem")
    else:
        host, port = server.http.rsplit(":", 1)
        device = Device((host, int(port)), lamps, name, secret, transport="websockets", path=door.split()[1])
    assert device.code == 0
    device.subscribe("property")
    assert device.report({"brightness": 5})["code"] == 0
    device.close()


def test_a_second_connection_takes_over(server, cloud, lamps):
    secret = cloud.device(lamps, "twice")
    first = Device(server.mqtt_address, lamps, "twice", secret)
    first.client.reconnect_delay_set(60, 60)
    second = Device(server.mqtt_address, lamps, "twice", secret)
    first.gone.get(timeout=10)
    first.client.loop_stop()
    second.subscribe("property")
    assert second.report({"brightness": 5})["code"] == 0
    second.close()
