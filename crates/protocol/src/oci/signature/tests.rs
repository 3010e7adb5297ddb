//! Oracle's published vectors and the contract's own (contract analytics 4.9), the refusals, and round trips.

use std::sync::LazyLock;

use aws_lc_rs::{
    encoding::{AsDer as _, Pkcs8V1Der},
    rsa,
    signature::{RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY, RsaKeyPair},
};
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use proptest::prelude::*;

use super::*;
use crate::{
    Secret, Timestamp,
    oci::{Fingerprint, pem},
};

const VECTOR_KEY: &str = "-----BEGIN PUBLIC KEY-----
MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDCFENGw33yGihy92pDjZQhl0C3
6rPJj+CvfSC8+q28hxA161QFNUd13wuCTUcq0Qd2qsBe/2hFyc2DCJJg0h1L78+6
Z4UMR7EOcpfdUE9Hf3m/hs+FUR45uBJeDK1HSFHD8bHKD6kv8FPGfJTotc+2xjJw
oYi+1hqp1fIekaxsyQIDAQAB
-----END PUBLIC KEY-----";
const VECTOR_KEY_ID: &str = "ocid1.tenancy.oc1..aaaaaaaaba3pv6wkcr4jqae5f15p2b2m2yt2j6rx32uzr4h25vqstifsfdsq/ocid1.user.oc1..aaaaaaaat5nvwcna5j6aqzjcaty5eqbb6qt2jvpkanghtgdaqedqw3rynjq/20:3b:97:13:55:1c:5b:0d:d3:37:d8:50:4e:c5:3a:34";
const VECTOR_DATE: &str = "Thu, 05 Jan 2014 21:31:40 GMT";
const VECTOR_BODY: &str = r#"{
    "compartmentId": "ocid1.compartment.oc1..aaaaaaaam3we6vgnherjq5q2idnccdflvjsnog7mlr6rtdb25gilchfeyjxa",
    "instanceId": "ocid1.instance.oc1.phx.abuw4ljrlsfiqw6vzzxb43vyypt4pkodawglp3wqxjqofakrwvou52gb6s5a",
    "volumeId": "ocid1.volume.oc1.phx.abyhqljrgvttnlx73nmrwfaux7kcvzfs3s66izvxf2h4lgvyndsdsnoiwr5q"
}"#;
const PYTHON_GET: &str = "date (request-target) host";
const PYTHON_POST: &str = "date (request-target) host content-length content-type x-content-sha256";
const EMPTY_DIGEST: &str = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";

static PKCS8: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let pair = RsaKeyPair::generate(rsa::KeySize::Rsa2048).unwrap();
    let der: Pkcs8V1Der<'_> = pair.as_der().unwrap();
    der.as_ref().to_vec()
});

fn private_key() -> PrivateKey {
    PrivateKey::from_pkcs8(&PKCS8).unwrap()
}

fn vector_key() -> PublicKey {
    let der = pem::first_block(VECTOR_KEY).ok().unwrap().der;
    let key = rsa::PublicKey::from_der(&der).unwrap();
    PublicKey::with_parameters(&key, &RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY).unwrap()
}

fn headers(pairs: &[(&str, &str)]) -> HeaderMap {
    pairs
        .iter()
        .map(|(name, value)| (name.parse::<HeaderName>().unwrap(), value.parse::<HeaderValue>().unwrap()))
        .collect()
}

fn authorization(list: &str, signature: &str) -> String {
    format!(
        "Signature version=\"1\",headers=\"{list}\",keyId=\"{VECTOR_KEY_ID}\",algorithm=\"rsa-sha256\",signature=\"{signature}\""
    )
}

/// Walks all checks of a server, in their order.
fn check(
    method: &Method,
    target: &str,
    headers: &HeaderMap,
    body: &[u8],
    key: &PublicKey,
    wall: Timestamp,
) -> Result<(), SignatureRefusal> {
    let request = SignedRequest { method, target, authority: None, headers };
    let header = SignatureHeader::of(headers)?;
    let text = header.signing_string(&request, wall)?;
    header.key_id()?;
    header.verify(&text, key)?;
    check_body(&request, body)
}

fn vector_wall() -> Timestamp {
    Timestamp::parse_http_date(VECTOR_DATE).unwrap()
}

