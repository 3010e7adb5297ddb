"""The call sequences of Terraform's provider, replayed (analytics 6.3), with the provider's own conditions for success.

The provider itself is not run: it comes from a registry of its own. What it asks, in which order, and what makes it fail or
show a difference was recorded from it.

usage: terraform_replay.py <dev.env>
"""

import json
import time
import uuid

from dev_cloud import Cloud, covers, equal, http, passed
from signed_requests import Signed

BASE = "/20190331"
WAIT_LIMIT = 60

# What the provider's schema has, and how the API spells it. A field that a read leaves out, or that two reads answer
# differently, is a difference that no apply can settle.
READ_BACK = {
    "capacity", "compartmentId", "definedTags", "featureSet", "freeformTags", "id", "licenseType", "lifecycleState", "name",
    "networkEndpointDetails", "serviceUrl", "systemTags", "timeCreated",
}  # fmt: skip


class Provider:
    def __init__(self, cloud):
        self.cloud = cloud
        self.signed = Signed(cloud)
        self.calls = []

    def call(self, method, path, body=None, expect=(200,), retry_token=None):
        data = None if body is None else json.dumps(body).encode()
        if data is None and method in ("POST", "PUT"):
            data = b""
        more = {"accept": "*/*", "opc-request-id": uuid.uuid4().hex, "opc-client-info": "Oracle-GoSDK/65.123.2"}
        if method in ("POST", "DELETE"):
            more["opc-retry-token"] = retry_token or uuid.uuid4().hex
        status, headers, text = self.signed.send(method, BASE + path, data, headers=more)
        assert status in expect, f"{method} {path}: {status} {text}"
        self.calls.append(method)
        return status, headers, json.loads(text) if text else None

    def get(self, instance):
        return self.call("GET", f"/analyticsInstances/{instance}")[2]

    def finished(self, work_request):
        """Polls as the provider does: by timeFinished, not by status (analytics rule 5)."""
        assert work_request, "a long operation names its work request (analytics rule 3)"
        deadline = time.monotonic() + WAIT_LIMIT
        while time.monotonic() < deadline:
            work = self.call("GET", f"/workRequests/{work_request}")[2]
            if work.get("timeFinished"):
                return work
            time.sleep(0.1)
        raise AssertionError(f"work request {work_request} is not finished after {WAIT_LIMIT} s: {work}")

    def succeeded(self, work_request, result):
        """The provider looks for one resource of this type with exactly this result (analytics 5.2)."""
        work = self.finished(work_request)
        found = [each for each in work["resources"] if each["resourceType"] == "ANALYTICS_INSTANCE"]
        results = [each["actionResult"] for each in found]
        assert result in results, f"{work['operationType']}: {results}, not {result}"
        return found[results.index(result)]["identifier"]

    def until(self, instance, state):
        deadline = time.monotonic() + WAIT_LIMIT
        while time.monotonic() < deadline:
            found = self.get(instance)
            if found["lifecycleState"] == state:
                return found
            assert found["lifecycleState"] == "UPDATING", f"the provider gives up at {found['lifecycleState']}"
            time.sleep(0.1)
        raise AssertionError(f"instance is {found['lifecycleState']} after {WAIT_LIMIT} s, not {state}")


def plan_is_empty(provider, instance):
    """Two reads agree, and nothing that the schema has is missing (analytics rule 6)."""
    first, second = provider.get(instance), provider.get(instance)
    equal(first, second, "two reads of an instance that nobody changes")
    missing = READ_BACK - first.keys()
    equal(missing, set(), "what a read must answer with")
    endpoint = first["networkEndpointDetails"]
    for name in ("whitelistedIps", "whitelistedVcns", "whitelistedServices"):
        assert isinstance(endpoint.get(name), list), f"{name} is an array, if an empty one: {endpoint}"
    for tags in ("definedTags", "freeformTags", "systemTags"):
        assert isinstance(first[tags], dict), f"{tags} is an object, if an empty one"
    return first


def create(provider, name):
    body = {
        "capacity": {"capacityType": "OLPU_COUNT", "capacityValue": 1},
        "compartmentId": provider.cloud.compartment_id,
        "featureSet": "ENTERPRISE_ANALYTICS",
        "idcsAccessToken": provider.cloud.user_token(),
        "licenseType": "LICENSE_INCLUDED",
        "name": name,
    }
    retry_token = uuid.uuid4().hex
    _, headers, made = provider.call("POST", "/analyticsInstances", body, (201,), retry_token)
    identifier = provider.succeeded(headers["opc-work-request-id"], "CREATED")
    equal(identifier, made["id"], "the work request's identifier is the instance")
    equal(provider.until(made["id"], "ACTIVE")["name"], name, "the instance after create")
    passed("create")
    return made["id"]


