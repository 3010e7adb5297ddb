// A running dev cloud as the Node programs see it; `dev_cloud.py` is the same for Python.

import { readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import assert from "node:assert/strict";

export class Cloud {
  constructor(devEnv = process.argv[2]) {
    const path = resolve(devEnv);
    this.data = dirname(path);
    for (const line of readFileSync(path, "utf8").split("\n")) {
      const export_ = /^export OBOL_([A-Z_]+)='(.*)'$/.exec(line);
      if (export_) this[export_[1].toLowerCase()] = export_[2];
    }
  }

  get configFile() {
    return join(this.data, "oci_config");
  }

  async userToken(scope = "urn:opc:idm:t.user.me") {
    const form = { grant_type: "password", username: this.username, password: this.password, scope };
    const answer = await fetch(`${this.stripe_url}/oauth2/v1/token`, {
      method: "POST",
      headers: { authorization: `Basic ${btoa(`${this.client_id}:${this.client_secret}`)}` },
      body: new URLSearchParams(form),
    });
    assert.equal(answer.status, 200, await answer.clone().text());
    return (await answer.json()).access_token;
  }

  /** The check that refused a request; fails when nothing is recorded. */
  async explained(requestId) {
    assert.ok(requestId, "a refusal without a request id cannot be looked up");
    const answer = await fetch(`${this.url}/obol/v1/explanations/${encodeURIComponent(requestId)}`);
    assert.equal(answer.status, 200, `nothing is recorded under ${requestId}`);
    return (await answer.json()).explanations[0].check;
  }
}

export const passed = (what) => console.log(`ok: ${what}`);

/** Reports operations for the table in docs/compatibility.md; the step fails when it says something else. */
export const covers = (...operations) => operations.forEach((operation) => console.log(`covered: ${operation}`));