#[test]
fn oracles_get_vector_verifies() {
    // Contract analytics 4.9.
    let target = "/20160918/instances?availabilityDomain=Pjwf%3A%20PHX-AD-1&compartmentId=ocid1.compartment.oc1..aaaaaaaam3we6vgnherjq5q2idnccdflvjsnog7mlr6rtdb25gilchfeyjxa&displayName=TeamXInstances&volumeId=ocid1.volume.oc1.phx.abyhqljrgvttnlx73nmrwfaux7kcvzfs3s66izvxf2h4lgvyndsdsnoiwr5q";
    let signature = "GBas7grhyrhSKHP6AVIj/h5/Vp8bd/peM79H9Wv8kjoaCivujVXlpbKLjMPeDUhxkFIWtTtLBj3sUzaFj34XE6YZAHc9r2DmE4pMwOAy/kiITcZxa1oHPOeRheC0jP2dqbTll8fmTZVwKZOKHYPtrLJIJQHJjNvxFWeHQjMaR7M=";
    let headers = headers(&[
        ("date", VECTOR_DATE),
        ("host", "iaas.us-phoenix-1.oraclecloud.com"),
        ("authorization", &authorization(PYTHON_GET, signature)),
    ]);
    assert_eq!(check(&Method::GET, target, &headers, b"", &vector_key(), vector_wall()), Ok(()));
}

#[test]
fn oracles_post_vector_verifies() {
    // Contract analytics 4.9.
    let signature = "Mje8vIDPlwIHmD/cTDwRxE7HaAvBg16JnVcsuqaNRim23fFPgQfLoOOxae6WqKb1uPjYEl0qIdazWaBy/Ml8DRhqlocMwoSXv0fbukP8J5N80LCmzT/FFBvIvTB91XuXI3hYfP9Zt1l7S6ieVadHUfqBedWH0itrtPJBgKmrWso=";
    assert_eq!(digest(VECTOR_BODY.as_bytes()), "V9Z20UJTvkvpJ50flBzKE32+6m2zJjweHpDMX/U4Uy0=");
    let headers = headers(&[
        ("date", VECTOR_DATE),
        ("host", "iaas.us-phoenix-1.oraclecloud.com"),
        ("content-type", "application/json"),
        ("content-length", "316"),
        ("x-content-sha256", "V9Z20UJTvkvpJ50flBzKE32+6m2zJjweHpDMX/U4Uy0="),
        ("authorization", &authorization(PYTHON_POST, signature)),
    ]);
    let target = "/20160918/volumeAttachments";
    assert_eq!(check(&Method::POST, target, &headers, VECTOR_BODY.as_bytes(), &vector_key(), vector_wall()), Ok(()));
}

