"""A running dev cloud as the client programs see it: what its `dev.env` says, tokens, the clock, explanations.

Only the standard library: what is under test is the client that each program brings, not this.
"""

import base64
import contextlib
import json
import os
import pathlib
import shlex
import sys
import urllib.error
import urllib.parse
import urllib.request

# A proxy has no business between two programs on one machine.
for name in ("NO_PROXY", "no_proxy"):
    os.environ[name] = "*"


class Cloud:
    """The dev cloud that the first argument's `dev.env` describes."""

    def __init__(self, dev_env=None):
        path = pathlib.Path(dev_env or sys.argv[1]).resolve()
        self.data = path.parent
        for line in path.read_text().splitlines():
            words = shlex.split(line, comments=True)
            if len(words) == 2 and words[0] == "export":
                name, _, value = words[1].partition("=")
                if name.startswith("OBOL_"):
                    setattr(self, name.removeprefix("OBOL_").lower(), value)

    @property
    def config_file(self):
        """The profile that the official clients read."""
        return str(self.data / "oci_config")

    def token_answer(self, **form):
        """Asks the token endpoint; returns status, headers and body."""
        basic = base64.b64encode(f"{self.client_id}:{self.client_secret}".encode()).decode()
        headers = {"authorization": f"Basic {basic}", "content-type": "application/x-www-form-urlencoded"}
        body = urllib.parse.urlencode(form).encode()
        return http("POST", f"{self.stripe_url}/oauth2/v1/token", headers, body)

    def user_token(self, scope="urn:opc:idm:t.user.me"):
        """A token for the seeded user by password."""
        form = {"grant_type": "password", "username": self.username, "password": self.password, "scope": scope}
        return self._issued(form)

    def client_token(self, scope="urn:opc:idm:__myscopes__"):
        """A token for the application itself, which has no user in it."""
        return self._issued({"grant_type": "client_credentials", "scope": scope})

    def _issued(self, form):
        status, _, body = self.token_answer(**form)
        assert status == 200, f"token endpoint: {status} {body}"
        return json.loads(body)["access_token"]

    @contextlib.contextmanager
    def clock_advanced(self, duration):
        """Moves the service's time ahead, and back at the end."""
        self._clock({"advance": duration})
        try:
            yield
        finally:
            self._clock({"reset": True})

    def _clock(self, body):
        headers = {"content-type": "application/json", "x-obol-request": "1"}
        status, _, answer = http("POST", f"{self.url}/obol/v1/clock", headers, json.dumps(body).encode())
        assert status == 200, f"clock: {status} {answer}"

    def explained(self, request_id, secrets=()):
        """The check that refused a request. Fails when nothing is recorded, or when a secret is in it."""
        assert request_id, "a refusal without a request id cannot be looked up"
        path = urllib.parse.quote(request_id, safe="")
        status, _, body = http("GET", f"{self.url}/obol/v1/explanations/{path}")
        assert status == 200, f"nothing is recorded under {request_id}: {status} {body}"
        explanations = json.loads(body)["explanations"]
        assert explanations, f"nothing is recorded under {request_id}"
        for part in ("check", "expected", "seen", "fix"):
            assert explanations[0].get(part), f"the explanation of {request_id} has no {part}: {explanations[0]}"
        for secret in (self.client_secret, self.password, *secrets):
            assert secret not in body, f"a secret is in the explanation of {request_id}"
        return explanations[0]["check"]


def http(method, url, headers=None, body=None):
    """One request; returns status, headers (case-insensitive) and text, refusals included."""
    request = urllib.request.Request(url, data=body, headers=headers or {}, method=method)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, answer.headers, answer.read().decode()
    except urllib.error.HTTPError as refusal:
        return refusal.code, refusal.headers, refusal.read().decode()


def passed(what):
    print(f"ok: {what}", flush=True)


def covers(*operations):
    """Reports operations for the table in docs/compatibility.md; the step fails when it says something else."""
    for operation in operations:
        print(f"covered: {operation}", flush=True)


def equal(seen, expected, what):
    """Fails with both values and the name of the rule."""
    assert seen == expected, f"{what}: {seen!r}, not {expected!r}"
