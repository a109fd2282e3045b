//! A request reaches the tenant that its canonical names name, or nobody.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use axum::body::{Body, to_bytes};
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Router};
use http::{HeaderName, HeaderValue, Request, StatusCode, Uri, header};
use tenancy::axum::{Entrance, Trust, enter_tenant};
use tenancy::resolve::{Policy, Unresolved};
use tenancy::testing::MemoryCatalog;
use tenancy::{Admitted, Directory, Domain, Gate, Refused, SchemaName, Status, Tenant, TenantId};
use tokio::runtime::Runtime;
use tower::ServiceExt;

const TENANT_HEADER: HeaderName = HeaderName::from_static("x-tenant-domain");

/// The registered names and whom they lead to.
const REGISTERED: [(&str, &str); 4] = [
    ("python.x", "python"),
    ("ruby.x", "ruby"),
    ("xn--mnchen-3ya.x", "ruby"),
    ("shared.x", SHARED),
];
const SHARED: &str = "the shared realm";

/// What of a request may say whom it is for.
#[derive(Debug, Clone, Default)]
pub struct Sent {
    /// Of the request line, where it has one.
    pub authority: Option<String>,
    /// Headers, each as often as it stands here.
    pub headers: Vec<(String, Vec<u8>)>,
}

/// Whom a request reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reached {
    /// A tenant's slug, or the shared realm.
    Somebody(String),
    /// It was refused with this status.
    Refused(u16),
}

/// Nobody is reached but who was named.
///
/// A line for each header: `h` or `t` and the host or the tenant header, `f` and what proxies forward, which must not count. What
/// stands before the first line break is the authority of the request line, if it can be one.
pub fn entrance(bytes: &[u8]) {
    let mut lines = bytes.split(|byte| *byte == b'\n');
    let authority = lines
        .next()
        .and_then(|line| String::from_utf8(line.to_vec()).ok());
    let headers = lines.filter_map(|line| {
        let (kind, value) = line.split_first()?;
        let name = match kind {
            b'h' => "host",
            b't' => "x-tenant-domain",
            b'f' => "x-forwarded-host",
            _ => return None,
        };
        Some((name.to_owned(), value.to_vec()))
    });
    let sent = Sent {
        authority: authority.filter(|text| !text.is_empty()),
        headers: headers.collect(),
    };
    sent.check();
}

impl Sent {
    /// Panics unless the right one was reached, or nobody where nobody must be.
    pub fn check(&self) {
        let Some((request, sent)) = self.request() else {
            return;
        };
        let reached = ask(request);
        let allowed = sent.expected();
        match &reached {
            Reached::Somebody(who) => {
                assert_eq!(Some(who.as_str()), allowed.who, "{sent:?}");
            }
            Reached::Refused(status) => {
                assert!([400, 404].contains(status), "{status} for {sent:?}");
                assert!(!allowed.surely, "{status} for {sent:?}");
            }
        }
    }

    /// Whom it reaches; `None` where no server would let it through.
    pub fn reached(&self) -> Option<Reached> {
        let (request, _) = self.request()?;
        Some(ask(request))
    }

    /// As a server gets it, and what of it came through; `None` for what no server would let through.
    fn request(&self) -> Option<(Request<Body>, Self)> {
        let uri = match &self.authority {
            Some(authority) => format!("http://{authority}/graphql").parse::<Uri>().ok()?,
            None => Uri::from_static("/graphql"),
        };
        let mut sent = Self {
            authority: uri.authority().map(ToString::to_string),
            headers: Vec::new(),
        };
        let mut request = Request::post(uri).body(Body::empty()).ok()?;
        for (name, bytes) in &self.headers {
            let header: HeaderName = name.parse().ok()?;
            let value = HeaderValue::from_bytes(bytes).ok()?;
            request.headers_mut().append(header, value);
            sent.headers.push((name.clone(), bytes.clone()));
        }
        Some((request, sent))
    }

