//! Whose front ends may call.

use std::time::Duration;

use http::{HeaderName, HeaderValue, Method, header, request::Parts};
use tower_http::cors::{AllowOrigin, CorsLayer};
use url::{Host, Url};

use super::request_id;
use crate::config::{Config, CorsOrigin};

/// How long a browser may remember a preflight; Chromium caps it at this.
const MAX_AGE: Duration = Duration::from_hours(2);

/// What Apollo's clients send of their own accord.
const OF_CLIENTS: [HeaderName; 4] = [
    HeaderName::from_static("apollo-require-preflight"),
    HeaderName::from_static("apollographql-client-name"),
    HeaderName::from_static("apollographql-client-version"),
    HeaderName::from_static("x-apollo-operation-name"),
];

/// Answers preflights itself, before a tenant is asked for: a browser sends them without the tenant header. Tokens travel in
/// `Authorization`, so no credentials of the browser (cookies) are ever allowed.
pub(super) fn layer(config: &Config) -> CorsLayer {
    let origins = config.http.cors_origins.clone();
    let admits = move |origin: &HeaderValue, _: &Parts| admits(&origins, origin);
    let ours = [
        header::CONTENT_TYPE,
        header::AUTHORIZATION,
        request_id::HEADER,
        config.tenancy.header_name.clone(),
    ];
    CorsLayer::new()
        .allow_origin(AllowOrigin::predicate(admits))
        .allow_methods([Method::GET, Method::POST])
        .allow_headers(ours.into_iter().chain(OF_CLIENTS).collect::<Vec<_>>())
        .expose_headers([request_id::HEADER, header::RETRY_AFTER])
        .max_age(MAX_AGE)
}

fn admits(origins: &[CorsOrigin], origin: &HeaderValue) -> bool {
    let Ok(origin) = origin.to_str() else {
        return false;
    };
    origins.iter().any(|admitted| match admitted {
        CorsOrigin::Exact(exact) => exact == origin,
        CorsOrigin::Localhost => is_localhost(origin),
    })
}

fn is_localhost(origin: &str) -> bool {
    let Ok(url) = Url::parse(origin) else {
        return false;
    };
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_are_admitted_by_their_exact_name_or_as_localhost() {
        let exact = [CorsOrigin::Exact("https://shop.example".to_owned())];
        let local = [CorsOrigin::Localhost];
        for (origins, origin, expected) in [
            (&exact, "https://shop.example", true),
            (&exact, "https://shop.example:8443", false),
            (&exact, "http://shop.example", false),
            (&exact, "https://shop.example.evil.example", false),
            (&exact, "http://localhost:3000", false),
            (&local, "http://localhost:3000", true),
            (&local, "https://python.localhost", true),
            (&local, "http://127.0.0.1:5173", true),
            (&local, "http://[::1]:5173", true),
            (&local, "http://localhost.evil.example", false),
            (&local, "http://evillocalhost", false),
            (&local, "http://192.0.2.7", false),
            (&local, "null", false),
        ] {
            let origin = HeaderValue::from_static(origin);
            assert_eq!(admits(origins, &origin), expected, "{origin:?}");
        }
        assert!(!admits(
            &[],
            &HeaderValue::from_static("http://localhost:3000")
        ));
    }
}
