//! All settings as a table: in effect for `config print`, in general for the documentation.

use std::fmt::Write as _;

use serde::{Serialize, Serializer};

use super::{
    all_keys,
    key::KeyInfo,
    layers::{CONFIG_INFO, DEFAULTS, DEV_DEFAULTS, Layers, Source},
};

/// A setting as it is in effect.
#[derive(Debug, Clone, Serialize)]
pub struct Setting {
    /// As in the file: `section.key`.
    pub name: &'static str,
    /// The variable that sets it.
    pub env: &'static str,
    /// Secrets hidden; `None` where it is unset.
    pub value: Option<String>,
    pub source: Source,
}

impl Serialize for Source {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

pub(super) fn settings(layers: &Layers) -> Vec<Setting> {
    let all = std::iter::once(&CONFIG_INFO).chain(all_keys());
    all.map(|key| setting(layers, key)).collect()
}

fn setting(layers: &Layers, key: &KeyInfo) -> Setting {
    let entry = layers.entry(key.name);
    Setting {
        name: key.name,
        env: key.env,
        value: entry.map(|(raw, _)| (key.show)(raw)),
        source: entry.map_or(Source::Default, |(_, source)| source.clone()),
    }
}

/// The table of all settings for the documentation, made from the declarations and the comments of `config.default.toml`.
pub fn markdown() -> String {
    let mut table =
        "| setting | variable | default | in `dev` | meaning |\n|---|---|---|---|---|\n".to_owned();
    let defaults = documented(DEFAULTS);
    let dev = documented(DEV_DEFAULTS);
    for key in all_keys() {
        let of = |all: &[Documented]| all.iter().find(|found| found.name == key.name).cloned();
        let default = of(&defaults).unwrap_or_default();
        let dev = of(&dev).and_then(|dev| dev.default);
        writeln!(
            table,
            "| `{}` | `{}` | {} | {} | {} |",
            key.name,
            key.env,
            code(default.default.as_deref(), "unset"),
            code(dev.as_deref(), ""),
            default.meaning.replace('|', "\\|"),
        )
        .expect("writing to a string can't fail");
    }
    table
}

fn code(value: Option<&str>, none: &str) -> String {
    value.map_or_else(|| none.to_owned(), |value| format!("`{value}`"))
}

/// What a file of defaults says about a setting.
#[derive(Debug, Clone, Default)]
struct Documented {
    name: String,
    default: Option<String>,
    meaning: String,
}

/// Reads comments, which a TOML parser drops: those right above a setting are its meaning.
fn documented(file: &str) -> Vec<Documented> {
    let mut section = String::new();
    let mut comments: Vec<&str> = Vec::new();
    let mut found = Vec::new();
    for line in file.lines() {
        if let Some(comment) = line.strip_prefix("# ") {
            comments.push(comment);
        } else if let Some(name) = line.strip_prefix('[') {
            section = name.replace(']', ".");
        } else if let Some((name, value)) = line.split_once(" = ") {
            let unset = name.strip_prefix('#');
            found.push(Documented {
                name: format!("{section}{}", unset.unwrap_or(name)),
                default: unset.is_none().then(|| value.trim_matches('"').to_owned()),
                meaning: std::mem::take(&mut comments).join(" "),
            });
        } else {
            comments.clear();
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_setting_is_explained_in_the_file_of_defaults_and_nothing_else_is() {
        let documented = documented(DEFAULTS);
        let names: Vec<_> = documented.iter().map(|found| found.name.as_str()).collect();
        let keys: Vec<_> = all_keys().map(|key| key.name).collect();
        assert_eq!(names, keys);
        for found in documented {
            assert!(
                found.meaning.ends_with('.'),
                "{} has no meaning",
                found.name
            );
        }
    }

    #[test]
    fn the_documentation_has_a_row_for_every_setting() {
        let table = markdown();
        assert_eq!(table.lines().count(), all_keys().count() + 2);
        for row in [
            "| `http.addr` | `INSULA_ADDR` | `127.0.0.1:8000` |  | Where the server listens. |",
            "| `tenancy.suffix` | `INSULA_TENANT_SUFFIX` | unset | `localhost` | Where new tenants' first domains live: `SLUG.<suffix>`. |",
        ] {
            assert!(table.contains(row), "{row} is not in\n{table}");
        }
    }

    #[test]
    fn variables_are_systematic_but_for_those_with_a_name_of_their_own() {
        let own = [
            "DATABASE_URL",
            "DEFAULT_TENANT_DOMAIN",
            "INSULA_ADDR",
            "INSULA_ADMIN_ADDR",
            "INSULA_CORS_ORIGINS",
            "INSULA_DATA_DIR",
            "INSULA_JWT_ACCESS_TTL",
            "INSULA_JWT_ISSUER",
            "INSULA_JWT_KEY_FILES",
            "INSULA_JWT_SECRET",
            "INSULA_LOG",
            "INSULA_OPERATOR_DATABASE_URL",
            "INSULA_POSTGRES_BIN",
            "INSULA_SHARED_DOMAIN",
            "INSULA_TENANT_SUFFIX",
            "TENANT_DOMAIN_HEADER",
        ];
        let systematic = |key: &&KeyInfo| {
            let name = key.name.replace('.', "_").to_uppercase();
            key.env == format!("INSULA_{name}") && key.name != "data_dir"
        };
        let mut others: Vec<_> = all_keys()
            .filter(|key| !systematic(key))
            .map(|key| key.env)
            .collect();
        others.sort_unstable();
        assert_eq!(others, own);
    }
}
