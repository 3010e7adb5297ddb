"""`oci identity-domains`, unmodified and signed with an API key, against a running dev cloud.

usage: oci_identity.py <dev.env>
"""

import hashlib
import json
import pathlib
import tempfile

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from dev_cloud import Cloud, covers, equal, passed
from oci_command_line import CommandLine, Refused

CORE = "urn:ietf:params:scim:schemas:core:2.0"
IDCS = "urn:ietf:params:scim:schemas:oracle:idcs"
PATCH = json.dumps(["urn:ietf:params:scim:api:messages:2.0:PatchOp"])
SEARCH = json.dumps(["urn:ietf:params:scim:api:messages:2.0:SearchRequest"])
PEOPLE = 60
PASSWORD = "Correct-Horse-7-Battery"


def schemas(*names):
    return ("--schemas", json.dumps(list(names)))


def operations(*each):
    return ("--schemas", PATCH, "--operations", json.dumps(list(each)))


def refused(what, call, status):
    """A SCIM refusal: the command line shows its status; its body has no code (identity 6.3)."""
    try:
        answer = call()
    except Refused as refusal:
        equal(refusal.exit_code, 1, f"{what}: exit code")
        equal(refusal.error.get("status"), status, f"{what}: {refusal}")
        passed(f"{what}: {status}")
        return
    raise AssertionError(f"{what} was accepted: {answer}")


def user_options(name, family="Tester"):
    emails = [{"value": f"{name}@example.com", "type": "work", "primary": True}]
    return (
        *schemas(f"{CORE}:User"), "--user-name", name,
        "--name", json.dumps({"familyName": family, "givenName": name.capitalize()}), "--emails", json.dumps(emails),
    )  # fmt: skip


def users(oci):
    made = oci("user", "create", *user_options("grace"), "--display-name", "Grace Hopper")["data"]
    identifier = made["id"]
    equal((len(identifier), made["active"]), (32, True), "a user is made active, under an id of 32 hex digits")
    assert made["ocid"].startswith("ocid1.user.oc1.."), made["ocid"]
    equal(
        {each["type"] for each in made["emails"]}, {"work", "recovery"}, "the work address is copied as recovery (identity 6.4)"
    )
    one = ("--user-id", identifier)
    refused("the same user name again", lambda: oci("user", "create", *user_options("GRACE")), 409)
    refused(
        "a user without a family name",
        lambda: oci("user", "create", *schemas(f"{CORE}:User"), "--user-name", "nobody"), 400,
    )  # fmt: skip
    refused("a user nobody has", lambda: oci("user", "get", "--user-id", "0" * 32), 404)

    got = oci("user", "get", *one, "--attributes", "userName,groups")
    equal(got["data"]["user-name"], "grace", "user get --attributes")
    equal(got["data"]["display-name"], None, "what was not asked for is not returned")
    changed = oci("user", "patch", *one, *operations({"op": "REPLACE", "path": "displayName", "value": "Amazing Grace"}))
    equal(changed["data"]["display-name"], "Amazing Grace", "user patch")
    lower = oci("user", "patch", *one, *operations({"op": "replace", "path": "title", "value": "Rear Admiral"}))
    equal(lower["data"]["title"], "Rear Admiral", "operations in lower case")
    refused(
        "a patch of the id", lambda: oci("user", "patch", *one, *operations({"op": "replace", "path": "id", "value": "x"})), 400
    )
    refused(
        "a patch with an old etag",
        lambda: oci(
            "user", "patch", *one, *operations({"op": "replace", "path": "title", "value": "x"}), "--if-match", "0" * 32
        ),
        412,
    )
    replaced = oci("user", "put", *one, *user_options("grace", family="Hopper"), "--force")["data"]
    equal(replaced["name"]["family-name"], "Hopper", "user put")
    passed("user create, get, patch, put")
    covers("POST /admin/v1/Users", "GET /admin/v1/Users/{id}", "PATCH /admin/v1/Users/{id}", "PUT /admin/v1/Users/{id}")

    changer = ("--user-status-changer-id", identifier, *schemas(f"{IDCS}:UserStatusChanger"))
    oci("user-status-changer", "put", *changer, "--active", "false", "--force")
    equal(oci("user", "get", *one)["data"]["active"], False, "user-status-changer put")
    oci("user-status-changer", "put", *changer, "--active", "true", "--force")
    password = ("--user-password-changer-id", identifier, *schemas(f"{IDCS}:UserPasswordChanger"))
    oci("user-password-changer", "put", *password, "--password", PASSWORD, "--force")
    refused(
        "a password that the policy refuses",
        lambda: oci("user-password-changer", "put", *password, "--password", "short", "--force"), 400,
    )  # fmt: skip
    passed("user-status-changer put, user-password-changer put")
    covers("PUT /admin/v1/UserStatusChanger/{id}", "PUT /admin/v1/UserPasswordChanger/{id}")
    return identifier


