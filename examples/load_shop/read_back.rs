//! Reads a tenant's shop, page by page.

use rust_decimal::Decimal;
use serde::Deserialize;

use crate::client::Client;
use crate::error::Result;
use crate::shop::{Customer, Employee, Invoice, Line, Shop};

const EMPLOYEE: &str = "number name email title department { name } hiredOn manager { number }";
const CUSTOMER: &str = "number name company email phone address city country";
const INVOICE: &str =
    "number customer { number } issuedOn total lines { description quantity unitPrice }";

#[derive(Deserialize)]
struct Named {
    name: String,
}

#[derive(Deserialize)]
struct Numbered {
    number: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct EmployeeNode {
    number: String,
    name: String,
    email: Option<String>,
    title: Option<String>,
    department: Option<Named>,
    hired_on: Option<String>,
    manager: Option<Numbered>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct InvoiceNode {
    number: String,
    customer: Numbered,
    issued_on: String,
    total: Decimal,
    lines: Vec<Line>,
}

/// The shop, and how many pages it took.
pub(crate) async fn read(client: &Client) -> Result<(Shop, usize)> {
    let (departments, employees, customers, invoices) = tokio::try_join!(
        client.all::<Named>("departments", "name"),
        client.all::<EmployeeNode>("employees", EMPLOYEE),
        client.all::<Customer>("customers", CUSTOMER),
        client.all::<InvoiceNode>("invoices", INVOICE),
    )?;
    let pages = departments.1 + employees.1 + customers.1 + invoices.1;
    let shop = Shop {
        departments: departments.0.into_iter().map(|it| it.name).collect(),
        employees: employees.0.into_iter().map(Into::into).collect(),
        customers: customers.0,
        invoices: invoices.0.into_iter().map(Into::into).collect(),
    };
    Ok((shop, pages))
}

impl From<EmployeeNode> for Employee {
    fn from(node: EmployeeNode) -> Self {
        Self {
            number: node.number,
            name: node.name,
            email: node.email,
            title: node.title,
            department: node.department.map(|it| it.name),
            hired_on: node.hired_on,
            reports_to: node.manager.map(|it| it.number),
        }
    }
}

impl From<InvoiceNode> for Invoice {
    fn from(node: InvoiceNode) -> Self {
        Self {
            number: node.number,
            customer: node.customer.number,
            issued_on: node.issued_on,
            total: node.total,
            lines: node.lines,
        }
    }
}
