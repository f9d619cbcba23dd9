"""Tencent's Cloud SDK for Python against the Cloud API door."""

import json

import pytest
from cloud import Cloud
from conftest import MODEL
from tencentcloud.common.exception.tencent_cloud_sdk_exception import TencentCloudSDKException


@pytest.mark.parametrize("sign", ["TC3-HMAC-SHA256", "HmacSHA1", "HmacSHA256"])
@pytest.mark.parametrize("method", ["POST", "GET"])
def test_every_signature_of_the_sdk_is_accepted(server, sign, method):
    listed = Cloud(server, sign=sign, method=method)("GetProjectList", Offset=0, Limit=10)
    assert listed["Projects"][0]["ProjectId"] == server.login["EnterpriseProjectId"]
    assert listed["Total"] >= 2 and len(listed["RequestId"]) == 36


def test_a_wrong_key_and_an_unknown_key_get_their_codes(server):
    assert Cloud(server, secret_key="x" * 32).code("GetProjectList") == "AuthFailure.SignatureFailure"
    assert Cloud(server, secret_id="AKID" + "x" * 32).code("GetProjectList") == "AuthFailure.SecretIdNotFound"


@pytest.mark.parametrize("sign", ["TC3-HMAC-SHA256", "HmacSHA1"])
@pytest.mark.parametrize("method", ["POST", "GET"])
@pytest.mark.parametrize("language, message", [
    ("zh-CN", "项目不存在：project prj-00000000 does not exist"),
    ("en-US", "project prj-00000000 does not exist"),
])
def test_errors_are_told_in_the_language_of_the_profile(server, sign, method, language, message):
    cloud = Cloud(server, sign=sign, method=method, language=language)
    with pytest.raises(TencentCloudSDKException) as error:
        cloud("DescribeProject", ProjectId="prj-00000000")
    assert error.value.get_code() == "ResourceNotFound.ProjectNotExist"
    assert error.value.get_message() == message


def test_projects(cloud):
    project = cloud("CreateProject", ProjectName="温室 🌱", ProjectDesc="d")["Project"]
    assert project["ProjectName"] == "温室 🌱"
    pid = project["ProjectId"]
    cloud("ModifyProject", ProjectId=pid, ProjectName="greenhouse", ProjectDesc="e")
    got = cloud("DescribeProject", ProjectId=pid)["Project"]
    assert (got["ProjectName"], got["ProjectDesc"]) == ("greenhouse", "e")
    assert got["InstanceId"] == cloud.login["EnterpriseInstanceId"]
    found = cloud("GetProjectList", ProjectName="greenh")["Projects"]
    assert [p["ProjectId"] for p in found] == [pid]
    cloud("DeleteProject", ProjectId=pid)
    assert cloud.code("DescribeProject", ProjectId=pid).startswith("ResourceNotFound")


def test_products_and_their_model(cloud):
    product = cloud.product("sdk_road", json.dumps(MODEL))
    got = cloud("DescribeStudioProduct", ProductId=product)["Product"]
    assert (got["DevStatus"], got["EncryptionType"], got["DataProtocol"]) == ("dev", "2", 1)
    model = cloud("DescribeModelDefinition", ProductId=product)["Model"]
    assert json.loads(model["ModelDefine"])["properties"][0]["id"] == "power_switch"
    cloud("ModifyStudioProduct", ProductId=product, ProductName=got["ProductName"], ProductDesc="new", ModuleId=0)
    assert cloud("DescribeStudioProduct", ProductId=product)["Product"]["ProductDesc"] == "new"
    found = cloud("SearchStudioProduct", ProductName=got["ProductName"])
    assert [p["ProductId"] for p in found["Products"]] == [product]
    listed = cloud("GetStudioProductList", ProjectId=got["ProjectId"], Limit=100)
    assert product in [p["ProductId"] for p in listed["Products"]]
    cloud.device(product, "d1")
    assert cloud.code("DeleteStudioProduct", ProductId=product) != "InternalError"
    cloud("DeleteDevice", ProductId=product, DeviceName="d1")
    cloud("ReleaseStudioProduct", ProductId=product, DevStatus="released")
    assert cloud("DescribeStudioProduct", ProductId=product)["Product"]["DevStatus"] == "released"
    assert cloud.code("ModifyModelDefinition", ProductId=product, ModelSchema=json.dumps(MODEL)) != "InternalError"
    cloud("ReleaseStudioProduct", ProductId=product, DevStatus="dev")
    cloud("DeleteStudioProduct", ProductId=product)
    assert cloud.code("DescribeStudioProduct", ProductId=product).startswith("ResourceNotFound")


