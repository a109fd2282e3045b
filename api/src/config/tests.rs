use std::{fs, path::Path, time::Duration};

use super::*;

const SECRET: &str = "0123456789abcdef0123456789abcdef";

fn env<'a>(variables: &'a [(&str, &str)]) -> impl Fn(&str) -> Option<String> + 'a {
    |name| {
        let found = variables.iter().find(|(known, _)| *known == name);
        found.map(|(_, value)| (*value).to_owned())
    }
}

fn load(variables: &[(&str, &str)]) -> Result<Config, ConfigError> {
    Config::load(Profile::Command, &Overrides::default(), env(variables))
}

fn load_file(text: &str, variables: &[(&str, &str)]) -> Result<Config, ConfigError> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("shop.toml");
    fs::write(&path, text).unwrap();
    let overrides = Overrides::default().set("--config", "config", Some(path.display()));
    Config::load(Profile::Command, &overrides, env(variables))
}

fn problems(result: Result<Config, ConfigError>) -> String {
    result.expect_err("it should be refused").to_string()
}

fn setting<'a>(config: &'a Config, name: &str) -> &'a Setting {
    let mut settings = config.table().iter();
    settings.find(|setting| setting.name == name).unwrap()
}

#[test]
fn each_layer_beats_the_next_and_says_its_name() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("shop.toml");
    fs::write(&path, "[http]\naddr = '127.0.0.1:2'").unwrap();
    let file = Overrides::default().set("--config", "config", Some(path.display()));
    let flag = file.clone().set("--addr", "http.addr", Some("127.0.0.1:4"));
    let variable = [("INSULA_ADDR", "127.0.0.1:3")];
    let none = Overrides::default();
    for (overrides, variables, port, source) in [
        (&none, &[][..], 8000, "default"),
        (&file, &[], 2, path.to_str().unwrap()),
        (&file, &variable, 3, "env INSULA_ADDR"),
        (&flag, &variable, 4, "flag --addr"),
    ] {
        let config = Config::load(Profile::Command, overrides, env(variables)).unwrap();
        assert_eq!(config.http.addr.addr.port(), port);
        assert_eq!(setting(&config, "http.addr").source.to_string(), source);
    }
}

#[test]
fn the_file_can_be_named_by_a_variable_and_must_be_there() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("other.toml");
    fs::write(&path, "data_dir = 'elsewhere'").unwrap();
    let variables = [("INSULA_CONFIG", path.to_str().unwrap())];
    let config = load(&variables).unwrap();
    assert_eq!(config.data_dir, Path::new("elsewhere"));
    assert_eq!(
        setting(&config, "config").source,
        Source::Env("INSULA_CONFIG")
    );

    let missing = problems(load(&[("INSULA_CONFIG", "/nowhere/insula.toml")]));
    assert!(
        missing.starts_with("/nowhere/insula.toml: can't be read"),
        "{missing}"
    );
}

#[test]
fn defaults_are_those_of_the_contract() {
    let config = load(&[]).unwrap();
    assert_eq!(config.data_dir, Path::new(".insula"));
    assert_eq!(config.http.addr.to_string(), "127.0.0.1:8000");
    assert_eq!(config.http.admin_addr.to_string(), "127.0.0.1:9000");
    assert_eq!(config.http.cors_origins, []);
    assert_eq!(config.database.url, None);
    assert_eq!(config.database.operator_url, None);
    assert_eq!(config.tenancy.header_name, "x-tenant-domain");
    assert_eq!(config.tenancy.header, HeaderTrust::Trust);
    assert_eq!(config.tenancy.default_domain, None);
    assert_eq!(config.tenancy.shared_domain, None);
    assert_eq!(config.tenancy.suffix, None);
    assert_eq!(config.auth.signing, None);
    assert_eq!(config.auth.access_ttl, Duration::from_mins(10));
    let limits = config.graphql;
    assert_eq!(limits.body_limit, 1024 * 1024);
    assert_eq!((limits.document_limit, limits.depth_limit), (15_000, 15));
    assert_eq!((limits.node_limit, limits.alias_limit), (10_000, 100));
    assert_eq!((limits.root_field_limit, limits.login_limit), (20, 1));
    assert_eq!((limits.page_size, limits.page_limit), (20, 100));
    assert_eq!(limits.deadline, Duration::from_secs(10));
    assert!(!limits.introspection && !limits.graphiql);
}

