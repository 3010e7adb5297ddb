//! Steps 1 and 2 of a dev cloud's first start: the tenancy with its stripe, administrator and API key, and the confidential
//! application. Everything is written in one transaction, after the files that hold its secrets, of which `dev.env` is a
//! draft until the commit: a start that dies in between leaves a draft that the next start replaces or publishes, never a
//! database whose secrets nobody has.

use std::{net::SocketAddr, time::Duration};

use aws_lc_rs::{
    encoding::{AsDer as _, Pkcs8V1Der},
    rsa,
};
use obol_domain::{Clock as _, Entropy, app_role::BuiltInRole, seal::MasterKey};
use obol_identity::provisioning::{MadeApplication, NewApplication, NewStripe, NewUser, ProvisionError, Provisioning};
use obol_protocol::{
    Secret,
    oauth::GrantType,
    oci::{
        ocid, pem,
        signature::{PrivateKey, PublicKey},
    },
};
use obol_store::{
    Db, Tx,
    api_keys::{self, ApiKey},
    meta,
    passwords::{self, Flags},
    tenancies::{self, Compartment, Tenancy},
};

use super::{DataDir, REGION, StartError, data_dir::DRAFT, dotenv};
use crate::clock::MovableClock;

/// The name under which it is kept which tenancy the seed made.
const SEEDED: &str = "dev.tenancy";
const USER_NAME: &str = "admin@example.com";
const APPLICATION: &str = "Analytics_Token_App";

/// What stands in `dev.env` and `oci_config`.
#[derive(Debug, Clone)]
pub struct Facts {
    /// The stripe's name, `idcs-<32 hex>`.
    pub stripe: String,
    /// The application's client id.
    pub client_id: String,
    /// The application's client secret.
    pub client_secret: Secret,
    /// The administrator's user name.
    pub username: String,
    /// The administrator's password.
    pub password: Secret,
    /// The tenancy's OCID.
    pub tenancy_id: String,
    /// The compartment's OCID.
    pub compartment_id: String,
    /// The administrator's OCID.
    pub user_id: String,
    /// The fingerprint of the administrator's API key.
    pub fingerprint: String,
}

impl Facts {
    /// The stripe's address below the server's, by path: it needs no name that a resolver might not know.
    pub fn stripe_url(&self, url: &str) -> String {
        format!("{url}/{}", self.stripe)
    }

    fn dev_env(&self, url: &str) -> String {
        let stripe_url = self.stripe_url(url);
        dotenv::write([
            ("OBOL_URL", url),
            ("OBOL_STRIPE", &self.stripe),
            ("OBOL_STRIPE_URL", &stripe_url),
            ("OBOL_CLIENT_ID", &self.client_id),
            ("OBOL_CLIENT_SECRET", self.client_secret.expose()),
            ("OBOL_USERNAME", &self.username),
            ("OBOL_PASSWORD", self.password.expose()),
            ("OBOL_TENANCY_ID", &self.tenancy_id),
            ("OBOL_COMPARTMENT_ID", &self.compartment_id),
            ("OBOL_REGION", REGION),
        ])
    }

    fn oci_config(&self, data_dir: &DataDir) -> String {
        format!(
            "[DEFAULT]\nuser={}\nfingerprint={}\ntenancy={}\nregion={REGION}\nkey_file={}\n",
            self.user_id,
            self.fingerprint,
            self.tenancy_id,
            data_dir.path("api_key.pem").display()
        )
    }

