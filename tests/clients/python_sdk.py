"""The official Python SDK, unmodified, against a running dev cloud; and signed requests by hand, to break them.

usage: python_sdk.py <dev.env>
"""

import json

import oci
from oci.analytics import AnalyticsClient
from oci.analytics.models import Capacity, CreateAnalyticsInstanceDetails

from dev_cloud import Cloud, covers, equal, passed
from signed_requests import Signed, http_date


def details(cloud, name, token, **more):
    return CreateAnalyticsInstanceDetails(
        name=name,
        compartment_id=cloud.compartment_id,
        feature_set="ENTERPRISE_ANALYTICS",
        capacity=Capacity(capacity_type="OLPU_COUNT", capacity_value=1),
        license_type="LICENSE_INCLUDED",
        idcs_access_token=token,
        **more,
    )


def finished(client, work_request_id):
    """Waits as the SDK's own waiter does; a bounded wait that reports the last status."""
    first = client.get_work_request(work_request_id)
    waited = oci.wait_until(
        client, first, evaluate_response=lambda answer: answer.data.time_finished is not None,
        max_interval_seconds=1, max_wait_seconds=60,
    )  # fmt: skip
    equal(waited.data.status, "SUCCEEDED", f"work request {work_request_id}")
    return waited.data


def refused(cloud, what, call, status, code):
    try:
        answer = call()
    except oci.exceptions.ServiceError as refusal:
        equal((refusal.status, refusal.code), (status, code), what)
        check = cloud.explained(refusal.headers["opc-request-id"])
        passed(f"{what}: {status} {code}, refused by {check}")
        return
    raise AssertionError(f"{what} was accepted: {answer.status} {answer.data}")