#[test]
fn dev_has_defaults_of_its_own_that_yield_like_the_others() {
    let dev = |variables: &[(&str, &str)]| {
        Config::load(Profile::Dev, &Overrides::default(), env(variables)).unwrap()
    };
    let config = dev(&[]);
    let host = |host: &Option<HostName>| host.as_ref().map(ToString::to_string);
    assert_eq!(
        host(&config.tenancy.shared_domain).as_deref(),
        Some("insula.localhost")
    );
    assert_eq!(host(&config.tenancy.suffix).as_deref(), Some("localhost"));
    assert_eq!(config.http.cors_origins, [CorsOrigin::Localhost]);
    assert_eq!(config.http.admin_addr.to_string(), "127.0.0.1:9000+");
    assert!(config.graphql.introspection && config.graphql.graphiql);
    assert_eq!(
        setting(&config, "tenancy.suffix").source,
        Source::DevDefault
    );

    let config = dev(&[("INSULA_TENANT_SUFFIX", "shops.test")]);
    assert_eq!(host(&config.tenancy.suffix).as_deref(), Some("shops.test"));
}

#[test]
fn every_variable_of_the_contract_is_honoured() {
    let config = load(&[
        ("DATABASE_URL", "postgres://serving@db/insula"),
        (
            "INSULA_OPERATOR_DATABASE_URL",
            "postgres://operator@db/insula",
        ),
        ("INSULA_ADDR", "0.0.0.0:80"),
        ("INSULA_ADMIN_ADDR", "[::1]:81"),
        ("TENANT_DOMAIN_HEADER", "X-Shop"),
        ("DEFAULT_TENANT_DOMAIN", "first.example"),
        ("INSULA_SHARED_DOMAIN", "operators.example"),
        ("INSULA_TENANT_SUFFIX", "shops.example"),
        (
            "INSULA_CORS_ORIGINS",
            "https://a.example, https://b.example",
        ),
        ("INSULA_JWT_SECRET", SECRET),
        ("INSULA_JWT_ISSUER", "https://insula.example"),
        ("INSULA_JWT_ACCESS_TTL", "5 min"),
        ("INSULA_DATA_DIR", "/var/lib/insula"),
        ("INSULA_LOG", "warn,tenancy=debug"),
    ])
    .unwrap();
    let database = &config.database;
    assert_eq!(
        database.require_url().unwrap().expose(),
        "postgres://serving@db/insula"
    );
    assert_eq!(
        database.require_operator_url().unwrap().expose(),
        "postgres://operator@db/insula"
    );
    assert_eq!(config.http.addr.addr.to_string(), "0.0.0.0:80");
    assert_eq!(config.http.admin_addr.addr.to_string(), "[::1]:81");
    assert_eq!(config.http.cors_origins.len(), 2);
    assert_eq!(config.tenancy.header_name, "x-shop");
    assert_eq!(
        config.tenancy.default_domain.unwrap().as_str(),
        "first.example"
    );
    assert_eq!(
        config.tenancy.shared_domain.unwrap().as_str(),
        "operators.example"
    );
    assert_eq!(config.tenancy.suffix.unwrap().as_str(), "shops.example");
    let Some(SigningKeys::Secret(secret)) = config.auth.signing else {
        panic!("no secret");
    };
    assert_eq!(secret.expose(), SECRET);
    assert_eq!(config.auth.issuer, "https://insula.example");
    assert_eq!(config.auth.access_ttl, Duration::from_mins(5));
    assert_eq!(config.data_dir, Path::new("/var/lib/insula"));
    let logged = "warn,tenancy=debug".parse().unwrap();
    assert_eq!(config.telemetry.log, logged);
}

