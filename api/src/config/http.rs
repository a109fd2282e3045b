//! Where the server listens and whose front ends may call it.

use std::{fmt, net::SocketAddr};

use url::Url;

use super::{
    key::{Key, KeyInfo},
    layers::Layers,
    value::Value,
};

const ADDR: Key<ListenAddr> = Key::new("http.addr", "INSULA_ADDR");
const ADMIN_ADDR: Key<ListenAddr> = Key::new("http.admin_addr", "INSULA_ADMIN_ADDR");
const CORS_ORIGINS: Key<Vec<CorsOrigin>> = Key::new("http.cors_origins", "INSULA_CORS_ORIGINS");

pub(super) const KEYS: &[KeyInfo] = &[ADDR.info(), ADMIN_ADDR.info(), CORS_ORIGINS.info()];

#[derive(Debug, Clone)]
pub struct Http {
    /// The public address (`INSULA_ADDR`).
    pub addr: ListenAddr,
    /// The operators' address (`INSULA_ADMIN_ADDR`).
    pub admin_addr: ListenAddr,
    /// The origins of front ends (`INSULA_CORS_ORIGINS`).
    pub cors_origins: Vec<CorsOrigin>,
}

impl Http {
    pub(super) fn read(layers: &Layers) -> Self {
        Self {
            addr: layers.get(&ADDR),
            admin_addr: layers.get(&ADMIN_ADDR),
            cors_origins: layers.get(&CORS_ORIGINS),
        }
    }
}

/// An address to listen on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ListenAddr {
    pub addr: SocketAddr,
    /// Whether the next free port will do when this one is taken: `127.0.0.1:9000+`.
    pub or_next: bool,
}

impl Value for ListenAddr {
    fn expected() -> String {
        "an address and a port, such as 127.0.0.1:8000 or [::]:8000".to_owned()
    }

    fn from_text(text: &str) -> Option<Self> {
        let addr = text.strip_suffix('+');
        Some(Self {
            or_next: addr.is_some(),
            addr: addr.unwrap_or(text).parse().ok()?,
        })
    }
}

impl fmt::Display for ListenAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plus = if self.or_next { "+" } else { "" };
        write!(f, "{}{plus}", self.addr)
    }
}

/// An origin whose front end may call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CorsOrigin {
    /// As a browser sends it: `https://shop.example`.
    Exact(String),
    /// Every origin on this machine, whatever its scheme, subdomain and port.
    Localhost,
}

impl Value for CorsOrigin {
    fn expected() -> String {
        "an origin as browsers send it, such as https://shop.example or http://192.0.2.7:3000, or localhost for any on this machine"
            .to_owned()
    }

    /// Anything that a browser would never send (a path, a default port, capitals) would silently never match.
    fn from_text(text: &str) -> Option<Self> {
        if text == "localhost" {
            return Some(Self::Localhost);
        }
        let url = Url::parse(text).ok()?;
        let port = url.port().map_or(String::new(), |port| format!(":{port}"));
        let sent = format!("{}://{}{port}", url.scheme(), url.host_str()?);
        (sent == text).then_some(Self::Exact(sent))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_what_a_browser_sends() {
        for right in [
            "https://shop.example",
            "http://192.0.2.7:3000",
            "http://[::1]:5173",
            "capacitor://app.example",
        ] {
            let exact = CorsOrigin::Exact(right.to_owned());
            assert_eq!(CorsOrigin::from_text(right), Some(exact));
        }
        for wrong in [
            "*",
            "shop.example",
            "https://shop.example/",
            "https://shop.example/path",
            "https://Shop.example",
            "https://shop.example:443",
            "https://user@shop.example",
            "null",
        ] {
            assert_eq!(CorsOrigin::from_text(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_plus_takes_the_next_free_port() {
        let next = ListenAddr::from_text("127.0.0.1:9000+").unwrap();
        assert!(next.or_next);
        assert_eq!(next.addr.port(), 9000);
        assert_eq!(next.to_string(), "127.0.0.1:9000+");
        assert!(!ListenAddr::from_text("127.0.0.1:9000").unwrap().or_next);
        assert_eq!(ListenAddr::from_text("localhost:9000"), None);
    }
}