@pytest.mark.parametrize("change, path", [
    (lambda m: m["properties"][2]["define"].update(max="abc"), "properties[2].define.max"),
    (lambda m: m["properties"].append(dict(m["properties"][0])), "properties[5].id"),
    (lambda m: m["events"][0].update(type="loud"), "events[0].type"),
])
def test_a_wrong_model_is_refused_with_the_path_and_changes_nothing(cloud, lamps, change, path):
    model = json.loads(json.dumps(MODEL))
    change(model)
    before = cloud("DescribeModelDefinition", ProductId=lamps)["Model"]["ModelDefine"]
    with pytest.raises(TencentCloudSDKException) as error:
        cloud("ModifyModelDefinition", ProductId=lamps, ModelSchema=json.dumps(model))
    assert path in error.value.get_message(), error.value
    assert cloud("DescribeModelDefinition", ProductId=lamps)["Model"]["ModelDefine"] == before


def test_devices(cloud):
    product = cloud.product("sdk_devices")
    for i in range(12):
        cloud.device(product, f"dev-{i:02}")
    page = cloud("GetDeviceList", ProductId=product, Offset=10, Limit=10)
    assert page["Total"] == 12 and len(page["Devices"]) == 2
    assert all(d["DevicePsk"] == "" and d["Status"] == 3 for d in page["Devices"])
    found = cloud("GetDeviceList", ProductId=product, DeviceName="v-11")["Devices"]
    assert [d["DeviceName"] for d in found] == ["dev-11"]
    one = cloud("DescribeDevice", ProductId=product, DeviceName="dev-03")["Device"]
    assert (one["EnableState"], one["Status"], len(one["DevicePsk"])) == (1, 3, 24)
    items = [{"ProductId": product, "DeviceName": "dev-03"}]
    cloud("UpdateDevicesEnableState", DevicesItems=items, Status=0)
    assert cloud("DescribeDevice", ProductId=product, DeviceName="dev-03")["Device"]["EnableState"] == 0
    assert cloud.code("CreateDevice", ProductId=product, DeviceName="dev-03").split(".")[0] in (
        "ResourceInUse", "InvalidParameterValue", "FailedOperation", "LimitExceeded")
    for bad in ["温度", "a b", "", "x" * 49]:
        assert cloud.code("CreateDevice", ProductId=product, DeviceName=bad).startswith("InvalidParameterValue")
    cloud("DeleteDevices", DevicesItems=items)
    assert cloud.code("DescribeDevice", ProductId=product, DeviceName="dev-03").startswith("ResourceNotFound")
    assert cloud("GetDeviceList", ProductId=product, Limit=10)["Total"] == 11


def test_the_instances(cloud):
    login = cloud.login
    data = cloud("DescribeInstance", InstanceId=login["EnterpriseInstanceId"],
                 Include=["ProductNum", "ProjectNum", "UsedDeviceNum", "TotalDevice", "ActivateDevice"])["Data"]
    assert data["InstanceId"] == login["EnterpriseInstanceId"] and data["InstanceType"] != 0
    assert data["ProjectNum"] >= 1
    public = cloud("DescribeInstance", InstanceId=login["PublicInstanceId"])["Data"]
    assert public["InstanceType"] in (0, 3) and public["TotalDeviceNum"] == 100
    assert cloud.code("DescribeInstance", InstanceId="ins-0000000000").startswith("ResourceNotFound")


def test_what_is_not_built_says_so(cloud):
    assert cloud.code("GetTopicRuleList", PageNum=1, PageSize=10).startswith("UnsupportedOperation")
    assert cloud.code("CreateLoRaFrequency", FreqName="cn", ChannelsDataUp=[470300000], ChannelsDataRX1=[500300000],
                      ChannelsDataRX2=[505300000], ChannelsJoinUp=[470300000], ChannelsJoinRX1=[500300000],
                      ChannelsJoinRX2=[505300000], Description="").startswith("UnsupportedOperation")