#[test]
fn the_contracts_own_vectors_verify() {
    // Contract analytics 4.9, cases A, B and C.
    let key = vector_key();
    let host = ("host", "analytics.us-phoenix-1.ocp.oraclecloud.com");
    let a = authorization(
        PYTHON_GET,
        "LgkdeecEQI/Jn1lYZa3TkhXAcsPSXwY4PzXNxmrPlt5KLYJpAn9SMhkn/STnOdMLqNh4ODbyTFZWdLohb+37HV2sXQMlfgmGxhHde0FVxOkSaY8U9TLM8Ls4GNdlrhgEcBP/Ageo7/VCdaPl3rPFanW1Xohuhf7Z/Uqjppi18cQ=",
    );
    let a_headers = headers(&[("date", VECTOR_DATE), host, ("authorization", &a)]);
    let a_target =
        "/20190331/analyticsInstances?compartmentId=ocid1.compartment.oc1..aaaa&name=my+oac%2F%C3%A9%2B%26%3D~%2A";
    assert_eq!(check(&Method::GET, a_target, &a_headers, b"", &key, vector_wall()), Ok(()));

    let b = authorization(
        PYTHON_POST,
        "FupwBVmfIAB0KJ42u96LWo1Hqr5ewWo/17oMsTpPFs2WDDXVbJ4v1HhcVnllYVnn58AO3pTPZlxYgZHsZ+9MJ689EVFaN/PwH8YpazsplKYelXblbcn0SY3ILZrdKAKC3fq8WajrjomW1BnRlF1DwwWk32E5EHv2KJDyDL7hoEc=",
    );
    let b_headers = headers(&[
        ("date", VECTOR_DATE),
        host,
        ("content-length", "0"),
        ("content-type", "application/json"),
        ("x-content-sha256", EMPTY_DIGEST),
        ("authorization", &b),
    ]);
    let b_target = "/20190331/analyticsInstances/ocid1.analyticsinstance.oc1.us-phoenix-1.aaaa/actions/start";
    assert_eq!(check(&Method::POST, b_target, &b_headers, b"", &key, vector_wall()), Ok(()));

    let c = authorization(
        "x-date (request-target) host",
        "CHLqE59UWHq5ohOH7+Vfohcb0qtIF3MDXcuXBigvCK/SWEnIbIbIDtmcaSzWq9DfKQIT+RN3WpzUohZR8ZJsbxzxukGfAUEPiASm35ThuE9u1ALhX/YHuWB78egafmn81VEZglwOJf+4PKno+ek085XsGtcdoH1pvqQCL+25azI=",
    );
    let c_headers = headers(&[("x-date", VECTOR_DATE), host, ("authorization", &c)]);
    let c_target = "/20190331/analyticsInstances/ocid1.analyticsinstance.oc1.us-phoenix-1.aaaa";
    assert_eq!(check(&Method::DELETE, c_target, &c_headers, b"", &key, vector_wall()), Ok(()));

    // The target counts as received: decoded or reordered, it is another request.
    for target in [
        &a_target.replace('+', "%20"),
        "/20190331/analyticsInstances?name=my+oac%2F%C3%A9%2B%26%3D~%2A&compartmentId=ocid1.compartment.oc1..aaaa",
        &format!("/{a_target}"),
    ] {
        assert!(matches!(
            check(&Method::GET, target, &a_headers, b"", &key, vector_wall()),
            Err(SignatureRefusal::SignatureMismatch { .. })
        ));
    }
}

#[test]
fn the_vector_keys_fingerprint_is_its_own() {
    // Contract analytics 4.9: the published keyId names another.
    assert_eq!(vector_key().fingerprint().as_str(), "73:61:a2:21:67:e0:df:be:7e:4b:93:1e:15:98:a5:b7");
}

#[test]
fn keys_under_2048_bits_are_refused() {
    assert_eq!(PublicKey::from_pem(VECTOR_KEY).unwrap_err(), KeyError::WrongSize);
}

const TENANCY: &str = "ocid1.tenancy.oc1..aaaaaaaaexampletenancy0001";
const USER: &str = "ocid1.user.oc1..aaaaaaaaexampleuser0001";
const WALL: Timestamp = Timestamp::from_seconds(1_795_386_589);

fn signer() -> (Signer, PublicKey) {
    let key = private_key();
    let public = key.public_key().unwrap();
    (Signer::api_key(TENANCY, USER, &public.fingerprint(), key), public)
}

const BODY: &[u8] = b"{\"name\":\"myoac\"}";

/// A good POST, to be spoilt.
fn good_post() -> (HeaderMap, PublicKey) {
    let (signer, public) = signer();
    (signer.sign(&Method::POST, "/20190331/analyticsInstances", "127.0.0.1:4620", BODY, WALL).unwrap(), public)
}

fn check_post(headers: &HeaderMap, body: &[u8], key: &PublicKey) -> Result<(), SignatureRefusal> {
    check(&Method::POST, "/20190331/analyticsInstances", headers, body, key, WALL)
}

#[test]
fn what_the_signer_signs_verifies() {
    let (headers, key) = good_post();
    assert_eq!(check_post(&headers, BODY, &key), Ok(()));
    let header = SignatureHeader::of(&headers).unwrap();
    let fingerprint = key.fingerprint();
    assert_eq!(header.key_id(), Ok(KeyId::ApiKey { tenancy: TENANCY, user: USER, fingerprint: fingerprint.as_str() }));
    for method in [Method::GET, Method::HEAD, Method::DELETE] {
        let (signer, key) = signer();
        let headers = signer.sign(&method, "/x?a=%2F&b=+", "h", b"", WALL).unwrap();
        assert_eq!(check(&method, "/x?a=%2F&b=+", &headers, b"", &key, WALL), Ok(()));
        assert!(!headers.contains_key("x-content-sha256"));
    }
}

