//! The configuration: flags beat environment variables beat `insula.toml` beat the defaults that the binary carries.
//!
//! A section is a file here and a table in `config.default.toml`. Each setting is declared once, as a `key::Key` with its type; from
//! that come its variable, the check of its value, whether it is a secret, `config print` and the table of the documentation. An own
//! table instead of a library: figment sleeps, and config-rs stops at the first problem and says of a variable's value only that it
//! is from the environment, not from which variable.

mod auth;
mod database;
mod error;
mod graphql;
mod http;
mod key;
mod layers;
mod table;
mod telemetry;
mod tenancy;
mod value;

use std::{fmt::Display, path::PathBuf};

use self::{
    key::{Key, KeyInfo},
    layers::Layers,
};

pub use self::{
    auth::{Auth, Secret, SigningKeys},
    database::{Database, DatabaseUrl},
    error::{ConfigError, Problem},
    graphql::GraphQl,
    http::{CorsOrigin, Http, ListenAddr},
    layers::Source,
    table::{Setting, markdown},
    telemetry::{LogFormat, Telemetry},
    tenancy::{HeaderTrust, HostName, Tenancy},
};

const DATA_DIR: Key<PathBuf> = Key::new("data_dir", "INSULA_DATA_DIR");
const KEYS: &[KeyInfo] = &[DATA_DIR.info()];

/// Everything that can be set.
#[derive(Debug, Clone)]
pub struct Config {
    /// The folder of what `insula dev` keeps and of the tenants' files.
    pub data_dir: PathBuf,
    pub http: Http,
    pub database: Database,
    pub tenancy: Tenancy,
    pub auth: Auth,
    pub graphql: GraphQl,
    pub telemetry: Telemetry,
    settings: Vec<Setting>,
}

/// Who asks for the configuration: some defaults and demands depend on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Profile {
    /// `insula dev`: defaults under which everything can be looked at.
    Dev,
    /// `insula serve`: what a server can't do without must be set.
    Serve,
    /// Every other command: asks for what it needs when it needs it.
    Command,
}

/// What the flags of a command say.
#[derive(Debug, Clone, Default)]
pub struct Overrides(Vec<(&'static str, &'static str, String)>);

impl Overrides {
    /// The flag (`--addr`) sets the setting (`http.addr`), if it was given. `config` names the file.
    #[must_use]
    pub fn set<V: Display>(
        mut self,
        flag: &'static str,
        setting: &'static str,
        value: Option<V>,
    ) -> Self {
        let value = value.map(|value| (setting, flag, value.to_string()));
        self.0.extend(value);
        self
    }

    fn get(&self, name: &str) -> Option<(&'static str, &str)> {
        let found = self.0.iter().rfind(|(setting, ..)| *setting == name);
        found.map(|(_, flag, value)| (*flag, value.as_str()))
    }

    fn iter(&self) -> impl Iterator<Item = (&'static str, &'static str, &str)> {
        self.0
            .iter()
            .map(|(name, flag, value)| (*name, *flag, value.as_str()))
    }
}

impl Config {
    /// Reads all layers; `env` looks up a variable, [`environment`] in the program.
    pub fn load(
        profile: Profile,
        overrides: &Overrides,
        env: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, ConfigError> {
        let layers = Layers::collect(profile, overrides, env);
        if !layers.problems.is_empty() {
            return Err(layers.problems.into());
        }
        let config = Self {
            data_dir: layers.get(&DATA_DIR),
            http: Http::read(&layers),
            database: Database::read(&layers),
            tenancy: Tenancy::read(&layers),
            auth: Auth::read(&layers),
            graphql: GraphQl::read(&layers),
            telemetry: Telemetry::read(&layers),
            settings: table::settings(&layers),
        };
        match config.contradictions(profile) {
            problems if problems.is_empty() => Ok(config),
            problems => Err(problems.into()),
        }
    }

    /// Every setting as it is in effect, secrets hidden, and where it came from.
    pub fn table(&self) -> &[Setting] {
        &self.settings
    }

    /// What is wrong although each value for itself is right.
    fn contradictions(&self, profile: Profile) -> Vec<Problem> {
        let mut problems = Vec::new();
        problems.extend(self.database.contradiction());
        problems.extend(self.tenancy.contradiction());
        problems.extend(Auth::contradiction(&self.settings));
        problems.extend(self.graphql.contradiction());
        if profile == Profile::Serve {
            problems.extend(self.tenancy.missing());
            problems.extend(self.auth.missing());
        }
        problems
    }
}

/// A variable of the process, for [`Config::load`].
#[expect(
    clippy::disallowed_methods,
    reason = "the one place that reads the environment"
)]
pub fn environment(name: &str) -> Option<String> {
    // What isn't Unicode is no value of any setting; said so, its check can tell which variable it is.
    std::env::var_os(name).map(|value| value.to_string_lossy().into_owned())
}

fn all_keys() -> impl Iterator<Item = &'static KeyInfo> {
    [
        KEYS,
        http::KEYS,
        database::KEYS,
        tenancy::KEYS,
        auth::KEYS,
        graphql::KEYS,
        telemetry::KEYS,
    ]
    .into_iter()
    .flatten()
}

#[cfg(test)]
mod tests;