def lists(oci):
    """More people than a page has: the command line ends where no opc-next-page is (identity 6.3)."""
    names = [f"person{number:03}" for number in range(PEOPLE)]
    for name in names:
        oci("user", "create", *user_options(name))
    everyone = ("users", "list", "--filter", 'userName sw "person"', "--sort-by", "userName")
    first = oci(*everyone)
    equal(len(first["data"]["resources"]), 50, "a page has 50 (identity 6.1)")
    equal(first["data"]["total-results"], PEOPLE, "totalResults counts all")
    assert first["opc-next-page"], "a cut list names its next page"
    whole = oci(*everyone, "--all")["data"]["resources"]
    equal([each["user-name"] for each in whole], names, "users list --all, over two pages, in order")
    limited = oci(*everyone, "--limit", "55")["data"]["resources"]
    equal([each["user-name"] for each in limited], names[:55], "users list --limit 55")
    window = oci(*everyone, "--start-index", "11", "--count", "5", "--sort-order", "DESCENDING")["data"]
    equal([each["user-name"] for each in window["resources"]], names[::-1][10:15], "startIndex and count, descending")
    few = oci(*everyone, "--count", "3", "--attributes", "userName,emails")["data"]["resources"]
    equal({each["display-name"] for each in few}, {None}, "a projection")
    found = oci("users", "search", "--schemas", SEARCH, "--filter", 'userName eq "PERSON007" and active eq true')
    equal([each["user-name"] for each in found["data"]["resources"]], ["person007"], "users search, without regard to case")
    equal(
        oci("users", "list", "--filter", 'userName eq "nobody"')["data"]["resources"], [], "an empty list is a list"
    )
    refused("a filter that is none", lambda: oci("users", "list", "--filter", "userName eq"), 400)
    passed("users list --all, --limit, --sort-by, --filter; users search")
    covers("GET /admin/v1/Users", "POST /admin/v1/Users/.search")


def groups(oci, user):
    member = {"value": user, "type": "User"}
    made = oci("group", "create", *schemas(f"{CORE}:Group"), "--display-name", "Analysts")["data"]
    one = ("--group-id", made["id"])
    oci("group", "patch", *one, *operations({"op": "ADD", "path": "members", "value": [member]}))
    got = oci("group", "get", *one, "--attributes", "displayName,members")["data"]
    equal([each["value"] for each in got["members"]], [user], "group get --attributes members")
    equal(oci("group", "get", *one)["data"]["members"], None, "members are returned on request only")
    of_user = oci("user", "get", "--user-id", user, "--attributes", "groups")["data"]["groups"]
    equal([each["display"] for each in of_user], ["Analysts"], "a user's groups")
    oci("group", "patch", *one, *operations({"op": "REMOVE", "path": f'members[value eq "{user}"]'}))
    equal(oci("group", "get", *one, "--attributes", "members")["data"]["members"] or [], [], "a member removed")
    refused(
        "the same name again", lambda: oci("group", "create", *schemas(f"{CORE}:Group"), "--display-name", "analysts"), 409
    )
    refused(
        "a member that is nobody",
        lambda: oci("group", "patch", *one, *operations({"op": "add", "path": "members", "value": [member | {"value": "0" * 32}]})),
        400,
    )
    listed = oci("groups", "list", "--filter", 'displayName co "naly"')["data"]["resources"]
    equal([each["id"] for each in listed], [made["id"]], "groups list --filter")
    passed("group create, patch, get; groups list")
    covers("POST /admin/v1/Groups", "GET /admin/v1/Groups/{id}", "PATCH /admin/v1/Groups/{id}", "GET /admin/v1/Groups")
    return made["id"]


