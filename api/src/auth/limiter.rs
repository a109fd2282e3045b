//! How often passwords and refresh tokens may be tried: by address, by tenant and by account.
//!
//! In memory and per process: see `docs/adr/0011-attempts-are-counted-in-memory.md`. Every count
//! belongs to one realm, so that what happens at one tenant can't be told from another, and shuts
//! nobody out there. What a stranger chooses is kept within bounds.

use std::convert::Infallible;
use std::hash::{BuildHasher, RandomState};
use std::net::{IpAddr, Ipv6Addr};
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use governor::clock::{Clock, DefaultClock};
use governor::state::keyed::HashMapStateStore;
use governor::{Quota, RateLimiter};
use quick_cache::sync::Cache;
use thiserror::Error;
use uuid::Uuid;

use super::Audience;

/// How long wrong passwords are held against an account.
const WINDOW: Duration = Duration::from_mins(15);

/// How many accounts are remembered. Whoever is tried often stays, whoever is tried once may go.
const MOST_ACCOUNTS: usize = 100_000;

/// How many addresses are remembered. With more, those of a realm share one count.
const MOST_ADDRESSES: usize = 50_000;

/// How often, at most, addresses that count for nothing any more are looked for.
const SWEEP: Duration = Duration::from_secs(1);

/// As many times more than one address may a whole tenant.
const TENANT: u32 = 10;

/// What may be tried.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Passwords, from one address in a minute.
    pub logins: u32,
    /// Refresh tokens, from one address in a minute.
    pub refreshes: u32,
    /// Wrong passwords of one account in a quarter of an hour.
    pub failures: u32,
}

/// Tried too often.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("too many attempts; try again in {retry_after} seconds")]
pub struct Limited {
    pub retry_after: u64,
}

/// Whose password is tried. Whether there is such an account enters into nothing here.
#[derive(Debug, Clone, Copy, Hash)]
pub enum Account<'a> {
    Email(&'a str),
    User(Uuid),
}

/// Where something is tried, and from where as far as that is known.
#[derive(Debug, Clone, Copy)]
pub struct Place {
    pub realm: Audience,
    pub address: Option<IpAddr>,
}

/// Counts what is tried.
pub struct Limiter {
    logins: Rates,
    refreshes: Rates,
    failures: u32,
    accounts: Cache<u64, Arc<Mutex<Tally>>>,
    /// Nobody outside can tell which accounts would share a count.
    hasher: RandomState,
}

/// The attempts of one account since the first of them.
struct Tally {
    since: Instant,
    count: u32,
}

/// A password that is being tried. It counts as wrong unless it is said to be right, also where
/// nobody waits for the answer.
#[must_use = "an attempt counts as wrong until it is forgiven"]
pub struct Attempt<'l> {
    limiter: &'l Limiter,
    account: u64,
}

impl Limiter {
    pub fn new(limits: Limits) -> Self {
        Self {
            logins: Rates::new(limits.logins),
            refreshes: Rates::new(limits.refreshes),
            failures: limits.failures,
            accounts: Cache::new(MOST_ACCOUNTS),
            hasher: RandomState::new(),
        }
    }

    /// Whether a password may be tried now. Counts before anything is hashed, so that many at once
    /// are no way around.
    pub fn password(&self, place: Place, account: Account<'_>) -> Result<Attempt<'_>, Limited> {
        self.logins.check(place)?;
        let account = match account {
            Account::Email(email) => {
                let email = email.to_lowercase();
                self.hasher.hash_one((place.realm, Account::Email(&email)))
            }
            user @ Account::User(_) => self.hasher.hash_one((place.realm, user)),
        };
        self.count(account)?;
        Ok(Attempt {
            limiter: self,
            account,
        })
    }

    /// Counts an attempt, if there may be another.
    fn count(&self, account: u64) -> Result<(), Limited> {
        let now = Instant::now();
        let none = || Ok::<_, Infallible>(Arc::new(Mutex::new(Tally::since(now))));
        let Ok(tally) = self.accounts.get_or_insert_with(&account, none);
        let mut tally = tally.lock().unwrap_or_else(PoisonError::into_inner);
        tally.count(self.failures, now)
    }

    /// Whether a refresh token may be tried now.
    pub fn refresh(&self, place: Place) -> Result<(), Limited> {
        self.refreshes.check(place)
    }
}

impl Tally {
    fn since(since: Instant) -> Self {
        Self { since, count: 0 }
    }

