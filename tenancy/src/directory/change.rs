use sea_orm::{ConnectionTrait, DbErr, Statement};

use crate::{Domain, TenantId};

/// The channel on which changes of the registry are announced.
pub(super) const CHANNEL: &str = "tenancy";

/// What changed: in the registry, or in what the product keeps in memory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// A tenant came, went, or changed its status, slug or version.
    Tenant(TenantId),
    /// A domain came, went, or leads elsewhere.
    Domain(Domain),
    /// Something else, in words of the product's own, for its [`Follower`](super::Follower). At most
    /// some thousand bytes: PostgreSQL takes no more.
    Other(String),
}

impl Change {
    pub(super) fn parse(payload: &str) -> Option<Self> {
        let (kind, name) = payload.split_once(' ')?;
        match kind {
            "tenant" => Some(Self::Tenant(name.parse::<uuid::Uuid>().ok()?.into())),
            "domain" => Some(Self::Domain(name.parse().ok()?)),
            "other" => Some(Self::Other(name.to_owned())),
            _ => None,
        }
    }
}

/// Tells every process of a change, once the transaction of `db` commits.
pub async fn announce(db: &impl ConnectionTrait, change: &Change) -> Result<(), DbErr> {
    let text = match change {
        Change::Tenant(id) => format!("tenant {id}"),
        Change::Domain(domain) => format!("domain {domain}"),
        Change::Other(words) => format!("other {words}"),
    };
    let sql = "SELECT pg_notify($1, $2)";
    let values = [CHANNEL.into(), text.into()];
    let backend = db.get_database_backend();
    db.execute_raw(Statement::from_sql_and_values(backend, sql, values))
        .await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn announcements_are_read_back() {
        let id = TenantId::new();
        let tenant = Change::parse(&format!("tenant {id}"));
        assert_eq!(tenant, Some(Change::Tenant(id)));
        let domain: Domain = "acme.x".parse().unwrap();
        assert_eq!(Change::parse("domain acme.x"), Some(Change::Domain(domain)));
        let other = Change::parse("other session 7, in words");
        assert_eq!(other, Some(Change::Other("session 7, in words".to_owned())));
        assert_eq!(Change::parse("tenant acme"), None);
        assert_eq!(Change::parse(""), None);
    }
}
