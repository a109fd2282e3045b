//! Where the database of a command is.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use cluster::Cluster;

use super::{Failure, Global};
use crate::auth::{Hasher, Keys, password::Cost};
use crate::config::{Config, Overrides, Profile, SigningKeys, environment};
use crate::state::{Addresses, State};

/// The name of the database inside the private cluster of `insula dev`.
pub(super) const DATABASE: &str = "insula";

/// The configuration, with the flags that every command understands and these.
pub(super) fn config(
    global: &Global,
    profile: Profile,
    addr: Option<&str>,
) -> Result<Config, Failure> {
    let overrides = Overrides::default()
        .set("--data-dir", "data_dir", global.data_dir.as_deref())
        .set("--config", "config", global.config.as_deref())
        .set("--addr", "http.addr", addr);
    Ok(Config::load(profile, &overrides, environment)?)
}

/// The state of a command that works on the database: the configured one, or that of an
/// `insula dev` that runs beside it.
pub(super) fn state(global: &Global) -> Result<Arc<State>, Failure> {
    let config = config(global, Profile::Command, None)?;
    if let Some(addresses) = configured(&config) {
        return build(config, &addresses);
    }
    let Some(running) = Cluster::find(&postgres(&config.data_dir))? else {
        return Err(Failure::new(
            "there is no database; set DATABASE_URL, or start one with `insula dev` and leave it running",
        ));
    };
    let config = self::config(global, Profile::Dev, None)?;
    let url = running.url(DATABASE);
    build(
        config,
        &Addresses {
            serving: url.clone(),
            operator: url,
        },
    )
}

/// The two logins, if the configuration names a database.
pub(super) fn configured(config: &Config) -> Option<Addresses> {
    let serving = config.database.url.as_ref()?.expose().to_owned();
    let operator = config.database.operator_url.as_ref();
    let operator = operator.map_or_else(|| serving.clone(), |url| url.expose().to_owned());
    Some(Addresses { serving, operator })
}

/// Wires the state.
pub(super) fn build(config: Config, addresses: &Addresses) -> Result<Arc<State>, Failure> {
    let keys = keys(&config)?;
    let hasher = Hasher::new(Cost::default())?;
    Ok(Arc::new(State::new(config, addresses, keys, hasher)?))
}

/// The folder of the private cluster.
pub(super) fn postgres(data_dir: &Path) -> PathBuf {
    data_dir.join("postgres")
}

/// The configured keys; without any, a secret of this machine's own, which `serve` never gets to.
fn keys(config: &Config) -> Result<Keys, Failure> {
    Ok(match &config.auth.signing {
        Some(SigningKeys::Secret(secret)) => Keys::from_secret(secret.expose().as_bytes())?,
        Some(SigningKeys::Files(files)) => Keys::from_pem_files(files)?,
        None => {
            std::fs::create_dir_all(&config.data_dir)?;
            Keys::load_or_generate(&config.data_dir.join("jwt-secret"))?
        }
    })
}