def lifecycle(client, cloud):
    token = cloud.user_token()
    tags = {"freeform_tags": {"owner": "tests"}, "description": "made by the SDK"}
    made = client.create_analytics_instance(details(cloud, "sdkOne", token, **tags), opc_retry_token="sdk-one")
    equal(made.status, 201, "create (analytics rule 2)")
    equal(made.data.lifecycle_state, "CREATING", "state of the answer to create")
    for header in ("etag", "location", "opc-work-request-id", "opc-request-id"):
        assert made.headers.get(header), f"create answers with {header}"
    assert made.headers["location"].endswith(f"/20190331/analyticsInstances/{made.data.id}"), made.headers["location"]
    equal(len(made.headers["opc-request-id"].split("/")), 3, "opc-request-id has the client's part and two of the server's")
    passed("create")

    again = client.create_analytics_instance(details(cloud, "sdkOne", token, **tags), opc_retry_token="sdk-one")
    equal(again.data.id, made.data.id, "a replayed retry token names the same instance (analytics 5.1)")
    equal(
        again.headers["opc-work-request-id"], made.headers["opc-work-request-id"], "and the same work request"
    )
    passed("a replayed opc-retry-token returns the first answer")
    covers("CreateAnalyticsInstance")

    work = finished(client, made.headers["opc-work-request-id"])
    equal(work.operation_type, "CREATE_ANALYTICS_INSTANCE", "operation type")
    equal(work.percent_complete, 100.0, "percent complete")
    resource = work.resources[0]
    equal(
        (resource.action_result, resource.resource_type, resource.identifier),
        ("CREATED", "ANALYTICS_INSTANCE", made.data.id),
        "the work request's resource (analytics rule 4)",
    )
    assert resource.resource_uri, "a work request's resource has its URI (analytics rule 4)"
    got = client.get_analytics_instance(made.data.id)
    equal((got.status, got.data.lifecycle_state), (200, "ACTIVE"), "get")
    equal(got.data.freeform_tags, {"owner": "tests"}, "tags")
    equal(got.data.system_tags, {}, "system tags (analytics rule 6)")
    assert got.data.service_url.startswith("https://sdkOne-".lower()) or got.data.service_url.startswith("https://sdkOne-")
    assert got.headers["etag"], "get answers with an etag"
    passed("wait and get")
    covers("GetAnalyticsInstance", "GetWorkRequest")

    other = client.create_analytics_instance(details(cloud, "sdkTwo", token))
    finished(client, other.headers["opc-work-request-id"])
    listed = oci.pagination.list_call_get_all_results(client.list_analytics_instances, cloud.compartment_id, limit=1)
    ids = [each.id for each in listed.data]
    assert {made.data.id, other.data.id} <= set(ids), f"a list in pages of one is whole: {ids}"
    equal(len(ids), len(set(ids)), "no instance comes twice")
    found = client.list_analytics_instances(cloud.compartment_id, name="sdkTwo", lifecycle_state="ACTIVE").data
    equal([each.id for each in found], [other.data.id], "list by name and state")
    by_hand = client.list_analytics_instances(cloud.compartment_id, limit=1)
    assert by_hand.has_next_page and isinstance(by_hand.data, list), "a list is a bare array with its next page in a header"
    passed("list with pagination and filters")
    covers("ListAnalyticsInstances")

    work_requests = oci.pagination.list_call_get_all_results(client.list_work_requests, cloud.compartment_id, limit=2)
    assert work.id in [each.id for each in work_requests.data], "list of work requests in pages"
    equal(client.list_work_request_errors(work.id).data, [], "errors of a success")
    assert client.list_work_request_logs(work.id).data, "a work request has a log"
    passed("work requests, their errors and logs")
    covers("ListWorkRequests", "ListWorkRequestErrors", "ListWorkRequestLogs")

    refused(
        cloud, "delete with an old etag",
        lambda: client.delete_analytics_instance(made.data.id, if_match="old"), 412, "NoEtagMatch",
    )  # fmt: skip
    gone = client.delete_analytics_instance(made.data.id, if_match=got.headers["etag"])
    equal(gone.status, 204, "delete (analytics rule 2)")
    equal(finished(client, gone.headers["opc-work-request-id"]).resources[0].action_result, "DELETED", "action result")
    try:
        equal(client.get_analytics_instance(made.data.id).data.lifecycle_state, "DELETED", "state after delete")
    except oci.exceptions.ServiceError as refusal:
        equal((refusal.status, refusal.code), (404, "NotAuthorizedOrNotFound"), "get after delete")
    passed("delete with if-match")
    covers("DeleteAnalyticsInstance")
    return other.data.id


def refusals(client, cloud, instance):
    token = cloud.user_token()
    with_token = details(cloud, "refused", token)
    refused(
        cloud, "create without a token",
        lambda: client.create_analytics_instance(details(cloud, "refused", None)), 400, "InvalidParameter",
    )  # fmt: skip
    refused(
        cloud, "create in a compartment nobody has",
        lambda: client.create_analytics_instance(
            CreateAnalyticsInstanceDetails(
                name="refused", compartment_id="ocid1.compartment.oc1..none", feature_set="ENTERPRISE_ANALYTICS",
                capacity=with_token.capacity, license_type="LICENSE_INCLUDED", idcs_access_token=token,
            )
        ),
        404, "NotAuthorizedOrNotFound",
    )  # fmt: skip
    refused(
        cloud, "a work request nobody has",
        lambda: client.get_work_request("ocid1.analyticsinstanceworkrequest.oc1..none"), 404, "NotAuthorizedOrNotFound",
    )  # fmt: skip
    refused(
        cloud, "a page token that is not ours",
        lambda: client.list_analytics_instances(cloud.compartment_id, page="not-a-page"), 400, "InvalidParameter",
    )  # fmt: skip
    refused(
        cloud, "a limit above the range",
        lambda: client.list_analytics_instances(cloud.compartment_id, limit=1001), 400, "InvalidParameter",
    )  # fmt: skip
    equal(client.get_analytics_instance(instance).data.lifecycle_state, "ACTIVE", "refusals change nothing")


