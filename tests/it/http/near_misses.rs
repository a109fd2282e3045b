//! Requests that are almost somebody's, as bytes on the wire: they reach whom their names name, or nobody.

use tests::{Answer, TestServer, raw};

const SLUG: &str = "{ tenant { slug } }";

/// What a request was answered: a tenant's slug, or a status.
fn told(answer: &Answer) -> String {
    if answer.status == 200 {
        let slug = answer.at("tenant.slug");
        return slug.as_str().unwrap().to_owned();
    }
    answer.status.as_u16().to_string()
}

async fn ask(server: &TestServer, line: &str, headers: &[&str]) -> String {
    let request = raw::post(headers, SLUG).replacen("POST /graphql HTTP/1.1", line, 1);
    told(&server.raw(&request).await)
}

#[tokio::test]
async fn request_lines_name_whom_they_name_or_nobody() {
    let server = TestServer::start().await;
    let ruby = "host: ruby.localhost";
    for (line, headers, expected) in [
        ("POST /graphql HTTP/1.1", vec![ruby], "ruby"),
        // The request line says more than the host.
        (
            "POST http://python.localhost/graphql HTTP/1.1",
            vec![ruby],
            "python",
        ),
        (
            "POST http://PYTHON.localhost.:80/graphql HTTP/1.1",
            vec![ruby],
            "python",
        ),
        (
            "POST HTTP://python.localhost/graphql HTTP/1.1",
            vec![ruby],
            "python",
        ),
        ("POST http://127.0.0.1/graphql HTTP/1.1", vec![ruby], "404"),
        (
            "POST http://ruby.localhost@python.localhost/graphql HTTP/1.1",
            vec![ruby],
            "400",
        ),
        (
            "POST http://python.localhost:99999/graphql HTTP/1.1",
            vec![ruby],
            "400",
        ),
        (
            "POST http://python.localhost%00/graphql HTTP/1.1",
            vec![ruby],
            "400",
        ),
        // A path that looks like a name is a path.
        (
            "POST //python.localhost/graphql HTTP/1.1",
            vec![ruby],
            "404",
        ),
        (
            "POST /graphql?host=python.localhost HTTP/1.1",
            vec![ruby],
            "ruby",
        ),
        // Older clients.
        ("POST /graphql HTTP/1.0", vec![ruby], "ruby"),
        ("POST /graphql HTTP/1.0", vec![], "404"),
        (
            "POST http://python.localhost/graphql HTTP/1.0",
            vec![],
            "python",
        ),
    ] {
        assert_eq!(
            ask(&server, line, &headers).await,
            expected,
            "{line} {headers:?}"
        );
    }
}

#[tokio::test]
async fn what_proxies_say_of_the_host_counts_for_nothing() {
    let server = TestServer::start().await;
    for name in [
        "x-forwarded-host",
        "x-forwarded-server",
        "x-original-host",
        "x-host",
        "x-http-host-override",
        "x-rewrite-url",
        "x-original-url",
        "x-tenant",
        "x_tenant_domain",
        "tenant-domain",
    ] {
        let forwarded = format!("{name}: python.localhost");
        let line = "POST /graphql HTTP/1.1";
        let named = ask(&server, line, &["host: ruby.localhost", &forwarded]).await;
        assert_eq!(named, "ruby", "{name}");
        let unnamed = ask(&server, line, &["host: 127.0.0.1", &forwarded]).await;
        assert_eq!(unnamed, "404", "{name}");
    }
    let forwarded = "forwarded: for=192.0.2.1;host=python.localhost;proto=https";
    let named = ask(
        &server,
        "POST /graphql HTTP/1.1",
        &["host: ruby.localhost", forwarded],
    )
    .await;
    assert_eq!(named, "ruby");
}

#[tokio::test]
async fn n15_values_that_are_almost_a_name_lead_to_nobody_else() {
    let server = TestServer::start().await;
    let line = "POST /graphql HTTP/1.1";
    for (value, expected) in [
        ("python.localhost", "python"),
        (" python.localhost\t", "python"),
        ("PYTHON.LOCALHOST.:443", "python"),
        ("ｐython.localhost", "python"),
        ("pyth\u{ad}on.localhost", "python"),
        ("python。localhost", "python"),
        // A letter that only looks like ours is another letter.
        ("рython.localhost", "404"),
        ("python.localhost.localhost", "404"),
        ("xpython.localhost", "404"),
        ("localhost", "404"),
        ("python.localhost, ruby.localhost", "400"),
        ("python.localhost,python.localhost", "400"),
        ("python.localhost ruby.localhost", "400"),
        ("python.localhost;ruby.localhost", "400"),
        ("\"python.localhost\"", "400"),
        ("http://python.localhost", "400"),
        ("python.localhost/", "400"),
        ("python.localhost#", "400"),
        ("python.localhost?", "400"),
        ("user@python.localhost", "400"),
        ("python.localhost\\@ruby.localhost", "400"),
        ("python.localhost%00", "400"),
        ("python.localhost%2e", "400"),
        ("python.localhost:80:80", "400"),
        ("python.localhost..", "400"),
        (".python.localhost", "400"),
        ("*.localhost", "400"),
        ("xn--.localhost", "400"),
        ("", "400"),
    ] {
        let header = format!("x-tenant-domain: {value}");
        let named = ask(&server, line, &["host: 127.0.0.1", &header]).await;
        assert_eq!(named, expected, "{value:?}");
    }
}

#[tokio::test]
async fn n15_bytes_that_no_header_may_hold_are_refused_by_the_server() {
    let server = TestServer::start().await;
    for line in [
        "host: python\0.localhost",
        "x-tenant-domain: python.localhost\0",
        "x-tenant-domain : python.localhost",
        "x-tenant\0-domain: python.localhost",
        "host: python.localhost\r\n ruby.localhost",
    ] {
        let answer = ask(&server, "POST /graphql HTTP/1.1", &[line]).await;
        assert_eq!(answer, "400", "{line:?}");
    }
    let fine = ask(
        &server,
        "POST /graphql HTTP/1.1",
        &["host: python.localhost"],
    )
    .await;
    assert_eq!(fine, "python");
}

#[tokio::test]
async fn the_same_header_in_two_spellings_is_two_headers() {
    let server = TestServer::start().await;
    for second in [
        "X-TENANT-DOMAIN: python.localhost",
        "X-Tenant-Domain: ruby.localhost",
    ] {
        let both = [
            "host: 127.0.0.1",
            "x-tenant-domain: python.localhost",
            second,
        ];
        assert_eq!(ask(&server, "POST /graphql HTTP/1.1", &both).await, "400");
    }
    let once = ["host: 127.0.0.1", "X-TENANT-domain: python.localhost"];
    assert_eq!(
        ask(&server, "POST /graphql HTTP/1.1", &once).await,
        "python"
    );
}
