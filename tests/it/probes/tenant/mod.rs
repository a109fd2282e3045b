//! The probes of a tenant's API, noun by noun.

mod customer;
mod department;
mod employee;
mod invoice;
mod invoice_line;
pub(super) mod session;
#[expect(clippy::module_inception, reason = "a tenant is a noun of its own API")]
mod tenant;
mod user;

use super::declare::Probes;

pub(super) fn probes() -> Vec<Probes> {
    vec![
        tenant::probes(),
        session::probes(),
        user::probes(),
        department::probes(),
        employee::probes(),
        customer::probes(),
        invoice::probes(),
        invoice_line::probes(),
    ]
}
