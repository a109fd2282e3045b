use std::sync::Arc;

use proptest::prelude::*;
use tenancy::resolve::{Named, Policy, Unresolved};
use tenancy::testing::MemoryCatalog;
use tenancy::{
    Admitted, Catalog, Closed, Directory, Domain, Error, Gate, Refused, SchemaName, Status, Tenant,
    TenantId,
};

fn domain(text: &str) -> Domain {
    text.parse().unwrap()
}

fn tenant(slug: &str, status: Status) -> Tenant {
    let id = TenantId::new();
    Tenant {
        id,
        slug: slug.parse().unwrap(),
        schema: SchemaName::of(id),
        login: 1,
        status,
        version: Some("m2".into()),
        breaking: None,
    }
}

/// A registry with a tenant of each status, and some who are behind or ahead of the server.
pub(crate) fn directory() -> Arc<Directory<MemoryCatalog>> {
    let catalog = MemoryCatalog::default();
    let put = |tenant: Tenant| {
        catalog.point(domain(&format!("{}.x", tenant.slug)), tenant.id);
        catalog.put(tenant);
    };
    for slug in ["python", "ruby"] {
        put(tenant(slug, Status::Active));
    }
    for status in Status::ALL {
        put(tenant(status.as_str(), status));
    }
    let version = |slug, version: &str, breaking: Option<&str>| Tenant {
        version: Some(version.into()),
        breaking: breaking.map(Into::into),
        ..tenant(slug, Status::Active)
    };
    put(version("behind", "m1", None));
    put(version("ahead", "m3", Some("m2")));
    put(version("broken", "m3", Some("m3")));
    Arc::new(Directory::new(catalog))
}

fn gate(default: Option<&str>) -> Gate<MemoryCatalog> {
    let policy = Policy {
        shared: domain("shared.x"),
        default: default.map(domain),
    };
    Gate::new(directory(), policy, "m2")
}

/// What a request is told: the tenant's slug, the shared realm, or why not.
async fn told<C: Catalog>(gate: &Gate<C>, header: Option<&str>, host: Option<&str>) -> String {
    match gate.admit(Named { header, host }).await {
        Ok(Admitted::Tenant(tenant)) => tenant.slug.to_string(),
        Ok(Admitted::Shared) => "the shared realm".into(),
        Err(Refused::Unresolved(Unresolved::NotFound)) => "not found".into(),
        Err(Refused::Unresolved(Unresolved::Conflict { .. })) => "conflict".into(),
        Err(Refused::Unresolved(Unresolved::Invalid)) => "invalid".into(),
        Err(Refused::Unresolved(Unresolved::Registry(_))) => "registry away".into(),
        Err(Refused::Closed(closed)) => format!("{closed:?}"),
    }
}

/// Header, host, and what comes of them without a default, with the default `ruby.x`, and with the
/// shared domain as default.
const DECISIONS: &[(Option<&str>, Option<&str>, [&str; 3])] = &[
    // Nobody is named.
    (None, None, ["not found", "ruby", "the shared realm"]),
    (
        None,
        Some("127.0.0.1:8000"),
        ["not found", "ruby", "the shared realm"],
    ),
    (
        None,
        Some("[::1]"),
        ["not found", "ruby", "the shared realm"],
    ),
    (
        None,
        Some("proxy.internal"),
        ["not found", "ruby", "the shared realm"],
    ),
    (
        None,
        Some("my_container:80"),
        ["not found", "ruby", "the shared realm"],
    ),
    // The host names somebody.
    (None, Some("python.x"), ["python"; 3]),
    (None, Some("WWW.Python.X.:8443"), ["python"; 3]),
    (None, Some("shared.x"), ["the shared realm"; 3]),
    // The header does.
    (Some("python.x"), None, ["python"; 3]),
    (Some("PYTHON.X:1"), Some("127.0.0.1"), ["python"; 3]),
    (Some("python.x"), Some("proxy.internal"), ["python"; 3]),
    (Some("shared.x"), None, ["the shared realm"; 3]),
    (
        Some("shared.x"),
        Some("proxy.internal"),
        ["the shared realm"; 3],
    ),
    // Both do.
    (Some("python.x"), Some("python.x"), ["python"; 3]),
    (Some("python.x"), Some("shared.x"), ["python"; 3]),
    (Some("shared.x"), Some("shared.x"), ["the shared realm"; 3]),
    (Some("python.x"), Some("ruby.x"), ["conflict"; 3]),
    (Some("shared.x"), Some("python.x"), ["conflict"; 3]),
    // A header must name somebody: it never falls back.
    (Some("nobody.x"), None, ["not found"; 3]),
    (Some("nobody.x"), Some("python.x"), ["not found"; 3]),
    (Some("nobody.x"), Some("shared.x"), ["not found"; 3]),
    // What is no host name is no name.
    (Some(""), None, ["invalid"; 3]),
    (Some("pyth on.x"), Some("python.x"), ["invalid"; 3]),
    (Some("127.0.0.1"), None, ["invalid"; 3]),
    (Some("_.x"), None, ["invalid"; 3]),
    (Some("python.x, ruby.x"), None, ["invalid"; 3]),
    (None, Some("pyth on.x"), ["invalid"; 3]),
    (None, Some("python.x:notaport"), ["invalid"; 3]),
    (Some("python.x"), Some("a..b"), ["invalid"; 3]),
    // Whoever is named may still be closed, and then nobody else answers instead.
    (None, Some("suspended.x"), ["Suspended"; 3]),
    (Some("suspended.x"), None, ["Suspended"; 3]),
    (None, Some("provisioning.x"), ["Unfinished"; 3]),
    (None, Some("failed.x"), ["Unfinished"; 3]),
    (None, Some("maintenance.x"), ["Maintenance"; 3]),
    (None, Some("behind.x"), ["Behind"; 3]),
    (None, Some("broken.x"), ["Ahead"; 3]),
    (None, Some("ahead.x"), ["ahead"; 3]),
    (None, Some("dropping.x"), ["Gone"; 3]),
    (Some("dropped.x"), None, ["Gone"; 3]),
];

