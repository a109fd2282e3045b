//! The addresses of a server.

use std::io;

use tokio::net::TcpListener;

use super::Failure;
use crate::config::{Http, ListenAddr};

/// The addresses of a server, taken: nobody else listens there from now on.
pub struct Listeners {
    /// Where anybody asks.
    pub public: TcpListener,
    /// Where whoever watches over it asks.
    pub admin: TcpListener,
}

impl Listeners {
    pub async fn take(config: &Http) -> Result<Self, Failure> {
        Ok(Self {
            public: listen(config.addr, "--addr or INSULA_ADDR").await?,
            admin: listen(config.admin_addr, "INSULA_ADMIN_ADDR").await?,
        })
    }
}

/// Takes the address, or the next free one where that will do.
async fn listen(wanted: ListenAddr, settings: &str) -> Result<TcpListener, Failure> {
    let mut addr = wanted.addr;
    loop {
        match TcpListener::bind(addr).await {
            Ok(listener) => return Ok(listener),
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => {
                match addr.port().checked_add(1).filter(|_| wanted.or_next) {
                    Some(next) => addr.set_port(next),
                    None => {
                        return Err(Failure::new(format!(
                            "{addr} is taken already; choose another with {settings}"
                        )));
                    }
                }
            }
            Err(error) => {
                return Err(Failure::new(format!(
                    "can't listen at {addr}: {error}; choose another address with {settings}"
                )));
            }
        }
    }
}
