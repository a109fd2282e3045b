//! For a human at a terminal: every command is a file.

mod config;
mod connect;
mod dev;
mod doctor;
mod domain;
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

pub use output::Failure;

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
    let cli = Cli::parse();
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
    use clap::CommandFactory;

    #[test]
    fn the_definition_of_the_commands_is_sound() {
        super::Cli::command().debug_assert();
    }
}
