//! A text is a domain in one form, or none.

use std::net::IpAddr;

use tenancy::Domain;

/// A domain has one canonical form, whatever its spelling, and it is a plain host name.
pub fn domain(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    let Ok(domain) = text.parse::<Domain>() else {
        return;
    };
    let name = domain.as_str();
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'.';
    assert!(name.bytes().all(plain), "{text:?} became {name:?}");
    assert!((1..=253).contains(&name.len()), "{text:?} became {name:?}");
    assert!(name.parse::<IpAddr>().is_err(), "{text:?} is an address");
    assert!(!name.starts_with("www."), "{text:?} became {name:?}");
    for label in name.split('.') {
        let whole = (1..=63).contains(&label.len()) && !label.starts_with('-');
        assert!(whole && !label.ends_with('-'), "{text:?} became {name:?}");
    }
    for spelling in [
        name.to_owned(),
        name.to_uppercase(),
        format!("{name}."),
        format!("{name}:8443"),
        format!("www.{name}"),
    ] {
        // A prefix may make it longer than a name can be.
        if let Ok(same) = spelling.parse::<Domain>() {
            assert_eq!(same, domain, "{spelling:?} of {text:?}");
        }
    }
}
