//! HTTP: what a header, a status or a layer means.

pub mod error;
pub mod graphiql;
pub mod graphql;
pub mod layers;

mod bearer;
mod cors;
mod entrance;
mod health;
mod origin;
mod request_id;
mod server;

pub use self::{
    entrance::{EntranceError, entrance},
    error::{Code, Refusal},
    graphiql::{OfferedTenant, Playground},
    request_id::RequestId,
    server::{Server, router},
};

#[cfg(test)]
mod tests;
