//! The layers of the configuration, laid over one another: who says last what a setting is.

use std::{
    collections::BTreeMap,
    fmt,
    path::{Path, PathBuf},
};

use super::{
    Overrides, Profile, all_keys,
    error::Problem,
    key::{Key, KeyInfo},
    value::Value,
};

pub(super) const DEFAULTS: &str = include_str!("../../config.default.toml");
pub(super) const DEV_DEFAULTS: &str = include_str!("../../config.dev.toml");

/// The file that is read without being named, if it is there.
const FILE: &str = "insula.toml";
pub(super) const CONFIG: Key<PathBuf> = Key::new("config", "INSULA_CONFIG");
/// Not among the other keys: a file can't name itself.
pub(super) const CONFIG_INFO: KeyInfo = CONFIG.info();

/// Where an effective value came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    Flag(&'static str),
    Env(&'static str),
    File(PathBuf),
    /// What the binary carries.
    Default,
    /// What the binary carries for `insula dev`.
    DevDefault,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(name) => write!(f, "flag {name}"),
            Self::Env(name) => write!(f, "env {name}"),
            Self::File(path) => path.display().fmt(f),
            Self::Default => f.write_str("default"),
            Self::DevDefault => f.write_str("default of dev"),
        }
    }
}

/// A value before it has its type.
pub(super) enum Raw {
    /// Of a flag or a variable: lists are separated by commas.
    Text(String),
    Toml(toml::Value),
}

impl Raw {
    pub(super) fn parse<T: Value>(&self) -> Option<T> {
        match self {
            Self::Text(text) => T::from_text(text.trim()),
            Self::Toml(value) => T::from_toml(value),
        }
    }

    fn is_empty(&self) -> bool {
        match self {
            Self::Text(text) | Self::Toml(toml::Value::String(text)) => text.trim().is_empty(),
            Self::Toml(_) => false,
        }
    }
}

impl fmt::Display for Raw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) | Self::Toml(toml::Value::String(text)) => f.write_str(text),
            Self::Toml(toml::Value::Array(items)) => {
                let items = items
                    .iter()
                    .map(|item| Self::Toml(item.clone()).to_string());
                f.write_str(&items.collect::<Vec<_>>().join(", "))
            }
            Self::Toml(other) => other.fmt(f),
        }
    }
}

/// The effective values, each with its source, and everything that was wrong on the way.
pub(super) struct Layers {
    values: BTreeMap<&'static str, (Raw, Source)>,
    pub(super) problems: Vec<Problem>,
}

impl Layers {
    /// Lays the layers, the weakest first, and checks what is effective in the end.
    pub(super) fn collect(
        profile: Profile,
        overrides: &Overrides,
        env: impl Fn(&str) -> Option<String>,
    ) -> Self {
        let mut layers = Self {
            values: BTreeMap::new(),
            problems: Vec::new(),
        };
        layers.toml(DEFAULTS, &Source::Default);
        if profile == Profile::Dev {
            layers.toml(DEV_DEFAULTS, &Source::DevDefault);
        }
        layers.set_from_outside(&CONFIG_INFO, overrides, &env);
        layers.file();
        for key in all_keys() {
            layers.set_from_outside(key, overrides, &env);
        }
        layers.refuse_unknown_overrides(overrides);
        layers.check();
        layers
    }

    /// A setting that has a default. Call it only when there are no problems.
    pub(super) fn get<T: Value>(&self, key: &Key<T>) -> T {
        self.find(key)
            .expect("config.default.toml has a value for every setting that is read so")
    }

    /// A setting that may be unset. Call it only when there are no problems.
    pub(super) fn find<T: Value>(&self, key: &Key<T>) -> Option<T> {
        let (raw, _) = self.values.get(key.name())?;
        Some(raw.parse().expect("every value was checked when collected"))
    }

    pub(super) fn entry(&self, name: &str) -> Option<&(Raw, Source)> {
        self.values.get(name)
    }

    fn set_from_outside(
        &mut self,
        key: &KeyInfo,
        overrides: &Overrides,
        env: impl Fn(&str) -> Option<String>,
    ) {
        let flag = overrides.get(key.name);
        let found = match flag {
            Some((flag, value)) => Some((value.to_owned(), Source::Flag(flag))),
            None => env(key.env).map(|value| (value, Source::Env(key.env))),
        };
        if let Some((text, source)) = found {
            self.values.insert(key.name, (Raw::Text(text), source));
        }
    }

    /// The file that is named must be there; the one in the working folder may be.
    fn file(&mut self) {
        let named = self
            .values
            .get(CONFIG.name())
            .map(|(raw, _)| raw.to_string());
        let path = match &named {
            Some(path) if path.trim().is_empty() => return, // Told by the check of all values.
            Some(path) => Path::new(path),
            None if Path::new(FILE).exists() => Path::new(FILE),
            None => return,
        };
        let source = Source::File(path.to_owned());
        match std::fs::read_to_string(path) {
            Ok(text) => self.toml(&text, &source),
            Err(error) => self.problems.push(Problem::unreadable(path, &error)),
        }
    }

    fn toml(&mut self, text: &str, source: &Source) {
        match text.parse::<toml::Table>() {
            Ok(table) => {
                for (name, value) in leaves(table) {
                    self.leaf(&name, value, source);
                }
            }
            Err(error) => self.problems.push(Problem::syntax(source, text, &error)),
        }
    }

    fn leaf(&mut self, name: &str, value: toml::Value, source: &Source) {
        match all_keys().find(|key| key.name == name) {
            Some(key) => {
                let entry = (Raw::Toml(value), source.clone());
                self.values.insert(key.name, entry);
            }
            None => self.problems.push(Problem::unknown(source, name)),
        }
    }

    fn refuse_unknown_overrides(&mut self, overrides: &Overrides) {
        let known = |name: &str| name == CONFIG.name() || all_keys().any(|key| key.name == name);
        for (name, flag, _) in overrides.iter().filter(|(name, ..)| !known(name)) {
            let source = Source::Flag(flag);
            self.problems.push(Problem::unknown(&source, name));
        }
    }

    fn check(&mut self) {
        for key in std::iter::once(&CONFIG_INFO).chain(all_keys()) {
            let Some((raw, source)) = self.values.get(key.name) else {
                continue;
            };
            if raw.is_empty() {
                self.problems.push(Problem::empty(source, key.name));
            } else if let Err(wrong) = (key.check)(raw) {
                self.problems
                    .push(Problem::invalid(source, key.name, wrong));
            }
        }
    }
}

/// `section.key` of everything in a file; an empty section is nothing.
fn leaves(table: toml::Table) -> Vec<(String, toml::Value)> {
    table
        .into_iter()
        .flat_map(|(name, value)| match value {
            toml::Value::Table(section) => section
                .into_iter()
                .map(|(key, value)| (format!("{name}.{key}"), value))
                .collect(),
            value => vec![(name, value)],
        })
        .collect()
}
