//! `insula status`: how far along every schema is.

use clap::Args;
use serde::Serialize;
use tenancy::Status;

use super::{Failure, Global, connect, output};
use crate::app::fleet::{self, Standing};

#[derive(Debug, Args)]
pub(super) struct StatusArgs {
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(global: &Global, args: StatusArgs) -> Result<(), Failure> {
    connect::database(global, async |state| {
        let standings = fleet::status(state).await?;
        if args.json {
            let (shared, tenants) = standings.split_at(1);
            return output::json(&Document {
                shared: shared.first().map(OfSchema::of),
                tenants: tenants.iter().map(OfSchema::of).collect(),
            });
        }
        show(&standings);
        Ok(())
    })
    .await
}

fn show(standings: &[Standing]) {
    let rows = standings.iter().map(|standing| {
        let status = standing.status.map_or("", Status::as_str);
        let version = standing.version.as_deref().unwrap_or("none");
        let behind = if is_behind(standing) {
            standing.pending.to_string()
        } else {
            String::new()
        };
        vec![
            standing.name.clone(),
            status.to_owned(),
            version.to_owned(),
            behind,
        ]
    });
    output::table(&["REALM", "STATUS", "VERSION", "BEHIND"], rows);
    for standing in standings {
        if let Some(failure) = &standing.failure {
            output::say(format_args!("\n{}: {failure}", standing.name));
        }
    }
    if standings.iter().any(is_behind) {
        output::note("\n`insula migrate` brings up to date who is behind");
    }
}

/// Whether a migration would do something for it. Who was never made isn't behind.
fn is_behind(standing: &Standing) -> bool {
    standing.pending > 0 && standing.status.is_none_or(fleet::is_whole)
}

/// What `--json` prints.
#[derive(Serialize)]
struct Document<'a> {
    shared: Option<OfSchema<'a>>,
    tenants: Vec<OfSchema<'a>>,
}

#[derive(Serialize)]
struct OfSchema<'a> {
    name: &'a str,
    schema: &'a str,
    status: Option<&'static str>,
    version: Option<&'a str>,
    pending: usize,
    failure: Option<&'a str>,
}

impl<'a> OfSchema<'a> {
    fn of(standing: &'a Standing) -> Self {
        Self {
            name: &standing.name,
            schema: &standing.schema,
            status: standing.status.map(Status::as_str),
            version: standing.version.as_deref(),
            pending: standing.pending,
            failure: standing.failure.as_deref(),
        }
    }
}
