"""The official `oci` command line as the client programs run it: nothing from whoever runs the tests, JSON out."""

import json
import os
import pathlib
import subprocess
import sys

from dev_cloud import equal, passed

OCI = str(pathlib.Path(sys.executable).with_name("oci"))
WAIT = ("--wait-for-state", "SUCCEEDED", "--wait-interval-seconds", "1", "--max-wait-seconds", "60")


class Refused(Exception):
    """What the command line printed for a service error."""

    def __init__(self, exit_code, stderr):
        super().__init__(stderr)
        self.exit_code = exit_code
        text = stderr[stderr.index("{") :] if "{" in stderr else "{}"
        self.error = json.JSONDecoder().raw_decode(text)[0]


class CommandLine:
    """Runs `oci <service> …` with nothing from the home directory or the environment of whoever runs the tests."""

    def __init__(self, cloud, home, service="analytics", endpoint=None):
        self.service = service
        self.endpoint = endpoint or cloud.url
        self.config_file = cloud.config_file
        kept = {name: value for name, value in os.environ.items() if not name.startswith("OCI_")}
        self.environment = kept | {"HOME": str(home), "SUPPRESS_LABEL_WARNING": "True"}

    def __call__(self, *words):
        text = self.text(*words)
        return json.loads(text) if text.strip() else {}

    def text(self, *words):
        where = ("--config-file", self.config_file, "--endpoint", self.endpoint)
        command = [OCI, self.service, *words, *where]
        done = subprocess.run(
            command, env=self.environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120
        )
        if done.returncode != 0:
            raise Refused(done.returncode, done.stderr + done.stdout)
        return done.stdout


def create(oci, cloud, name, token_file, *more):
    token = ("--idcs-access-token-file", str(token_file)) if token_file else ()
    return oci(
        "analytics-instance", "create", "--name", name, "--compartment-id", cloud.compartment_id,
        "--feature-set", "self_service_analytics", "--license-type", "LICENSE_INCLUDED",
        "--capacity-type", "OLPU_COUNT", "--capacity-value", "1", *token, *more,
    )  # fmt: skip


def refused(cloud, what, call, status, code=None, message=None, secrets=()):
    """The call is refused with Oracle's status, code and words, and the reason is on record."""
    try:
        answer = call()
    except Refused as refusal:
        error = refusal.error
        equal(refusal.exit_code, 1, f"{what}: exit code")
        equal(error.get("status"), status, f"{what}: status in {error}")
        if code:
            equal(error.get("code"), code, f"{what}: code")
        if message:
            assert message in error.get("message", ""), f"{what}: {error.get('message')!r} does not hold {message!r}"
        for secret in secrets:
            assert secret not in str(refusal), f"{what}: the answer repeats a secret"
        check = cloud.explained(error.get("opc-request-id"), secrets)
        passed(f"{what}: {status} {error.get('code')}, refused by {check}")
        return
    raise AssertionError(f"{what} was accepted: {answer}")