#[tokio::test]
async fn r01_r03_r04_r06_r20_r22_r27_header_and_host_decide_as_the_table_says() {
    for (column, default) in [None, Some("ruby.x"), Some("shared.x")]
        .into_iter()
        .enumerate()
    {
        let gate = gate(default);
        for (header, host, expected) in DECISIONS {
            let told = told(&gate, *header, *host).await;
            assert_eq!(
                told, expected[column],
                "{header:?} {host:?} default {default:?}"
            );
        }
    }
}

#[tokio::test]
async fn a_default_domain_that_leads_nowhere_is_not_found() {
    let gate = gate(Some("nobody.x"));
    assert_eq!(told(&gate, None, None).await, "not found");
    assert_eq!(told(&gate, None, Some("python.x")).await, "python");
}

#[tokio::test]
async fn r27_a_tenant_that_is_suspended_is_refused_and_resumed_is_let_in() {
    let gate = gate(None);
    assert_eq!(told(&gate, None, Some("python.x")).await, "python");
    let catalog = gate.directory().catalog();
    let python = catalog
        .by_domain(&domain("python.x"))
        .await
        .unwrap()
        .unwrap();
    for (status, expected) in [(Status::Suspended, "Suspended"), (Status::Active, "python")] {
        catalog.put(Tenant {
            status,
            ..python.clone()
        });
        gate.directory().forget(&tenancy::Change::Tenant(python.id));
        assert_eq!(told(&gate, None, Some("python.x")).await, expected);
    }
}

/// A registry whose database is away.
struct Away;

impl Catalog for Away {
    async fn by_domain(&self, _: &Domain) -> Result<Option<Tenant>, Error> {
        Err(Error::from(sqlx::Error::PoolTimedOut))
    }

    async fn all(&self) -> Result<Vec<Tenant>, Error> {
        Err(Error::from(sqlx::Error::PoolTimedOut))
    }

    async fn by_id(&self, _: TenantId) -> Result<Option<Tenant>, Error> {
        Err(Error::from(sqlx::Error::PoolTimedOut))
    }
}

#[tokio::test]
async fn r26_a_registry_that_is_away_is_told_apart_from_an_unknown_domain() {
    let policy = Policy {
        shared: domain("shared.x"),
        default: None,
    };
    let gate = Gate::new(Arc::new(Directory::new(Away)), policy, "m2");
    let named = Named {
        header: None,
        host: Some("python.x"),
    };

    let refused = gate.admit(named).await.unwrap_err();

    assert!(refused.is_unavailable());
    assert!(refused.registry_error().is_some_and(Error::is_unavailable));
    // The shared domain is known without asking, and nobody is asked where nobody is named.
    assert_eq!(
        told(&gate, None, Some("shared.x")).await,
        "the shared realm"
    );
    assert_eq!(told(&gate, None, Some("127.0.0.1")).await, "not found");
    let closed = Refused::Closed(Closed::Suspended);
    assert!(!closed.is_unavailable() && closed.registry_error().is_none());
}

proptest! {
    #[test]
    fn n15_no_header_and_no_host_leads_to_anybody_but_whom_they_name(
        header in proptest::option::of("\\PC{0,30}|(www\\.|WWW\\.)?(python|RUBY|shared|nobody|_)\\.[xX]\\.?(:[0-9]{0,6})?"),
        host in proptest::option::of("\\PC{0,30}|(www\\.)?(python|ruby|shared|127.0.0)\\.[xX1](:80)?|\\[::1\\]"),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let told = runtime.block_on(told(&gate(None), header.as_deref(), host.as_deref()));
        let names = |name: &str| {
            let said = [&header, &host].into_iter().flatten();
            said.filter_map(|said| said.parse().ok()).any(|said: Domain| said == domain(name))
        };
        match told.as_str() {
            "python" => prop_assert!(names("python.x")),
            "ruby" => prop_assert!(names("ruby.x")),
            "the shared realm" => prop_assert!(names("shared.x")),
            "not found" | "conflict" | "invalid" => {}
            other => prop_assert!(false, "{}", other),
        }
    }
}