#[test]
fn key_files_sign_instead_of_a_secret_but_not_beside_it() {
    let files = ("INSULA_JWT_KEY_FILES", "new.pem,old.pem");
    let config = load(&[files]).unwrap();
    let expected = SigningKeys::Files(vec!["new.pem".into(), "old.pem".into()]);
    assert_eq!(config.auth.signing, Some(expected));

    let both = problems(load(&[files, ("INSULA_JWT_SECRET", SECRET)]));
    assert_eq!(
        both,
        "`auth.jwt_secret` (env INSULA_JWT_SECRET) and `auth.jwt_key_files` (env INSULA_JWT_KEY_FILES) are both set; keep one of them"
    );
}

#[test]
fn the_operators_login_is_the_serving_one_where_unset() {
    let config = load(&[("DATABASE_URL", "postgres://serving@db/insula")]).unwrap();
    let operator = config.database.require_operator_url().unwrap();
    assert_eq!(operator.expose(), "postgres://serving@db/insula");
    let missing = load(&[]).unwrap().database.require_url().unwrap_err();
    assert!(
        missing
            .to_string()
            .starts_with("`database.url` is missing; set DATABASE_URL")
    );
}

#[test]
fn operators_get_past_a_pooler() {
    let pooled = [
        ("DATABASE_URL", "postgres://serving@pooler/insula"),
        ("INSULA_DATABASE_POOLED", "true"),
    ];
    let said = problems(load(&pooled));
    assert!(said.starts_with("`database.operator_url` is missing; with `database.pooled`"));
    let operator = (
        "INSULA_OPERATOR_DATABASE_URL",
        "postgres://operator@db/insula",
    );
    assert!(
        load(&[pooled[0], pooled[1], operator])
            .unwrap()
            .database
            .pooled
    );
    assert!(!load(&[pooled[0]]).unwrap().database.pooled);
}

#[test]
fn secrets_are_hidden_everywhere() {
    let config = load(&[
        ("DATABASE_URL", "postgres://u:s3cret@db/insula"),
        ("INSULA_JWT_SECRET", SECRET),
    ])
    .unwrap();
    let table = serde_json::to_string(config.table()).unwrap();
    let debug = format!("{config:?}");
    for shown in [&table, &debug] {
        assert!(
            !shown.contains("s3cret") && !shown.contains(SECRET),
            "{shown}"
        );
        assert!(shown.contains("postgres://u:***@db/insula"), "{shown}");
    }
    let short = problems(load(&[
        ("INSULA_JWT_SECRET", "s3cret"),
        ("DATABASE_URL", "s3cret"),
    ]));
    assert!(!short.contains("s3cret"), "{short}");
    assert!(short.contains("at least 32 bytes"), "{short}");
}

#[test]
fn a_broken_file_names_the_line_and_not_its_text() {
    let broken = problems(load_file("[auth]\njwt_secret = \"s3cret", &[]));
    assert!(broken.contains("shop.toml: line 2: "), "{broken}");
    assert!(!broken.contains("s3cret"), "{broken}");
}

#[test]
fn all_problems_are_told_at_once_with_source_key_and_remedy() {
    let text = "
        colour = 'red'
        [http]
        port = 80
        addr = 'here'
        cors_origins = 'https://shop.example'
        [graphql]
        depth_limit = '15'
        deadline = 10
        introspection = 'yes'
        [shop]
        name = 'x'";
    let told = problems(load_file(
        text,
        &[("INSULA_ADMIN_ADDR", "9000"), ("INSULA_LOG", " ")],
    ));
    for expected in [
        "shop.toml: `colour` is no setting; there are: data_dir, http, database, tenancy, auth, graphql, telemetry",
        "shop.toml: `http.port` is no setting; there are: http.addr, http.admin_addr, http.cors_origins",
        "shop.toml: `shop.name` is no setting",
        "shop.toml: `http.addr` is \"here\"; expected an address and a port, such as 127.0.0.1:8000",
        "shop.toml: `http.cors_origins` is \"https://shop.example\"; expected a list, each item of it an origin",
        "shop.toml: `graphql.depth_limit` is \"15\"; expected a whole number above 0",
        "shop.toml: `graphql.deadline` is \"10\"; expected a duration with its unit",
        "shop.toml: `graphql.introspection` is \"yes\"; expected true or false",
        "env INSULA_ADMIN_ADDR: `http.admin_addr` is \"9000\"; expected an address and a port",
        "env INSULA_LOG: `telemetry.log` is empty; give it a value or leave it out",
    ] {
        assert!(told.contains(expected), "{expected} is not in\n{told}");
    }
    assert_eq!(told.lines().count(), 10, "{told}");
}

