//! The registry for itself: tenants that nobody finishes, and domains that nobody reaches.

use entity::shared::{domain, tenant};
use tenancy::{Domain, Status};

use super::Finding;
use super::facts::Facts;
use crate::app::error::Result;
use crate::app::{reason, tenants};
use crate::state::State;

pub(super) async fn check(state: &State, facts: &Facts) -> Result<Vec<Finding>> {
    let mut findings = Vec::new();
    for tenant in &facts.tenants {
        findings.extend(damaged(tenant));
        let domains = facts.domains.get(&tenant.id).map(Vec::as_slice);
        let domains = domains.unwrap_or_default();
        findings.extend(unfinished(state, tenant, domains).await?);
        findings.extend(primary(tenant, domains));
        let wrong = |domain| unreached(state, tenant, domain);
        findings.extend(domains.iter().filter_map(wrong));
    }
    Ok(findings)
}

/// A row that nothing of ours wrote, and that commands about all tenants stop at.
fn damaged(tenant: &tenant::Model) -> Option<Finding> {
    let error = tenants::known(tenant).err()?;
    let finding = Finding::about(tenant, "registry-damaged", reason::of(&error));
    Some(finding.remedy(
        "find out who changed it, and put it right with `insula sql --shared \"UPDATE tenant …\"`",
    ))
}

/// A tenant that could not be made, or whose creator died.
async fn unfinished(
    state: &State,
    tenant: &tenant::Model,
    domains: &[domain::Model],
) -> Result<Option<Finding>> {
    let domain = domains.first();
    let domain = domain.map_or_else(String::new, |domain| format!(" --domain {}", domain.host));
    let again = format!(
        "insula tenant create {} --name {:?}{domain}, which goes on where it stopped",
        tenant.slug, tenant.name
    );
    Ok(match tenants::status_of(tenant.status) {
        Status::Failed => {
            let why = tenant.failure.as_deref().unwrap_or("for no noted reason");
            let problem = format!("it could not be made: {why}");
            Some(Finding::about(tenant, "tenant-failed", problem).remedy(again))
        }
        Status::Provisioning => {
            // Whoever creates a tenant holds its lock meanwhile.
            let Some(lock) = state.operator.try_lock(tenant.id.into()).await? else {
                return Ok(None);
            };
            lock.release().await;
            let problem = "its creation was interrupted, and nobody goes on with it";
            Some(Finding::about(tenant, "tenant-unfinished", problem).remedy(again))
        }
        _ => None,
    })
}

fn primary(tenant: &tenant::Model, domains: &[domain::Model]) -> Option<Finding> {
    let primaries = domains.iter().filter(|domain| domain.is_primary).count();
    let (problem, remedy) = match (primaries, domains.first()) {
        (1, _) => return None,
        (_, None) => (
            "no domain leads to it".to_owned(),
            format!(
                "insula domain add {0} HOST, then insula domain primary {0} HOST",
                tenant.slug
            ),
        ),
        (count, Some(domain)) => (
            format!("{count} of its domains are primary, and exactly one should be"),
            format!("insula domain primary {} {}", tenant.slug, domain.host),
        ),
    };
    Some(Finding::about(tenant, "primary-domain", problem).remedy(remedy))
}

/// A domain that no request can lead by: requests' names are canonicalised before they are looked up.
fn unreached(state: &State, tenant: &tenant::Model, domain: &domain::Model) -> Option<Finding> {
    let host = &domain.host;
    let remove = format!("DELETE FROM domain WHERE id = '{}'", domain.id);
    let (problem, change) = match host.parse::<Domain>() {
        Err(error) => (
            format!("its domain {host:?} can't be reached: {error}"),
            remove,
        ),
        Ok(canonical) if canonical.as_str() != host => (
            format!("its domain {host:?} is never asked for; requests' names are made {canonical}"),
            format!(
                "UPDATE domain SET host = '{canonical}' WHERE id = '{}'",
                domain.id
            ),
        ),
        Ok(canonical) if state.shared_domain.as_ref() == Some(&canonical) => (
            format!("its domain {host} leads to the shared realm"),
            remove,
        ),
        Ok(_) => return None,
    };
    let remedy = format!("insula sql --shared \"{change}\"");
    Some(Finding::about(tenant, "domain-unreachable", problem).remedy(remedy))
}
