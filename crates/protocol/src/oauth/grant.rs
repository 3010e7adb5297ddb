//! The grants (contract identity 2.2): their names everywhere, and the parameters of those the token endpoint reads.

use std::{fmt, str::FromStr};

use super::Form;
use crate::Secret;

/// A grant as `grant_type` and an application's `allowedGrants` spell it (contract identity 2.2 and 5.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum GrantType {
    /// `client_credentials`.
    ClientCredentials,
    /// `password`, Resource Owner in the console.
    Password,
    /// `authorization_code`.
    AuthorizationCode,
    /// `implicit`; it has no place at the token endpoint.
    Implicit,
    /// `refresh_token`.
    RefreshToken,
    /// JWT Assertion in the console.
    JwtBearer,
    /// SAML2 Assertion in the console.
    Saml2Bearer,
    /// Device Code in the console.
    DeviceCode,
    /// `tls_client_auth`.
    TlsClientAuth,
    /// Token exchange to an OCI token.
    TokenExchange,
}

impl GrantType {
    /// Every grant.
    pub const ALL: [Self; 10] = [
        Self::ClientCredentials,
        Self::Password,
        Self::AuthorizationCode,
        Self::Implicit,
        Self::RefreshToken,
        Self::JwtBearer,
        Self::Saml2Bearer,
        Self::DeviceCode,
        Self::TlsClientAuth,
        Self::TokenExchange,
    ];

    /// The wire name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ClientCredentials => "client_credentials",
            Self::Password => "password",
            Self::AuthorizationCode => "authorization_code",
            Self::Implicit => "implicit",
            Self::RefreshToken => "refresh_token",
            Self::JwtBearer => "urn:ietf:params:oauth:grant-type:jwt-bearer",
            Self::Saml2Bearer => "urn:ietf:params:oauth:grant-type:saml2-bearer",
            Self::DeviceCode => "urn:ietf:params:oauth:grant-type:device_code",
            Self::TlsClientAuth => "tls_client_auth",
            Self::TokenExchange => "urn:ietf:params:oauth:grant-type:token-exchange",
        }
    }

    /// Whether a client without a secret may use it: a user's code, token or device stands for the secret (RFC 6749
    /// section 2.1).
    pub const fn is_open_to_public_clients(self) -> bool {
        matches!(self, Self::AuthorizationCode | Self::RefreshToken | Self::DeviceCode)
    }

    /// What the console calls it (contract identity 5.1).
    pub const fn label(self) -> &'static str {
        match self {
            Self::ClientCredentials => "Client Credentials",
            Self::Password => "Resource Owner",
            Self::AuthorizationCode => "Authorization Code",
            Self::Implicit => "Implicit",
            Self::RefreshToken => "Refresh Token",
            Self::JwtBearer => "JWT Assertion",
            Self::Saml2Bearer => "SAML2 Assertion",
            Self::DeviceCode => "Device Code",
            Self::TlsClientAuth => "TLS Client Authentication",
            Self::TokenExchange => "Token Exchange",
        }
    }
}

impl fmt::Display for GrantType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The text names no grant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a known grant")]
pub struct UnknownGrant;

impl FromStr for GrantType {
    type Err = UnknownGrant;

    fn from_str(text: &str) -> Result<Self, UnknownGrant> {
        Self::ALL.into_iter().find(|grant| grant.as_str() == text).ok_or(UnknownGrant)
    }
}

/// A grant that the token endpoint serves, with its parameters.
#[derive(Debug, Clone)]
pub enum Grant {
    /// The client acts for itself.
    ClientCredentials,
    /// The user's name and password.
    Password {
        /// The user name.
        username: String,
        /// The password, not yet compared.
        password: Secret,
    },
    /// A code from the authorization endpoint.
    AuthorizationCode {
        /// The code.
        code: Secret,
        /// Where it was sent.
        redirect_uri: Option<String>,
        /// What the challenge was made from.
        code_verifier: Option<Secret>,
    },
    /// A refresh token.
    RefreshToken {
        /// The token.
        refresh_token: Secret,
    },
    /// A JWT that speaks for a user (RFC 7523 section 2.1).
    JwtBearer {
        /// The JWT, not yet verified.
        assertion: Secret,
    },
    /// A device whose user decides elsewhere.
    DeviceCode {
        /// What it polls with.
        device_code: Secret,
    },
    /// Another provider's token for a session token.
    TokenExchange(ExchangeRequest),
}

/// The parameters of a token exchange (contract identity 2.5), each still to be judged.
#[derive(Debug, Clone)]
pub struct ExchangeRequest {
    /// What is wanted.
    pub requested_token_type: String,
    /// The other provider's token.
    pub subject_token: Secret,
    /// What that is.
    pub subject_token_type: String,
    /// The key that the session token is to be bound to.
    pub public_key: String,
}

