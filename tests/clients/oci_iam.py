"""The official `oci iam` commands that stand on the way to an instance, unmodified, against a running dev cloud.

usage: oci_iam.py <dev.env>
"""

import configparser
import json
import pathlib
import tempfile

from dev_cloud import Cloud, covers, equal, passed
from oci_command_line import CommandLine, refused

NOBODYS = "ocid1.compartment.oc1..aaaaaaaanobodys0001"


def regions(oci, cloud):
    names = [each["name"] for each in oci("region", "list")["data"]]
    assert cloud.region in names, f"region list lacks {cloud.region}: {names}"
    passed("region list")
    covers("ListRegions")


def compartments(oci, cloud):
    """Make, show and list; returns the new one."""
    tenancy = ("--compartment-id", cloud.tenancy_id)
    made = oci("compartment", "create", *tenancy, "--name", "iamOne", "--description", "h\u00e9llo")
    equal(made["data"]["lifecycle-state"], "ACTIVE", "state of a new compartment")
    equal(made["data"]["compartment-id"], cloud.tenancy_id, "parent of a new compartment")
    assert made["etag"], "create answers with an etag"
    got = oci("compartment", "get", "--compartment-id", made["data"]["id"])
    equal(got["data"], made["data"], "compartment get")
    passed("compartment create, get")
    covers("CreateCompartment", "GetCompartment")

    found = [each["id"] for each in oci("compartment", "list", *tenancy)["data"]]
    assert {made["data"]["id"], cloud.compartment_id} <= set(found), f"compartment list: {found}"
    found = oci("compartment", "list", *tenancy, "--name", "iamOne")["data"]
    equal([each["id"] for each in found], [made["data"]["id"]], "compartment list --name")
    passed("compartment list, --name")
    covers("ListCompartments")

    taken = ("compartment", "create", *tenancy, "--name", "iamOne", "--description", "x")
    refused(cloud, "a compartment's name that is taken", lambda: oci(*taken), 409)
    nobodys = ("compartment", "get", "--compartment-id", NOBODYS)
    refused(cloud, "a compartment nobody has", lambda: oci(*nobodys), 404, "NotAuthorizedOrNotFound")
    return made["data"]["id"]


def policies(oci, cloud, compartment):
    """Make, list and remove, and a sentence that is none."""
    where = ("--compartment-id", compartment)
    statements = [f"Allow group Administrators to manage analytics-instances in compartment id {compartment}"]
    create = ("policy", "create", *where, "--name", "iamPolicy", "--description", "d", "--statements")
    refused(cloud, "a statement that is none", lambda: oci(*create, json.dumps(["Let us in"])), 400, "InvalidParameter")
    equal(oci("policy", "list", *where).get("data", []), [], "policies after a refusal")

    made = oci(*create, json.dumps(statements))
    equal(made["data"]["statements"], statements, "statements of a new policy")
    equal(made["data"]["lifecycle-state"], "ACTIVE", "state of a new policy")
    equal(oci("policy", "list", *where)["data"], [made["data"]], "policy list")
    refused(cloud, "a policy's name that is taken", lambda: oci(*create, json.dumps(statements)), 409)
    passed("policy create, list")

    delete = ("policy", "delete", "--policy-id", made["data"]["id"], "--force")
    refused(cloud, "policy delete --if-match with an old etag", lambda: oci(*delete, "--if-match", "old"), 412, "NoEtagMatch")
    oci(*delete, "--if-match", made["etag"])
    equal(oci("policy", "list", *where).get("data", []), [], "policies after delete")
    refused(cloud, "a policy that is gone", lambda: oci(*delete), 404, "NotAuthorizedOrNotFound")
    passed("policy delete --force --if-match")
    covers("CreatePolicy", "ListPolicies", "DeletePolicy")


def api_keys(oci, cloud):
    profile = configparser.ConfigParser()
    profile.read(cloud.config_file)
    user = profile["DEFAULT"]
    found = oci("user", "api-key", "list", "--user-id", user["user"])["data"]
    equal([each["fingerprint"] for each in found], [user["fingerprint"]], "user api-key list")
    equal(found[0]["lifecycle-state"], "ACTIVE", "state of a key")
    passed("user api-key list")
    covers("ListApiKeys")


def main():
    cloud = Cloud()
    with tempfile.TemporaryDirectory() as scratch:
        oci = CommandLine(cloud, pathlib.Path(scratch), service="iam")
        regions(oci, cloud)
        compartment = compartments(oci, cloud)
        policies(oci, cloud, compartment)
        api_keys(oci, cloud)


if __name__ == "__main__":
    main()