/// Signs with a client's own list and spells the header in its own parameter order.
fn as_client_does(
    list: &str,
    order: [&str; 5],
    mut headers: HeaderMap,
    method: &Method,
) -> Result<(), SignatureRefusal> {
    let (signer, key) = signer();
    let listed: Vec<&str> = list.split(' ').collect();
    let request = SignedRequest { method, target: "/t", authority: None, headers: &headers };
    let value = signer.authorization(&listed, &request).unwrap();
    let text = value.to_str().unwrap().strip_prefix("Signature ").unwrap().to_owned();
    let parameters: Vec<String> = order
        .iter()
        .map(|name| {
            let start = text.find(&format!("{name}=\"")).unwrap();
            let end = start + name.len() + 2 + text[start + name.len() + 2..].find('"').unwrap() + 1;
            text[start..end].to_owned()
        })
        .collect();
    headers.insert("authorization", format!("Signature {}", parameters.join(",")).parse().unwrap());
    check(method, "/t", &headers, b"", &key, WALL)
}

#[test]
fn the_lists_and_orders_of_real_clients_verify() {
    // Contract analytics 4.1 and 4.4.
    let date = WALL.http_date();
    let python = ["algorithm", "headers", "keyId", "signature", "version"];
    let go = ["version", "headers", "keyId", "algorithm", "signature"];
    let node = ["version", "keyId", "algorithm", "headers", "signature"];
    let common = [
        ("host", "127.0.0.1:18081"),
        ("content-type", "application/json"),
        ("content-length", "0"),
        ("x-content-sha256", EMPTY_DIGEST),
        ("opc-obo-token", "obo"),
        ("date", date.as_str()),
    ];
    let old = Timestamp::from_seconds(0).http_date();
    let mut with_x_date = headers(&common);
    with_x_date.insert("x-date", date.parse().unwrap());
    with_x_date.insert("date", old.parse().unwrap());
    for (list, order, headers, method) in [
        (PYTHON_GET, python, headers(&common), Method::GET),
        (PYTHON_POST, python, headers(&common), Method::POST),
        (PYTHON_POST, go, headers(&common), Method::PUT),
        ("date (request-target) host opc-obo-token", go, headers(&common), Method::DELETE),
        ("x-date (request-target) host", node, with_x_date.clone(), Method::GET),
        ("x-date (request-target) host Content-Type Content-Length x-content-sha256", node, with_x_date, Method::POST),
    ] {
        assert_eq!(as_client_does(list, order, headers, &method), Ok(()), "{list}");
    }
}

#[test]
fn an_authority_stands_for_an_absent_host() {
    let (mut headers, key) = good_post();
    headers.remove("host");
    let request = SignedRequest {
        method: &Method::POST,
        target: "/20190331/analyticsInstances",
        authority: Some("127.0.0.1:4620"),
        headers: &headers,
    };
    let header = SignatureHeader::of(&headers).unwrap();
    let text = header.signing_string(&request, WALL).unwrap();
    assert_eq!(header.verify(&text, &key), Ok(()));
}

#[test]
fn a_missing_or_foreign_header_is_refused() {
    let (mut headers, key) = good_post();
    headers.insert("authorization", "Bearer eyJ".parse().unwrap());
    assert_eq!(check_post(&headers, BODY, &key), Err(SignatureRefusal::OtherScheme));
    headers.remove("authorization");
    assert_eq!(check_post(&headers, BODY, &key), Err(SignatureRefusal::Missing));
    headers.append("authorization", "Signature a=\"b\"".parse().unwrap());
    headers.append("authorization", "Signature a=\"b\"".parse().unwrap());
    assert!(matches!(check_post(&headers, BODY, &key), Err(SignatureRefusal::Malformed(_))));
}

