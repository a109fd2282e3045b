//! For axum: a middleware that puts the tenant of a request into its extensions.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderMap, HeaderName, header};
use axum::middleware::Next;
use axum::response::Response;

use crate::resolve::{Named, Unresolved};
use crate::{Admitted, Catalog, Gate, Refused};

/// What [`enter_tenant`] needs; one for the whole server.
pub struct Entrance<C> {
    /// Who decides.
    pub gate: Gate<C>,
    /// The header that names a tenant's domain.
    pub header: HeaderName,
    /// From whom that header is believed.
    pub trust: Trust,
    /// How the refusal of a request is answered.
    pub refuse: Refuse,
}

/// Answers a request that is refused.
pub type Refuse = Box<dyn Fn(Refused, &Request) -> Response + Send + Sync>;

/// From whom the tenant header is believed.
pub enum Trust {
    /// From everybody: the header only selects, the token decides.
    Everybody,
    /// From nobody: the header means nothing.
    Nobody,
    /// From these peers; what others send means nothing.
    Peers(Box<dyn Fn(IpAddr) -> bool + Send + Sync>),
}

/// Resolves the tenant of a request and puts [`Admitted`] into its extensions, and for a tenant its
/// [`ActiveTenant`](crate::ActiveTenant) too. The request's path stays as it is.
///
/// Use it with [`axum::middleware::from_fn_with_state`].
pub async fn enter_tenant<C: Catalog>(
    State(entrance): State<Arc<Entrance<C>>>,
    mut request: Request,
    next: Next,
) -> Response {
    let admitted = match entrance.named(&request) {
        Ok(named) => entrance.gate.admit(named).await,
        Err(unresolved) => Err(unresolved.into()),
    };
    match admitted {
        Ok(admitted) => {
            if let Admitted::Tenant(tenant) = &admitted {
                request.extensions_mut().insert(tenant.clone());
            }
            request.extensions_mut().insert(admitted);
            next.run(request).await
        }
        Err(refused) => (entrance.refuse)(refused, &request),
    }
}

impl<C> Entrance<C> {
    fn named<'a>(&self, request: &'a Request) -> Result<Named<'a>, Unresolved> {
        let header = match &self.trust {
            Trust::Everybody => single(request.headers(), &self.header)?,
            Trust::Peers(trusted) if peer(request).is_some_and(trusted) => {
                single(request.headers(), &self.header)?
            }
            Trust::Peers(_) | Trust::Nobody => None,
        };
        // A request line with an authority (HTTP/2, or sent to a proxy) is what was asked for.
        let host = match request.uri().authority() {
            Some(authority) => Some(authority.as_str()),
            None => single(request.headers(), &header::HOST)?,
        };
        Ok(Named { header, host })
    }
}

/// The value of a header that may come once; twice is a contradiction that nobody should settle.
fn single<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Result<Option<&'a str>, Unresolved> {
    let mut values = headers.get_all(name).iter();
    let Some(value) = values.next() else {
        return Ok(None);
    };
    if values.next().is_some() {
        return Err(Unresolved::Invalid);
    }
    // Bytes beyond ASCII may be UTF-8: a host name before it became punycode.
    std::str::from_utf8(value.as_bytes())
        .map(Some)
        .map_err(|_| Unresolved::Invalid)
}

/// A server that listens on IPv6 sees its IPv4 peers as `::ffff:10.0.0.1`, and nobody lists them like that.
fn peer(request: &Request) -> Option<IpAddr> {
    let info = request.extensions().get::<ConnectInfo<SocketAddr>>()?;
    Some(info.0.ip().to_canonical())
}
