//! Loads a shop from CSV files into a tenant through the GraphQL API, reads it back and compares.
//!
//! With `cargo run -- dev` in one terminal, in another:
//!
//! ```sh
//! cargo run -- tenant create chinook --name Chinook --owner owner@chinook.test
//! export INSULA_TOKEN=$(cargo run -q -- token --tenant chinook)
//! cargo run --example load_shop -- path/to/chinook --tenant-domain chinook.localhost
//! ```
//!
//! The folder holds four files, each with a header; a value that is empty is not known:
//!
//! | file | columns |
//! |---|---|
//! | `employees.csv` | number, name, email, title, department, `hired_on`, `reports_to` (a number) |
//! | `customers.csv` | number, name, company, email, phone, address, city, country |
//! | `invoices.csv` | number, customer (a number), `issued_on`, total |
//! | `invoice_lines.csv` | invoice (a number), description, quantity, `unit_price` |
//!
//! Nothing is entered into a tenant that has other data. What it has already of the files is left as
//! it is, so a load that was interrupted goes on where it stopped, and a second one only compares.
//! Exits with 1 where anything is not as in the files.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a terminal is what this is for"
)]

mod client;
mod compare;
mod error;
mod files;
mod load;
mod read_back;
mod report;
mod shop;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use clap::Parser;

use self::client::Client;
use self::error::{Error, Result};

/// Loads a shop from CSV files into a tenant through the GraphQL API, reads it back and compares.
#[derive(Debug, Parser)]
#[command(name = "load_shop")]
struct Args {
    /// The folder of the four CSV files
    folder: PathBuf,
    /// The domain of the tenant to load into, which must be there already
    #[arg(long, value_name = "HOST")]
    tenant_domain: String,
    /// Where the server is
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:8000")]
    url: String,
    /// An access token of somebody who may edit staff and sales
    #[arg(long, env = "INSULA_TOKEN", hide_env_values = true)]
    token: Option<String>,
    /// Log in as this user instead
    #[arg(long, requires = "password")]
    email: Option<String>,
    /// The user's password
    #[arg(long, env = "INSULA_PASSWORD", hide_env_values = true)]
    password: Option<String>,
    /// How many requests are under way at once
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u8).range(1..=64))]
    parallel: u8,
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Args::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {}", error::chain(&error));
            ExitCode::FAILURE
        }
    }
}

async fn run(args: Args) -> Result<()> {
    let shop = files::read(&args.folder)?;
    let client = connect(&args).await?;

    let (before, _) = read_back::read(&client).await?;
    let others = compare::differences(&shop, &before);
    if !others.is_empty() {
        return Err(Error::Others(others));
    }
    let missing = shop.without(&before);

    let start = Instant::now();
    load::load(&client, &missing, usize::from(args.parallel)).await?;
    let loading = start.elapsed();

    let start = Instant::now();
    let (after, pages) = read_back::read(&client).await?;
    let reading = start.elapsed();

    report::print([&shop, &before, &missing, &after]);
    report::times(&missing, (loading, reading), pages);
    let mut wrong = compare::differences(&shop, &after);
    wrong.extend(compare::absent(&shop, &after));
    if wrong.is_empty() {
        println!("Everything is as in the files.");
        Ok(())
    } else {
        Err(Error::Differs(wrong))
    }
}

async fn connect(args: &Args) -> Result<Client> {
    let client = Client::new(&args.url, &args.tenant_domain)?;
    match (&args.email, &args.password, &args.token) {
        (Some(email), Some(password), _) => client.log_in(email, password).await,
        (_, _, Some(token)) => Ok(client.with_token(token)),
        _ => Err(Error::NoLogin),
    }
}