impl Grant {
    /// Reads `grant_type` and its parameters.
    ///
    /// # Errors
    ///
    /// [`GrantProblem`]; it holds no secret.
    pub fn parse(form: &Form) -> Result<Self, GrantProblem> {
        let name = form.get("grant_type").ok_or(GrantProblem::Missing("grant_type"))?;
        match name.parse() {
            Ok(GrantType::ClientCredentials) => Ok(Self::ClientCredentials),
            Ok(GrantType::Password) => Ok(Self::Password {
                username: form.get("username").ok_or(GrantProblem::Missing("username"))?.to_owned(),
                password: form.secret("password").ok_or(GrantProblem::Missing("password"))?,
            }),
            Ok(GrantType::JwtBearer) => {
                Ok(Self::JwtBearer { assertion: form.secret("assertion").ok_or(GrantProblem::Missing("assertion"))? })
            }
            Ok(GrantType::DeviceCode) => Ok(Self::DeviceCode {
                device_code: form.secret("device_code").ok_or(GrantProblem::Missing("device_code"))?,
            }),
            Ok(GrantType::TokenExchange) => {
                let required = |name| form.get(name).ok_or(GrantProblem::Missing(name)).map(str::to_owned);
                Ok(Self::TokenExchange(ExchangeRequest {
                    requested_token_type: required("requested_token_type")?,
                    subject_token: form.secret("subject_token").ok_or(GrantProblem::Missing("subject_token"))?,
                    subject_token_type: required("subject_token_type")?,
                    public_key: required("public_key")?,
                }))
            }
            Ok(GrantType::AuthorizationCode) => Ok(Self::AuthorizationCode {
                code: form.secret("code").ok_or(GrantProblem::Missing("code"))?,
                redirect_uri: form.get("redirect_uri").map(str::to_owned),
                code_verifier: form.secret("code_verifier"),
            }),
            Ok(GrantType::RefreshToken) => Ok(Self::RefreshToken {
                refresh_token: form.secret("refresh_token").ok_or(GrantProblem::Missing("refresh_token"))?,
            }),
            Ok(GrantType::Implicit | GrantType::Saml2Bearer | GrantType::TlsClientAuth) | Err(UnknownGrant) => {
                Err(GrantProblem::Unsupported(name.to_owned()))
            }
        }
    }

    /// Which grant it is.
    pub const fn grant_type(&self) -> GrantType {
        match self {
            Self::ClientCredentials => GrantType::ClientCredentials,
            Self::Password { .. } => GrantType::Password,
            Self::JwtBearer { .. } => GrantType::JwtBearer,
            Self::DeviceCode { .. } => GrantType::DeviceCode,
            Self::TokenExchange(_) => GrantType::TokenExchange,
            Self::AuthorizationCode { .. } => GrantType::AuthorizationCode,
            Self::RefreshToken { .. } => GrantType::RefreshToken,
        }
    }
}

/// Why no grant could be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GrantProblem {
    /// A required parameter is missing; it holds the name.
    #[error("the parameter {0:?} is missing")]
    Missing(&'static str),
    /// The token endpoint does not serve this grant; it holds what was asked for.
    #[error("the grant {0:?} is not supported")]
    Unsupported(String),
}

#[cfg(test)]
mod tests {
    use super::{super::form::MEDIA_TYPE, *};

    fn parse(body: &str) -> Result<Grant, GrantProblem> {
        Grant::parse(&Form::parse(Some(MEDIA_TYPE), body.as_bytes()).unwrap())
    }

    #[test]
    fn a_clients_and_a_users_grant_are_read() {
        assert!(matches!(parse("grant_type=client_credentials").unwrap(), Grant::ClientCredentials));
        let grant = parse("grant_type=password&username=a%40b&password=p%2B").unwrap();
        assert_eq!(grant.grant_type(), GrantType::Password);
        let Grant::Password { username, password } = grant else { panic!() };
        assert_eq!((username.as_str(), password.expose()), ("a@b", "p+"));
    }

    #[test]
    fn codes_and_refresh_tokens_are_read_and_not_printed() {
        let code = parse("grant_type=authorization_code&code=canary&redirect_uri=https%3A%2F%2Fc&code_verifier=canary");
        let refresh = parse("grant_type=refresh_token&refresh_token=canary");
        for grant in [code.unwrap(), refresh.unwrap()] {
            assert!(!format!("{grant:?}").contains("canary"));
        }
    }

    #[test]
    fn missing_parameters_are_named() {
        for (body, name) in [
            ("", "grant_type"),
            ("grant_type=", "grant_type"),
            ("grant_type=password", "username"),
            ("grant_type=password&password=p", "username"),
            ("grant_type=password&username=u", "password"),
            ("grant_type=password&username=u&password=", "password"),
            ("grant_type=urn:ietf:params:oauth:grant-type:jwt-bearer", "assertion"),
            ("grant_type=authorization_code&redirect_uri=x", "code"),
            ("grant_type=refresh_token", "refresh_token"),
        ] {
            assert_eq!(parse(body).unwrap_err(), GrantProblem::Missing(name), "{body}");
        }
    }

    #[test]
    fn other_grants_are_unsupported() {
        for name in ["implicit", "Password", "client_credentials ", "refresh_token ", "x"] {
            let body = format!("grant_type={}", name.replace(' ', "+"));
            assert_eq!(parse(&body).unwrap_err(), GrantProblem::Unsupported(name.into()));
        }
    }

    #[test]
    fn names_survive_a_round_trip() {
        for grant in GrantType::ALL {
            assert_eq!(grant.as_str().parse(), Ok(grant));
        }
        assert_eq!("jwt-bearer".parse::<GrantType>(), Err(UnknownGrant));
    }

    #[test]
    fn the_password_is_not_printed() {
        assert!(!format!("{:?}", parse("grant_type=password&username=u&password=canary").unwrap()).contains("canary"));
    }
}
