"""Requests signed by hand, as contract analytics 4 says, for what no client would send."""

import base64
import email.utils
import hashlib
import http.client
import time
import urllib.parse

import oci
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding


class Signed:
    """Requests signed by hand as contract analytics 4 says, so that each part of it can be broken alone."""

    def __init__(self, cloud):
        self.cloud = cloud
        config = oci.config.from_file(cloud.config_file)
        self.key_id = f"{config['tenancy']}/{config['user']}/{config['fingerprint']}"
        self.key = oci.signer.load_private_key_from_file(config["key_file"])
        self.host = urllib.parse.urlsplit(cloud.url).netloc

    def send(self, method, target, body=None, *, age=0, sent=None, headers=None, without=(), names=None):
        """Signs `body` and sends `sent` in its place when that is given; `age` is the date's, in seconds."""
        values = {"date": http_date(age), "host": self.host} | (headers or {})
        listed = ["date", "(request-target)", "host"]
        if body is not None:
            digest = base64.b64encode(hashlib.sha256(body).digest()).decode()
            values |= {"content-length": str(len(body)), "content-type": "application/json", "x-content-sha256": digest}
            listed += ["content-length", "content-type", "x-content-sha256"]
        listed = names or [name for name in listed if name not in without]
        values["(request-target)"] = f"{method.lower()} {target}"
        text = "\n".join(f"{name}: {values[name]}" for name in listed)
        signature = base64.b64encode(self.key.sign(text.encode(), padding.PKCS1v15(), hashes.SHA256())).decode()
        del values["(request-target)"]
        values["authorization"] = (
            f'Signature version="1",keyId="{self.key_id}",algorithm="rsa-sha256",'
            f'headers="{" ".join(listed)}",signature="{signature}"'
        )
        return self.raw(method, target, body if sent is None else sent, values)

    def raw(self, method, target, body, headers):
        connection = http.client.HTTPConnection(self.host, timeout=30)
        connection.putrequest(method, target, skip_host=True, skip_accept_encoding=True)
        for name, value in headers.items():
            connection.putheader(name, value)
        connection.endheaders(body)
        answer = connection.getresponse()
        text = answer.read().decode()
        connection.close()
        return answer.status, answer.headers, text


def http_date(age=0):
    return email.utils.formatdate(time.time() - age, usegmt=True)