#[test]
fn malformed_headers_are_refused() {
    let good = authorization(PYTHON_GET, "AAAA");
    assert!(SignatureHeader::parse(good.as_bytes()).is_ok());
    // Scheme and parameter names in any case, white space between parameters, unknown parameters.
    let loose = good.replace("Signature ", "signature ").replace("keyId", "KEYID").replace(',', " , ");
    assert!(SignatureHeader::parse(format!("{loose}, created=\"1\"").as_bytes()).is_ok());
    for bad in [
        "Signature".to_owned(),
        "Signature ".to_owned(),
        "Signature x".to_owned(),
        "Signature x=y".to_owned(),
        "Signature x=\"y".to_owned(),
        "Signature =\"y\"".to_owned(),
        "Signature x y=\"y\"".to_owned(),
        format!("{good},"),
        format!("{good} x=\"y\""),
        format!("{good},version=\"1\""),
        format!("{good},x=\"a\\\"b\""),
        authorization(PYTHON_GET, "not base64"),
        authorization(PYTHON_GET, &"A".repeat(20_000)),
    ] {
        assert!(matches!(SignatureHeader::parse(bad.as_bytes()), Err(SignatureRefusal::Malformed(_))), "{bad}");
    }
    assert!(matches!(SignatureHeader::parse(b"Signature x=\"\xff\""), Err(SignatureRefusal::Malformed(_))));
    for name in ["keyId", "algorithm", "headers", "signature"] {
        let without = good.replace(&format!("{name}=\""), "other=\"");
        assert_eq!(
            SignatureHeader::parse(without.as_bytes()).err(),
            Some(SignatureRefusal::ParameterMissing(name)),
            "{name}"
        );
    }
}

/// Replaces text in the Authorization header.
fn rewritten(headers: &HeaderMap, from: &str, to: &str) -> HeaderMap {
    let mut headers = headers.clone();
    let value = headers["authorization"].to_str().unwrap().to_owned();
    assert!(value.contains(from), "{from}");
    headers.insert("authorization", value.replace(from, to).parse().unwrap());
    headers
}

#[test]
fn another_version_or_algorithm_is_refused() {
    let (good, key) = good_post();
    let refusal = |from, to| check_post(&rewritten(&good, from, to), BODY, &key);
    assert_eq!(refusal("version=\"1\"", "version=\"2\""), Err(SignatureRefusal::OtherVersion));
    assert_eq!(refusal("rsa-sha256", "rsa-sha512"), Err(SignatureRefusal::OtherAlgorithm));
    assert_eq!(refusal("rsa-sha256", "hmac-sha256"), Err(SignatureRefusal::OtherAlgorithm));
    // Contract analytics 4.1: version may be absent.
    assert_eq!(refusal(",version=\"1\"", ""), Ok(()));
}

#[test]
fn every_required_header_must_be_signed() {
    // Contract analytics 4.3.
    let (good, key) = good_post();
    for name in ["date", "(request-target)", "host", "content-length", "content-type", "x-content-sha256"] {
        let list = PYTHON_POST.split(' ').filter(|listed| *listed != name).collect::<Vec<_>>().join(" ");
        let refusal = check_post(&rewritten(&good, PYTHON_POST, &list), BODY, &key);
        assert_eq!(refusal, Err(SignatureRefusal::RequiredNotSigned(name)), "{name}");
    }
}

#[test]
fn an_unsigned_x_date_does_not_move_the_date() {
    // Contract analytics 4.3: x-date is the date that counts, so it must be a signed one.
    let (mut headers, key) = good_post();
    headers.insert("x-date", WALL.http_date().parse().unwrap());
    assert_eq!(check_post(&headers, BODY, &key), Err(SignatureRefusal::RequiredNotSigned("x-date")));
}

#[test]
fn a_listed_header_must_be_there_once() {
    let (good, key) = good_post();
    let more = format!("{PYTHON_POST} Opc-Obo-Token");
    assert_eq!(
        check_post(&rewritten(&good, PYTHON_POST, &more), BODY, &key),
        Err(SignatureRefusal::ListedAbsent("opc-obo-token".to_owned()))
    );
    let twice = format!("{PYTHON_POST} Host");
    assert_eq!(check_post(&rewritten(&good, PYTHON_POST, &twice), BODY, &key), Err(SignatureRefusal::ListedTwice));
    let mut without = good.clone();
    without.remove("host");
    assert_eq!(check_post(&without, BODY, &key), Err(SignatureRefusal::ListedAbsent("host".to_owned())));
}