    fn read(data_dir: &DataDir) -> Result<Option<Self>, StartError> {
        let needed = |what| {
            let missing = || StartError::Missing { what, directory: data_dir.directory().to_owned() };
            data_dir.read(what)?.ok_or_else(missing)
        };
        let (exports, config) = (needed("dev.env")?, needed("oci_config")?);
        needed("api_key.pem")?;
        let export = |name| dotenv::read(&exports, name);
        let key = |name: &str| config.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
        let read = || {
            Some(Self {
                stripe: export("OBOL_STRIPE")?,
                client_id: export("OBOL_CLIENT_ID")?,
                client_secret: export("OBOL_CLIENT_SECRET")?.into(),
                username: export("OBOL_USERNAME")?,
                password: export("OBOL_PASSWORD")?.into(),
                tenancy_id: export("OBOL_TENANCY_ID")?,
                compartment_id: export("OBOL_COMPARTMENT_ID")?,
                user_id: key("user")?.to_owned(),
                fingerprint: key("fingerprint")?.to_owned(),
            })
        };
        Ok(read())
    }
}

/// The seed, made now or by an earlier start.
pub(super) struct Seeded {
    pub first_start: bool,
    pub took: [Duration; 2],
    pub facts: Facts,
}

/// Makes the seed, or reads what an earlier start made, and writes the files with where they are and
/// the address of this start.
pub(super) async fn ensure(
    db: &Db,
    data_dir: &DataDir,
    master: &MasterKey,
    clock: &MovableClock,
    entropy: &dyn Entropy,
    address: SocketAddr,
) -> Result<Seeded, StartError> {
    let url = format!("http://{address}");
    if let Some(tenancy_id) = meta::get(db, SEEDED).await? {
        if data_dir.read("dev.env")?.is_none() && data_dir.read(DRAFT)?.is_some() {
            // The start that made the seed died just after its commit.
            data_dir.publish(DRAFT, "dev.env")?;
        }
        let facts = Facts::read(data_dir)?.filter(|facts| facts.tenancy_id == tenancy_id);
        let mismatch = || StartError::Mismatch { what: "dev.env", directory: data_dir.directory().to_owned() };
        let facts = facts.ok_or_else(mismatch)?;
        data_dir.write("oci_config", &facts.oci_config(data_dir))?;
        data_dir.write("dev.env", &facts.dev_env(&url))?;
        return Ok(Seeded { first_start: false, took: [Duration::ZERO; 2], facts });
    }
    data_dir.is_free()?;
    let provisioning = Provisioning { entropy, master, now: clock.now() };
    let mut tx = db.begin().await?;
    let began = clock.wall();
    let (first, key) = tenancy(&mut tx, &provisioning).await?;
    let between = clock.wall();
    let application = application(&mut tx, &provisioning, &first.stripe).await?;
    let facts = Facts { client_id: application.client_id, client_secret: application.client_secret, ..first };
    data_dir.write(DRAFT, &facts.dev_env(&url))?;
    data_dir.write("api_key.pem", &format!("{}OCI_API_KEY\n", *key))?;
    data_dir.write("oci_config", &facts.oci_config(data_dir))?;
    meta::set(&mut tx, SEEDED, &facts.tenancy_id).await?;
    tx.commit().await?;
    data_dir.publish(DRAFT, "dev.env")?;
    Ok(Seeded { first_start: true, took: [between.since(began), clock.wall().since(between)], facts })
}

