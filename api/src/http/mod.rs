//! HTTP: what a header, a status or a layer means.

pub mod error;
pub mod graphiql;
pub mod graphql;
pub mod layers;

mod admin;
mod bearer;
mod cors;
mod entrance;
mod health;
mod metrics;
mod origin;
mod request_id;
mod server;

pub use self::{
    admin::admin,
    entrance::{EntranceError, entrance},
    error::{Code, Refusal},
    graphiql::{OfferedTenant, Playground},
    request_id::RequestId,
    server::{Server, router},
};

#[cfg(test)]
mod tests;