#[test]
fn the_date_may_be_five_minutes_off_and_no_more() {
    // Contract analytics 4.7.
    let (good, key) = good_post();
    let at = |wall| check(&Method::POST, "/20190331/analyticsInstances", &good, BODY, &key, wall);
    assert_eq!(at(WALL.plus(SKEW)), Ok(()));
    assert_eq!(at(WALL.minus(SKEW)), Ok(()));
    let second = std::time::Duration::from_secs(1);
    for wall in [WALL.plus(SKEW).plus(second), WALL.minus(SKEW).minus(second)] {
        assert_eq!(at(wall), Err(SignatureRefusal::DateSkewed { sent: WALL, wall }));
    }
    let mut unreadable = good.clone();
    unreadable.insert("date", "yesterday".parse().unwrap());
    assert_eq!(check_post(&unreadable, BODY, &key), Err(SignatureRefusal::DateUnreadable));
}

#[test]
fn key_ids_of_other_forms_are_refused() {
    // Contract analytics 4.6.
    let parse = |key_id: &str| {
        let text = authorization(PYTHON_GET, "AAAA").replace(VECTOR_KEY_ID, key_id);
        let header = SignatureHeader::parse(text.as_bytes()).unwrap();
        header.key_id().map(|id| format!("{id:?}"))
    };
    for bad in ["", "a", "a/b", "ST$", "a/b/c", &VECTOR_KEY_ID.to_uppercase(), &format!("{VECTOR_KEY_ID}/x")] {
        assert_eq!(parse(bad), Err(SignatureRefusal::KeyIdMalformed), "{bad}");
    }
    assert!(parse("ST$eyJ.a+b/c=.d").unwrap().starts_with("SessionToken"));
}

#[test]
fn a_session_token_is_the_key_id() {
    // Contract analytics 4.6; a trailing new line of the token file is no part of it.
    let signer = Signer::session_token(&Secret::new("eyJ.canary.x\n"), private_key());
    let headers = signer.sign(&Method::GET, "/", "h", b"", WALL).unwrap();
    let header = SignatureHeader::of(&headers).unwrap();
    assert_eq!(header.key_id(), Ok(KeyId::SessionToken("eyJ.canary.x")));
    assert!(!format!("{signer:?} {headers:?}").contains("canary"));
}

#[test]
fn a_change_anywhere_breaks_the_signature() {
    let (good, key) = good_post();
    let mismatch = |result| matches!(result, Err(SignatureRefusal::SignatureMismatch { .. }));
    let mut other_host = good.clone();
    other_host.insert("host", "127.0.0.1:4621".parse().unwrap());
    assert!(mismatch(check_post(&other_host, BODY, &key)));
    assert!(mismatch(check(&Method::PUT, "/20190331/analyticsInstances", &good, BODY, &key, WALL)));
    assert!(mismatch(check(&Method::POST, "/20190331/analyticsInstances/", &good, BODY, &key, WALL)));
    let list = "(request-target) date host content-length content-type x-content-sha256";
    assert!(mismatch(check_post(&rewritten(&good, PYTHON_POST, list), BODY, &key)));
    let stranger = RsaKeyPair::generate(rsa::KeySize::Rsa2048).unwrap();
    let der: Pkcs8V1Der<'_> = stranger.as_der().unwrap();
    let stranger = PrivateKey::from_pkcs8(der.as_ref()).unwrap().public_key().unwrap();
    assert!(mismatch(check_post(&good, BODY, &stranger)));
    assert!(mismatch(check_post(&rewritten(&good, "signature=\"", "signature=\"AAAA"), BODY, &key)));
}

#[test]
fn the_body_must_be_the_signed_one() {
    // Contract analytics 4.8, point 7.
    let (good, key) = good_post();
    assert_eq!(
        check_post(&good, b"{\"name\":\"myoad\"}", &key),
        Err(SignatureRefusal::DigestMismatch { received: digest(b"{\"name\":\"myoad\"}") })
    );
    assert_eq!(check_post(&good, b"", &key), Err(SignatureRefusal::LengthMismatch { received: 0 }));
    assert_eq!(digest(b""), EMPTY_DIGEST);
}

