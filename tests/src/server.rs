//! A server of a test's own, wired by the functions that `insula serve` uses.

use std::net::SocketAddr;
use std::sync::Arc;

use api::auth::{Hasher, Keys, Principal, TenantRole};
use api::config::{Config, Overrides, Profile, SigningKeys};
use api::graphql::Mode;
use api::http::{self, Playground, Server};
use api::state::{Addresses, State};
use chrono::Utc;
use tenancy::testing::Way;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::client::{Answer, Client};
use crate::raw;
use crate::sql::Sql;
use crate::template::{self, Template};

/// A server on a copy of the template's database, at a port of its own. It ends with the test.
pub struct TestServer {
    pub state: Arc<State>,
    pub addr: SocketAddr,
    /// Where its metrics are.
    pub admin: SocketAddr,
    /// The URL of its database, for a direct connection.
    pub database: String,
    pub(crate) http: reqwest::Client,
    template: &'static Template,
    addresses: Addresses,
    settings: Settings,
    tasks: [JoinHandle<()>; 4],
}

/// How many backends a server has behind a pooler: fewer than its pool has connections.
const BACKENDS: u32 = 3;

/// Settings in place of the tests' defaults, by the names of their variables.
pub type Settings = Vec<(&'static str, String)>;

impl TestServer {
    /// A server on a database of its own.
    pub async fn start() -> Self {
        Self::with(&[]).await
    }

    /// Like [`start`](Self::start), with settings by the names of their variables.
    pub async fn with(settings: &[(&'static str, &str)]) -> Self {
        Self::by(Way::Direct, settings).await
    }

    /// Like [`with`](Self::with), with a serving login that gets to the database by this way:
    /// behind a pooler it shares few backends.
    pub async fn by(way: Way, settings: &[(&'static str, &str)]) -> Self {
        Self::narrow(way, BACKENDS, settings).await
    }

    /// Like [`by`](Self::by), with one connection, and behind a pooler one backend: whatever a
    /// request leaves behind, the next one gets.
    pub async fn by_one(way: Way, settings: &[(&'static str, &str)]) -> Self {
        let one = [("INSULA_DATABASE_MAX_CONNECTIONS", "1")];
        Self::narrow(way, 1, &[&one, settings].concat()).await
    }

    async fn narrow(way: Way, backends: u32, settings: &[(&'static str, &str)]) -> Self {
        let template = Template::get().await;
        let database = tenancy::testing::clone_of_database(&template.url).await;
        let operator = database.expect("a copy of the template");
        way.prepare(&operator).await.expect("a default path");
        let addresses = Addresses {
            serving: way.address(&operator, backends),
            operator,
        };
        let pooled = (way.options().pooled).then_some(("INSULA_DATABASE_POOLED", "true"));
        let settings: Vec<_> = pooled.iter().chain(settings).copied().collect();
        Self::at(addresses, &settings).await
    }

    /// A server on this database: a copy of the template, perhaps behind a proxy.
    pub async fn on(database: &str, settings: &[(&'static str, &str)]) -> Self {
        Self::at(one_for_both(database), settings).await
    }

    /// A server whose two logins have these addresses.
    pub async fn at(addresses: Addresses, settings: &[(&'static str, &str)]) -> Self {
        let settings = settings
            .iter()
            .map(|&(name, value)| (name, value.to_owned()))
            .collect();
        Self::serve(addresses, settings).await
    }

    /// One more server on the same database, as a fleet has them.
    pub async fn another(&self) -> Self {
        Self::serve(self.addresses.clone(), self.settings.clone()).await
    }

    async fn serve(addresses: Addresses, settings: Settings) -> Self {
        let state = state_at(&addresses, &settings);
        let entrance = http::entrance(&state).expect("the tests' configuration is complete");
        let server = Server::new(Arc::clone(&state));
        let router = http::router(&server, entrance, Playground::of(&state, Vec::new()));
        let service = router.into_make_service_with_connect_info::<SocketAddr>();
        let (listener, addr) = somewhere().await;
        let serving = tokio::spawn(async move {
            axum::serve(listener, service).await.expect("it serves");
        });
        let (listener, admin) = somewhere().await;
        let watched = http::admin(&server);
        let watched = tokio::spawn(async move {
            axum::serve(listener, watched).await.expect("it serves");
        });
        Self {
            tasks: [
                state.follow(),
                state.crossings.write_down(state.database.clone()),
                serving,
                watched,
            ],
            state,
            addr,
            admin,
            database: addresses.operator.clone(),
            addresses,
            http: reqwest::Client::builder()
                .no_proxy()
                .build()
                .expect("an HTTP client"),
            template: Template::get().await,
            settings,
        }
    }

    /// A client that names a tenant in the header, not signed in.
    pub fn tenant(&self, slug: &str) -> Client<'_> {
        self.anybody()
            .at_realm(slug)
            .header("x-tenant-domain", &format!("{slug}.localhost"))
    }

    /// A client of the shared realm, not signed in.
    pub fn shared(&self) -> Client<'_> {
        self.anybody().header("x-tenant-domain", "insula.localhost")
    }

    /// A client that names nobody.
    pub fn anybody(&self) -> Client<'_> {
        Client::new(self)
    }

    /// A token for somebody.
    pub fn token(&self, principal: &Principal) -> String {
        self.state.tokens.mint(principal, Utc::now()).token
    }

    /// Somebody new of this role at any tenant, signed in.
    pub async fn hire(&self, slug: &str, role: TenantRole) -> Principal {
        self.hire_at(&format!("{slug}.localhost"), role).await
    }

    /// Like [`hire`](Self::hire), at the tenant that this host name leads to.
    pub async fn hire_at(&self, host: &str, role: TenantRole) -> Principal {
        let domain = host.parse().expect("a domain");
        let tenant = self.state.directory.find(&domain).await;
        let tenant = tenant.expect("the registry").expect("a tenant");
        template::hire(&self.state, &tenant, role).await
    }

    /// The users and tenants of the demo.
    pub fn people(&self) -> &'static Template {
        self.template
    }

    /// A look into a demo tenant's schema.
    pub fn sql(&self, slug: &str) -> Sql {
        Sql::of_tenant(&self.state, self.template.tenant(slug))
    }

    /// A look into the shared realm's schema.
    pub fn shared_sql(&self) -> Sql {
        Sql::of_shared(&self.state)
    }

    /// Sends these very bytes and reads the answer.
    pub async fn raw(&self, request: &str) -> Answer {
        raw::send(self.addr, request.as_bytes()).await
    }

    /// Where each of its logins finds the database.
    pub fn addresses(&self) -> &Addresses {
        &self.addresses
    }

    /// What it was told beside the tests' defaults.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.addr)
    }
}

impl Drop for TestServer {
    fn drop(&mut self) {
        for task in &self.tasks {
            task.abort();
        }
    }
}

/// A port that was free.
async fn somewhere() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await;
    let listener = listener.expect("a free port");
    let addr = listener.local_addr();
    (listener, addr.expect("a bound socket has an address"))
}

/// The state that `insula serve` would wire for this database, but for the cost of passwords.
pub fn state(database: &str, settings: &Settings) -> Arc<State> {
    state_at(&one_for_both(database), settings)
}

fn one_for_both(database: &str) -> Addresses {
    Addresses {
        serving: database.to_owned(),
        operator: database.to_owned(),
    }
}

/// Like [`state`], with an address for each login.
pub fn state_at(addresses: &Addresses, settings: &Settings) -> Arc<State> {
    let defaults = [
        ("INSULA_ADDR", "127.0.0.1:0"),
        ("INSULA_ADMIN_ADDR", "127.0.0.1:0"),
        ("INSULA_SHARED_DOMAIN", "insula.localhost"),
        ("INSULA_TENANT_SUFFIX", "localhost"),
        ("INSULA_JWT_SECRET", SECRET),
        ("INSULA_GRAPHQL_INTROSPECTION", "true"),
        ("INSULA_GRAPHQL_GRAPHIQL", "true"),
    ];
    let variable = |name: &str| {
        let given = settings.iter().rfind(|(of, _)| *of == name);
        let default = || defaults.iter().find(|(of, _)| *of == name);
        given
            .map(|(_, value)| value.clone())
            .or_else(|| default().map(|(_, value)| (*value).to_owned()))
            .filter(|value| value != UNSET)
    };
    let config = Config::load(Profile::Serve, &Overrides::default(), variable);
    let config = config.expect("the tests' configuration is sound");
    let keys = match &config.auth.signing {
        Some(SigningKeys::Files(files)) => Keys::from_pem_files(files),
        _ => Keys::from_secret(SECRET.as_bytes()),
    };
    let keys = keys.expect("keys that can be used");
    let state = State::new(config, addresses, keys, Hasher::for_tests());
    let state = state.expect("the parts fit together");
    // So every test sees that looking ahead comes to what the resolvers say.
    state.shapes.set_mode(Mode::Both);
    Arc::new(state)
}

/// In place of a value: as if the tests' default weren't there.
pub const UNSET: &str = "(unset)";

/// What signs the tokens.
pub const SECRET: &str = "a secret of the tests, which is as long as it needs to be";
