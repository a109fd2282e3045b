use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::extract::ConnectInfo;
use axum::http::{HeaderName, HeaderValue, Request, StatusCode, header};
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Router, routing};
use proptest::prelude::*;
use tenancy::axum::{Entrance, Trust, enter_tenant};
use tenancy::resolve::{Policy, Unresolved};
use tenancy::testing::{Shops, Way, two_shops, two_shops_by};
use tenancy::{Access, ActiveTenant, Admitted, Gate, Refused};
use tower::ServiceExt;

use crate::support::names;

tenancy::both_ways!(r23_two_requests_on_one_connection_see_nothing_of_each_other);

const HEADER: HeaderName = HeaderName::from_static("x-tenant-domain");
const PROXY: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1));
const STRANGER: IpAddr = IpAddr::V4(Ipv4Addr::new(203, 0, 113, 7));

fn app(shops: &Shops, trust: Trust) -> Router {
    let policy = Policy {
        shared: "shared.localhost".parse().unwrap(),
        default: Some("ruby.localhost".parse().unwrap()),
    };
    let entrance = Entrance {
        gate: Gate::new(Arc::clone(&shops.directory), policy, shops.history.latest()),
        header: HEADER,
        trust,
        refuse: Box::new(refuse),
    };
    let database = shops.database.clone();
    let who = async move |admitted: Extension<Admitted>,
                          tenant: Option<Extension<ActiveTenant>>| {
        match (admitted.0, tenant) {
            (Admitted::Tenant(tenant), Some(extension)) => {
                assert_eq!(tenant.id, extension.id);
                let db = database.tenant(&tenant, Access::Read);
                names(&db).await.unwrap().join(" ")
            }
            (Admitted::Shared, None) => "the shared realm".to_owned(),
            other => panic!("{other:?}"),
        }
    };
    Router::new()
        .route("/{*path}", routing::get(who))
        .layer(from_fn_with_state(Arc::new(entrance), enter_tenant))
        .route("/healthz", routing::get(async || "well"))
}

#[expect(clippy::needless_pass_by_value, reason = "an entrance hands it over")]
fn refuse(refused: Refused, _: &Request<Body>) -> Response {
    let status = match refused {
        Refused::Unresolved(Unresolved::NotFound) => StatusCode::NOT_FOUND,
        Refused::Unresolved(Unresolved::Conflict { .. } | Unresolved::Invalid) => {
            StatusCode::BAD_REQUEST
        }
        Refused::Unresolved(Unresolved::Registry(_)) => StatusCode::SERVICE_UNAVAILABLE,
        Refused::Closed(_) => StatusCode::FORBIDDEN,
    };
    (status, refused.to_string()).into_response()
}

