//! `insula config`: what is set, and where.

use clap::Subcommand;

use super::{Failure, Global, connect, output};

#[derive(Debug, Subcommand)]
pub(super) enum ConfigCommand {
    /// Print every setting as it is in effect, secrets hidden, and where it came from
    Print {
        /// Print one JSON document
        #[arg(long)]
        json: bool,
    },
}

pub(super) fn run(global: &Global, command: &ConfigCommand) -> Result<(), Failure> {
    let ConfigCommand::Print { json } = command;
    let (config, _) = connect::effective(global)?;
    if *json {
        return output::json(&config.table());
    }
    let rows = config.table().iter().map(|setting| {
        let source = match setting.value {
            Some(_) => setting.source.to_string(),
            None => String::new(),
        };
        let value = setting.value.as_deref().unwrap_or("unset");
        vec![
            setting.name.to_owned(),
            value.to_owned(),
            source,
            setting.env.to_owned(),
        ]
    });
    output::table(&["SETTING", "VALUE", "FROM", "VARIABLE"], rows);
    Ok(())
}
