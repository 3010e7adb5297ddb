#!/usr/bin/env bash
# The curl command of Oracle's page "Generate and Use Access Tokens in REST API and CLI Payloads (IDCS)", the host apart:
# the answer is saved and used, and each way to get it wrong is refused as IDCS refuses it.
#
# usage: curl.sh <dev.env of a running dev cloud>
set -euo pipefail

dev_env=$1
# shellcheck disable=SC1090
. "$dev_env"
# A proxy has no business between two programs on one machine.
export NO_PROXY='*' no_proxy='*'

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

fail() {
  printf 'FAILED: %s\n' "$1" >&2
  exit 1
}

passed() {
  printf 'ok: %s\n' "$1"
}

# member NAME < JSON: the value of a top-level member.
member() {
  python3 -c 'import json, sys; print(json.load(sys.stdin).get(sys.argv[1], ""))' "$1"
}

# ---- the page's command, word for word but for the host -------------------------------------------------------------
curl -X POST -u "$OBOL_CLIENT_ID:$OBOL_CLIENT_SECRET" \
  -H 'content-type: application/x-www-form-urlencoded;charset=UTF-8' \
  -d "grant_type=password" -d "username=$OBOL_USERNAME" -d "password=$OBOL_PASSWORD" \
  -d 'scope=urn:opc:idm:t.user.me' \
  "$OBOL_STRIPE_URL/oauth2/v1/token" \
  --silent --show-error -o "$scratch/answer.json" -D "$scratch/headers.txt"

grep -q '^HTTP/1.1 200' "$scratch/headers.txt" || fail "the page's command: $(head -1 "$scratch/headers.txt")"
grep -qE '^\{"access_token":"eyJ4NXQjUzI1NiI6[^"]+","token_type":"Bearer","expires_in":3600\}$' "$scratch/answer.json" ||
  fail "the answer is not the three members of the contract, in order (identity 2.3)"
grep -qi '^content-type: application/json;charset=UTF-8' "$scratch/headers.txt" || fail "content type (identity 2.3)"
grep -qi '^cache-control: no-store' "$scratch/headers.txt" || fail "a token's answer must not be cached (identity 2.3)"
grep -qi '^pragma: no-cache' "$scratch/headers.txt" || fail "pragma (identity 2.3)"
grep -qi '^x-oracle-dms-ecid: .' "$scratch/headers.txt" || fail "every answer carries its ECID (identity 2.6)"
passed "the page's command answers with a token"
echo "covered: token by password"

# ---- saved, and used ------------------------------------------------------------------------------------------------
(umask 077 && member access_token <"$scratch/answer.json" >"$scratch/token")
(umask 077 && printf 'Authorization: Bearer %s\n' "$(cat "$scratch/token")" >"$scratch/authorization")
curl --silent --show-error -H "@$scratch/authorization" "$OBOL_STRIPE_URL/admin/v1/Me" -o "$scratch/me.json" \
  -w '%{http_code}' >"$scratch/status"
[ "$(cat "$scratch/status")" = 200 ] || fail "GET /admin/v1/Me with the saved token: $(cat "$scratch/status")"
[ "$(member userName <"$scratch/me.json")" = "$OBOL_USERNAME" ] || fail "Me is not the user who signed in"
passed "the saved token opens /admin/v1/Me"
echo "covered: GET /admin/v1/Me"

# ---- refusals -------------------------------------------------------------------------------------------------------
# refused WHAT STATUS ERROR curl-arguments…: the status and code of IDCS, and an explanation that holds no secret.
refused() {
  local what=$1 status=$2 error=$3 seen ecid
  shift 3
  seen=$(curl --silent --show-error -D "$scratch/headers.txt" -o "$scratch/answer.json" -w '%{http_code}' "$@")
  [ "$seen" = "$status" ] || fail "$what: status $seen, not $status: $(cat "$scratch/answer.json")"
  [ "$(member error <"$scratch/answer.json")" = "$error" ] || fail "$what: $(cat "$scratch/answer.json"), not $error"
  ecid=$(sed -n 's/^[Xx]-[Oo][Rr][Aa][Cc][Ll][Ee]-[Dd][Mm][Ss]-[Ee][Cc][Ii][Dd]: *//p' "$scratch/headers.txt" | tr -d '\r')
  [ -n "$ecid" ] || fail "$what: no ECID"
  local id
  id=$(python3 -c 'import sys, urllib.parse; print(urllib.parse.quote(sys.argv[1], safe=""))' "$ecid")
  curl --silent --show-error --fail "$OBOL_URL/obol/v1/explanations/$id" -o "$scratch/why.json" ||
    fail "$what: nothing is recorded under $ecid"
  python3 - "$scratch/why.json" "$what" <<'PYTHON'
import json, os, sys
text = open(sys.argv[1]).read()
for one in json.loads(text)["explanations"]:
    for part in ("check", "expected", "seen", "fix"):
        assert one[part], f"{sys.argv[2]}: the explanation has no {part}"
for name in ("OBOL_CLIENT_SECRET", "OBOL_PASSWORD"):
    assert os.environ[name] not in text, f"{sys.argv[2]}: {name} is in the explanation"
print(f"    {json.loads(text)['explanations'][0]['check']}")
PYTHON
  passed "$what: $status $error"
}
export OBOL_CLIENT_SECRET OBOL_PASSWORD

token_url=$OBOL_STRIPE_URL/oauth2/v1/token
client=(-u "$OBOL_CLIENT_ID:$OBOL_CLIENT_SECRET")
user=(-d "username=$OBOL_USERNAME" -d "password=$OBOL_PASSWORD")
me=(-d 'scope=urn:opc:idm:t.user.me')

refused "wrong client secret" 401 invalid_client \
  -u "$OBOL_CLIENT_ID:not-the-secret" -d grant_type=password "${user[@]}" "${me[@]}" "$token_url"
refused "unknown client" 401 invalid_client \
  -u "00000000000000000000000000000000:$OBOL_CLIENT_SECRET" -d grant_type=password "${user[@]}" "${me[@]}" "$token_url"
refused "no client" 401 invalid_client \
  -d grant_type=password "${user[@]}" "${me[@]}" "$token_url"
refused "wrong password" 400 invalid_grant \
  "${client[@]}" -d grant_type=password -d "username=$OBOL_USERNAME" -d password=not-the-password "${me[@]}" "$token_url"
refused "unknown user" 400 invalid_grant \
  "${client[@]}" -d grant_type=password -d username=nobody@example.com -d "password=$OBOL_PASSWORD" "${me[@]}" "$token_url"
refused "no password" 400 invalid_request \
  "${client[@]}" -d grant_type=password -d "username=$OBOL_USERNAME" "${me[@]}" "$token_url"
refused "a parameter twice" 400 invalid_request \
  "${client[@]}" -d grant_type=password "${user[@]}" "${me[@]}" "${me[@]}" "$token_url"
refused "a grant nobody knows" 400 unsupported_grant_type \
  "${client[@]}" -d grant_type=please "${user[@]}" "${me[@]}" "$token_url"

# The right password still works: the refusals above are fewer than the policy's attempts.
[ "$(curl --silent -o "$scratch/answer.json" -w '%{http_code}' "${client[@]}" -d grant_type=password "${user[@]}" "${me[@]}" \
  "$token_url")" = 200 ] || fail "the right password after the wrong ones: $(cat "$scratch/answer.json")"
passed "the right password after the wrong ones"
