//! A shop, wherever it was read from.

use std::collections::{BTreeSet, HashSet};

use rust_decimal::Decimal;
use serde::Deserialize;

#[derive(Debug, Default)]
pub(crate) struct Shop {
    pub departments: BTreeSet<String>,
    pub employees: Vec<Employee>,
    pub customers: Vec<Customer>,
    pub invoices: Vec<Invoice>,
}

/// As a line of `employees.csv`.
#[derive(Debug, Default, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Employee {
    pub number: String,
    pub name: String,
    pub email: Option<String>,
    pub title: Option<String>,
    pub department: Option<String>,
    pub hired_on: Option<String>,
    pub reports_to: Option<String>,
}

/// As a line of `customers.csv`, and as the API gives it.
#[derive(Debug, Default, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Customer {
    pub number: String,
    pub name: String,
    pub company: Option<String>,
    pub email: Option<String>,
    pub phone: Option<String>,
    pub address: Option<String>,
    pub city: Option<String>,
    pub country: Option<String>,
}

/// As a line of `invoices.csv`, with its lines.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Invoice {
    pub number: String,
    pub customer: String,
    pub issued_on: String,
    pub total: Decimal,
    #[serde(skip)]
    pub lines: Vec<Line>,
}

/// As a line of `invoice_lines.csv`, and as the API gives it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Line {
    pub description: String,
    pub quantity: i32,
    #[serde(alias = "unitPrice")]
    pub unit_price: Decimal,
}

impl Shop {
    /// What the other shop doesn't have.
    pub(crate) fn without(&self, other: &Self) -> Self {
        Self {
            departments: &self.departments - &other.departments,
            employees: without(&self.employees, &other.employees),
            customers: without(&self.customers, &other.customers),
            invoices: without(&self.invoices, &other.invoices),
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.rows() == 0
    }

    /// How many rows it has, the lines of invoices apart.
    pub(crate) fn rows(&self) -> usize {
        self.departments.len() + self.employees.len() + self.customers.len() + self.invoices.len()
    }

    pub(crate) fn lines(&self) -> usize {
        self.invoices
            .iter()
            .map(|invoice| invoice.lines.len())
            .sum()
    }

    pub(crate) fn total(&self) -> Decimal {
        self.invoices.iter().map(|invoice| invoice.total).sum()
    }
}

impl Invoice {
    /// What its lines add up to.
    pub(crate) fn sum(&self) -> Decimal {
        let of_line = |line: &Line| line.unit_price * Decimal::from(line.quantity);
        self.lines.iter().map(of_line).sum()
    }
}

fn without<R: Row + Clone>(rows: &[R], others: &[R]) -> Vec<R> {
    let others: HashSet<&str> = others.iter().map(Row::number).collect();
    let rest = rows.iter().filter(|row| !others.contains(row.number()));
    rest.cloned().collect()
}

/// A row that can be compared with another of the same number.
pub(crate) trait Row {
    const NOUN: &'static str;

    fn number(&self) -> &str;

    /// Its fields by name, as people read them.
    fn fields(&self) -> Vec<(String, String)>;
}

impl Row for Employee {
    const NOUN: &'static str = "employee";

    fn number(&self) -> &str {
        &self.number
    }

    fn fields(&self) -> Vec<(String, String)> {
        vec![
            field("name", Some(&self.name)),
            field("email", self.email.as_ref()),
            field("title", self.title.as_ref()),
            field("department", self.department.as_ref()),
            field("day of hiring", self.hired_on.as_ref()),
            field("manager", self.reports_to.as_ref()),
        ]
    }
}

impl Row for Customer {
    const NOUN: &'static str = "customer";

    fn number(&self) -> &str {
        &self.number
    }

    fn fields(&self) -> Vec<(String, String)> {
        vec![
            field("name", Some(&self.name)),
            field("company", self.company.as_ref()),
            field("email", self.email.as_ref()),
            field("phone", self.phone.as_ref()),
            field("address", self.address.as_ref()),
            field("city", self.city.as_ref()),
            field("country", self.country.as_ref()),
        ]
    }
}

impl Row for Invoice {
    const NOUN: &'static str = "invoice";

    fn number(&self) -> &str {
        &self.number
    }

    fn fields(&self) -> Vec<(String, String)> {
        let mut fields = vec![
            field("customer", Some(&self.customer)),
            field("day of issue", Some(&self.issued_on)),
            field("total", Some(&self.total.normalize().to_string())),
            field("lines", Some(&self.lines.len().to_string())),
        ];
        for (place, line) in self.lines.iter().enumerate() {
            let price = line.unit_price.normalize();
            let text = format!("{} x {:?} at {price}", line.quantity, line.description);
            fields.push(field(&format!("line {}", place + 1), Some(&text)));
        }
        fields
    }
}

fn field(name: &str, value: Option<&String>) -> (String, String) {
    let value = value.map_or_else(|| "nothing".to_owned(), |value| format!("{value:?}"));
    (name.to_owned(), value)
}
