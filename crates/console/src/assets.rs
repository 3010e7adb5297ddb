//! The two files a page refers to. Their names carry a hash of their content, so that a browser keeps them for a year and
//! a new version is a new name.

use std::sync::LazyLock;

use aws_lc_rs::digest;
use axum::{
    extract::Path,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use obol_domain::entropy::hex;

/// A file that is part of the binary.
struct Asset {
    name: String,
    content_type: &'static str,
    content: &'static str,
}

static STYLESHEET: LazyLock<Asset> =
    LazyLock::new(|| Asset::new("console", "css", "text/css; charset=utf-8", include_str!("../assets/console.css")));
static COIN: LazyLock<Asset> =
    LazyLock::new(|| Asset::new("coin", "svg", "image/svg+xml", include_str!("../assets/coin.svg")));

impl Asset {
    fn new(stem: &str, extension: &str, content_type: &'static str, content: &'static str) -> Self {
        let hash = hex(digest::digest(&digest::SHA256, content.as_bytes()).as_ref());
        let hash = hash.get(..16).unwrap_or_default();
        Self { name: format!("{stem}-{hash}.{extension}"), content_type, content }
    }
}

/// The stylesheet's file name.
pub(crate) fn stylesheet() -> &'static str {
    &STYLESHEET.name
}

/// The file name of the coin, which is both the mark and the icon.
pub(crate) fn coin() -> &'static str {
    &COIN.name
}

/// Answers `/ui/v1/assets/{name}`.
pub(crate) async fn serve(Path(name): Path<String>) -> Response {
    let Some(asset) = [&*STYLESHEET, &*COIN].into_iter().find(|asset| asset.name == name) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(asset.content_type)),
        (header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=31536000, immutable")),
    ];
    (headers, asset.content).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn assets_are_kept_for_a_year() {
        let response = serve(Path(stylesheet().to_owned())).await;
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(response.headers()[header::CONTENT_TYPE], "text/css; charset=utf-8");
        assert!(response.headers()[header::CACHE_CONTROL].to_str().unwrap().contains("immutable"));
    }

    #[tokio::test]
    async fn another_version_of_an_asset_is_not_there() {
        for name in ["console.css", "console-0000000000000000.css", "", "../console.css"] {
            assert_eq!(serve(Path(name.to_owned())).await.status(), StatusCode::NOT_FOUND, "{name}");
        }
    }
}
