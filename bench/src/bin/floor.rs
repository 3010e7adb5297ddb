//! The floor: the least a token service can do. It parses the form, builds the claims and makes one RS256 signature, and
//! nothing else. It listens on a free loopback port and prints its URL.

#![expect(clippy::print_stdout, reason = "the driver reads the URL from standard output")]

use std::sync::Arc;

use anyhow::Context as _;
use aws_lc_rs::{
    rand::SystemRandom,
    rsa::{KeyPair, KeySize},
    signature::RSA_PKCS1_SHA256,
};
use axum::{Form, Json, Router, extract::State, routing::post};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};

#[derive(Deserialize)]
struct Request {
    #[serde(rename = "grant_type")]
    _grant_type: String,
    scope: String,
}

/// As many members, and as long, as an IDCS client token has (contract identity 3.2, Example B).
#[derive(Serialize)]
struct Claims<'a> {
    client_ocid: &'a str,
    sub: &'a str,
    sidle: u32,
    iss: &'a str,
    domain_home: &'a str,
    ca_ocid: &'a str,
    client_id: &'a str,
    domain_id: &'a str,
    sub_type: &'a str,
    scope: &'a str,
    client_tenantname: &'a str,
    region_name: &'a str,
    exp: u64,
    iat: u64,
    client_guid: &'a str,
    client_name: &'a str,
    tenant: &'a str,
    jti: &'a str,
    gtp: &'a str,
    opc: bool,
    sub_mappingattr: &'a str,
    tok_type: &'a str,
    aud: [&'a str; 2],
    ca_name: &'a str,
    domain: &'a str,
    tenant_iss: &'a str,
}

#[derive(Serialize)]
struct Answer {
    access_token: String,
    token_type: &'static str,
    expires_in: u32,
}

const HEADER: &str = r#"{"x5t#S256":"ncUNbbFhNnDLXK0AIgGGq1Uxqe0yMLVMi3EuqPZDtkI","x5t":"dkH2pcFBRqc1Zx2bY5oTqN1kF1c","kid":"SIGNING_KEY","alg":"RS256"}"#;

async fn token(State(key): State<Arc<KeyPair>>, Form(request): Form<Request>) -> Json<Answer> {
    let claims = Claims {
        client_ocid: "ocid1.domainapp.oc1.iad.aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        sub: "0123456789abcdef0123456789abcdef",
        sidle: 15,
        iss: "https://identity.oraclecloud.com/",
        domain_home: "us-ashburn-1",
        ca_ocid: "ocid1.tenancy.oc1..aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        client_id: "0123456789abcdef0123456789abcdef",
        domain_id: "ocid1.domain.oc1..aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        sub_type: "client",
        scope: &request.scope,
        client_tenantname: "idcs-0123456789abcdef0123456789abcdef",
        region_name: "us-ashburn-idcs-1",
        exp: 1_800_003_600,
        iat: 1_800_000_000,
        client_guid: "0123456789abcdef0123456789abcdef",
        client_name: "Analytics_Token_App",
        tenant: "idcs-0123456789abcdef0123456789abcdef",
        jti: "0123456789abcdef0123456789abcdef",
        gtp: "cc",
        opc: false,
        sub_mappingattr: "userName",
        tok_type: "AT",
        aud: [
            "http://idcs-0123456789abcdef0123456789abcdef.localhost:4620",
            "urn:opc:lbaas:logicalguid=idcs-0123456789abcdef0123456789abcdef",
        ],
        ca_name: "obol",
        domain: "Default",
        tenant_iss: "http://idcs-0123456789abcdef0123456789abcdef.localhost:4620",
    };
    let mut text = URL_SAFE_NO_PAD.encode(HEADER);
    text.push('.');
    URL_SAFE_NO_PAD.encode_string(serde_json::to_vec(&claims).unwrap_or_default(), &mut text);
    let mut signature = vec![0; key.public_modulus_len()];
    // A signature cannot fail over a key that was just made; an answer without one would show in the driver's check.
    if key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), text.as_bytes(), &mut signature).is_ok() {
        text.push('.');
        URL_SAFE_NO_PAD.encode_string(&signature, &mut text);
    }
    Json(Answer { access_token: text, token_type: "Bearer", expires_in: 3600 })
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let key = KeyPair::generate(KeySize::Rsa2048).ok().context("no RSA key could be made")?;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    println!("http://{}", listener.local_addr()?);
    axum::serve(listener, Router::new().route("/token", post(token)).with_state(Arc::new(key))).await?;
    Ok(())
}