/// What a request with these headers is answered.
async fn asked(app: &Router, headers: &[(HeaderName, &'static [u8])]) -> (StatusCode, String) {
    asked_from(STRANGER, "/employees", app, headers).await
}

async fn asked_from(
    peer: IpAddr,
    uri: &str,
    app: &Router,
    headers: &[(HeaderName, &'static [u8])],
) -> (StatusCode, String) {
    let mut request = Request::get(uri).body(Body::empty()).unwrap();
    for (name, value) in headers {
        let value = HeaderValue::from_bytes(value).unwrap();
        request.headers_mut().append(name, value);
    }
    let peer = SocketAddr::new(peer, 40_000);
    request.extensions_mut().insert(ConnectInfo(peer));
    let response = app.clone().oneshot(request).await.unwrap();
    let status = response.status();
    let body = to_bytes(response.into_body(), 10_000).await.unwrap();
    (status, String::from_utf8(body.to_vec()).unwrap())
}

fn ok(text: &str) -> (StatusCode, String) {
    (StatusCode::OK, text.to_owned())
}

#[tokio::test]
async fn r01_r11_the_tenant_is_in_the_extensions_of_its_request() {
    let shops = two_shops().await.unwrap();
    let app = app(&shops, Trust::Everybody);

    let python = [(header::HOST, b"python.localhost".as_slice())];
    assert_eq!(asked(&app, &python).await, ok("Cobra Viper"));
    let ruby = [(HEADER, b"Ruby.Localhost:8000".as_slice())];
    assert_eq!(asked(&app, &ruby).await, ok("Diamond Emerald"));
    let shared = [(header::HOST, b"shared.localhost".as_slice())];
    assert_eq!(asked(&app, &shared).await, ok("the shared realm"));
    let nobody = [(HEADER, b"perl.localhost".as_slice())];
    assert_eq!(asked(&app, &nobody).await.0, StatusCode::NOT_FOUND);
    assert_eq!(asked(&app, &[]).await, ok("Diamond Emerald"), "the default");
}

async fn r23_two_requests_on_one_connection_see_nothing_of_each_other(way: Way) {
    let mut shops = two_shops_by(way).await.unwrap();
    shops.database = crate::support::pool_of_one(&shops);
    let app = app(&shops, Trust::Everybody);
    for _ in 0..3 {
        let python = [(HEADER, b"python.localhost".as_slice())];
        assert_eq!(asked(&app, &python).await, ok("Cobra Viper"));
        let unknown = [(HEADER, b"perl.localhost".as_slice())];
        assert_eq!(asked(&app, &unknown).await.0, StatusCode::NOT_FOUND);
        let ruby = [(HEADER, b"ruby.localhost".as_slice())];
        assert_eq!(asked(&app, &ruby).await, ok("Diamond Emerald"));
    }
}

#[tokio::test]
async fn r02_r26_the_path_stays_and_health_needs_no_tenant() {
    let shops = two_shops().await.unwrap();
    let app = app(&shops, Trust::Everybody);
    let unknown = [(HEADER, b"perl.localhost".as_slice())];
    let before = shops.directory.catalog().questions();
    assert_eq!(
        asked_from(STRANGER, "/healthz", &app, &unknown).await,
        ok("well")
    );
    assert_eq!(shops.directory.catalog().questions(), before);
    assert_eq!(
        asked_from(STRANGER, "/employees", &app, &unknown).await.0,
        StatusCode::NOT_FOUND
    );
}

#[tokio::test]
async fn a_header_that_comes_twice_is_refused() {
    let shops = two_shops().await.unwrap();
    let app = app(&shops, Trust::Everybody);
    let python = b"python.localhost".as_slice();
    for name in [HEADER, header::HOST] {
        let once = [(name.clone(), python)];
        assert_eq!(asked(&app, &once).await, ok("Cobra Viper"));
        // Even if both say the same.
        let twice = [(name.clone(), python), (name, python)];
        assert_eq!(asked(&app, &twice).await.0, StatusCode::BAD_REQUEST);
    }
}

#[tokio::test]
async fn n15_names_that_are_no_names_are_refused_and_never_mangled() {
    let shops = two_shops().await.unwrap();
    let app = app(&shops, Trust::Everybody);
    for bad in [
        b"".as_slice(),
        b" python.localhost x",
        b"python.localhost,ruby.localhost",
        b"python.localhost/..",
        b"python\".localhost",
        b"python'; --",
        b"python\xff.localhost",
        b"user@python.localhost",
    ] {
        for name in [HEADER, header::HOST] {
            let status = asked(&app, &[(name, bad)]).await.0;
            assert_eq!(status, StatusCode::BAD_REQUEST, "{}", bad.escape_ascii());
        }
    }
    // Beyond ASCII a name may be one: then it is looked up in its canonical form.
    let umlaut = [(HEADER, "münchen.localhost".as_bytes())];
    assert_eq!(asked(&app, &umlaut).await.0, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn header_and_host_that_disagree_are_refused() {
    let shops = two_shops().await.unwrap();
    let app = app(&shops, Trust::Everybody);
    let header = (HEADER, b"python.localhost".as_slice());
    let disagree = [header.clone(), (header::HOST, b"ruby.localhost")];
    assert_eq!(asked(&app, &disagree).await.0, StatusCode::BAD_REQUEST);
    for host in [
        b"python.localhost".as_slice(),
        b"shared.localhost",
        b"127.0.0.1:8000",
    ] {
        let agree = [header.clone(), (header::HOST, host)];
        assert_eq!(asked(&app, &agree).await, ok("Cobra Viper"));
    }
}

#[tokio::test]
async fn an_authority_in_the_request_line_counts_as_the_host() {
    let shops = two_shops().await.unwrap();
    let app = app(&shops, Trust::Everybody);
    let host = [(header::HOST, b"ruby.localhost".as_slice())];
    let uri = "http://python.localhost:8000/employees";
    assert_eq!(
        asked_from(STRANGER, uri, &app, &host).await,
        ok("Cobra Viper")
    );
}

#[tokio::test]
async fn the_header_is_believed_from_whom_the_configuration_says() {
    let shops = two_shops().await.unwrap();
    let peers = || Trust::Peers(Box::new(|peer| peer == PROXY));
    let headers = [
        (HEADER, b"python.localhost".as_slice()),
        (header::HOST, b"127.0.0.1:8000"),
    ];
    let [python, default] = [ok("Cobra Viper"), ok("Diamond Emerald")];
    for (trust, peer, expected) in [
        (Trust::Everybody, STRANGER, &python),
        (Trust::Nobody, STRANGER, &default),
        (Trust::Nobody, PROXY, &default),
        (peers(), PROXY, &python),
        (peers(), STRANGER, &default),
    ] {
        let app = app(&shops, trust);
        let told = asked_from(peer, "/employees", &app, &headers).await;
        assert_eq!(told, *expected, "{peer}");
        // What isn't believed can't be wrong either.
        let twice = [headers[0].clone(), headers[0].clone()];
        let status = asked_from(peer, "/employees", &app, &twice).await.0;
        assert_eq!(status == StatusCode::OK, *expected == default, "{peer}");
    }
}

#[tokio::test]
async fn a_peer_is_known_however_its_address_is_written() {
    let shops = two_shops().await.unwrap();
    let app = app(&shops, Trust::Peers(Box::new(|peer| peer == PROXY)));
    let mapped = |peer: IpAddr| match peer {
        IpAddr::V4(peer) => IpAddr::V6(peer.to_ipv6_mapped()),
        IpAddr::V6(_) => peer,
    };
    let python = [(HEADER, b"python.localhost".as_slice())];
    for (peer, expected) in [(PROXY, "Cobra Viper"), (STRANGER, "Diamond Emerald")] {
        let told = asked_from(mapped(peer), "/employees", &app, &python).await;
        assert_eq!(told, ok(expected), "{peer}");
    }
}

#[tokio::test]
async fn a_peer_that_nobody_told_of_is_not_trusted() {
    let shops = two_shops().await.unwrap();
    let app = app(&shops, Trust::Peers(Box::new(|_| true)));
    let request = Request::get("/employees").header(HEADER, "python.localhost");
    let response = app
        .oneshot(request.body(Body::empty()).unwrap())
        .await
        .unwrap();
    let body = to_bytes(response.into_body(), 10_000).await.unwrap();
    assert_eq!(body, "Diamond Emerald", "the default");
}

/// Answers with the slug of whoever was let in.
fn slugs() -> Router {
    let policy = Policy {
        shared: "shared.x".parse().unwrap(),
        default: None,
    };
    let entrance = Entrance {
        gate: Gate::new(crate::resolve::directory(), policy, "m2"),
        header: HEADER,
        trust: Trust::Everybody,
        refuse: Box::new(refuse),
    };
    let slug = async |tenant: Option<Extension<ActiveTenant>>| match tenant {
        Some(tenant) => tenant.slug.to_string(),
        None => String::new(),
    };
    Router::new()
        .fallback(slug)
        .layer(from_fn_with_state(Arc::new(entrance), enter_tenant))
}

proptest! {
    #[test]
    fn n15_any_bytes_in_a_header_are_answered_and_let_nobody_in_who_is_not_named(
        header in proptest::option::of(proptest::collection::vec(0x20_u8..=0xff, 0..20)),
        host in proptest::option::of(proptest::collection::vec(0x20_u8..=0xff, 0..20)),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let mut request = Request::get("/").body(Body::empty()).unwrap();
        for (name, bytes) in [(HEADER, header), (header::HOST, host)] {
            let value = bytes.and_then(|bytes| HeaderValue::from_bytes(&bytes).ok());
            value.map(|value| request.headers_mut().append(name, value));
        }
        let response = runtime.block_on(slugs().oneshot(request)).unwrap();
        let refused = [StatusCode::BAD_REQUEST, StatusCode::NOT_FOUND];
        prop_assert!(refused.contains(&response.status()), "{}", response.status());
    }
}