#[test]
fn a_value_that_is_beaten_may_be_wrong() {
    let config = load_file("[http]\naddr = 'here'", &[("INSULA_ADDR", "127.0.0.1:1")]);
    assert_eq!(config.unwrap().http.addr.addr.port(), 1);
}

#[test]
fn a_flag_for_no_setting_is_refused() {
    let overrides = Overrides::default().set("--port", "http.port", Some(80));
    let refused = problems(Config::load(Profile::Command, &overrides, env(&[])));
    assert!(
        refused.starts_with("flag --port: `http.port` is no setting"),
        "{refused}"
    );
}

#[test]
fn a_server_without_what_it_needs_is_told_all_of_it() {
    let none = Overrides::default();
    let refused = problems(Config::load(Profile::Serve, &none, env(&[])));
    assert!(
        refused.contains("`tenancy.shared_domain` is missing; set INSULA_SHARED_DOMAIN"),
        "{refused}"
    );
    assert!(
        refused.contains("`auth.jwt_secret` is missing; set INSULA_JWT_SECRET"),
        "{refused}"
    );

    let enough = [
        ("INSULA_SHARED_DOMAIN", "operators.example"),
        ("INSULA_JWT_SECRET", SECRET),
    ];
    Config::load(Profile::Serve, &none, env(&enough)).unwrap();
}

#[test]
fn settings_that_contradict_one_another_are_refused() {
    let refused = problems(load_file(
        "[graphql]\npage_size = 200\n[tenancy]\nheader = 'trusted-proxies'",
        &[],
    ));
    assert!(
        refused.contains("`graphql.page_size` is 200, more than `graphql.page_limit`, 100"),
        "{refused}"
    );
    assert!(
        refused.contains(
            "`tenancy.header` is \"trusted-proxies\", but `tenancy.trusted_proxies` names none"
        ),
        "{refused}"
    );

    let text = "[tenancy]\nheader = 'trusted-proxies'\ntrusted_proxies = ['10.0.0.0/8']";
    let config = load_file(text, &[]).unwrap();
    assert_eq!(config.tenancy.trusted_proxies[0].to_string(), "10.0.0.0/8");
}

#[test]
fn the_variables_of_the_process_are_read() {
    assert!(environment("PATH").is_some());
    assert!(environment("INSULA_NO_SUCH_VARIABLE").is_none());
}

/// What stands between the marks of a document.
fn marked(text: &str) -> (usize, usize) {
    let begin = "<!-- settings: begin -->\n";
    let start = text.find(begin).unwrap() + begin.len();
    (start, text.find("<!-- settings: end -->").unwrap())
}

fn document(name: &str) -> (PathBuf, String) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(name);
    let text = fs::read_to_string(&path).unwrap();
    (path, text)
}

/// Writes the table anew where it is stale, and fails, so that nobody has to copy it by hand.
#[test]
fn the_documented_table_of_settings_is_current() {
    let (path, mut text) = document("docs/configuration.md");
    let (start, end) = marked(&text);
    if text[start..end] != markdown() {
        text.replace_range(start..end, &markdown());
        fs::write(path, text).unwrap();
        panic!("docs/configuration.md was stale and is written anew; commit it");
    }
}

/// The README shows the settings that most people need; its rows are those of the whole table.
#[test]
fn the_settings_in_the_readme_are_those_of_the_whole_table() {
    let (_, text) = document("README.md");
    let (start, end) = marked(&text);
    let shown: Vec<_> = text[start..end].lines().collect();
    assert!(shown.len() > 2, "no settings are shown");
    let all = markdown();
    for row in shown {
        assert!(all.lines().any(|line| line == row), "stale: {row}");
    }
}
