"""Every `oci analytics` command that changes an instance, unmodified, against a running dev cloud.

`oci_cli.py` has the commands that make, show and delete one.

usage: oci_analytics.py <dev.env>
"""

import configparser
import datetime
import json
import pathlib
import tempfile

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from dev_cloud import Cloud, covers, equal, passed
from oci_command_line import WAIT, CommandLine, create, refused

INSTANCE = "analytics-instance"
VCN = "ocid1.vcn.oc1.us-ashburn-1.aaaaaaaaexamplevcn0001"
SUBNET = "ocid1.subnet.oc1.us-ashburn-1.aaaaaaaaexamplesubnet0001"
NSG = "ocid1.networksecuritygroup.oc1.us-ashburn-1.aaaaaaaaexamplensg0001"
KEY = "ocid1.key.oc1.us-ashburn-1.aaaaaaaaexamplekey0001"
NOBODYS = "ocid1.analyticsinstance.oc1.us-ashburn-1.aaaaaaaanobodys0001"


class Instance:
    """One instance and the commands on it."""

    def __init__(self, oci, cloud, name, token_file):
        self.oci, self.cloud, self.name = oci, cloud, name
        done = create(oci, cloud, name, token_file, *WAIT)["data"]
        equal(done["status"], "SUCCEEDED", f"create {name}")
        self.id = done["resources"][0]["identifier"]

    def __call__(self, verb, *words):
        return self.oci(INSTANCE, verb, "--analytics-instance-id", self.id, *words)

    def data(self):
        return self("get")["data"]

    def etag(self):
        return self("get")["etag"]

    def work(self, verb, *words, operation, result):
        """Runs a long command to its end and checks what its work request says (analytics 5.2)."""
        done = self(verb, *words, *WAIT)["data"]
        equal(done["status"], "SUCCEEDED", verb)
        equal(done["operation-type"], operation, f"{verb}: operation type")
        equal(done["percent-complete"], 100.0, f"{verb}: percent complete")
        assert done["time-finished"], f"{verb}: a finished work request says when (analytics rule 5)"
        resource = done["resources"][0]
        equal(resource["action-result"], result, f"{verb}: action result")
        equal(resource["identifier"], self.id, f"{verb}: the identifier is the instance's, also for a child")
        equal(resource["resource-type"], "ANALYTICS_INSTANCE", f"{verb}: resource type")
        passed(f"{verb} --wait-for-state SUCCEEDED: {operation}, {result}")
        return done

    def refuses(self, what, verb, *words, status, code):
        before = self.etag()
        # It would try an IncorrectState again for minutes (analytics 6.2).
        refused(self.cloud, what, lambda: self(verb, *words, "--no-retry"), status, code)
        equal(self.etag(), before, f"{what}: the instance is as it was")


def stop_and_start(one):
    one.refuses("start of an active instance", "start", status=409, code="IncorrectState")
    one.refuses("stop with an old etag", "stop", "--if-match", "old", status=412, code="NoEtagMatch")
    one.work("stop", "--if-match", one.etag(), operation="STOP_ANALYTICS_INSTANCE", result="STOPPED")
    equal(one.data()["lifecycle-state"], "INACTIVE", "state after stop")
    one.refuses("stop of an inactive instance", "stop", status=409, code="IncorrectState")
    one.refuses(
        "scale of an inactive instance", "scale", "--capacity", capacity("OLPU_COUNT", 2), status=409, code="IncorrectState"
    )
    one.work("start", operation="START_ANALYTICS_INSTANCE", result="STARTED")
    equal(one.data()["lifecycle-state"], "ACTIVE", "state after start")
    covers("StopAnalyticsInstance", "StartAnalyticsInstance")


def capacity(kind, value):
    return json.dumps({"capacityType": kind, "capacityValue": value})


def scale(one):
    one.work(
        "scale", "--capacity", capacity("OLPU_COUNT", 2), operation="SCALE_ANALYTICS_INSTANCE", result="SCALED"
    )
    equal(one.data()["capacity"], {"capacity-type": "OLPU_COUNT", "capacity-value": 2}, "capacity after scale")
    for value, what in ((3, "a size that does not exist"), (24, "a size that exists at creation only")):
        one.refuses(what, "scale", "--capacity", capacity("OLPU_COUNT", value), status=400, code="InvalidParameter")
    one.refuses(
        "another kind of capacity", "scale", "--capacity", capacity("USER_COUNT", 10), status=400, code="InvalidParameter"
    )
    one.refuses(
        "more than the tenancy's limit", "scale", "--capacity", capacity("OLPU_COUNT", 16), status=400, code="LimitExceeded"
    )
    covers("ScaleAnalyticsInstance")


