//! HTTP: what a header, a status or a layer means.

pub mod error;
pub mod graphql;
pub mod layers;

mod cors;
mod request_id;

pub use self::{
    error::{Code, Refusal},
    request_id::RequestId,
};

#[cfg(test)]
mod tests;
