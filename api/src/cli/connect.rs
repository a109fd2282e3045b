//! Where the database of a command is.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use cluster::Cluster;
use tenancy::Access;

use super::{Failure, Global};
use crate::app::{fleet, reason};
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

/// Runs a command that works on the database, whatever is in there.
pub(super) async fn database<T>(
    global: &Global,
    command: impl AsyncFnOnce(&State) -> Result<T, Failure>,
) -> Result<T, Failure> {
    unchecked(global, async |state| {
        is_current(state).await?;
        command(state).await
    })
    .await
}

/// Runs a command that works on the registry, whose tables must be those that this program knows.
pub(super) async fn registry<T>(
    global: &Global,
    command: impl AsyncFnOnce(&State) -> Result<T, Failure>,
) -> Result<T, Failure> {
    unchecked(global, async |state| {
        if is_current(state).await? {
            return command(state).await;
        }
        Err(Failure::new(
            "the shared realm is behind this program; bring it up to date with `insula migrate`",
        ))
    })
    .await
}

/// Runs a command that looks itself whether there is a database.
pub(super) async fn unchecked<T>(
    global: &Global,
    command: impl AsyncFnOnce(&State) -> Result<T, Failure>,
) -> Result<T, Failure> {
    let (config, addresses) = effective(global)?;
    let Some(addresses) = addresses else {
        return Err(Failure::new(
            "there is no database; set DATABASE_URL, or start one with `insula dev` and leave it running",
        ));
    };
    let keys = match configured_keys(&config)? {
        Some(keys) => keys,
        // Commands that sign ask `knows_keys` before.
        None => Keys::from_secret(&rand::random::<[u8; 32]>())?,
    };
    let state = wire(config, &addresses, keys)?;
    let ended = command(&state).await;
    tokio::join!(state.database.close(), state.operator.close());
    ended
}

/// Whether the shared realm is up to date; fails where there is no database that could tell.
async fn is_current(state: &State) -> Result<bool, Failure> {
    match fleet::shared_is_current(state, &state.operator.shared(Access::Read)).await {
        Err(error) if error.is_unavailable() => {
            let url = state.config.database.url.as_ref();
            let place = url.map_or_else(|| "of `insula dev`".to_owned(), |url| format!("at {url}"));
            Err(Failure::new(format!(
                "the database {place} can't be reached ({}); start it, or correct DATABASE_URL",
                reason::of(&error)
            )))
        }
        current => Ok(current?),
    }
}

/// The configuration of a command and its database: the configured one, or that of an `insula dev`
/// that runs beside it.
pub(super) fn effective(global: &Global) -> Result<(Config, Option<Addresses>), Failure> {
    let config = config(global, Profile::Command, None)?;
    if let Some(addresses) = configured(&config) {
        return Ok((config, Some(addresses)));
    }
    let Some(running) = Cluster::find(&postgres(&config.data_dir))? else {
        return Ok((config, None));
    };
    let url = running.url(DATABASE);
    let addresses = Addresses {
        serving: url.clone(),
        operator: url,
    };
    Ok((self::config(global, Profile::Dev, None)?, Some(addresses)))
}

/// The two logins, if the configuration names a database.
pub(super) fn configured(config: &Config) -> Option<Addresses> {
    let serving = config.database.url.as_ref()?.expose().to_owned();
    let operator = config.database.operator_url.as_ref();
    let operator = operator.map_or_else(|| serving.clone(), |url| url.expose().to_owned());
    Some(Addresses { serving, operator })
}

/// Wires the state of a server, with a secret of this machine's own where no key is configured,
/// which `serve` never gets to.
pub(super) fn build(config: Config, addresses: &Addresses) -> Result<Arc<State>, Failure> {
    let keys = if let Some(keys) = configured_keys(&config)? {
        keys
    } else {
        std::fs::create_dir_all(&config.data_dir)?;
        Keys::load_or_generate(&secret_file(&config.data_dir))?
    };
    wire(config, addresses, keys).map(Arc::new)
}

fn wire(config: Config, addresses: &Addresses, keys: Keys) -> Result<State, Failure> {
    let hasher = Hasher::new(Cost::default())?;
    Ok(State::new(config, addresses, keys, hasher)?)
}

/// The folder of the private cluster.
pub(super) fn postgres(data_dir: &Path) -> PathBuf {
    data_dir.join("postgres")
}

/// Whether the keys of a server that uses this configuration are known here.
pub(super) fn knows_keys(config: &Config) -> bool {
    config.auth.signing.is_some() || secret_file(&config.data_dir).exists()
}

/// The configured keys, or those that `insula dev` has made.
fn configured_keys(config: &Config) -> Result<Option<Keys>, Failure> {
    Ok(match &config.auth.signing {
        Some(SigningKeys::Secret(secret)) => Some(Keys::from_secret(secret.expose().as_bytes())?),
        Some(SigningKeys::Files(files)) => Some(Keys::from_pem_files(files)?),
        None if knows_keys(config) => Some(Keys::load_or_generate(&secret_file(&config.data_dir))?),
        None => None,
    })
}

fn secret_file(data_dir: &Path) -> PathBuf {
    data_dir.join("jwt-secret")
}
