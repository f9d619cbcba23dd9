"""The TLS door with real clients: OpenSSL and mosquitto with keys, paho with certificates."""

import base64
import json
import queue
import random
import re
import ssl
import subprocess
import time

import paho.mqtt.client as paho
import pytest
from server import wait_for


@pytest.fixture()
def lamp(cloud, lamps):
    """Product, name and key in hex of a new device."""
    name = f"psk-{random.randint(0, 1 << 30)}"
    secret = cloud.device(lamps, name)
    return lamps, name, base64.b64decode(secret).hex()


def s_client(server, *args):
    """What `openssl s_client` says of its handshake; it leaves at once."""
    done = subprocess.run(["openssl", "s_client", "-connect", server.mqtts, *args],
                          input=b"", capture_output=True, timeout=20)
    return (done.stdout + done.stderr).decode(errors="replace")


@pytest.mark.parametrize("suite", ["PSK-AES128-CBC-SHA", "PSK-AES256-CBC-SHA"])
def test_the_suites_of_the_c_sdk(server, lamp, suite):
    product, name, key = lamp
    said = s_client(server, "-tls1_2", "-cipher", suite, "-psk", key, "-psk_identity", product + name)
    assert f"Cipher is {suite}" in said, said


def test_an_unknown_identity_is_a_wrong_key(server, lamp):
    product, name, key = lamp
    args = ["-tls1_2", "-cipher", "PSK-AES128-CBC-SHA"]
    ends = [
        re.findall(r"alert [a-z ]+", s_client(server, *args, "-psk", given, "-psk_identity", identity))
        for identity, given in [(product + name, "00" * 16), (product + "nobody", key), ("nobody", key)]
    ]
    assert ends[0] and ends[0] == ends[1] == ends[2], ends


@pytest.mark.parametrize("version", ["tlsv1.2", "tlsv1.3"])
def test_mosquitto_reports_by_key(server, cloud, lamp, version):
    product, name, key = lamp
    host, port = server.mqtts_address
    report = {"method": "report", "clientToken": "m", "params": {"brightness": 42}}
    mosquitto_pub(host, port, product, name, report, "--psk", key, "--psk-identity", product + name,
                  "--tls-version", version)
    data = wait_for("the report", lambda: cloud.data(product, name))
    assert data["brightness"]["Value"] == 42
    # The key of one device opens no other.
    other = f"{name}-2"
    cloud.device(product, other)
    with pytest.raises(subprocess.CalledProcessError):
        mosquitto_pub(host, port, product, other, report, "--psk", key, "--psk-identity", product + name,
                      "--tls-version", version)


def mosquitto_pub(host, port, product, name, message, *tls):
    client = product + name
    subprocess.run(
        ["mosquitto_pub", "-h", host, "-p", str(port), "-i", client, "-u", f"{client};21010406;AbC1x;92233720368547758",
         "-t", f"$thing/up/property/{product}/{name}", "-q", "1", "-m", json.dumps(message), *tls],
        check=True, capture_output=True, timeout=20)


@pytest.fixture(scope="module")
def safe(cloud):
    """A product of certificates."""
    return cloud.product("blackbox_safe", EncryptionType="1")


def certified(cloud, product, name, folder):
    """A new device's certificate and key, as files."""
    made = cloud("CreateDevice", ProductId=product, DeviceName=name)["Data"]
    files = folder / f"{name}.pem", folder / f"{name}.key"
    for file, text in zip(files, (made["DeviceCert"], made["DevicePrivateKey"])):
        file.write_text(text)
    return files


def knock(server, client, files, version, password=None):
    """CONNACK's code of a client with that certificate."""
    codes = queue.Queue()
    mqtt = paho.Client(client_id=client, clean_session=True)
    mqtt.on_connect = lambda c, u, f, rc: codes.put(rc)
    context = ssl.create_default_context(cafile=str(server.data / "tls" / "ca.pem"))
    context.minimum_version = context.maximum_version = version
    if files:
        context.load_cert_chain(*map(str, files))
    mqtt.tls_set_context(context)
    mqtt.username_pw_set(f"{client};12010126;AbC1x;{int(time.time()) + 3600}", password)
    mqtt.connect(*server.mqtts_address)
    mqtt.loop_start()
    code = codes.get(timeout=10)
    mqtt.disconnect()
    mqtt.loop_stop()
    return code


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_paho_connects_by_its_certificate_alone(server, cloud, safe, tmp_path, version):
    name = f"cert-{random.randint(0, 1 << 30)}"
    files = certified(cloud, safe, name, tmp_path)
    others = certified(cloud, safe, f"{name}-2", tmp_path)
    assert knock(server, safe + name, files, version) == 0
    assert knock(server, safe + name, others, version) == 5
    assert knock(server, safe + name, None, version, "00;hmacsha1") == 5


def test_a_product_of_keys_takes_no_certificate(server, cloud, safe, lamp, tmp_path):
    product, name, _ = lamp
    files = certified(cloud, safe, f"cert-{random.randint(0, 1 << 30)}", tmp_path)
    assert knock(server, product + name, files, ssl.TLSVersion.TLSv1_3) == 5
