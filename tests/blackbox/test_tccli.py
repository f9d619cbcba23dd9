"""Tencent's command line client, unmodified."""

import json
import os
import pathlib
import subprocess
import sys


def tccli(server, home, *words):
    env = {**os.environ, "HOME": str(home), "TENCENTCLOUD_SECRET_ID": server.login["SecretId"],
           "TENCENTCLOUD_SECRET_KEY": server.login["SecretKey"], "TENCENTCLOUD_REGION": "ap-guangzhou"}
    program = pathlib.Path(sys.executable).with_name("tccli")
    done = subprocess.run([str(program), "iotexplorer", *words, "--endpoint", f"http://{server.http}"],
                          env=env, capture_output=True, text=True, timeout=60)
    return done.returncode, done.stdout, done.stderr


def test_tccli_creates_lists_and_reads(server, lamps, tmp_path):
    code, out, err = tccli(server, tmp_path, "GetProjectList", "--Limit", "10", "--Offset", "0")
    assert code == 0, err + out
    assert json.loads(out)["Projects"][0]["ProjectId"] == server.login["EnterpriseProjectId"]
    code, out, err = tccli(server, tmp_path, "CreateDevice", "--ProductId", lamps, "--DeviceName", "cli-1")
    assert code == 0, err + out
    assert len(json.loads(out)["Data"]["DevicePsk"]) == 24
    code, out, err = tccli(server, tmp_path, "GetDeviceList", "--ProductId", lamps, "--DeviceName", "cli-1")
    assert json.loads(out)["Total"] == 1
    code, out, err = tccli(server, tmp_path, "DescribeDevice", "--ProductId", lamps, "--DeviceName", "nobody")
    assert code != 0 and "ResourceNotFound" in err + out
