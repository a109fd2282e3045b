//! `insula status`: how far along every schema is.

use clap::Args;
use serde_json::{Value, json};
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
            return output::json(&json!({
                "shared": shared.first().map(document),
                "tenants": tenants.iter().map(document).collect::<Vec<_>>(),
            }));
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
        let pending = match standing.pending {
            0 => String::new(),
            pending => format!("{pending} behind"),
        };
        vec![
            standing.name.clone(),
            status.to_owned(),
            version.to_owned(),
            pending,
        ]
    });
    output::table(&["realm", "status", "version", "behind"], rows);
    for standing in standings {
        if let Some(failure) = &standing.failure {
            output::say(format_args!("\n{} failed: {failure}", standing.name));
        }
    }
    if standings.iter().any(|standing| standing.pending > 0) {
        output::note("\n`insula migrate` brings up to date who is behind");
    }
}

fn document(standing: &Standing) -> Value {
    json!({
        "name": standing.name,
        "schema": standing.schema,
        "status": standing.status.map(Status::as_str),
        "version": standing.version,
        "pending": standing.pending,
        "failure": standing.failure,
    })
}