def put(provider, instance, **fields):
    """What every apply begins with: these four are always sent."""
    now = provider.get(instance)
    body = {name: now[name] for name in ("definedTags", "freeformTags", "licenseType")} | {"updateChannel": "REGULAR"}
    changed = provider.call("PUT", f"/analyticsInstances/{instance}", body | fields)[2]
    for name, value in fields.items():
        equal(changed[name], value, f"PUT answers with the new {name}")
    return changed


def update(provider, instance):
    before = provider.get(instance)
    put(provider, instance, freeformTags={"made-by": "terraform"}, description="by the provider")
    after = plan_is_empty(provider, instance)
    equal(after["lifecycleState"], "ACTIVE", "update is synchronous")
    equal(after["capacity"], before["capacity"], "update leaves the rest alone")
    equal(after["updateChannel"], "REGULAR", "updateChannel is read once timeUpdated is there")
    assert after["timeUpdated"], "a changed instance says when"
    passed("update of attributes, then an empty plan")


def scale(provider, instance):
    put(provider, instance)
    body = {"capacity": {"capacityType": "OLPU_COUNT", "capacityValue": 2}}
    _, headers, _ = provider.call("POST", f"/analyticsInstances/{instance}/actions/scale", body, (202,))
    equal(provider.succeeded(headers["opc-work-request-id"], "SCALED"), instance, "scale")
    equal(plan_is_empty(provider, instance)["capacity"]["capacityValue"], 2, "capacity after scale")
    passed("scale")


def stop_and_start(provider, instance):
    put(provider, instance)
    provider.call("POST", f"/analyticsInstances/{instance}/actions/stop", None, (202,))
    provider.until(instance, "INACTIVE")
    plan_is_empty(provider, instance)
    provider.call("POST", f"/analyticsInstances/{instance}/actions/start", None, (202,))
    provider.until(instance, "ACTIVE")
    put(provider, instance)
    passed("state = INACTIVE, then ACTIVE")


def kms(provider, instance):
    key = "ocid1.key.oc1.us-ashburn-1.aaaaaaaaexamplekey0001"
    _, headers, _ = provider.call(
        "POST", f"/analyticsInstances/{instance}/actions/setKmsKey", {"kmsKeyId": key}, (202,)
    )
    provider.succeeded(headers["opc-work-request-id"], "CREATED")
    equal(plan_is_empty(provider, instance)["kmsKeyId"], key, "the key after setKmsKey")
    passed("kms_key_id, whose work request answers CREATED")


def children(provider, instance):
    """The provider finds a child again by what it asked for, never by an id in the answer (analytics 5.2)."""
    path = f"/analyticsInstances/{instance}"
    channel = {
        "displayName": "channel",
        "vcnId": "ocid1.vcn.oc1.us-ashburn-1.aaaaaaaaexamplevcn0001",
        "subnetId": "ocid1.subnet.oc1.us-ashburn-1.aaaaaaaaexamplesubnet0001",
        "privateSourceDnsZones": [{"dnsZone": "db.example.com"}],
    }
    _, headers, _ = provider.call("POST", f"{path}/privateAccessChannels", channel, (202,))
    provider.succeeded(headers["opc-work-request-id"], "PRIVATE_ACCESS_CHANNEL_CREATED")
    (key,) = provider.get(instance)["privateAccessChannels"]
    provider.call("GET", f"{path}/privateAccessChannels/{key}")
    _, headers, _ = provider.call("DELETE", f"{path}/privateAccessChannels/{key}", None, (204,))
    provider.succeeded(headers["opc-work-request-id"], "PRIVATE_ACCESS_CHANNEL_DELETED")

    group = {"resourceName": "finance", "capacity": 1}
    _, headers, made = provider.call("POST", f"{path}/resourceGroups", group, (201,))
    provider.succeeded(headers["opc-work-request-id"], "RESOURCE_GROUP_CREATED")
    (found,) = [each for each in provider.get(instance)["resourceGroups"] if each["resourceName"] == "finance"]
    equal(found["id"], made["id"], "the resource group is found by its name")
    _, headers, _ = provider.call("DELETE", f"{path}/resourceGroups/{made['id']}", None, (204,))
    provider.succeeded(headers["opc-work-request-id"], "RESOURCE_GROUP_DELETED")
    passed("private access channel and resource group")