    fn count(&mut self, most: u32, now: Instant) -> Result<(), Limited> {
        if now.duration_since(self.since) >= WINDOW {
            *self = Self::since(now);
        }
        if self.count >= most {
            let lasts = now.duration_since(self.since);
            return Err(Limited::after(WINDOW.saturating_sub(lasts)));
        }
        self.count += 1;
        Ok(())
    }
}

impl Attempt<'_> {
    /// The password was right: nothing is held against the account any more.
    pub fn forgive(self) {
        self.limiter.accounts.remove(&self.account);
    }
}

impl Limited {
    fn after(wait: Duration) -> Self {
        Self {
            retry_after: wait.as_secs().saturating_add(1),
        }
    }
}

type Key = (Audience, Option<IpAddr>);
type Keyed = RateLimiter<Key, HashMapStateStore<Key>, DefaultClock>;

/// So many in a minute from one address, and ten times as many at one tenant.
struct Rates {
    addresses: Keyed,
    tenants: Keyed,
    swept: Mutex<Instant>,
}

impl Rates {
    fn new(per_minute: u32) -> Self {
        let quota = |many: u32| Quota::per_minute(NonZeroU32::new(many).unwrap_or(NonZeroU32::MIN));
        Self {
            addresses: RateLimiter::hashmap(quota(per_minute)),
            tenants: RateLimiter::hashmap(quota(per_minute.saturating_mul(TENANT))),
            swept: Mutex::new(Instant::now()),
        }
    }

    /// The address first: what one address tries too often isn't held against its tenant.
    fn check(&self, Place { realm, address }: Place) -> Result<(), Limited> {
        if let Some(address) = address {
            let known = (!self.is_full()).then(|| network(address));
            check(&self.addresses, (realm, known))?;
        }
        check(&self.tenants, (realm, None))
    }

    /// Whether nobody new can be remembered.
    fn is_full(&self) -> bool {
        if self.addresses.len() < MOST_ADDRESSES {
            return false;
        }
        let mut swept = self.swept.lock().unwrap_or_else(PoisonError::into_inner);
        if swept.elapsed() >= SWEEP {
            *swept = Instant::now();
            self.addresses.retain_recent();
            self.tenants.retain_recent();
        }
        self.addresses.len() >= MOST_ADDRESSES
    }
}

fn check(rates: &Keyed, key: Key) -> Result<(), Limited> {
    rates
        .check_key(&key)
        .map_err(|until| Limited::after(until.wait_time_from(rates.clock().now())))
}

