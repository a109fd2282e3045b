use std::borrow::Cow;
use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

/// A host name that leads to a tenant, in its one canonical form: lower case, punycode, no port, no
/// trailing dot, no leading `www.`.
///
/// ```
/// use tenancy::Domain;
///
/// let domain: Domain = "WWW.Acme.Example.:8443".parse().unwrap();
/// assert_eq!(domain.as_str(), "acme.example");
/// assert_eq!("münchen.example".parse::<Domain>().unwrap().as_str(), "xn--mnchen-3ya.example");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Domain(String);

impl Domain {
    /// The canonical text, as the registry stores it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Why a text is no [`Domain`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DomainError {
    /// An IP address: legal as a host, but never somebody's domain.
    #[error("an IP address is no domain; give a host name")]
    Address,
    /// An underscore, as names inside container networks have: no host name, but harmless.
    #[error("a host name may not hold an underscore")]
    Underscore,
    /// Anything else that is no host name.
    #[error("not a host name; give something like shop.example.com")]
    Malformed,
}

impl FromStr for Domain {
    type Err = DomainError;

    fn from_str(text: &str) -> Result<Self, DomainError> {
        let host = without_port(text)?;
        // First of all: this turns other scripts' digits and dots into ours.
        let lower = if is_plain(host) {
            Cow::Borrowed(host)
        } else {
            let ascii = idna::domain_to_ascii(host).map_err(|_| DomainError::Malformed)?;
            Cow::Owned(ascii)
        };
        let lower = lower.strip_suffix('.').unwrap_or(&lower);
        let mut bare = lower;
        while let Some(rest) = bare.strip_prefix("www.") {
            bare = rest;
        }
        if may_be_address(bare) && bare.parse::<IpAddr>().is_ok() {
            return Err(DomainError::Address);
        }
        if bare.is_empty() || lower.len() > 253 {
            return Err(DomainError::Malformed);
        }
        let mut underscore = false;
        for label in bare.split('.') {
            underscore |= label.contains('_');
            if !is_label(label) {
                return Err(DomainError::Malformed);
            }
        }
        if underscore {
            return Err(DomainError::Underscore);
        }
        Ok(Self(bare.to_owned()))
    }
}

/// Whether it is in our alphabet already, as almost every name is, with nothing in it that stands for another script.
fn is_plain(host: &str) -> bool {
    host.bytes().all(|b| is_legal(b) || b == b'.')
        && !host.split('.').any(|it| it.starts_with("xn--"))
}

/// The others need not be tried.
fn may_be_address(host: &str) -> bool {
    host.starts_with(|c: char| c.is_ascii_digit()) || host.contains(':')
}

/// Cuts `:8443` off, and the brackets of an IPv6 literal, which is an address and so an error.
fn without_port(text: &str) -> Result<&str, DomainError> {
    if let Some(rest) = text.strip_prefix('[') {
        let (address, port) = rest.split_once(']').ok_or(DomainError::Malformed)?;
        let port_is_fine = port.is_empty() || port.strip_prefix(':').is_some_and(is_port);
        return match address.parse::<IpAddr>() {
            Ok(IpAddr::V6(_)) if port_is_fine => Err(DomainError::Address),
            _ => Err(DomainError::Malformed),
        };
    }
    match text.split_once(':') {
        None => Ok(text),
        // More than one colon is a bare IPv6 address or nonsense.
        Some(_) if text.parse::<IpAddr>().is_ok() => Err(DomainError::Address),
        Some((host, port)) if is_port(port) => Ok(host),
        Some(_) => Err(DomainError::Malformed),
    }
}

fn is_port(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_digit()) && (text.is_empty() || text.parse::<u16>().is_ok())
}

fn is_label(label: &str) -> bool {
    !label.is_empty()
        && label.len() <= 63
        && label.bytes().all(is_legal)
        && !label.starts_with('-')
        && !label.ends_with('-')
}

fn is_legal(b: u8) -> bool {
    b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'_'
}

impl fmt::Display for Domain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parsed(text: &str) -> Result<String, DomainError> {
        text.parse::<Domain>().map(|domain| domain.0)
    }

    #[test]
    fn r20_all_spellings_of_a_host_are_one() {
        for text in [
            "acme.x",
            "ACME.X",
            "acme.x.",
            "acme.x:8443",
            "WWW.acme.x",
            "www.ACME.x.:80",
            "acme.x:",
        ] {
            assert_eq!(parsed(text), Ok("acme.x".into()), "{text}");
        }
        for text in ["www", "www."] {
            assert_eq!(parsed(text), Ok("www".into()), "nothing follows: {text}");
        }
        assert_eq!(parsed("BÜCHER.example"), Ok("xn--bcher-kva.example".into()));
    }

    #[test]
    fn addresses_are_told_apart_from_nonsense() {
        for text in [
            "127.0.0.1.",
            "www.127.0.0.1",
            "１２７.0。0.1",
            "127.0.0.1",
            "127.0.0.1:8000",
            "[::1]",
            "[::1]:8000",
            "::1",
        ] {
            assert_eq!(parsed(text), Err(DomainError::Address), "{text}");
        }
        for text in ["[::1", "[acme]", "[127.0.0.1]", "[::1]x", "a:b:c"] {
            assert_eq!(parsed(text), Err(DomainError::Malformed), "{text}");
        }
    }

    #[test]
    fn r08_n15_what_is_no_host_name_is_refused() {
        assert_eq!(parsed("_.x"), Err(DomainError::Underscore));
        assert_eq!(parsed("my_service:8000"), Err(DomainError::Underscore));
        let long = format!("{}.x", "a".repeat(64));
        let longer = ["abcdefg"; 32].join(".");
        for text in [
            "", ".", "www..", "a..b", "-a.x", "a-.x", "a b", "a'b", "a\"b", "a;b", "a/b", "a@b",
            "a%00b", "a\0b", "a:99999", "a:8o", &long, &longer,
        ] {
            assert_eq!(parsed(text), Err(DomainError::Malformed), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn plain_names_stay_as_they_are_in_every_script(host in "[a-z0-9._-]{0,80}|(xn--)?[a-z0-9-]{0,9}[.]xn-?-?[a-z0-9]{0,9}") {
            if is_plain(&host) {
                prop_assert_eq!(idna::domain_to_ascii(&host).ok(), Some(host));
            }
        }

        #[test]
        fn no_address_goes_untried(host in "\\PC{0,12}|[0-9a-f.:]{0,20}|[0-9]{1,3}([.][0-9]{1,3}){3}") {
            if host.parse::<IpAddr>().is_ok() {
                prop_assert!(may_be_address(&host));
            }
        }

        #[test]
        fn canonical_names_stay_as_they_are(text in "\\PC{0,40}|[a-zA-Z0-9.:_\\[\\]-]{0,80}") {
            if let Ok(domain) = text.parse::<Domain>() {
                prop_assert_eq!(domain.as_str().parse::<Domain>(), Ok(domain.clone()));
            }
        }
    }
}