def destroy(provider, instance):
    _, headers, _ = provider.call("DELETE", f"/analyticsInstances/{instance}", None, (204,))
    provider.succeeded(headers["opc-work-request-id"], "DELETED")
    status, _, gone = provider.call("GET", f"/analyticsInstances/{instance}", None, (200, 404))
    assert status == 404 or gone["lifecycleState"] == "DELETED", gone
    passed("destroy")


def listed(provider, instance):
    """The data source follows opc-next-page to the end."""
    path, seen = f"/analyticsInstances?compartmentId={provider.cloud.compartment_id}&limit=1", []
    page = ""
    while page is not None:
        _, headers, rows = provider.call("GET", path + page)
        assert isinstance(rows, list), "a list is a bare array (analytics rule 1)"
        seen += [each["id"] for each in rows]
        token = headers.get("opc-next-page")
        page = None if token is None else f"&page={token}"
    equal(len(seen), len(set(seen)), "no instance comes twice")
    assert instance in seen, "the instance is in the list"
    passed("data source: list over all pages")


def taken_name(provider, name):
    """A name that is taken costs every user of the provider two minutes; the answer must be the documented one."""
    body = {
        "capacity": {"capacityType": "OLPU_COUNT", "capacityValue": 1},
        "compartmentId": provider.cloud.compartment_id,
        "featureSet": "ENTERPRISE_ANALYTICS",
        "idcsAccessToken": provider.cloud.user_token(),
        "licenseType": "LICENSE_INCLUDED",
        "name": name,
    }
    retry_token = uuid.uuid4().hex
    answers = [provider.call("POST", "/analyticsInstances", body, (409,), retry_token)[2] for _ in range(2)]
    equal({each["code"] for each in answers}, {"NotAuthorizedOrResourceAlreadyExists"}, "a taken name, tried again")
    passed("a taken name, retried with the same retry token")


def failed_work(provider, instance):
    """The provider reads the errors, joins their messages and deletes the work request, whatever that answers (analytics 3)."""
    headers = {"content-type": "application/json", "x-obol-request": "1"}
    fault = json.dumps({"operation": "SCALE_ANALYTICS_INSTANCE", "times": 1}).encode()
    status, _, answer = http("POST", f"{provider.cloud.url}/obol/v1/faults", headers, fault)
    equal(status, 200, f"a fault to come: {answer}")
    before = provider.get(instance)["capacity"]
    body = {"capacity": {"capacityType": "OLPU_COUNT", "capacityValue": 4}}
    _, headers, _ = provider.call("POST", f"/analyticsInstances/{instance}/actions/scale", body, (202,))
    work_request = headers["opc-work-request-id"]
    equal(provider.finished(work_request)["status"], "FAILED", "the work that was to fail")
    errors = provider.call("GET", f"/workRequests/{work_request}/errors")[2]
    assert errors and all(each["message"] for each in errors), f"a failure says why: {errors}"
    provider.call("DELETE", f"/workRequests/{work_request}", None, (204, 409))
    equal(provider.until(instance, "ACTIVE")["capacity"], before, "a scaling that failed leaves the capacity alone")
    passed("a failed work request: its errors, and its deletion")


def main():
    cloud = Cloud()
    provider = Provider(cloud)
    instance = create(provider, "terraformOne")
    plan_is_empty(provider, instance)
    passed("an empty plan")
    listed(provider, instance)
    taken_name(provider, "terraformOne")
    update(provider, instance)
    scale(provider, instance)
    stop_and_start(provider, instance)
    kms(provider, instance)
    children(provider, instance)
    failed_work(provider, instance)
    destroy(provider, instance)
    covers(
        "CreateAnalyticsInstance", "GetAnalyticsInstance", "ListAnalyticsInstances", "UpdateAnalyticsInstance",
        "ScaleAnalyticsInstance", "StopAnalyticsInstance", "StartAnalyticsInstance", "SetKmsKey", "GetWorkRequest",
        "CreatePrivateAccessChannel", "GetPrivateAccessChannel", "DeletePrivateAccessChannel",
        "CreateResourceGroup", "DeleteResourceGroup", "DeleteAnalyticsInstance", "ListWorkRequestErrors",
    )  # fmt: skip


if __name__ == "__main__":
    main()