def update(one):
    tags = json.dumps({"owner": "tests"})
    answer = one("update", "--description", "changed", "--freeform-tags", tags, "--update-channel", "early", "--force")
    equal(answer["data"]["description"], "changed", "the answer to update shows the change")
    assert "opc-work-request-id" not in answer, "update is synchronous (analytics 1)"
    data = one.data()
    equal(
        (data["freeform-tags"], data["update-channel"], data["license-type"]),
        ({"owner": "tests"}, "EARLY", "LICENSE_INCLUDED"),
        "update changes what is given and nothing else",
    )
    assert data["time-updated"], "a changed instance says when"
    one.refuses("update with an old etag", "update", "--description", "x", "--if-match", "old", status=412, code="NoEtagMatch")
    waited = one("update", "--email-notification", "a@example.com", "--wait-for-state", "ACTIVE", "--max-wait-seconds", "30")
    equal(waited["data"]["email-notification"], "a@example.com", "update --wait-for-state ACTIVE")
    passed("update, --if-match, --wait-for-state")
    covers("UpdateAnalyticsInstance")


def network(one, home):
    whitelist = {"networkEndpointType": "PUBLIC", "whitelistedIps": ["203.0.113.0/24"]}
    details = home / "network.json"
    details.write_text(json.dumps(whitelist))
    one.work(
        "change-network-endpoint", "--network-endpoint-details", f"file://{details}",
        operation="CHANGE_ANALYTICS_INSTANCE_NETWORK_ENDPOINT", result="NETWORK_ENDPOINT_CHANGED",
    )  # fmt: skip
    equal(one.data()["network-endpoint-details"]["whitelisted-ips"], ["203.0.113.0/24"], "the whitelist after the change")
    for what, bad in (
        ("an address that is none", whitelist | {"whitelistedIps": ["203.0.113.300"]}),
        ("six security groups", {
            "networkEndpointType": "PRIVATE", "vcnId": VCN, "subnetId": SUBNET,
            "networkSecurityGroupIds": [f"{NSG}{number}" for number in range(6)],
        }),
    ):  # fmt: skip
        one.refuses(
            what, "change-network-endpoint", "--network-endpoint-details", json.dumps(bad), status=400, code="InvalidParameter"
        )
    covers("ChangeAnalyticsInstanceNetworkEndpoint")


def keys_and_bundles(one):
    one.work("set-kms-key", "--kms-key-id", KEY, operation="UPDATE_INSTANCE_ENCRYPTION_KEY", result="CREATED")
    equal(one.data()["kms-key-id"], KEY, "the key after set-kms-key")
    one.work("set-feature-bundle", "--feature-bundle", "FDI_BASE", operation="SET_FEATURE_SET", result="NONE")
    equal(one.data()["feature-bundle"], "FDI_BASE", "the bundle after set-feature-bundle")
    one.refuses("a key with an old etag", "set-kms-key", "--kms-key-id", "", "--if-match", "old", status=412, code="NoEtagMatch")
    covers("SetKmsKey", "SetFeatureBundle")


def move(one, cloud):
    profile = configparser.ConfigParser()
    profile.read(cloud.config_file)
    root = profile["DEFAULT"]["tenancy"]
    one.refuses(
        "a compartment nobody has", "change-compartment", "--compartment-id", "ocid1.compartment.oc1..none",
        status=404, code="NotAuthorizedOrNotFound",
    )  # fmt: skip
    for target in (root, cloud.compartment_id):
        one.work(
            "change-compartment", "--compartment-id", target,
            operation="CHANGE_ANALYTICS_INSTANCE_COMPARTMENT", result="COMPARTMENT_CHANGED",
        )  # fmt: skip
        found = one.oci(INSTANCE, "list", "--compartment-id", target, "--name", one.name)["data"]
        equal([each["id"] for each in found], [one.id], "the instance is listed where it was moved to")
    covers("ChangeAnalyticsInstanceCompartment")


