//! Reads a shop from its four files.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::error::{Error, Result};
use crate::shop::{Line, Row, Shop};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct LineOfInvoice {
    invoice: String,
    description: String,
    quantity: i32,
    unit_price: rust_decimal::Decimal,
}

pub(crate) fn read(folder: &Path) -> Result<Shop> {
    let mut shop = Shop {
        employees: rows(&folder.join("employees.csv"))?,
        customers: rows(&folder.join("customers.csv"))?,
        invoices: rows(&folder.join("invoices.csv"))?,
        ..Shop::default()
    };
    let departments = shop.employees.iter().filter_map(|e| e.department.clone());
    shop.departments = departments.collect();
    put_lines(&mut shop, rows(&folder.join("invoice_lines.csv"))?)?;
    check(&shop)?;
    Ok(shop)
}

fn rows<T: DeserializeOwned>(path: &Path) -> Result<Vec<T>> {
    let read = || -> csv::Result<Vec<T>> { csv::Reader::from_path(path)?.deserialize().collect() };
    read().map_err(|source| Error::File {
        path: path.to_owned(),
        source,
    })
}

fn put_lines(shop: &mut Shop, lines: Vec<LineOfInvoice>) -> Result<()> {
    let places: HashMap<String, usize> = shop
        .invoices
        .iter()
        .enumerate()
        .map(|(place, invoice)| (invoice.number.clone(), place))
        .collect();
    for line in lines {
        let Some(&place) = places.get(&line.invoice) else {
            return Err(missing("a line", "invoice", &line.invoice));
        };
        shop.invoices[place].lines.push(Line {
            description: line.description,
            quantity: line.quantity,
            unit_price: line.unit_price,
        });
    }
    Ok(())
}

/// Finds out before anything is sent.
fn check(shop: &Shop) -> Result<()> {
    let employees = numbers(&shop.employees)?;
    let customers = numbers(&shop.customers)?;
    numbers(&shop.invoices)?;
    for employee in &shop.employees {
        if let Some(manager) = &employee.reports_to
            && !employees.contains(manager.as_str())
        {
            let who = format!("employee {}", employee.number);
            return Err(missing(&who, "employee", manager));
        }
    }
    for invoice in &shop.invoices {
        let what = format!("invoice {}", invoice.number);
        if !customers.contains(invoice.customer.as_str()) {
            return Err(missing(&what, "customer", &invoice.customer));
        }
        if invoice.total != invoice.sum() {
            let (total, sum) = (invoice.total, invoice.sum());
            let message = format!("{what} has a total of {total}, but its lines add up to {sum}");
            return Err(Error::Files(message));
        }
    }
    Ok(())
}

fn numbers<R: Row>(rows: &[R]) -> Result<HashSet<&str>> {
    let mut seen = HashSet::new();
    match rows.iter().find(|row| !seen.insert(row.number())) {
        Some(twice) => {
            let message = format!("there are two {}s {}", R::NOUN, twice.number());
            Err(Error::Files(message))
        }
        None => Ok(seen),
    }
}

fn missing(what: &str, noun: &str, number: &str) -> Error {
    Error::Files(format!("{what} names {noun} {number}, which isn't there"))
}