/// Step 1: all facts but the application's, and the administrator's private key as PEM.
async fn tenancy(
    tx: &mut Tx,
    provisioning: &Provisioning<'_>,
) -> Result<(Facts, zeroize::Zeroizing<String>), StartError> {
    let (entropy, now) = (provisioning.entropy, provisioning.now);
    let mint = |kind: &str| ocid::mint(kind, None, &entropy.ocid_unique()).to_string();
    let (tenancy_id, compartment_id) = (mint("tenancy"), mint("compartment"));
    let name = "obol".to_owned();
    let tenancy = Tenancy { id: tenancy_id.clone(), name, home_region: REGION.to_owned(), created_at: now };
    tenancies::insert(tx, &tenancy).await?;
    let compartment = Compartment {
        id: compartment_id.clone(),
        tenancy_id: tenancy_id.clone(),
        parent_id: tenancy_id.clone(),
        name: "analytics".to_owned(),
        created_at: now,
    };
    tenancies::insert_compartment(tx, &compartment).await?;
    let stripe = NewStripe {
        name: None,
        tenancy_id: tenancy_id.clone(),
        cloud_account_name: tenancy.name,
        domain_name: "OracleIdentityCloudService".to_owned(),
        home_region: REGION.to_owned(),
    };
    let stripe = provisioning.stripe(tx, &stripe).await?;
    let password = password(entropy);
    let user = NewUser {
        user_name: USER_NAME.to_owned(),
        given_name: Some("Ada".to_owned()),
        family_name: "Admin".to_owned(),
        email: USER_NAME.to_owned(),
        password: Some(password.clone()),
    };
    let user = provisioning.user(tx, &stripe, &user).await?;
    // Programs read the password from dev.env, whatever day the clock was moved to.
    passwords::set_flags(tx, &stripe, &user.id, Flags { cant_expire: true, ..Flags::default() }).await?;
    provisioning.grant_to_user(tx, &stripe, &user.id, BuiltInRole::IdentityDomainAdministrator).await?;
    let (key, public) = api_key()?;
    let fingerprint = public.fingerprint().to_string();
    let row = ApiKey {
        user_id: user.id,
        fingerprint: fingerprint.clone(),
        public_key: public.spki().to_vec(),
        created_at: now,
    };
    api_keys::insert(tx, &stripe, &row).await?;
    let facts = Facts {
        stripe,
        client_id: String::new(),
        client_secret: Secret::default(),
        username: USER_NAME.to_owned(),
        password,
        tenancy_id,
        compartment_id,
        user_id: user.ocid,
        fingerprint,
    };
    Ok((facts, key))
}

/// Step 2, as Oracle's page has it (contract identity 5.1).
async fn application(
    tx: &mut Tx,
    provisioning: &Provisioning<'_>,
    stripe: &str,
) -> Result<MadeApplication, StartError> {
    let new = NewApplication {
        display_name: APPLICATION.to_owned(),
        description: "Generates access tokens for creating Analytics instances".to_owned(),
        allowed_grants: vec![GrantType::Password, GrantType::ClientCredentials, GrantType::JwtBearer],
        allowed_operations: Vec::new(),
        is_active: true,
        secret: None,
    };
    let made = provisioning.application(tx, stripe, &new).await?;
    provisioning.grant_to_client(tx, stripe, &made.id, BuiltInRole::Me).await?;
    Ok(made)
}

fn api_key() -> Result<(zeroize::Zeroizing<String>, PublicKey), StartError> {
    let unusable = || StartError::Seed("the API key could not be made".to_owned());
    let pair = rsa::KeyPair::generate(rsa::KeySize::Rsa2048).map_err(|_| unusable())?;
    let pkcs8: Pkcs8V1Der<'_> = pair.as_der().map_err(|_| unusable())?;
    let public = PrivateKey::from_pkcs8(pkcs8.as_ref()).and_then(|key| key.public_key()).map_err(|_| unusable())?;
    Ok((pem::encode("PRIVATE KEY", pkcs8.as_ref()), public))
}

/// 24 letters and digits, which need no quoting in a shell, with each kind that the standard policy wants.
fn password(entropy: &dyn Entropy) -> Secret {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789ABCabc2";
    loop {
        let drawn = entropy.bytes::<24>();
        let text: String =
            drawn.iter().filter_map(|byte| ALPHABET.get(usize::from(byte % 64))).map(|c| char::from(*c)).collect();
        let has = |kind: fn(&u8) -> bool| text.as_bytes().iter().any(kind);
        if has(u8::is_ascii_uppercase) && has(u8::is_ascii_lowercase) && has(u8::is_ascii_digit) {
            return Secret::new(text);
        }
    }
}

impl From<ProvisionError> for StartError {
    fn from(error: ProvisionError) -> Self {
        match error {
            ProvisionError::Store(error) => Self::Store(error),
            other => Self::Seed(other.to_string()),
        }
    }
}