def channels(one):
    zones = json.dumps([{"dnsZone": "db.example.com", "description": "the database"}])
    wanted = ("--display-name", "channel", "--vcn-id", VCN, "--subnet-id", SUBNET, "--private-source-dns-zones", zones)
    one.refuses(
        "a channel without a zone", "create-private-access-channel", *wanted[:-1], "[]", status=400, code="InvalidParameter"
    )
    one.work(
        "create-private-access-channel", *wanted,
        operation="CREATE_PRIVATE_ACCESS_CHANNEL", result="PRIVATE_ACCESS_CHANNEL_CREATED",
    )  # fmt: skip
    (key,) = one.data()["private-access-channels"]
    place = ("--private-access-channel-key", key)
    got = one("get-private-access-channel", *place)
    equal((got["data"]["display-name"], got["data"]["key"]), ("channel", key), "get-private-access-channel")
    assert got["data"]["ip-address"] and got["data"]["egress-source-ip-addresses"], "a channel has addresses"
    assert got["etag"], "get-private-access-channel answers with an etag"
    one.work(
        "update-private-access-channel", *place, "--display-name", "renamed", "--force",
        operation="UPDATE_PRIVATE_ACCESS_CHANNEL", result="PRIVATE_ACCESS_CHANNEL_UPDATED",
    )  # fmt: skip
    equal(one("get-private-access-channel", *place)["data"]["display-name"], "renamed", "after the update")
    one.refuses(
        "a channel nobody has", "get-private-access-channel", "--private-access-channel-key", "nobodys",
        status=404, code="NotAuthorizedOrNotFound",
    )  # fmt: skip
    one.work(
        "delete-private-access-channel", *place, "--force",
        operation="DELETE_PRIVATE_ACCESS_CHANNEL", result="PRIVATE_ACCESS_CHANNEL_DELETED",
    )  # fmt: skip
    equal(one.data()["private-access-channels"] or {}, {}, "no channel is left")
    covers(
        "CreatePrivateAccessChannel", "GetPrivateAccessChannel", "UpdatePrivateAccessChannel", "DeletePrivateAccessChannel"
    )


class Authority:
    """A certificate authority for vanity URLs."""

    def __init__(self, home):
        self.home = home
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "tests")])
        self.certificate = self._signed(self.name, self.key.public_key(), authority=True)

    def _signed(self, subject, public_key, hosts=(), authority=False):
        now = datetime.datetime.now(datetime.timezone.utc)
        builder = x509.CertificateBuilder().subject_name(subject).issuer_name(self.name).public_key(public_key)
        builder = builder.serial_number(x509.random_serial_number())
        builder = builder.not_valid_before(now - datetime.timedelta(days=1))
        builder = builder.not_valid_after(now + datetime.timedelta(days=30))
        builder = builder.add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        if hosts:
            names = x509.SubjectAlternativeName([x509.DNSName(host) for host in hosts])
            builder = builder.add_extension(names, critical=False)
        return builder.sign(self.key, hashes.SHA256())

    def files(self, name, hosts, passphrase=None):
        """Writes key, certificate and CA; returns the options that name them."""
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, hosts[0])])
        certificate = self._signed(subject, key.public_key(), hosts)
        sealed = serialization.BestAvailableEncryption(passphrase.encode()) if passphrase else serialization.NoEncryption()
        encoding = serialization.Encoding.PEM
        contents = {
            "private-key-file": key.private_bytes(encoding, serialization.PrivateFormat.PKCS8, sealed),
            "public-certificate-file": certificate.public_bytes(encoding),
            "ca-certificate-file": self.certificate.public_bytes(encoding),
        }
        options = []
        for option, content in contents.items():
            path = self.home / f"{name}.{option}"
            path.write_bytes(content)
            options += [f"--{option}", str(path)]
        return options


def vanity_urls(one, home):
    authority = Authority(home)
    host = "reports.example.com"
    files = authority.files("first", [host])
    hosts = ("--hosts", json.dumps([host]))
    others = authority.files("other", ["other.example.com"])
    one.refuses("a certificate for another host", "create-vanity-url", *hosts, *others, status=400, code="InvalidParameter")
    mixed = [*files[:1], others[1], *files[2:]]
    one.refuses("another certificate's key", "create-vanity-url", *hosts, *mixed, status=400, code="InvalidParameter")
    one.work("create-vanity-url", *hosts, *files, operation="CREATE_VANITY_URL", result="VANITY_URL_CREATED")
    ((key, details),) = one.data()["vanity-url-details"].items()
    equal((details["hosts"], details["key"]), ([host], key), "the vanity URL")
    assert "PRIVATE" not in json.dumps(details), "a private key is never returned"
    place = ("--vanity-url-key", key)
    sealed = authority.files("sealed", [host], passphrase="canary passphrase")
    one.refuses(
        "a wrong passphrase", "update-vanity-url", *place, *sealed, "--passphrase", "another",
        status=400, code="InvalidParameter",
    )  # fmt: skip
    one.work(
        "update-vanity-url", *place, *sealed, "--passphrase", "canary passphrase",
        operation="UPDATE_VANITY_URL", result="VANITY_URL_UPDATED",
    )  # fmt: skip
    one.refuses(
        "a vanity URL nobody has", "delete-vanity-url", "--vanity-url-key", "nobodys", "--force",
        status=404, code="NotAuthorizedOrNotFound",
    )  # fmt: skip
    one.work("delete-vanity-url", *place, "--force", operation="DELETE_VANITY_URL", result="VANITY_URL_DELETED")
    equal(one.data()["vanity-url-details"] or {}, {}, "no vanity URL is left")
    covers("CreateVanityUrl", "UpdateVanityUrl", "DeleteVanityUrl")


