//! Where a request comes from: the other end of its connection, or whom a trusted proxy names.

use std::net::{IpAddr, SocketAddr};

use axum::extract::ConnectInfo;
use http::{Extensions, HeaderMap, HeaderName, header};
use ipnet::IpNet;

use super::RequestId;
use crate::app::audit::Origin;

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// What is known of the sender; no address where there is no connection, as in tests of a router.
pub(super) fn origin(trusted: &[IpNet], headers: &HeaderMap, known: &Extensions) -> Origin {
    let peer = known.get::<ConnectInfo<SocketAddr>>();
    let source = peer.map(|ConnectInfo(peer)| behind(peer.ip().to_canonical(), headers, trusted));
    let agent = headers.get(header::USER_AGENT);
    Origin {
        source: source.map(|address| address.to_string()),
        user_agent: agent.map(|agent| String::from_utf8_lossy(agent.as_bytes()).into_owned()),
        request_id: known.get().map(|id: &RequestId| id.as_str().to_owned()),
    }
}

/// Each proxy adds whom it was asked by, on the right. So the address is the first from the right
/// that is no proxy of ours; what stands to its left anybody may have written.
fn behind(peer: IpAddr, headers: &HeaderMap, trusted: &[IpNet]) -> IpAddr {
    let ours = |address: &IpAddr| trusted.iter().any(|network| network.contains(address));
    let values = headers.get_all(FORWARDED_FOR).iter();
    let texts: Vec<_> = values.map(|value| value.to_str().unwrap_or("?")).collect();
    let mut named = texts.iter().rev().flat_map(|text| text.rsplit(','));
    let mut address = peer;
    while ours(&address) {
        let Some(next) = named.next().and_then(parse) else {
            break;
        };
        address = next;
    }
    address
}

/// An address, which some proxies write with a port.
fn parse(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let address = text.parse::<IpAddr>().ok();
    let with_port = || text.parse::<SocketAddr>().ok().map(|both| both.ip());
    let bracketed = || text.strip_prefix('[')?.strip_suffix(']')?.parse().ok();
    let address = address.or_else(with_port).or_else(bracketed)?;
    Some(address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origin(peer: &str, forwarded: &[&str]) -> String {
        let trusted = ["10.0.0.0/8".parse().unwrap(), "fd00::/8".parse().unwrap()];
        let mut headers = HeaderMap::new();
        for value in forwarded {
            headers.append(FORWARDED_FOR, value.parse().unwrap());
        }
        behind(peer.parse().unwrap(), &headers, &trusted).to_string()
    }

    #[test]
    fn only_a_trusted_proxy_is_believed() {
        assert_eq!(origin("192.0.2.1", &["198.51.100.7"]), "192.0.2.1");
        assert_eq!(origin("10.0.0.1", &["198.51.100.7"]), "198.51.100.7");
        assert_eq!(origin("fd00::1", &["2001:db8::7"]), "2001:db8::7");
        assert_eq!(origin("10.0.0.1", &[]), "10.0.0.1");
    }

    #[test]
    fn what_a_client_writes_itself_is_left_of_what_counts() {
        for forged in [
            "203.0.113.9, 198.51.100.7",
            "10.0.0.3, 198.51.100.7, 10.0.0.2",
            "nonsense,198.51.100.7,10.0.0.2 , 10.9.9.9",
            "203.0.113.9 , 198.51.100.7:4711",
        ] {
            assert_eq!(origin("10.0.0.1", &[forged]), "198.51.100.7", "{forged}");
        }
        let twice = ["203.0.113.9", "198.51.100.7, 10.0.0.2"];
        assert_eq!(origin("10.0.0.1", &twice), "198.51.100.7");
    }

    #[test]
    fn what_is_no_address_ends_the_chain_at_the_last_proxy() {
        for nonsense in ["", "unknown", "198.51.100.7 and more", "_hidden"] {
            let value = format!("203.0.113.9, {nonsense}, 10.0.0.2");
            assert_eq!(origin("10.0.0.1", &[&value]), "10.0.0.2", "{nonsense}");
        }
        assert_eq!(origin("10.0.0.1", &["10.0.0.3, 10.0.0.2"]), "10.0.0.3");
        assert_eq!(origin("10.0.0.1", &["[2001:db8::7]:80"]), "2001:db8::7");
        assert_eq!(origin("10.0.0.1", &["[2001:db8::7]"]), "2001:db8::7");
        assert_eq!(origin("10.0.0.1", &["::ffff:198.51.100.7"]), "198.51.100.7");
    }
}