    /// The contract in a second, simpler wording.
    fn expected(&self) -> Expected<'static> {
        let nobody = Expected {
            who: None,
            surely: false,
        };
        let values = |name: &str| {
            let named = self.headers.iter().filter(|(of, _)| of == name);
            named.map(|(_, value)| value.as_slice()).collect::<Vec<_>>()
        };
        let hosts = match &self.authority {
            Some(authority) => vec![authority.as_bytes()],
            None => values(header::HOST.as_str()),
        };
        let headers = values(TENANT_HEADER.as_str());
        if hosts.len() > 1 || headers.len() > 1 {
            return nobody;
        }
        let host = hosts.first().and_then(|value| named(value));
        let Some(header) = headers.first() else {
            return Expected {
                who: host,
                surely: host.is_some(),
            };
        };
        match (named(header), host) {
            (Some(header), Some(host)) if header == host || host == SHARED => Expected {
                who: Some(header),
                surely: true,
            },
            // The host may be no name at all, which is refused, or a stranger's, which doesn't count.
            (Some(header), None) => Expected {
                who: Some(header),
                surely: hosts.is_empty(),
            },
            _ => nobody,
        }
    }
}

/// Who may be reached, and whether nothing else may happen.
struct Expected<'a> {
    who: Option<&'a str>,
    surely: bool,
}

/// Whom a name leads to. ASCII by hand; what other scripts make of a name is for the library of IDNA to say.
fn named(value: &[u8]) -> Option<&'static str> {
    let text = std::str::from_utf8(value).ok()?;
    let canonical = if text.is_ascii() {
        let lower = text.to_ascii_lowercase();
        let (name, port) = lower.split_once(':').unwrap_or((&lower, ""));
        let is_port = port.is_empty() || port.parse::<u16>().is_ok_and(|_| !port.starts_with('+'));
        let name = name.strip_suffix('.').unwrap_or(name);
        is_port.then(|| name.trim_start_matches("www.").to_owned())?
    } else {
        text.parse::<Domain>().ok()?.as_str().to_owned()
    };
    let mut registered = REGISTERED.iter();
    registered
        .find(|(name, _)| *name == canonical)
        .map(|(_, who)| *who)
}

/// Sends a request through an entrance before the registered names.
fn ask(request: Request<Body>) -> Reached {
    static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .build();
        runtime.expect("a runtime")
    });
    static DOOR: LazyLock<Router> = LazyLock::new(door);
    RUNTIME.block_on(async {
        let response = DOOR.clone().oneshot(request).await.expect("it can't fail");
        let status = response.status();
        let body = to_bytes(response.into_body(), 1000).await.expect("a body");
        match status {
            StatusCode::OK => Reached::Somebody(String::from_utf8_lossy(&body).into_owned()),
            refused => Reached::Refused(refused.as_u16()),
        }
    })
}

fn door() -> Router {
    let catalog = MemoryCatalog::default();
    let mut tenants = BTreeMap::new();
    for (name, slug) in REGISTERED.iter().filter(|(_, slug)| *slug != SHARED) {
        let id = *tenants.entry(*slug).or_insert_with(TenantId::new);
        catalog.point(name.parse().expect("a domain"), id);
        catalog.put(Tenant {
            id,
            slug: slug.parse().expect("a slug"),
            schema: SchemaName::of(id),
            login: 1,
            status: Status::Active,
            version: Some("m1".into()),
            breaking: None,
        });
    }
    let policy = Policy {
        shared: "shared.x".parse().expect("a domain"),
        default: None,
    };
    let entrance = Entrance {
        gate: Gate::new(Arc::new(Directory::new(catalog)), policy, "m1"),
        header: TENANT_HEADER,
        trust: Trust::Everybody,
        refuse: Box::new(refuse),
    };
    Router::new()
        .fallback(async |admitted: Extension<Admitted>| match admitted.0 {
            Admitted::Tenant(tenant) => tenant.slug.to_string(),
            Admitted::Shared => SHARED.to_owned(),
        })
        .layer(from_fn_with_state(Arc::new(entrance), enter_tenant))
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "the shape that the entrance asks for"
)]
fn refuse(refused: Refused, _: &Request<Body>) -> Response {
    let status = match refused {
        Refused::Unresolved(Unresolved::NotFound) => StatusCode::NOT_FOUND,
        Refused::Unresolved(Unresolved::Conflict { .. } | Unresolved::Invalid) => {
            StatusCode::BAD_REQUEST
        }
        _ => StatusCode::INTERNAL_SERVER_ERROR,
    };
    status.into_response()
}
