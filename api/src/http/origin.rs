//! Where a request comes from, for the audit trail.

use std::net::{IpAddr, SocketAddr};

use axum::extract::{ConnectInfo, Request};
use http::{HeaderMap, header};

use super::RequestId;
use crate::app::audit::Origin;
use crate::config::Tenancy;

/// What is known of the sender.
pub(super) fn origin(tenancy: &Tenancy, request: &Request) -> Origin {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>();
    let source = peer.map(|ConnectInfo(peer)| sender(tenancy, peer.ip(), request.headers()));
    let agent = request.headers().get(header::USER_AGENT);
    Origin {
        source: source.map(|address| address.to_string()),
        user_agent: agent.map(|agent| String::from_utf8_lossy(agent.as_bytes()).into_owned()),
        request_id: request
            .extensions()
            .get()
            .map(|id: &RequestId| id.as_str().to_owned()),
    }
}

/// The peer; behind a trusted proxy, the last address that it was given by somebody who isn't one.
fn sender(tenancy: &Tenancy, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
    let is_proxy = |address: IpAddr| {
        let address = address.to_canonical();
        tenancy
            .trusted_proxies
            .iter()
            .any(|network| network.contains(&address))
    };
    let mut sender = peer;
    let lines: Vec<_> = headers.get_all("x-forwarded-for").iter().collect();
    let hops = lines.iter().rev().filter_map(|line| line.to_str().ok());
    for hop in hops.flat_map(|line| line.rsplit(',')) {
        match hop.trim().parse() {
            Ok(before) if is_proxy(sender) => sender = before,
            // What a stranger wrote, or what is no address, says nothing.
            _ => break,
        }
    }
    sender.to_canonical()
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;
    use crate::config::{Config, Overrides, Profile};

    #[test]
    fn only_trusted_proxies_are_believed_whom_they_speak_for() {
        let env = |name: &str| {
            (name == "INSULA_TENANCY_TRUSTED_PROXIES").then(|| "10.0.0.0/8".to_owned())
        };
        let config = Config::load(Profile::Command, &Overrides::default(), env).unwrap();
        let from = |peer: &str, forwarded: &'static str| {
            let headers = [(
                "x-forwarded-for".parse().unwrap(),
                HeaderValue::from_static(forwarded),
            )];
            let headers = HeaderMap::from_iter(headers);
            sender(&config.tenancy, peer.parse().unwrap(), &headers).to_string()
        };
        for (peer, forwarded, sender) in [
            ("203.0.113.7", "198.51.100.1", "203.0.113.7"),
            ("10.0.0.1", "198.51.100.1", "198.51.100.1"),
            ("::ffff:10.0.0.1", "198.51.100.1", "198.51.100.1"),
            (
                "10.0.0.1",
                "1.1.1.1, 198.51.100.1, 10.0.0.2",
                "198.51.100.1",
            ),
            ("10.0.0.1", "nonsense", "10.0.0.1"),
            ("10.0.0.1", "", "10.0.0.1"),
        ] {
            assert_eq!(from(peer, forwarded), sender, "{peer} {forwarded}");
        }
    }
}
