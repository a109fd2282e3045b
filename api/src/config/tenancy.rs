//! How a request's tenant is told and where new tenants live.

use std::{fmt, net::IpAddr};

use ::http::HeaderName;
use ipnet::IpNet;
use url::Host;

use super::{
    error::Problem,
    key::{Key, KeyInfo},
    layers::Layers,
    value::Value,
};

const HEADER_NAME: Key<HeaderName> = Key::new("tenancy.header_name", "TENANT_DOMAIN_HEADER");
const HEADER: Key<HeaderTrust> = Key::new("tenancy.header", "INSULA_TENANCY_HEADER");
const TRUSTED_PROXIES: Key<Vec<IpNet>> =
    Key::new("tenancy.trusted_proxies", "INSULA_TENANCY_TRUSTED_PROXIES");
const DEFAULT_DOMAIN: Key<HostName> = Key::new("tenancy.default_domain", "DEFAULT_TENANT_DOMAIN");
const SHARED_DOMAIN: Key<HostName> = Key::new("tenancy.shared_domain", "INSULA_SHARED_DOMAIN");
const SUFFIX: Key<HostName> = Key::new("tenancy.suffix", "INSULA_TENANT_SUFFIX");

pub(super) const KEYS: &[KeyInfo] = &[
    HEADER_NAME.info(),
    HEADER.info(),
    TRUSTED_PROXIES.info(),
    DEFAULT_DOMAIN.info(),
    SHARED_DOMAIN.info(),
    SUFFIX.info(),
];

#[derive(Debug, Clone)]
pub struct Tenancy {
    /// The header that names the tenant's domain (`TENANT_DOMAIN_HEADER`).
    pub header_name: HeaderName,
    /// Whether it is believed.
    pub header: HeaderTrust,
    /// Who is believed with [`HeaderTrust::TrustedProxies`].
    pub trusted_proxies: Vec<IpNet>,
    /// The domain of a request that names none (`DEFAULT_TENANT_DOMAIN`).
    pub default_domain: Option<HostName>,
    /// The domain of the shared realm (`INSULA_SHARED_DOMAIN`).
    pub shared_domain: Option<HostName>,
    /// Where new tenants' first domains live (`INSULA_TENANT_SUFFIX`).
    pub suffix: Option<HostName>,
}

impl Tenancy {
    pub(super) fn read(layers: &Layers) -> Self {
        Self {
            header_name: layers.get(&HEADER_NAME),
            header: layers.get(&HEADER),
            trusted_proxies: layers.get(&TRUSTED_PROXIES),
            default_domain: layers.find(&DEFAULT_DOMAIN),
            shared_domain: layers.find(&SHARED_DOMAIN),
            suffix: layers.find(&SUFFIX),
        }
    }

    pub(super) fn contradiction(&self) -> Option<Problem> {
        let nobody = self.header == HeaderTrust::TrustedProxies && self.trusted_proxies.is_empty();
        nobody.then(|| Problem::Conflict {
            key: HEADER.name(),
            clash: "is \"trusted-proxies\", but `tenancy.trusted_proxies` names none; name them, or set \"off\"".to_owned(),
        })
    }

    pub(super) fn missing(&self) -> Option<Problem> {
        self.shared_domain.is_none().then_some(Problem::Missing {
            key: SHARED_DOMAIN.name(),
            remedy: "set INSULA_SHARED_DOMAIN to the host name of the operators' API, such as operators.example",
        })
    }
}

impl Value for HeaderName {
    fn expected() -> String {
        "a header's name, such as X-Tenant-Domain".to_owned()
    }

    fn from_text(text: &str) -> Option<Self> {
        text.parse().ok()
    }
}

/// Whether the tenant header is believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HeaderTrust {
    /// From everybody: the header only says which tenant is meant, a token still says who may.
    Trust,
    /// Only from the proxies that are listed.
    TrustedProxies,
    /// From nobody.
    Off,
}

impl Value for HeaderTrust {
    fn expected() -> String {
        "trust, trusted-proxies or off".to_owned()
    }

    fn from_text(text: &str) -> Option<Self> {
        match text {
            "trust" => Some(Self::Trust),
            "trusted-proxies" => Some(Self::TrustedProxies),
            "off" => Some(Self::Off),
            _ => None,
        }
    }
}

impl Value for IpNet {
    fn expected() -> String {
        "an address or a network, such as 10.0.0.7 or 10.0.0.0/8".to_owned()
    }

    fn from_text(text: &str) -> Option<Self> {
        let one = || text.parse::<IpAddr>().map(Self::from);
        text.parse().or_else(|_| one()).ok()
    }
}

/// The name of a host: lower case, punycode, no port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostName(String);

impl HostName {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for HostName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Value for HostName {
    fn expected() -> String {
        "a host name without scheme and port, such as shop.example".to_owned()
    }

    fn from_text(text: &str) -> Option<Self> {
        let Ok(Host::Domain(name)) = Host::parse(text.trim_end_matches('.')) else {
            return None;
        };
        let is_label = |label: &str| {
            let allowed = |c: char| c.is_ascii_alphanumeric() || c == '-';
            (1..=63).contains(&label.len()) && label.chars().all(allowed)
        };
        let valid = name.len() <= 253 && name.split('.').all(is_label);
        valid.then_some(Self(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn host_names_are_canonical() {
        let canonical = |text| HostName::from_text(text).map(|host| host.to_string());
        assert_eq!(canonical("Shop.Example.").as_deref(), Some("shop.example"));
        assert_eq!(
            canonical("bücher.example").as_deref(),
            Some("xn--bcher-kva.example")
        );
        for wrong in [
            "shop.example:8000",
            "http://shop.example",
            "a b",
            "127.0.0.1",
            "[::1]",
            "a..b",
            "a_b",
            "",
        ] {
            assert_eq!(canonical(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn proxies_are_addresses_or_networks() {
        let proxy = |text| IpNet::from_text(text).map(|net| net.to_string());
        assert_eq!(proxy("10.0.0.7").as_deref(), Some("10.0.0.7/32"));
        assert_eq!(proxy("fd00::/8").as_deref(), Some("fd00::/8"));
        assert_eq!(proxy("proxy.internal"), None);
    }
}
