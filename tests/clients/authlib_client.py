"""Authlib, an OAuth and OpenID Connect library for Python, through the grants and endpoints it has.

usage: authlib_client.py <dev.env>
"""

import html
import re
import urllib.parse

import oci
import requests
from authlib.common.security import generate_token
from authlib.integrations.base_client import OAuthError
from authlib.integrations.requests_client import OAuth2Session
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from joserfc import jwt
from joserfc.jwk import KeySet

from dev_cloud import Cloud, covers, equal, passed

IDCS = "urn:ietf:params:scim:schemas:oracle:idcs"
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
API = "https://books.example.com/"
REDIRECT = "http://127.0.0.1:9/callback"
ISSUER = "https://identity.oraclecloud.com/"


class Administrator:
    """Signed calls to the administration API."""

    def __init__(self, cloud):
        config = oci.config.from_file(cloud.config_file)
        self.auth = oci.signer.Signer(config["tenancy"], config["user"], config["fingerprint"], config["key_file"])
        self.base = f"{cloud.stripe_url}/admin/v1"

    def __call__(self, method, path, body, expected):
        answer = requests.request(method, self.base + path, json=body, auth=self.auth, timeout=30)
        equal(answer.status_code, expected, f"{method} {path}: {answer.text}")
        return answer.json()

    def application(self, name, **more):
        body = {"schemas": [f"{IDCS}:App"], "basedOnTemplate": {"value": "CustomWebAppTemplateId"}, "displayName": name}
        return self("POST", "/Apps", body | {"active": True} | more, 201)


def refused(what, call, error):
    try:
        answer = call()
    except OAuthError as refusal:
        equal(refusal.error, error, what)
        passed(f"{what}: {error}")
        return
    raise AssertionError(f"{what} was accepted: {answer}")


def code_from_the_pages(cloud, url):
    """What a browser does with the sign-in page, by hand: one form, then back to the application."""
    browser = requests.Session()
    page = browser.get(url, timeout=30)
    equal(page.status_code, 200, f"the sign-in page: {page.text[:200]}")
    fields = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page.text))
    fields = {name: html.unescape(value) for name, value in fields.items()}
    action = urllib.parse.urljoin(page.url, re.search(r'<form method="post" action="([^"]+)"', page.text).group(1))
    form = fields | {"username": cloud.username, "password": cloud.password}
    here = {"origin": cloud.url, "sec-fetch-site": "same-origin"}
    # The cookie is Secure, which a browser sends to loopback all the same.
    cookies = "; ".join(f"{cookie.name}={cookie.value}" for cookie in browser.cookies)
    answer = requests.post(action, data=form, headers=here | {"cookie": cookies}, allow_redirects=False, timeout=30)
    for _ in range(6):
        where = answer.headers.get("location")
        onward = re.search(r'http-equiv="refresh" content="0; ?url=([^"]+)"', answer.text, re.I)
        if where is None and "refresh" in answer.headers:
            where = answer.headers["refresh"].partition("url=")[2]
        if where is None and onward:
            where = html.unescape(onward.group(1))
        assert where, f"the way ends at {answer.status_code}: {answer.text[:300]}"
        if where.startswith(REDIRECT):
            return where
        for value in answer.raw.headers.getlist("set-cookie"):
            cookies += "; " + value.partition(";")[0]
        where = urllib.parse.urljoin(answer.url, where)
        answer = requests.get(where, headers={"cookie": cookies}, allow_redirects=False, timeout=30)
    raise AssertionError("the way back to the application does not end")


