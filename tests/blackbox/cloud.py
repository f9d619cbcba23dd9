"""Tencent's own Cloud SDK, pointed here by its endpoint."""

import json
import random

from tencentcloud.common import credential
from tencentcloud.common.exception.tencent_cloud_sdk_exception import TencentCloudSDKException
from tencentcloud.common.profile.client_profile import ClientProfile
from tencentcloud.common.profile.http_profile import HttpProfile
from tencentcloud.iotexplorer.v20190423 import iotexplorer_client, models


class Cloud:
    def __init__(self, server, secret_id=None, secret_key=None, sign="TC3-HMAC-SHA256", method="POST",
                 language="zh-CN"):
        login = server.login
        self.login = login
        cred = credential.Credential(secret_id or login["SecretId"], secret_key or login["SecretKey"])
        http = HttpProfile(endpoint=server.http, protocol="http", reqMethod=method, reqTimeout=30)
        self.client = iotexplorer_client.IotexplorerClient(
            cred, "ap-guangzhou", ClientProfile(httpProfile=http, signMethod=sign, language=language))

    def __call__(self, action, **fields):
        """The SDK's typed request and response, as JSON."""
        request = getattr(models, f"{action}Request")()
        request.from_json_string(json.dumps(fields))
        response = getattr(self.client, action)(request)
        return json.loads(response.to_json_string())

    def code(self, action, **fields):
        """The error code of a call that must fail."""
        try:
            answer = self(action, **fields)
        except TencentCloudSDKException as error:
            return error.get_code()
        raise AssertionError(f"{action} {fields} was accepted: {answer}")

    def product(self, name, model=None, **fields):
        """A new product in the enterprise instance's default project; its id."""
        made = self("CreateStudioProduct", **{
            "ProductName": f"{name}_{random.randint(0, 1 << 30)}"[:32], "CategoryId": 1, "ProductType": 0,
            "EncryptionType": "2", "NetType": "wifi", "DataProtocol": 1, "ProductDesc": "",
            "ProjectId": self.login["EnterpriseProjectId"], **fields})
        product = made["Product"]["ProductId"]
        if model:
            self("ModifyModelDefinition", ProductId=product, ModelSchema=model)
        return product

    def device(self, product, name):
        """A new device; its secret."""
        return self("CreateDevice", ProductId=product, DeviceName=name)["Data"]["DevicePsk"]

    def data(self, product, name):
        return json.loads(self("DescribeDeviceData", ProductId=product, DeviceName=name)["Data"])
