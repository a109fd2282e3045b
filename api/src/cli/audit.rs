//! `insula audit`: who did what to which tenant, from where.

use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};
use clap::Args;
use entity::shared::audit_event::Model;
use sea_orm::ActiveEnum;
use serde::Serialize;
use tenancy::Access;
use uuid::Uuid;

use super::{Failure, Global, connect, console, output};
use crate::app::audit::Action;
use crate::app::audit::read::{self, Which};

const EXAMPLES: &str = "\
Examples:
  insula audit
  insula audit --tenant python --since 7d
  insula audit --action crossing.token --since 2026-01-31 --json

The newest events stand first. Nothing changes or deletes them.";

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct AuditArgs {
    /// Only events about this tenant, by its slug, then or now
    #[arg(long, value_name = "SLUG")]
    tenant: Option<String>,
    /// Only events since then: 2026-01-31, 2026-01-31T12:00:00Z, or so long ago: 30min, 12h, 7d
    #[arg(long, value_name = "TIME", value_parser = since)]
    since: Option<DateTime<Utc>>,
    /// Only events of this kind, such as tenant.suspend
    #[arg(long, value_parser = action)]
    action: Option<Action>,
    /// How many events at most
    #[arg(long, value_name = "N", default_value = "50", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    limit: u32,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(global: &Global, args: AuditArgs) -> Result<(), Failure> {
    let which = Which {
        tenant: args.tenant,
        since: args.since,
        action: args.action,
    };
    connect::registry(global, async |state| {
        let can = console::actor().caller().can()?;
        let db = state.operator.shared(Access::Read);
        let events = read::newest(&db, can, &which, args.limit.into()).await?;
        db.end().await;
        if args.json {
            return output::json(&events.iter().map(Document::of).collect::<Vec<_>>());
        }
        if events.is_empty() {
            output::note("nothing of this kind has happened");
            return Ok(());
        }
        let header = [
            "WHEN", "WHO", "FROM", "ACTION", "TENANT", "OUTCOME", "DETAIL",
        ];
        output::table(&header, events.iter().map(row));
        Ok(())
    })
    .await
}

fn row(event: &Model) -> Vec<String> {
    let times = match event.count {
        1 => String::new(),
        count => format!(" ({count} times)"),
    };
    vec![
        event.happened_at.format("%Y-%m-%d %H:%M:%S").to_string(),
        who(event),
        event.source.clone().unwrap_or_default(),
        event.action.clone(),
        event.tenant_slug.clone().unwrap_or_default(),
        format!("{}{times}", event.outcome.to_value()),
        detail(event),
    ]
}

fn who(event: &Model) -> String {
    let kind = event.actor_kind.to_value();
    let id = || event.actor_id.map(|id| id.to_string());
    match event.actor_name.clone().or_else(id) {
        Some(name) => format!("{kind} {name}"),
        None => kind,
    }
}

/// `key=value`, as far as it is text for people.
fn detail(event: &Model) -> String {
    let all = event.detail.as_object().into_iter().flatten();
    let pairs = all.map(|(key, value)| match value.as_str() {
        Some(text) => format!("{key}={text}"),
        None => format!("{key}={value}"),
    });
    pairs.collect::<Vec<_>>().join(" ")
}

fn action(text: &str) -> Result<Action, String> {
    let found = Action::ALL.iter().find(|action| action.code() == text);
    found.copied().ok_or_else(|| {
        let codes: Vec<_> = Action::ALL.iter().map(|action| action.code()).collect();
        format!("there are {}", codes.join(", "))
    })
}

fn since(text: &str) -> Result<DateTime<Utc>, String> {
    let day = |day: NaiveDate| day.and_hms_opt(0, 0, 0).map(|start| start.and_utc());
    let moment = text.parse::<DateTime<Utc>>().ok();
    let moment = moment.or_else(|| text.parse().ok().and_then(day));
    let moment = moment.or_else(|| ago(text, Utc::now()));
    moment.ok_or_else(|| "give 2026-01-31, 2026-01-31T12:00:00Z, 30min, 12h or 7d".to_owned())
}

fn ago(text: &str, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let unit = text.find(|c: char| !c.is_ascii_digit())?;
    let (number, unit) = text.split_at(unit);
    let number: u32 = number.parse().ok()?;
    match unit.trim_start() {
        "min" => now.checked_sub_signed(TimeDelta::minutes(number.into())),
        "h" => now.checked_sub_signed(TimeDelta::hours(number.into())),
        "d" => now.checked_sub_days(Days::new(number.into())),
        _ => None,
    }
}

/// What `--json` prints of an event.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Document<'a> {
    id: Uuid,
    happened_at: DateTime<Utc>,
    actor: OfActor<'a>,
    action: &'a str,
    tenant: OfTenant<'a>,
    source: Option<&'a str>,
    user_agent: Option<&'a str>,
    request_id: Option<&'a str>,
    outcome: String,
    count: i32,
    detail: &'a serde_json::Value,
}

#[derive(Serialize)]
struct OfActor<'a> {
    kind: String,
    id: Option<Uuid>,
    name: Option<&'a str>,
}

#[derive(Serialize)]
struct OfTenant<'a> {
    id: Option<Uuid>,
    slug: Option<&'a str>,
}

impl<'a> Document<'a> {
    fn of(event: &'a Model) -> Self {
        Self {
            id: event.id,
            happened_at: event.happened_at,
            actor: OfActor {
                kind: event.actor_kind.to_value(),
                id: event.actor_id,
                name: event.actor_name.as_deref(),
            },
            action: &event.action,
            tenant: OfTenant {
                id: event.tenant_id,
                slug: event.tenant_slug.as_deref(),
            },
            source: event.source.as_deref(),
            user_agent: event.user_agent.as_deref(),
            request_id: event.request_id.as_deref(),
            outcome: event.outcome.to_value(),
            count: event.count,
            detail: &event.detail,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_days_times_or_so_long_ago() {
        let noon: DateTime<Utc> = "2026-01-31T12:00:00Z".parse().unwrap();
        assert_eq!(since("2026-01-31T13:00:00+01:00"), Ok(noon));
        assert_eq!(since("2026-01-31"), Ok(noon - TimeDelta::hours(12)));
        assert_eq!(ago("7d", noon), Some(noon - TimeDelta::days(7)));
        assert_eq!(ago("90min", noon), Some(noon - TimeDelta::minutes(90)));
        for wrong in ["", "7", "d", "7 years", "-1h", "99999999999h", "yesterday"] {
            assert!(since(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn an_unknown_kind_is_refused_with_those_that_there_are() {
        assert_eq!(action("migrate"), Ok(Action::Migrate));
        assert!(action("migrat").unwrap_err().contains("tenant.suspend, "));
    }
}