def main():
    cloud = Cloud()
    administrator = Administrator(cloud)
    public = {"op": "replace", "path": "signingCertPublicAccess", "value": True}
    administrator("PATCH", "/Settings/Settings", {"schemas": [PATCH], "Operations": [public]}, 200)
    administrator.application(
        "Books", isOAuthResource=True, audience=API, allowOffline=True, scopes=[{"value": "read"}, {"value": "write"}]
    )
    made = administrator.application(
        "Reader", isOAuthClient=True, clientType="confidential", allUrlSchemesAllowed=True, redirectUris=[REDIRECT],
        allowedGrants=["authorization_code", "client_credentials", "password", "refresh_token"],
        allowedOperations=["introspect"], allowedScopes=[{"fqs": f"{API}read"}],
    )  # fmt: skip
    token_url = f"{cloud.stripe_url}/oauth2/v1/token"

    def session(scope, method="client_secret_basic", secret=made["clientSecret"], **more):
        return OAuth2Session(
            made["name"], secret, scope=scope, token_endpoint_auth_method=method, token_endpoint=token_url, **more
        )

    for method in ("client_secret_basic", "client_secret_post"):
        token = session(f"{API}read", method).fetch_token(token_url, grant_type="client_credentials")
        assert token["access_token"] and token["token_type"] == "Bearer", token
    passed("client credentials, by basic and in the body")
    covers("token by client credentials")
    refused(
        "a wrong secret",
        lambda: session(f"{API}read", secret="wrong").fetch_token(token_url, grant_type="client_credentials"), "invalid_client",
    )  # fmt: skip
    refused(
        "a scope that the client was not given",
        lambda: session(f"{API}write").fetch_token(token_url, grant_type="client_credentials"), "unauthorized_client",
    )  # fmt: skip

    owner = session(f"openid offline_access {API}read")
    token = owner.fetch_token(token_url, username=cloud.username, password=cloud.password)
    first = token["refresh_token"]
    renewed = owner.refresh_token(token_url, refresh_token=first)
    assert renewed["refresh_token"] != first, "refresh tokens rotate"
    refused("a refresh token used twice", lambda: owner.refresh_token(token_url, refresh_token=first), "invalid_grant")
    passed("password, refresh, rotation")
    covers("token by password", "token by refresh token")

    verifier = generate_token(64)
    visitor = session(f"openid {API}read", redirect_uri=REDIRECT, code_challenge_method="S256")
    url, state = visitor.create_authorization_url(
        f"{cloud.stripe_url}/oauth2/v1/authorize", nonce="n-0S6_WzA2Mj", code_verifier=verifier
    )
    assert create_s256_code_challenge(verifier) in url, "Authlib sends the challenge"
    back = code_from_the_pages(cloud, url)
    token = visitor.fetch_token(token_url, authorization_response=back, state=state, code_verifier=verifier)
    keys = KeySet.import_key_set(requests.get(f"{cloud.stripe_url}/admin/v1/SigningCert/jwk", timeout=30).json())
    decoded = jwt.decode(token["id_token"], keys, algorithms=["RS256"])
    rules = jwt.JWTClaimsRegistry(
        iss={"essential": True, "value": ISSUER}, aud={"essential": True, "value": made["name"]},
        sub={"essential": True, "value": cloud.username}, nonce={"essential": True, "value": "n-0S6_WzA2Mj"},
    )  # fmt: skip
    rules.validate(decoded.claims)
    passed("authorization code with PKCE, and an id token that joserfc believes")
    covers("GET /oauth2/v1/authorize", "token by authorization code", "GET /admin/v1/SigningCert/jwk")

    seen = visitor.introspect_token(f"{cloud.stripe_url}/oauth2/v1/introspect", token=token["access_token"]).json()
    equal((seen["active"], seen["client_id"]), (True, made["name"]), "introspection")
    again = session(f"openid offline_access {API}read")
    fresh = again.fetch_token(token_url, username=cloud.username, password=cloud.password)["refresh_token"]
    equal(again.revoke_token(f"{cloud.stripe_url}/oauth2/v1/revoke", token=fresh).status_code, 200, "revocation")
    refused("a revoked refresh token", lambda: again.refresh_token(token_url, refresh_token=fresh), "invalid_grant")
    passed("introspection and revocation")
    covers("POST /oauth2/v1/introspect", "POST /oauth2/v1/revoke")


if __name__ == "__main__":
    main()
