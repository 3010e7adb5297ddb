//! The configuration file of `obol serve`. A member it does not know is an error: a misspelt one must not be a default.

use std::{
    fmt, fs, io,
    net::SocketAddr,
    path::{Path, PathBuf},
    time::Duration,
};

use obol_identity::Safety;
use serde::Deserialize;

/// What `obol serve` is told.
pub struct Config {
    /// Where to listen.
    pub listen: SocketAddr,
    /// How clients reach this installation.
    pub public: PublicUrl,
    /// A SQLite file or `postgres://…`.
    pub database_url: String,
    /// The file with the master key, 64 hex digits.
    pub master_key_file: PathBuf,
    /// The region that instances are in.
    pub region: String,
    /// How long simulated provisioning takes.
    pub provisioning: Duration,
    /// Where TLS ends here.
    pub tls: Option<TlsFiles>,
    /// What guards the token service.
    pub safety: Safety,
}

/// The certificate chain and its key.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TlsFiles {
    /// PEM, the server's own certificate first.
    pub certificate_file: PathBuf,
    /// PEM, not encrypted.
    pub private_key_file: PathBuf,
}

/// Scheme, host and port as clients see them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicUrl {
    scheme: &'static str,
    authority: String,
}

impl PublicUrl {
    /// Reads `https://host` or `https://host:port`; also `http`, for what a proxy passes on unencrypted to nobody else.
    fn parse(text: &str) -> Option<Self> {
        let (scheme, rest) = [("https", "https://"), ("http", "http://")]
            .into_iter()
            .find_map(|(scheme, prefix)| Some((scheme, text.strip_prefix(prefix)?)))?;
        let authority = rest.strip_suffix('/').unwrap_or(rest);
        let parsed: http::uri::Authority = authority.parse().ok()?;
        (!authority.contains('@') && !parsed.host().is_empty())
            .then(|| Self { scheme, authority: authority.to_ascii_lowercase() })
    }

    /// `http` or `https`.
    pub const fn scheme(&self) -> &'static str {
        self.scheme
    }

    /// Host and port.
    pub fn authority(&self) -> &str {
        &self.authority
    }

    /// The host alone.
    pub fn host(&self) -> &str {
        let port = self.authority.rsplit_once(':').filter(|(_, port)| port.bytes().all(|byte| byte.is_ascii_digit()));
        port.map_or(self.authority.as_str(), |(host, _)| host)
    }
}

impl fmt::Display for PublicUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.scheme, self.authority)
    }
}

/// Why a configuration cannot be used. No value of it is repeated: a URL may hold a password.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("{} cannot be read: {}", path.display(), source.kind())]
    File {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// The file is no TOML, or has a member that is not known or not of its type.
    #[error("{} line {line}: {message}", path.display())]
    Syntax {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What is wrong, in one line.
        message: String,
    },
    /// `public_url` is no address.
    #[error("public_url is not of the form https://host or https://host:port")]
    PublicUrl,
    /// No database is named.
    #[error("no database is named")]
    Database,
    /// TLS is neither configured nor ended by a proxy.
    #[error("nothing says where TLS ends")]
    Tls,
    /// TLS ends here and the public address is without it, or the other way round.
    #[error("tls and behind_proxy contradict each other")]
    TlsTwice,
    /// `rate_limits` names no kind of domain.
    #[error("rate_limits names no kind of domain")]
    RateLimits,
    /// A public address without TLS.
    #[error("public_url is without TLS")]
    Plain,
}

impl ConfigError {
    /// What to do about it.
    pub const fn hint(&self) -> &'static str {
        match self {
            Self::File { .. } => "name a file that this user can read with --config",
            Self::Syntax { .. } => "obol serve --help shows every member",
            Self::PublicUrl => "give the address that clients use, e.g. public_url = \"https://identity.example.com\"",
            Self::Database => "set database_url, or OBOL_DATABASE_URL where the file should hold no password",
            Self::Tls => "add [tls] with certificate_file and private_key_file, or behind_proxy = true",
            Self::TlsTwice => "keep [tls] where TLS ends here, behind_proxy = true where a proxy ends it",
            Self::RateLimits => "choose free, oracle-apps, oracle-apps-premium, premium or external, or leave it out",
            Self::Plain => "use https; tokens and passwords must not travel in the clear",
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    listen: SocketAddr,
    public_url: String,
    database_url: Option<String>,
    master_key_file: PathBuf,
    #[serde(default = "region")]
    region: String,
    #[serde(default = "provisioning")]
    provisioning_seconds: u32,
    #[serde(default)]
    behind_proxy: bool,
    tls: Option<TlsFiles>,
    rate_limits: Option<String>,
    #[serde(default = "password_memo")]
    password_memo: bool,
}

const fn password_memo() -> bool {
    true
}

fn region() -> String {
    crate::dev::REGION.to_owned()
}

/// What simulated provisioning takes where nobody says; a real one takes about twenty minutes.
const fn provisioning() -> u32 {
    2
}

impl Config {
    /// Reads a file; `database_url` stands in for what it does not say.
    ///
    /// # Errors
    ///
    /// [`ConfigError`]
    pub fn read(path: &Path, database_url: Option<String>) -> Result<Self, ConfigError> {
        let text = fs::read_to_string(path).map_err(|source| ConfigError::File { path: path.to_owned(), source })?;
        let file = toml::from_str::<Document>(&text).map_err(|error| syntax(path, &text, &error))?;
        Self::of(file, database_url)
    }