def signatures(cloud, instance):
    signed = Signed(cloud)
    instances = "/20190331/analyticsInstances"
    one = f"{instances}/{instance}"
    token = cloud.user_token()

    def create_body(name):
        capacity = {"capacityType": "OLPU_COUNT", "capacityValue": 1}
        fields = {"name": name, "compartmentId": cloud.compartment_id, "featureSet": "SELF_SERVICE_ANALYTICS"}
        return json.dumps(
            fields | {"capacity": capacity, "licenseType": "LICENSE_INCLUDED", "idcsAccessToken": token}
        ).encode()

    def accepted(what, answer):
        equal(answer[0], 200, f"{what}: {answer[2]}")
        passed(what)

    def unauthenticated(what, answer):
        status, headers, text = answer
        equal(status, 401, f"{what}: {text}")
        error = json.loads(text)
        equal(error["code"], "NotAuthenticated", what)
        assert "required information to complete authentication" in error["message"], error["message"]
        assert token not in text, "the answer repeats the token"
        check = cloud.explained(headers["opc-request-id"], [token])
        passed(f"{what}: 401 NotAuthenticated, refused by {check}")

    accepted("a request signed by hand", signed.send("GET", one))
    accepted("a date four minutes old", signed.send("GET", one, age=240))
    listing = f"{instances}?compartmentId={cloud.compartment_id}&name=a+b%2F%C3%A9%7E~*'"
    accepted("a target with every kind of encoding", signed.send("GET", listing))
    accepted("two slashes, signed as they are sent", signed.send("GET", f"/{one}"))
    # Node signs x-date in place of date, and Oracle goes by x-date when both are there (analytics 4.3, 4.4).
    dates = {"x-date": http_date(), "date": http_date(3600)}
    by_x_date = ["x-date", "(request-target)", "host"]
    accepted("x-date beside an old date", signed.send("GET", one, headers=dates, names=by_x_date))

    body, other = create_body("altered"), create_body("replace")
    assert len(body) == len(other)
    unauthenticated("an altered body", signed.send("POST", instances, body, sent=other))
    unauthenticated("a stale date, ten minutes old", signed.send("GET", one, age=600))
    unauthenticated("a date ten minutes ahead", signed.send("GET", one, age=-600))
    stale = {"x-date": http_date(3600)}
    unauthenticated("a stale x-date beside a fresh date", signed.send("GET", one, headers=stale, names=by_x_date))
    unauthenticated("no signature", signed.raw("GET", one, None, {"host": signed.host, "date": http_date()}))
    bearer = {"host": signed.host, "date": http_date(), "authorization": f"Bearer {token}"}
    unauthenticated("a bearer token where a signature belongs", signed.raw("GET", one, None, bearer))
    unauthenticated("the host not signed", signed.send("GET", one, without=("host",)))
    unauthenticated("the target not signed", signed.send("GET", one, without=("(request-target)",)))
    unauthenticated("no date signed", signed.send("GET", one, without=("date",)))
    unauthenticated("the digest not signed", signed.send("POST", instances, body, without=("x-content-sha256",)))
    garbled = Signed(cloud)
    garbled.key_id = garbled.key_id.rpartition("/")[0] + "/" + ":".join(["00"] * 16)
    unauthenticated("an unknown key", garbled.send("GET", one))


def main():
    cloud = Cloud()
    config = oci.config.from_file(cloud.config_file)
    client = AnalyticsClient(config, service_endpoint=cloud.url, retry_strategy=oci.retry.NoneRetryStrategy())
    instance = lifecycle(client, cloud)
    refusals(client, cloud, instance)
    slash = AnalyticsClient(config, service_endpoint=cloud.url + "/", retry_strategy=oci.retry.NoneRetryStrategy())
    equal(slash.get_analytics_instance(instance).status, 200, "an endpoint with a trailing slash (analytics rule 11)")
    passed("an endpoint with a trailing slash")
    signatures(cloud, instance)


if __name__ == "__main__":
    main()