/// What one subscriber has: an IPv4 address, or 64 bits of an IPv6 one.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let bits = address.to_bits() >> 64 << 64;
            IpAddr::V6(Ipv6Addr::from_bits(bits))
        }
        v4 @ IpAddr::V4(_) => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const REALM: Audience = Audience::Tenant(Uuid::from_u128(1));
    const OTHER: Audience = Audience::Tenant(Uuid::from_u128(2));

    fn limiter(logins: u32, failures: u32) -> Limiter {
        Limiter::new(Limits {
            logins,
            refreshes: 3,
            failures,
        })
    }

    fn from(realm: Audience, address: &str) -> Place {
        Place {
            realm,
            address: Some(address.parse().unwrap()),
        }
    }

    /// Tries a wrong password.
    fn wrong(limiter: &Limiter, place: Place, email: &str) -> Result<(), Limited> {
        limiter.password(place, Account::Email(email)).map(drop)
    }

    #[test]
    fn wrong_passwords_are_held_against_the_account_from_wherever() {
        let limiter = limiter(1_000, 3);
        for n in 0..3 {
            let place = from(REALM, &format!("192.0.2.{n}"));
            assert_eq!(wrong(&limiter, place, "a@b.test"), Ok(()));
        }
        let here = from(REALM, "192.0.2.9");
        let refused = wrong(&limiter, here, "A@B.test").unwrap_err();
        assert!((800..=900).contains(&refused.retry_after), "{refused}");
        // Not against others, nor against the same address at another tenant.
        assert_eq!(wrong(&limiter, here, "b@b.test"), Ok(()));
        assert_eq!(
            wrong(&limiter, from(OTHER, "192.0.2.9"), "a@b.test"),
            Ok(())
        );
    }

    #[test]
    fn after_a_quarter_of_an_hour_nothing_is_held_against_an_account() {
        let begun = Instant::now();
        let mut tally = Tally::since(begun);
        for later in [begun, begun + WINDOW] {
            assert_eq!(tally.count(1, later), Ok(()));
            let refused = tally.count(1, later).unwrap_err();
            assert_eq!(refused.retry_after, WINDOW.as_secs() + 1);
        }
        let almost = begun + (WINDOW * 2).saturating_sub(Duration::from_secs(1));
        assert_eq!(tally.count(1, almost).unwrap_err().retry_after, 2);
    }

    #[test]
    fn a_right_password_is_forgiven() {
        let limiter = limiter(1_000, 3);
        let here = from(REALM, "192.0.2.1");
        for _ in 0..5 {
            for _ in 0..2 {
                wrong(&limiter, here, "a@b.test").unwrap();
            }
            let attempt = limiter.password(here, Account::Email("a@b.test"));
            attempt
                .unwrap_or_else(|refused| panic!("{refused}"))
                .forgive();
        }
    }

    #[test]
    fn an_address_may_try_so_often_whatever_the_accounts() {
        let limiter = limiter(5, 1_000);
        let here = from(REALM, "2001:db8::1");
        for n in 0..5 {
            wrong(&limiter, here, &format!("{n}@b.test")).unwrap();
        }
        let same = from(REALM, "2001:db8::ffff:1");
        for place in [here, same] {
            let refused = wrong(&limiter, place, "a@b.test").unwrap_err();
            assert!((1..=12).contains(&refused.retry_after), "{refused}");
        }
        for place in [from(REALM, "2001:db8:0:1::1"), from(OTHER, "2001:db8::1")] {
            assert_eq!(wrong(&limiter, place, "a@b.test"), Ok(()));
        }
        let nowhere = Place {
            realm: REALM,
            address: None,
        };
        assert_eq!(wrong(&limiter, nowhere, "a@b.test"), Ok(()));
    }

    #[test]
    fn a_tenant_may_try_ten_times_as_often() {
        let limiter = limiter(2, 1_000);
        let mut tried = 0;
        let refused = (0..100).find_map(|n| {
            let place = from(REALM, &format!("192.0.2.{n}"));
            tried = n;
            wrong(&limiter, place, &format!("{n}@b.test")).err()
        });
        assert_eq!((tried, refused.is_some()), (20, true));
        assert_eq!(
            wrong(&limiter, from(OTHER, "192.0.2.1"), "a@b.test"),
            Ok(())
        );
    }

    #[test]
    fn refreshes_have_a_count_of_their_own() {
        let limiter = limiter(1, 1);
        let here = from(REALM, "192.0.2.1");
        wrong(&limiter, here, "a@b.test").unwrap();
        for _ in 0..3 {
            limiter.refresh(here).unwrap();
        }
        assert!(limiter.refresh(here).is_err());
        assert_eq!(limiter.refresh(from(OTHER, "192.0.2.1")), Ok(()));
    }

    #[test]
    fn strangers_cannot_fill_it() {
        let limiter = limiter(2, 1_000);
        for n in 0..u32::try_from(MOST_ADDRESSES).unwrap() + 1_000 {
            let address = IpAddr::V4(n.into());
            let realm = Audience::Tenant(Uuid::from_u128((n % 5_000).into()));
            let place = Place {
                realm,
                address: Some(address),
            };
            let _ = wrong(&limiter, place, &format!("{n}@b.test"));
        }
        assert!(limiter.logins.addresses.len() <= MOST_ADDRESSES + 5_000);
    }
}