    fn of(file: Document, database_url: Option<String>) -> Result<Self, ConfigError> {
        let public = PublicUrl::parse(&file.public_url).ok_or(ConfigError::PublicUrl)?;
        match (&file.tls, file.behind_proxy) {
            (None, false) => return Err(ConfigError::Tls),
            (Some(_), true) => return Err(ConfigError::TlsTwice),
            (Some(_), false) | (None, true) => {}
        }
        // Without TLS only this machine may listen in.
        if public.scheme() == "http" && !(file.behind_proxy && file.listen.ip().is_loopback()) {
            return Err(ConfigError::Plain);
        }
        let rate_limits = file.rate_limits.as_deref().map(str::parse).transpose();
        let rate_limits = rate_limits.map_err(|_| ConfigError::RateLimits)?;
        Ok(Self {
            listen: file.listen,
            public,
            database_url: file.database_url.or(database_url).ok_or(ConfigError::Database)?,
            master_key_file: file.master_key_file,
            region: file.region,
            provisioning: Duration::from_secs(file.provisioning_seconds.into()),
            tls: file.tls,
            safety: Safety { password_memo: file.password_memo, rate_limits },
        })
    }
}

/// The parser's first line of text, which names members and types and repeats no value.
fn syntax(path: &Path, text: &str, error: &toml::de::Error) -> ConfigError {
    let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
    let line = before.bytes().filter(|byte| *byte == b'\n').count().saturating_add(1);
    let message = match error.message().split_once(['"', '\n']) {
        Some((head, _)) => head.trim_end().to_owned(),
        None => error.message().to_owned(),
    };
    ConfigError::Syntax { path: path.to_owned(), line, message }
}

#[cfg(test)]
mod tests {
    use obol_domain::rate_limit::Tier;

    use super::*;

    const WHOLE: &str = r#"
        listen = "127.0.0.1:8443"
        public_url = "https://identity.example.com"
        database_url = "postgres://obol@127.0.0.1/obol"
        master_key_file = "master.key"
        behind_proxy = true
    "#;

    fn config(text: &str) -> Result<Config, ConfigError> {
        let path = Path::new("obol.toml");
        let file = toml::from_str::<Document>(text).map_err(|error| syntax(path, text, &error))?;
        Config::of(file, None)
    }

    fn with(name: &str, line: &str) -> String {
        let kept = WHOLE.lines().filter(|old| !old.trim_start().starts_with(name));
        kept.chain([line]).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn a_whole_file_is_read() {
        let config = config(WHOLE).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(
            (config.public.to_string(), config.public.host()),
            ("https://identity.example.com".into(), "identity.example.com")
        );
        assert_eq!(config.provisioning, Duration::from_secs(2));
        assert!(config.tls.is_none());
    }

    #[test]
    fn tls_ends_in_exactly_one_place() {
        assert!(matches!(config(&with("behind_proxy", "")), Err(ConfigError::Tls)));
        let tls = "[tls]\ncertificate_file = 'a'\nprivate_key_file = 'b'";
        assert!(matches!(config(&format!("{WHOLE}\n{tls}")), Err(ConfigError::TlsTwice)));
        assert!(config(&with("behind_proxy", tls)).is_ok());
    }

    #[test]
    fn nothing_is_served_in_the_clear_beyond_this_machine() {
        let plain = with("public_url", "public_url = 'http://identity.example.com'");
        assert!(config(&plain).is_ok(), "behind a proxy on loopback");
        let open = plain.replace("127.0.0.1:8443", "0.0.0.0:8443");
        assert!(matches!(config(&open), Err(ConfigError::Plain)));
    }

    #[test]
    fn limits_are_those_of_a_known_kind_of_domain_and_none_where_nothing_is_said() {
        let safety = |members: &str| config(&format!("{WHOLE}\n{members}")).map(|config| config.safety);
        assert!(matches!(safety(""), Ok(safety) if safety == Safety::default()));
        let off = Safety { password_memo: false, rate_limits: Some(Tier::Premium) };
        let limited = safety("rate_limits = 'premium'\npassword_memo = false");
        assert!(matches!(limited, Ok(safety) if safety == off));
        assert!(matches!(safety("rate_limits = 'Premium'"), Err(ConfigError::RateLimits)));
    }

    #[test]
    fn a_misspelt_member_is_an_error_on_its_line_and_no_value_is_repeated() {
        let Err(error) = config(&with("region", "regoin = 'canary'")) else { panic!("it was taken") };
        assert!(error.to_string().contains("unknown field `regoin`"), "{error}");
        assert!(!error.to_string().contains("canary"), "{error}");
        let Err(error) = config(&with("listen", "listen = 'canary'")) else { panic!("it was taken") };
        assert!(!error.to_string().contains("canary"), "{error}");
        assert!(error.to_string().starts_with("obol.toml line "), "{error}");
    }

    #[test]
    fn an_address_that_is_none_is_refused() {
        for text in ["identity.example.com", "ftp://x", "https://", "https://user@x", "https://a b"] {
            assert!(PublicUrl::parse(text).is_none(), "{text}");
        }
        let parsed =
            PublicUrl::parse("https://Identity.Example.com:8443/").map(|url| (url.host().to_owned(), url.to_string()));
        assert_eq!(parsed, Some(("identity.example.com".into(), "https://identity.example.com:8443".into())));
    }

    #[test]
    fn without_a_database_it_does_not_start() {
        assert!(matches!(config(&with("database_url", "")), Err(ConfigError::Database)));
    }
}