def resource_groups(one):
    made = one(
        "create-resource-group", "--resource-name", "finance", "--capacity", "1", "--display-name", "Finance", *WAIT
    )["data"]
    equal(
        (made["operation-type"], made["resources"][0]["action-result"]),
        ("CREATE_RESOURCE_GROUP", "RESOURCE_GROUP_CREATED"),
        "create-resource-group",
    )
    (group,) = [each for each in one("list-resource-groups", "--all")["data"] if each["resource-name"] == "finance"]
    place = ("--analytics-instance-resource-group-id", group["id"])
    got = one("get-resource-group", *place)
    equal((got["data"]["display-name"], got["data"]["capacity"]), ("Finance", 1), "get-resource-group")
    assert got["etag"], "get-resource-group answers with an etag"
    one.work(
        "update-resource-group", *place, "--resource-name", "finance", "--capacity", "1", "--description", "money",
        operation="UPDATE_RESOURCE_GROUP", result="RESOURCE_GROUP_UPDATED",
    )  # fmt: skip
    equal(one("get-resource-group", *place)["data"]["description"], "money", "after the update")
    found = one("list-resource-groups", "--name", "finance", "--sort-by", "resourceName", "--sort-order", "DESC")["data"]
    equal([each["id"] for each in found], [group["id"]], "list-resource-groups --name")
    one.refuses(
        "a resource group nobody has", "get-resource-group", "--analytics-instance-resource-group-id", "nobodys",
        status=404, code="NotAuthorizedOrNotFound",
    )  # fmt: skip
    one.refuses(
        "a capacity of nothing", "create-resource-group", "--resource-name", "empty", "--capacity", "0",
        status=400, code="InvalidParameter",
    )  # fmt: skip
    one.work(
        "delete-resource-group", *place, "--force", operation="DELETE_RESOURCE_GROUP", result="RESOURCE_GROUP_DELETED"
    )
    covers(
        "CreateResourceGroup", "ListResourceGroups", "GetResourceGroup", "UpdateResourceGroup", "DeleteResourceGroup"
    )


def work_requests(one):
    done = one("stop", *WAIT)["data"]
    refused(
        one.cloud, "cancelling work that has ended",
        lambda: one.oci("work-request", "delete", "--work-request-id", done["id"], "--force", "--no-retry"), 409,
    )  # fmt: skip
    one("start", *WAIT)


def from_json(one, home):
    request = home / "scale.json"
    request.write_text(
        json.dumps({"analyticsInstanceId": one.id, "capacity": {"capacityType": "OLPU_COUNT", "capacityValue": 1}})
    )
    accepted = one.oci(INSTANCE, "scale", "--from-json", f"file://{request}", *WAIT)["data"]
    equal(accepted["resources"][0]["action-result"], "SCALED", "scale --from-json")
    passed("--from-json")


def of_nobody(oci, cloud):
    """An instance that is not there is refused by every command alike."""
    zones = json.dumps([{"dnsZone": "db.example.com"}])
    for verb, words in {
        "start": (),
        "stop": (),
        "scale": ("--capacity", capacity("OLPU_COUNT", 2)),
        "update": ("--description", "x"),
        "set-kms-key": ("--kms-key-id", KEY),
        "set-feature-bundle": (),
        "change-compartment": ("--compartment-id", cloud.compartment_id),
        "change-network-endpoint": ("--network-endpoint-details", '{"networkEndpointType":"PUBLIC"}'),
        "create-resource-group": ("--resource-name", "x", "--capacity", "1"),
        "list-resource-groups": (),
        "create-private-access-channel": (
            "--display-name", "x", "--vcn-id", VCN, "--subnet-id", SUBNET, "--private-source-dns-zones", zones,
        ),
    }.items():  # fmt: skip
        refused(
            cloud, f"{verb} of an instance nobody has",
            lambda: oci(INSTANCE, verb, "--analytics-instance-id", NOBODYS, *words), 404, "NotAuthorizedOrNotFound",
        )  # fmt: skip


def main():
    cloud = Cloud()
    with tempfile.TemporaryDirectory() as scratch:
        home = pathlib.Path(scratch)
        oci = CommandLine(cloud, home)
        (home / "user").write_text(cloud.user_token())
        one = Instance(oci, cloud, "everyVerb", home / "user")
        stop_and_start(one)
        scale(one)
        update(one)
        network(one, home)
        keys_and_bundles(one)
        move(one, cloud)
        channels(one)
        vanity_urls(one, home)
        resource_groups(one)
        work_requests(one)
        from_json(one, home)
        of_nobody(oci, cloud)


if __name__ == "__main__":
    main()
