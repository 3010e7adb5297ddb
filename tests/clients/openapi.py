"""A schema-driven fuzzer against a running dev cloud: whatever is sent, the answer is one that the document describes.

The document is the one the cloud serves. Requests are made from it, good ones and broken ones, always the same; they are signed
with the profile's key, and half of them name an instance, a compartment and a token that exist.

usage: openapi.py <dev.env>
"""

import json

import hypothesis
import oci
import requests
import schemathesis
from hypothesis import strategies
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from dev_cloud import Cloud, equal, http, passed

CHECKS = [
    not_a_server_error,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
]
EXAMPLES = 25
SETTINGS = hypothesis.settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[hypothesis.Phase.generate],
    suppress_health_check=list(hypothesis.HealthCheck),
)


def signer(cloud):
    profile = oci.config.from_file(cloud.config_file)
    return oci.signer.Signer(profile["tenancy"], profile["user"], profile["fingerprint"], profile["key_file"])


class Known:
    """What exists, put in the place of what was made up."""

    def __init__(self, cloud, session):
        listing = session.get(
            f"{cloud.url}/20190331/analyticsInstances", params={"compartmentId": cloud.compartment_id}, timeout=30
        )
        work = session.get(
            f"{cloud.url}/20190331/workRequests", params={"compartmentId": cloud.compartment_id}, timeout=30
        )
        equal((listing.status_code, work.status_code), (200, 200), "lists before the fuzzing")
        self.values = {
            "compartmentId": cloud.compartment_id,
            "idcsAccessToken": cloud.user_token(),
            "capacity": {"capacityType": "OLPU_COUNT", "capacityValue": 2},
            "vcnId": "ocid1.vcn.oc1.us-ashburn-1.aaaaaaaaexamplevcn0001",
            "subnetId": "ocid1.subnet.oc1.us-ashburn-1.aaaaaaaaexamplesubnet0001",
            "privateSourceDnsZones": [{"dnsZone": "example.com"}],
            "networkSecurityGroupIds": [],
        }
        self.path = {"analyticsInstanceId": listing.json()[0]["id"], "workRequestId": work.json()[0]["id"]}

    def put_into(self, case):
        for name, value in self.path.items():
            if name in (case.path_parameters or {}):
                case.path_parameters[name] = value
        for place in (case.query, case.body):
            if isinstance(place, dict):
                place.update({name: value for name, value in self.values.items() if type(place.get(name)) is type(value)})


def fuzz(cloud, session, known, operation):
    """Sends what the operation's part of the document allows and what it does not; returns the statuses seen."""
    seen = {}

    def send(case, real):
        if real:
            known.put_into(case)
        answer = case.call(base_url=cloud.url, session=session, timeout=30)
        seen[answer.status_code] = seen.get(answer.status_code, 0) + 1
        case.validate_response(answer, checks=CHECKS)

    for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
        cases = operation.as_strategy(generation_mode=mode)
        SETTINGS(hypothesis.given(cases, strategies.booleans())(send))()
    return seen


def main():
    cloud = Cloud()
    status, headers, text = http("GET", f"{cloud.url}/obol/v1/openapi/analytics.json")
    equal((status, headers.get("content-type")), (200, "application/json"), "the document")
    schema = schemathesis.openapi.from_dict(json.loads(text))
    session = requests.Session()
    session.auth = signer(cloud)
    known = Known(cloud, session)
    operations = [result.ok() for result in schema.get_all_operations()]
    # What takes away or out of service comes last, so that everything before it has something to work on.
    operations.sort(key=lambda operation: (operation.method == "delete", operation.path.endswith("/stop")))
    total = {}
    for operation in operations:
        seen = fuzz(cloud, session, known, operation)
        passed(f"{operation.method.upper()} {operation.path}: {dict(sorted(seen.items()))}")
        if operation.path.endswith("{analyticsInstanceId}") and operation.method == "get":
            assert 200 in seen, f"the instance that exists was never shown: {seen}"
        total = {code: total.get(code, 0) + seen.get(code, 0) for code in total | seen}
    assert any(code < 300 for code in total), f"nothing was accepted: {total}"
    passed(f"{len(operations)} operations, {sum(total.values())} requests: {dict(sorted(total.items()))}")


if __name__ == "__main__":
    main()
