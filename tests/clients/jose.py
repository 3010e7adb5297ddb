"""A JOSE library that shares no code with Obol (jwcrypto) verifies the tokens against the served JWK set.

usage: jose.py <dev.env>
"""

import base64
import hashlib
import json

from cryptography import x509
from jwcrypto.jwk import JWKSet
from jwcrypto.jws import InvalidJWSSignature
from jwcrypto.jwt import JWT, JWTMissingKey

from dev_cloud import Cloud, covers, equal, http, passed

ISSUER = "https://identity.oraclecloud.com/"


def encoded(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def decoded(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def verified(token, keys):
    """The claims of a token whose signature and times hold."""
    return json.loads(JWT(jwt=token, key=keys, algs=["RS256"], expected_type="JWS").claims)


def key_set(cloud, token):
    """The JWK set, behind its guard (identity 8)."""
    url = f"{cloud.stripe_url}/admin/v1/SigningCert/jwk"
    status, headers, body = http("GET", url)
    equal(status, 401, f"the key set without a token: {body}")
    assert json.loads(body)["schemas"], "a SCIM error names its schema"
    check = cloud.explained(headers["X-ORACLE-DMS-ECID"])
    passed(f"the key set without a token: 401, refused by {check}")
    status, headers, body = http("GET", url, {"authorization": "Bearer " + token[:-4] + "AAAA"})
    equal(status, 401, f"the key set with an altered token: {body}")
    passed(f"the key set with an altered token: 401, refused by {cloud.explained(headers['X-ORACLE-DMS-ECID'], [token])}")
    status, _, body = http("GET", url, {"authorization": f"Bearer {token}"})
    equal(status, 200, f"the key set with a token: {body}")
    covers("GET /admin/v1/SigningCert/jwk")
    return body


def header_bytes(token, jwk):
    """Every token begins the same way: the header's bytes are part of the contract (identity 3.1)."""
    assert token.startswith("eyJ4NXQjUzI1NiI6"), token[:20]
    expected = f'{{"x5t#S256":"{jwk["x5t#S256"]}","x5t":"{jwk["x5t"]}","kid":"SIGNING_KEY","alg":"RS256"}}'
    equal(decoded(token.split(".")[0]).decode(), expected, "the header, byte for byte")
    passed("the header is IDCS's, member order included")


def certificates(jwk):
    """The thumbprints are of the leaf that is served, the leaf holds the key, and the CA signed the leaf."""
    chain = [base64.b64decode(each) for each in jwk["x5c"]]
    equal(len(chain), 2, "certificates: leaf and CA (identity 8)")
    equal(jwk["x5t"], encoded(hashlib.sha1(chain[0]).digest()), "x5t")
    equal(jwk["x5t#S256"], encoded(hashlib.sha256(chain[0]).digest()), "x5t#S256")
    leaf, authority = (x509.load_der_x509_certificate(each) for each in chain)
    leaf.verify_directly_issued_by(authority)
    numbers = leaf.public_key().public_numbers()
    equal(int.from_bytes(decoded(jwk["n"]), "big"), numbers.n, "modulus")
    equal(int.from_bytes(decoded(jwk["e"]), "big"), numbers.e, "exponent")
    equal(leaf.public_key().key_size, 2048, "key size")
    equal((jwk["kty"], jwk["kid"], jwk["alg"]), ("RSA", "SIGNING_KEY", "RS256"), "key type, id and algorithm")
    assert "use" not in jwk, "IDCS's key has no `use` (identity 8)"
    assert "d" not in jwk, "a private key must never be served"
    passed("x5t, x5t#S256, x5c and the key agree")


def claims(cloud, keys, user, client):
    of_user, of_client = verified(user, keys), verified(client, keys)
    for each, kind in ((of_user, "user"), (of_client, "client")):
        equal(each["iss"], ISSUER, "issuer")
        equal((each["sub_type"], each["tok_type"]), (kind, "AT"), "kind of token")
        equal((each["tenant"], each["client_id"]), (cloud.stripe, cloud.client_id), "stripe and client")
        equal(each["exp"] - each["iat"], 3600, "life in seconds")
    equal((of_user["sub"], of_user["gtp"], of_user["user_tenantname"]), (cloud.username, "ro", cloud.stripe), "user")
    equal(of_user["scope"], "urn:opc:idm:t.user.me", "scope of the user's token")
    equal((of_client["sub"], of_client["gtp"]), (cloud.client_id, "cc"), "client")
    assert "user_id" not in of_client, "a client's token has no user in it"
    passed("the claims of a user's and of a client's token")
    covers("token by password", "token by client credentials")


def altered_tokens_fail(token, keys):
    head, payload, signature = token.split(".")
    changed = json.loads(decoded(payload)) | {"sub": "somebody.else@example.com"}
    other_signature = signature[:20] + ("A" if signature[20] != "A" else "B") + signature[21:]
    attempts = {
        "another subject": ".".join([head, encoded(json.dumps(changed).encode()), signature]),
        "another signature": ".".join([head, payload, other_signature]),
        "another header": ".".join([encoded(b'{"alg":"RS256","kid":"SIGNING_KEY"}'), payload, signature]),
    }
    for what, attempt in attempts.items():
        try:
            verified(attempt, keys)
        except (InvalidJWSSignature, JWTMissingKey):
            passed(f"{what}: refused")
        else:
            raise AssertionError(f"{what} was accepted")


def discovery(cloud):
    """What a library finds without being told: public, and pointing at this stripe."""
    status, _, body = http("GET", f"{cloud.stripe_url}/.well-known/openid-configuration")
    equal(status, 200, "discovery")
    found = json.loads(body)
    equal(found["issuer"], ISSUER, "issuer (identity 1)")
    for name in ("token_endpoint", "jwks_uri"):
        equal(http("GET", found[name])[0] in (400, 401, 405), True, f"{name} leads to a door that is there: {found[name]}")
    status, _, body = http("GET", f"{cloud.stripe_url}/.well-known/idcs-configuration")
    equal((status, json.loads(body)["openid-configuration"]), (200, found), "idcs-configuration nests the same object")
    passed("discovery documents")


def main():
    cloud = Cloud()
    user, client = cloud.user_token(), cloud.client_token()
    for token in (user, client):
        served = key_set(cloud, token)
    jwk = json.loads(served)["keys"][0]
    keys = JWKSet.from_json(served)
    for token in (user, client, json.loads((cloud.data / "tokens.tok").read_text())["app_access_token"]):
        header_bytes(token, jwk)
    certificates(jwk)
    claims(cloud, keys, user, client)
    altered_tokens_fail(user, keys)
    discovery(cloud)


if __name__ == "__main__":
    main()
