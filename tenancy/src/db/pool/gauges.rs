use super::Table;
use super::slots::State;

/// How the connections of a pool stand at one moment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Gauges {
    /// How many there may be.
    pub total: usize,
    /// How many are given out at once, not counting those that are kept for long.
    pub at_once: usize,
    /// How many there are: open, or being opened or closed.
    pub open: usize,
    /// Those in use, and those on which something is still to be undone.
    pub busy: usize,
    /// Those that nobody uses.
    pub idle: usize,
    /// How many scopes wait for one.
    pub waiting: usize,
    /// How often one was given to somebody, since the start.
    pub leases: u64,
    /// How often that was another than the one which the tenant prefers.
    pub spilled: u64,
    /// How many scopes were answered in somebody else's flight, and needed none.
    pub carried: u64,
    /// How many were closed because they knew too many tenants.
    pub retired: u64,
    /// How many tenants the open connections know, each counted for itself.
    pub tenants: usize,
    /// How many statements are kept prepared on them.
    pub statements: usize,
}

/// What one connection holds.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Figures {
    pub(super) tenants: usize,
    pub(super) statements: usize,
}

impl Gauges {
    pub(super) fn of(table: &Table, carried: u64) -> Self {
        let count =
            |pleases: fn(State) -> bool| table.slots.states().filter(|s| pleases(*s)).count();
        let busy = count(|state| matches!(state, State::Busy { .. }));
        let idle = count(|state| matches!(state, State::Idle { .. }));
        let lingering = table.idle.iter().flatten().filter(|kept| kept.open).count();
        Self {
            total: table.idle.len(),
            at_once: table.slots.at_once(),
            open: busy + idle,
            busy: busy + lingering,
            idle: idle - lingering,
            waiting: table.slots.waiting(),
            leases: table.slots.leases,
            spilled: table.slots.spilled,
            carried,
            retired: table.retired,
            tenants: table.figures.iter().map(|one| one.tenants).sum(),
            statements: table.figures.iter().map(|one| one.statements).sum(),
        }
    }
}
