//! The probes of the operators' API, noun by noun.

mod audit_event;
mod life;
mod session;
mod tenant;

use super::declare::Probes;

pub(super) fn probes() -> Vec<Probes> {
    vec![
        session::probes(),
        tenant::probes(),
        life::probes(),
        audit_event::probes(),
    ]
}
