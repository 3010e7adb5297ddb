"""The official `oci` command line, unmodified, against a running dev cloud.

usage: OBOL_BINARY=<path of obol> oci_cli.py <dev.env>
"""

import json
import os
import pathlib
import subprocess
import tempfile

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from dev_cloud import Cloud, covers, equal, passed
from oci_command_line import WAIT, CommandLine, Refused, create, refused


def lifecycle(oci, cloud, tokens):
    """Create, get, list, delete and the work requests in between."""
    done = create(oci, cloud, "cliOne", tokens / "user", "--description", "h\u00e9llo", *WAIT)["data"]
    equal(done["status"], "SUCCEEDED", "create --wait-for-state")
    equal(done["operation-type"], "CREATE_ANALYTICS_INSTANCE", "operation type")
    equal(done["resources"][0]["action-result"], "CREATED", "action result (analytics 5.2)")
    assert done["time-finished"], "a finished work request says when (analytics rule 5)"
    first, work_request = done["resources"][0]["identifier"], done["id"]
    passed("create --idcs-access-token-file --wait-for-state SUCCEEDED")
    covers("CreateAnalyticsInstance")

    got = oci("analytics-instance", "get", "--analytics-instance-id", first)
    equal(got["data"]["lifecycle-state"], "ACTIVE", "state after create")
    equal(got["data"]["name"], "cliOne", "name")
    equal(got["data"]["description"], "h\u00e9llo", "a description in UTF-8")
    equal(got["data"]["system-tags"], {}, "system tags (analytics rule 6)")
    assert got["etag"], "get answers with an etag"
    passed("get")
    covers("GetAnalyticsInstance")

    accepted = create(oci, cloud, "cliTwo", tokens / "user")
    equal(accepted["data"]["lifecycle-state"], "CREATING", "state of the answer to create")
    assert accepted["opc-work-request-id"], "create names its work request (analytics rule 3)"
    second = accepted["data"]["id"]
    passed("create without waiting")

    one = ("analytics-instance", "list", "--compartment-id", cloud.compartment_id)
    page = oci(*one, "--limit", "1")
    equal(len(page["data"]), 1, "list --limit 1")
    assert page["opc-next-page"], "a cut list names its next page"
    following = oci(*one, "--limit", "1", "--page", page["opc-next-page"])
    assert following["data"][0]["id"] != page["data"][0]["id"], "the next page goes on where the first one ended"
    names = [each["name"] for each in oci(*one, "--all", "--page-size", "1", "--sort-by", "name")["data"]]
    equal(names, sorted(names, key=str), "list --all --sort-by name")
    assert {"cliOne", "cliTwo"} <= set(names), f"list --all: {names}"
    passed("list --limit, --page, --all --page-size, --sort-by")

    equal([each["id"] for each in oci(*one, "--name", "cliOne")["data"]], [first], "list --name")
    equal(oci(*one, "--name", "cliOne", "--capacity-type", "user_count"), {}, "list --capacity-type, nothing found")
    filters = ("--feature-set", "Self_Service_Analytics", "--lifecycle-state", "active", "--capacity-type", "olpu_count")
    assert first in [each["id"] for each in oci(*one, *filters)["data"]], "list with three filters"
    newest = oci(*one, "--sort-by", "timeCreated")["data"]
    equal(newest[0]["id"], second, "list --sort-by timeCreated begins with the newest (analytics 1)")
    passed("list with filters and sorting")
    covers("ListAnalyticsInstances")

    waited = oci("work-request", "get", "--work-request-id", work_request)["data"]
    equal(waited["percent-complete"], 100.0, "percent complete")
    found = oci("work-request", "list", "--compartment-id", cloud.compartment_id, "--resource-id", first)["data"]
    equal([each["id"] for each in found], [work_request], "work-request list --resource-id")
    states = ("--status", "SUCCEEDED", "--status", "FAILED", "--all")
    found = oci("work-request", "list", "--compartment-id", cloud.compartment_id, *states)["data"]
    assert work_request in [each["id"] for each in found], "work-request list --status twice"
    equal(oci("work-request-error", "list", "--work-request-id", work_request).get("data", []), [], "errors of a success")
    log = oci("work-request-log", "list", "--work-request-id", work_request, "--all")["data"]
    assert any("simulated" in line["message"] for line in log), f"the log says that provisioning is simulated: {log}"
    passed("work-request get and list, work-request-error list, work-request-log list")
    covers("GetWorkRequest", "ListWorkRequests", "ListWorkRequestErrors", "ListWorkRequestLogs")

    refused(
        cloud, "delete --if-match with an old etag",
        lambda: oci("analytics-instance", "delete", "--analytics-instance-id", first, "--force", "--if-match", "old"),
        412, "NoEtagMatch",
    )  # fmt: skip
    gone = oci("analytics-instance", "delete", "--analytics-instance-id", first, "--force", "--if-match", got["etag"], *WAIT)
    equal(gone["data"]["status"], "SUCCEEDED", "delete --wait-for-state")
    equal(gone["data"]["resources"][0]["action-result"], "DELETED", "action result (analytics 5.2)")
    try:
        state = oci("analytics-instance", "get", "--analytics-instance-id", first)["data"]["lifecycle-state"]
        equal(state, "DELETED", "state after delete")
    except Refused as refusal:
        equal((refusal.error["status"], refusal.error["code"]), (404, "NotAuthorizedOrNotFound"), "get after delete")
    passed("delete --force --wait-for-state SUCCEEDED")
    covers("DeleteAnalyticsInstance")