def applications(oci, cloud):
    template = json.dumps({"value": "CustomWebAppTemplateId", "wellKnownId": "CustomWebAppTemplateId"})
    grants = json.dumps(["password", "client_credentials", "urn:ietf:params:oauth:grant-type:jwt-bearer"])
    made = oci(
        "app", "create", *schemas(f"{IDCS}:App"), "--display-name", "Made_By_Oci", "--based-on-template", template,
        "--is-o-auth-client", "true", "--client-type", "confidential", "--allowed-grants", grants, "--active", "false",
    )["data"]  # fmt: skip
    identifier, client_id, secret = made["id"], made["name"], made["client-secret"]
    assert secret, "a new application's secret is in the answer"
    equal(len(client_id), 32, "the client id is the application's name (identity 5.2)")
    one = ("--app-id", identifier)
    status = ("--app-status-changer-id", identifier, *schemas(f"{IDCS}:AppStatusChanger"), "--force")
    oci("app-status-changer", "put", *status, "--active", "true")
    equal(oci("app", "get", *one)["data"]["active"], True, "app-status-changer put")

    roles = oci("app-roles", "list", "--filter", 'displayName eq "Me" and app.value eq "IDCSAppId"')["data"]["resources"]
    (role,) = roles
    grant = (
        *schemas(f"{IDCS}:Grant"), "--grant-mechanism", "ADMINISTRATOR_TO_APP",
        "--grantee", json.dumps({"type": "App", "value": identifier}), "--app", json.dumps({"value": "IDCSAppId"}),
        "--entitlement", json.dumps({"attributeName": "appRoles", "attributeValue": role["id"]}),
    )  # fmt: skip
    granted = oci("grant", "create", *grant)["data"]
    refused("the same grant again", lambda: oci("grant", "create", *grant), 409)
    query = f'grantee[value eq "{identifier}" and type eq "App"]'
    equal([each["id"] for each in oci("grants", "list", "--filter", query)["data"]["resources"]], [granted["id"]], "grants list")

    # The token that all of this is for.
    theirs = Cloud()
    theirs.client_id, theirs.client_secret = client_id, secret
    assert theirs.user_token().count(".") == 2, "an application made by oci gets a token by password"
    oci("grant", "delete", "--grant-id", granted["id"], "--force")
    status_code, _, body = theirs.token_answer(
        grant_type="password", username=cloud.username, password=cloud.password, scope="urn:opc:idm:t.user.me"
    )
    equal((status_code, json.loads(body)["error"]), (401, "unauthorized_client"), "a grant that was taken back")
    passed("app create, app-status-changer, app-roles list, grant create and delete, and a token for it")

    oci("app", "patch", *one, *operations({"op": "add", "path": "allowedGrants", "value": ["refresh_token"]}))
    assert "refresh_token" in oci("app", "get", *one)["data"]["allowed-grants"], "app patch adds a grant"
    oci("app", "patch", *one, *operations({"op": "remove", "path": 'allowedGrants[value eq "refresh_token"]'}))
    assert "refresh_token" not in oci("app", "get", *one)["data"]["allowed-grants"], "app patch removes one by a filter"
    refused(
        "a patch of the client id",
        lambda: oci("app", "patch", *one, *operations({"op": "replace", "path": "name", "value": "x"})), 400,
    )  # fmt: skip
    listed = oci("apps", "list", "--filter", 'displayName eq "Made_By_Oci"')["data"]["resources"]
    equal([each["id"] for each in listed], [identifier], "apps list --filter")
    oci("app-status-changer", "put", *status, "--active", "false")
    oci("app", "delete", *one, "--force")
    refused("a deleted application", lambda: oci("app", "get", *one), 404)
    passed("app patch, delete; apps list")
    covers(
        "POST /admin/v1/Apps", "GET /admin/v1/Apps/{id}", "PATCH /admin/v1/Apps/{id}", "DELETE /admin/v1/Apps/{id}",
        "GET /admin/v1/Apps", "PUT /admin/v1/AppStatusChanger/{id}", "GET /admin/v1/AppRoles", "POST /admin/v1/Grants",
        "GET /admin/v1/Grants", "DELETE /admin/v1/Grants/{id}",
    )  # fmt: skip