#[test]
fn no_reason_holds_the_signature_or_a_session_token() {
    let (good, _) = good_post();
    let header = SignatureHeader::of(&good).unwrap();
    let stranger = vector_key();
    let request = SignedRequest {
        method: &Method::POST,
        target: "/20190331/analyticsInstances",
        authority: None,
        headers: &good,
    };
    let text = header.signing_string(&request, WALL).unwrap();
    let refusal = header.verify(&text, &stranger).unwrap_err();
    let reason = refusal.reason();
    assert_eq!(reason.check, "signature_fits");
    let signature = good["authorization"].to_str().unwrap().split("signature=\"").nth(1).unwrap().to_owned();
    assert!(!format!("{reason:?} {refusal:?}").contains(&signature[..20]));
}

#[test]
fn private_keys_are_read_from_both_encodings() {
    // Contract analytics 4.6: PEM PKCS#1 and PKCS#8, with text after the END line.
    let fingerprint = private_key().public_key().unwrap().fingerprint();
    let pkcs8 = format!("{}OCI_API_KEY\n", pem::encode("PRIVATE KEY", &PKCS8).as_str());
    // The PKCS#1 key is what PKCS#8 wraps, after 26 bytes for a key of this size.
    let pkcs1 = pem::encode("RSA PRIVATE KEY", &PKCS8[26..]);
    for text in [pkcs8.as_str(), &pkcs8.replace('\n', "\r\n"), pkcs1.as_str()] {
        assert_eq!(PrivateKey::from_pem(text).unwrap().public_key().unwrap().fingerprint(), fingerprint);
    }
    assert_eq!(PrivateKey::from_pem(VECTOR_KEY).unwrap_err(), KeyError::OtherLabel);
    assert_eq!(PrivateKey::from_pem("").unwrap_err(), KeyError::Pem(pem::PemError::NoBlock));
    assert_eq!(PrivateKey::from_pem(&pem::encode("PRIVATE KEY", b"no key")).unwrap_err(), KeyError::NotRsa);
    assert_eq!(PublicKey::from_pem(&pem::encode("PUBLIC KEY", b"no key")).unwrap_err(), KeyError::NotRsa);
    assert_eq!(format!("{:?}", private_key()), "PrivateKey(***)");
}

#[test]
fn public_keys_are_read_from_both_encodings() {
    let key = private_key().public_key().unwrap();
    let again = PublicKey::from_pem(&pem::encode("PUBLIC KEY", key.spki())).unwrap();
    assert_eq!(again.fingerprint(), key.fingerprint());
    // The PKCS#1 key is what SubjectPublicKeyInfo wraps, after 24 bytes for a key of this size.
    let pkcs1 = PublicKey::from_pem(&pem::encode("RSA PUBLIC KEY", &key.spki()[24..])).unwrap();
    assert_eq!(pkcs1.fingerprint(), key.fingerprint());
    assert_eq!(key.fingerprint(), Fingerprint::of_spki(key.spki()));
}

#[test]
fn what_cannot_be_a_header_is_not_signed() {
    let (signer, _) = signer();
    assert_eq!(signer.sign(&Method::GET, "/", "a\nb", b"", WALL).unwrap_err(), SigningError::NotAHeader);
    let request = SignedRequest { method: &Method::GET, target: "/", authority: None, headers: &HeaderMap::new() };
    assert_eq!(signer.authorization(&["host"], &request).unwrap_err(), SigningError::List);
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200), tail in "[ -~]{0,80}") {
        let _ = SignatureHeader::parse(&bytes);
        let text = format!("Signature {tail}");
        if let Ok(header) = SignatureHeader::parse(text.as_bytes()) {
            let _ = header.key_id();
        }
    }

    #[test]
    fn any_list_is_rebuilt_or_refused(list in "[ -!#-\\[\\]-~]{0,60}", name in "[a-z-]{1,10}", value in "[ -~]{0,20}") {
        let text = authorization(&list, "AAAA");
        let header = SignatureHeader::parse(text.as_bytes()).unwrap();
        let mut headers = headers(&[("date", &WALL.http_date())]);
        if let (Ok(name), Ok(value)) = (name.parse::<HeaderName>(), value.parse::<HeaderValue>()) {
            headers.insert(name, value);
        }
        let request = SignedRequest { method: &Method::GET, target: "/", authority: None, headers: &headers };
        let _ = header.signing_string(&request, WALL);
    }
}