def refusals(oci, cloud, tokens, home):
    """Every way to get it wrong that the issue names, and that users report."""
    user, client = (tokens / "user").read_text(), (tokens / "client").read_text()
    invalid = "InvalidParameter"

    def attempt(name, token_file):
        return lambda: create(oci, cloud, name, token_file)

    refused(cloud, "no token", attempt("noToken", None), 400, invalid,
            "OAC-DAL-001034: idcsAccessToken is a required parameter, but was not specified.")  # fmt: skip
    refused(cloud, "a client-credentials token", attempt("clientToken", tokens / "client"), 400, invalid,
            "OAC-DAL-001041", secrets=[client])  # fmt: skip

    with cloud.clock_advanced("2h"):
        refused(cloud, "an expired token", attempt("expired", tokens / "user"), 400, secrets=[user])

    head, payload, signature = user.split(".")
    altered = tokens / "altered"
    altered.write_text(".".join([head, payload, signature[:-6] + ("AAAAAA" if signature[-6:] != "AAAAAA" else "BBBBBB")]))
    refused(cloud, "an altered token", attempt("altered", altered), 400, secrets=[user])

    pasted = tokens / "pasted"
    pasted.write_text((cloud.data / "tokens.tok").read_text())
    inner = json.loads(pasted.read_text())["app_access_token"]
    refused(cloud, "the whole tokens.tok", attempt("pasted", pasted), 400, secrets=[inner])

    garbage = tokens / "garbage"
    garbage.write_text("not a token")
    refused(cloud, "no token at all", attempt("garbage", garbage), 400)

    refused(cloud, "an instance nobody has",
            lambda: oci("analytics-instance", "get", "--analytics-instance-id", "ocid1.analyticsinstance.oc1.us-ashburn-1.none"),
            404, "NotAuthorizedOrNotFound")  # fmt: skip
    refused(cloud, "a compartment nobody has",
            lambda: oci("analytics-instance", "list", "--compartment-id", "ocid1.compartment.oc1..none"),
            404, "NotAuthorizedOrNotFound")  # fmt: skip
    refused(cloud, "a name with an underscore", attempt("under_score", tokens / "user"), 400, invalid)
    refused(cloud, "a name that is taken", attempt("cliTwo", tokens / "user"), 409)

    # A key that nobody registered, under the names of a tenancy and a user that exist.
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    stranger_key, stranger = home / "stranger.pem", CommandLine(cloud, home)
    stranger_key.write_bytes(pem + b"OCI_API_KEY\n")
    profile = pathlib.Path(cloud.config_file).read_text().splitlines()
    fingerprint = "00:" * 15 + "00"
    own = {"key_file": str(stranger_key), "fingerprint": fingerprint}
    lines = [f"{name}={own[name]}" if (name := line.partition("=")[0].strip()) in own else line for line in profile]
    stranger.config_file = str(home / "stranger_config")
    pathlib.Path(stranger.config_file).write_text("\n".join(lines) + "\n")
    for path in (stranger_key, pathlib.Path(stranger.config_file)):
        path.chmod(0o600)
    listing = ("analytics-instance", "list", "--compartment-id", cloud.compartment_id)
    refused(cloud, "a key that is not registered", lambda: stranger(*listing), 401, "NotAuthenticated")

    # The registered key's name over another key's signature.
    kept = [f"key_file={stranger_key}" if line.startswith("key_file") else line for line in profile]
    pathlib.Path(stranger.config_file).write_text("\n".join(kept) + "\n")
    refused(cloud, "another key's signature", lambda: stranger(*listing), 401, "NotAuthenticated")


def same_output(oci, cloud):
    """`obol` takes the same options and prints the same bytes."""
    compartment = ("--compartment-id", cloud.compartment_id)
    instance = oci("analytics-instance", "list", *compartment)["data"][0]["id"]
    work_request = oci("work-request", "list", *compartment)["data"][0]["id"]
    for words in (
        ("analytics-instance", "list", *compartment, "--all", "--sort-by", "name"),
        ("analytics-instance", "list", *compartment, "--limit", "1"),
        ("analytics-instance", "get", "--analytics-instance-id", instance),
        ("work-request", "list", *compartment, "--status", "SUCCEEDED"),
        ("work-request", "get", "--work-request-id", work_request),
    ):
        mine = subprocess.run(
            [os.environ["OBOL_BINARY"], *words, "--config-file", oci.config_file, "--endpoint", cloud.url],
            env=oci.environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60,
        )  # fmt: skip
        equal(mine.returncode, 0, mine.stderr)
        equal(mine.stdout, oci.text(*words), f"obol {' '.join(words)}")
        passed(f"obol {words[0]} {words[1]} prints what oci prints")


def main():
    cloud = Cloud()
    with tempfile.TemporaryDirectory() as scratch:
        home = pathlib.Path(scratch)
        oci = CommandLine(cloud, home)
        for name, token in (("user", cloud.user_token()), ("client", cloud.client_token())):
            (home / name).write_text(token)
        lifecycle(oci, cloud, home)
        same_output(oci, cloud)
        refusals(oci, cloud, home, home)


if __name__ == "__main__":
    main()
