//! Logging in and out: the same fields as a tenant's, tried with the same arguments.

use crate::probes::declare::Probes;
use crate::probes::tenant::session;

pub(super) fn probes() -> Probes {
    session::probes()
}
