//! Hosts and tenant headers as people, browsers and proxies write them.

use serde_json::Value;
use tests::{TestServer, raw};

const SLUG: &str = "{ tenant { slug } }";

/// The slug that these header lines lead to.
async fn reached(server: &TestServer, headers: &[&str]) -> Value {
    let answer = server.raw(&raw::post(headers, SLUG)).await;
    answer.at("tenant.slug")
}

#[tokio::test]
async fn r20_capitals_ports_dots_and_www_reach_the_tenant() {
    let server = TestServer::start().await;
    for spelling in [
        "python.localhost",
        "PYTHON.LocalHost",
        "python.localhost.",
        "python.localhost:8443",
        "python.localhost.:8443",
        "WWW.python.localhost",
        "www.PYTHON.localhost:80",
        "python.localhost:",
    ] {
        let host = format!("host: {spelling}");
        assert_eq!(reached(&server, &[&host]).await, "python", "{host}");
        let header = format!("x-tenant-domain: {spelling}");
        let both = reached(&server, &["host: 127.0.0.1", &header]).await;
        assert_eq!(both, "python", "{header}");
    }
}

#[tokio::test]
async fn r20_a_domain_in_another_script_and_its_punycode_are_one() {
    let server = TestServer::start().await;
    let tenant = server.people().tenant("python").id;
    let insert = format!(
        "INSERT INTO domain (id, tenant_id, host, is_primary, created_at)
         VALUES (gen_random_uuid(), '{tenant}', 'xn--mnchen-3ya.example', false, now())"
    );
    server.shared_sql().run(&insert).await;
    for spelling in [
        "xn--mnchen-3ya.example",
        "münchen.example",
        "MÜNCHEN.example",
    ] {
        let header = format!("x-tenant-domain: {spelling}");
        let found = reached(&server, &["host: 127.0.0.1", &header]).await;
        assert_eq!(found, "python", "{spelling}");
    }
}

#[tokio::test]
async fn hosts_that_are_addresses_or_proxies_name_nobody_and_yield_to_header_and_default() {
    let settings = [("DEFAULT_TENANT_DOMAIN", "ruby.localhost")];
    let server = TestServer::with(&settings).await;
    for host in [
        "host: 127.0.0.1",
        "host: 127.0.0.1:8000",
        "host: [::1]",
        "host: [::1]:8000",
        "host: [2001:db8::7]:443",
        "host: gateway",
        "host: my_gateway:8000",
        "host: unknown.example",
        "host: _.x",
    ] {
        assert_eq!(reached(&server, &[host]).await, "ruby", "{host}");
        let header = "x-tenant-domain: python.localhost";
        assert_eq!(reached(&server, &[host, header]).await, "python", "{host}");
    }
}

#[tokio::test]
async fn r08_a_host_that_is_none_is_an_answer_and_no_crash() {
    let settings = [("DEFAULT_TENANT_DOMAIN", "ruby.localhost")];
    let server = TestServer::with(&settings).await;
    for host in ["host: a..b", "host: -a.x", "host: [::1", "host: a:99999"] {
        let refused = server.raw(&raw::post(&[host], SLUG)).await;
        assert_eq!(refused.status, 400, "{host}: {}", refused.text);
    }
    assert_eq!(reached(&server, &["host: 127.0.0.1"]).await, "ruby");
}

#[tokio::test]
async fn a_host_that_comes_twice_is_refused() {
    let server = TestServer::start().await;
    let twice = ["host: python.localhost", "host: ruby.localhost"];
    let refused = server.raw(&raw::post(&twice, SLUG)).await;
    assert_eq!(refused.status, 400, "{}", refused.text);
    assert_eq!(reached(&server, &twice[..1]).await, "python");
}

#[tokio::test]
async fn a_request_line_with_an_authority_is_what_was_asked_for() {
    let server = TestServer::start().await;
    let request = raw::post(&["host: ruby.localhost"], SLUG);
    let absolute = request.replace("POST /graphql", "POST http://python.localhost/graphql");
    assert_eq!(server.raw(&absolute).await.at("tenant.slug"), "python");
    assert_eq!(server.raw(&request).await.at("tenant.slug"), "ruby");
}

#[tokio::test]
async fn the_header_counts_only_from_those_who_are_believed() {
    let off = TestServer::with(&[("INSULA_TENANCY_HEADER", "off")]).await;
    let strangers = TestServer::on(
        &off.database,
        &[
            ("INSULA_TENANCY_HEADER", "trusted-proxies"),
            ("INSULA_TENANCY_TRUSTED_PROXIES", "192.0.2.0/24"),
        ],
    );
    let proxies = TestServer::on(
        &off.database,
        &[
            ("INSULA_TENANCY_HEADER", "trusted-proxies"),
            ("INSULA_TENANCY_TRUSTED_PROXIES", "127.0.0.0/8"),
        ],
    );
    let both = ["host: ruby.localhost", "x-tenant-domain: python.localhost"];

    assert_eq!(reached(&off, &both).await, "ruby");
    assert_eq!(reached(&strangers.await, &both).await, "ruby");
    let conflict = proxies.await.raw(&raw::post(&both, SLUG)).await;
    conflict.assert_refused(400, "TENANT_CONFLICT");
}

#[tokio::test]
async fn the_headers_name_is_configured() {
    let server = TestServer::with(&[("TENANT_DOMAIN_HEADER", "X-Shop")]).await;
    let named = ["host: 127.0.0.1", "x-shop: python.localhost"];
    assert_eq!(reached(&server, &named).await, "python");
    let usual = ["host: 127.0.0.1", "x-tenant-domain: python.localhost"];
    let unheard = server.raw(&raw::post(&usual, SLUG)).await;
    unheard.assert_refused(404, "TENANT_NOT_FOUND");
}

#[tokio::test]
async fn r02_the_path_stays_as_it_was_sent() {
    let server = TestServer::start().await;
    for path in ["/", "/python/graphql", "/graphql/", "/GRAPHQL"] {
        let answer = server.tenant("python").path(path).await;
        answer.assert_refused(404, "NOT_FOUND");
    }
}