def api_keys(oci, user, home):
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048).public_key()
    public = serialization.PublicFormat.SubjectPublicKeyInfo
    pem = key.public_bytes(serialization.Encoding.PEM, public).decode()
    digest = hashlib.md5(key.public_bytes(serialization.Encoding.DER, public)).hexdigest()
    fingerprint = ":".join(digest[at : at + 2] for at in range(0, 32, 2))
    made = oci(
        "api-key", "create", *schemas(f"{IDCS}:apikey"), "--fingerprint", fingerprint, "--key", pem,
        "--user", json.dumps({"value": user}),
    )["data"]  # fmt: skip
    equal(made["fingerprint"], fingerprint, "api-key create")
    listed = oci("api-keys", "list", "--filter", f'user.value eq "{user}"')["data"]["resources"]
    equal([each["id"] for each in listed], [made["id"]], "api-keys list")
    oci("api-key", "delete", "--api-key-id", made["id"], "--force")
    passed("api-key create, delete; api-keys list")
    covers("POST /admin/v1/ApiKeys", "GET /admin/v1/ApiKeys", "DELETE /admin/v1/ApiKeys/{id}")


def oneself(oci, cloud):
    me = oci("me", "get")["data"]
    equal(me["user-name"], cloud.username, "me get, by signature")
    oci("me", "patch", *operations({"op": "replace", "path": "nickName", "value": "Countess"}))
    equal(oci("me", "get", "--attributes", "nickName")["data"]["nick-name"], "Countess", "me patch")
    apps = oci("my-apps", "list")["data"]["resources"]
    assert isinstance(apps, list), "my-apps list"
    passed("me get, me patch, my-apps list")
    covers("GET /admin/v1/Me", "PATCH /admin/v1/Me", "GET /admin/v1/MyApps")


def settings(oci):
    one = ("--setting-id", "Settings")
    equal(oci("setting", "get", *one)["data"]["signing-cert-public-access"], False, "the key set is guarded at first (identity 8)")
    for value in (True, False):
        change = {"op": "replace", "path": "signingCertPublicAccess", "value": value}
        changed = oci("setting", "patch", *one, *operations(change))["data"]
        equal(changed["signing-cert-public-access"], value, "setting patch")
    policies = oci("password-policies", "list")["data"]["resources"]
    assert "standardPasswordPolicy" in [each["name"] for each in policies], "the built-in policies are listed"
    found = oci("schemas", "list", "--all")["data"]["resources"]
    assert {"User", "Group", "App"} <= {each["name"] for each in found}, "schemas list"
    passed("setting get and patch, password-policies list, schemas list")
    covers("GET /admin/v1/Settings/{id}", "PATCH /admin/v1/Settings/{id}", "GET /admin/v1/PasswordPolicies", "GET /admin/v1/Schemas")


def removal(oci, user, group):
    oci("group", "delete", "--group-id", group, "--force")
    oci("user", "delete", "--user-id", user, "--force")
    refused("a deleted user", lambda: oci("user", "get", "--user-id", user), 404)
    refused("a deleted group", lambda: oci("group", "get", "--group-id", group), 404)
    covers("DELETE /admin/v1/Users/{id}", "DELETE /admin/v1/Groups/{id}")


def main():
    cloud = Cloud()
    with tempfile.TemporaryDirectory() as scratch:
        home = pathlib.Path(scratch)
        oci = CommandLine(cloud, home, "identity-domains")
        user = users(oci)
        group = groups(oci, user)
        applications(oci, cloud)
        api_keys(oci, user, home)
        oneself(oci, cloud)
        settings(oci)
        lists(oci)
        removal(oci, user, group)


if __name__ == "__main__":
    main()
