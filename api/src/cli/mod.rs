//! For a human at a terminal: every command is a file.

mod audit;
mod config;
mod connect;
mod console;
mod dev;
mod doctor;
mod domain;
mod listen;
mod migrate;
mod output;
mod password;
mod private;
mod realm;
mod schema;
mod serve;
mod sql;
mod status;
mod tenant;
mod token;
mod user;

use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

pub use listen::Listeners;
pub use output::Failure;
pub use serve::{prove_and_serve, serve};

/// A multi-tenant GraphQL server on PostgreSQL, a schema per tenant.
#[derive(Debug, Parser)]
#[command(
    name = "insula",
    version,
    propagate_version = true,
    arg_required_else_help = true
)]
struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Command,
}

/// What every command understands, wherever it stands.
#[derive(Debug, Clone, Args)]
pub struct Global {
    /// The folder of the private database and the secrets of `insula dev` [default: .insula]
    #[arg(
        long,
        global = true,
        value_name = "DIR",
        help_heading = "Global options"
    )]
    data_dir: Option<String>,
    /// The configuration file [default: insula.toml, if there is one]
    #[arg(
        long,
        global = true,
        value_name = "FILE",
        help_heading = "Global options"
    )]
    config: Option<String>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Start PostgreSQL, migrate, seed two demo shops once, and serve: everything in one step
    Dev(serve::ServeArgs),
    /// Serve against `DATABASE_URL`
    Serve(serve::ServeArgs),
    /// Bring every schema to its newest version: the shared realm first, then the tenants
    Migrate(migrate::MigrateArgs),
    /// Show the version of every schema, who is behind, and who failed and why
    Status(status::StatusArgs),
    /// Create, list, show, suspend and resume tenants
    #[command(subcommand)]
    Tenant(tenant::TenantCommand),
    /// Add, remove and list the domains of a tenant
    #[command(subcommand)]
    Domain(domain::DomainCommand),
    /// Create and list the users of a tenant, or the operators
    #[command(subcommand)]
    User(user::UserCommand),
    /// Print a token for exploring a tenant's API, or the operators'
    Token(token::TokenArgs),
    /// Run a statement inside a tenant, every tenant, or the shared realm
    Sql(sql::SqlArgs),
    /// Read the audit trail: who did what to which tenant, from where
    Audit(audit::AuditArgs),
    /// Find what is wrong between code, registry and database, and what mends it
    Doctor(doctor::DoctorArgs),
    /// Print the GraphQL schema of a realm
    #[command(subcommand)]
    Schema(schema::SchemaCommand),
    /// Print the configuration
    #[command(subcommand)]
    Config(config::ConfigCommand),
}

/// Runs the command of this process's arguments.
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) if is_help(&error) => error.exit(),
        Err(error) => {
            let failure = Failure::usage(in_two_lines(&error.render().to_string()));
            output::complain(&failure);
            return failure.code();
        }
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build();
    let ended = match runtime {
        Ok(runtime) => runtime.block_on(run(cli)),
        Err(error) => Err(Failure::new(format!(
            "the async runtime could not be started: {error}"
        ))),
    };
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            output::complain(&failure);
            failure.code()
        }
    }
}

/// Whether what clap has to say is what somebody asked for, or what helps best.
fn is_help(error: &clap::Error) -> bool {
    use clap::error::ErrorKind;
    matches!(
        error.kind(),
        ErrorKind::DisplayHelp
            | ErrorKind::DisplayVersion
            | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand
    )
}

/// What is wrong with the arguments, and what they should look like.
fn in_two_lines(text: &str) -> String {
    let (wrong, usage) = text.split_once("Usage:").unwrap_or((text, ""));
    let wrong = wrong.split("For more information").next();
    let wrong: Vec<_> = wrong.unwrap_or_default().split_whitespace().collect();
    let wrong = wrong.join(" ");
    let wrong = wrong.strip_prefix("error: ").unwrap_or(&wrong);
    match usage.lines().next().map(str::trim) {
        Some(usage) if !usage.is_empty() => format!("{wrong}\nusage: {usage}"),
        _ => format!("{wrong}; `--help` says more"),
    }
}

async fn run(cli: Cli) -> Result<(), Failure> {
    let global = &cli.global;
    match cli.command {
        Command::Dev(args) => dev::run(global, args).await,
        Command::Serve(args) => serve::run(global, args).await,
        Command::Migrate(args) => migrate::run(global, args).await,
        Command::Status(args) => status::run(global, args).await,
        Command::Tenant(command) => tenant::run(global, command).await,
        Command::Domain(command) => domain::run(global, command).await,
        Command::User(command) => user::run(global, command).await,
        Command::Token(args) => token::run(global, args).await,
        Command::Sql(args) => sql::run(global, args).await,
        Command::Audit(args) => audit::run(global, args).await,
        Command::Doctor(args) => doctor::run(global, args).await,
        Command::Schema(command) => {
            schema::run(&command);
            Ok(())
        }
        Command::Config(command) => config::run(global, &command),
    }
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory, Parser};

    use super::*;

    fn parse(line: &str) -> Result<Cli, String> {
        let words = line.split_whitespace();
        Cli::try_parse_from(words).map_err(|error| error.render().to_string())
    }

    #[test]
    fn the_definition_of_the_commands_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn m21_a_tenant_and_the_shared_realm_alone_contradict_each_other() {
        for line in [
            "insula migrate --tenant python --shared",
            "insula migrate --shared --canary 1",
            "insula sql --tenant python --all-tenants TABLE",
            "insula user list --tenant python --shared",
            "insula token --tenant python --shared",
        ] {
            let refused = parse(line).unwrap_err();
            assert!(refused.contains("cannot be used with"), "{line}: {refused}");
        }
        parse("insula migrate --tenant python --tenant ruby").unwrap();
        parse("insula migrate --shared").unwrap();
    }

    #[test]
    fn nobody_is_meant_by_saying_nothing() {
        for line in [
            "insula sql TABLE",
            "insula user list",
            "insula token",
            "insula tenant show",
        ] {
            let refused = parse(line).unwrap_err();
            assert!(refused.contains("were not provided"), "{line}: {refused}");
        }
    }

    #[test]
    fn m16_no_jobs_and_no_canary_are_refused() {
        for line in [
            "insula migrate --jobs 0",
            "insula migrate --jobs -1",
            "insula migrate --canary 0",
        ] {
            assert!(parse(line).is_err(), "{line}");
        }
        parse("insula migrate --jobs 1 --canary 1").unwrap();
    }

    #[test]
    fn global_options_stand_anywhere() {
        for line in [
            "insula --data-dir here status",
            "insula tenant --data-dir here list",
            "insula domain list python --data-dir here",
        ] {
            assert_eq!(
                parse(line).unwrap().global.data_dir.as_deref(),
                Some("here")
            );
        }
    }

    #[test]
    fn wrong_usage_is_told_in_two_lines() {
        let told = in_two_lines(&parse("insula tenant show").unwrap_err());
        assert_eq!(
            told,
            "the following required arguments were not provided: <SLUG>\nusage: insula tenant show <SLUG>"
        );
        let told = in_two_lines(&parse("insula migrate --jobs 0").unwrap_err());
        assert!(
            told.starts_with("invalid value '0' for '--jobs <N>'"),
            "{told}"
        );
        assert!(told.ends_with("; `--help` says more"), "{told}");
    }
}
