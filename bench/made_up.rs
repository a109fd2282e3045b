//! A small shop that nobody has.

use rust_decimal::Decimal;

use crate::shop::{Customer, Employee, Invoice, Line, Shop};

pub(crate) fn shop() -> Shop {
    Shop {
        departments: (0..5).map(|place| format!("Department {place}")).collect(),
        employees: (0..100).map(employee).collect(),
        customers: (0..100).map(customer).collect(),
        invoices: (0..500).map(invoice).collect(),
    }
}

fn employee(place: usize) -> Employee {
    Employee {
        number: format!("E-{place}"),
        name: format!("Employee {place}"),
        email: Some(format!("employee-{place}@shop.test")),
        department: Some(format!("Department {}", place % 5)),
        hired_on: Some("2024-05-01".to_owned()),
        reports_to: (place > 0).then(|| "E-0".to_owned()),
        ..Employee::default()
    }
}

fn customer(place: usize) -> Customer {
    Customer {
        number: format!("C-{place}"),
        name: format!("Customer {place}"),
        address: Some(format!("Long Street {place}")),
        city: Some("Springfield".to_owned()),
        ..Customer::default()
    }
}

fn invoice(place: usize) -> Invoice {
    let line = |line: usize| Line {
        description: format!("Thing {line} of invoice {place}"),
        quantity: 3,
        unit_price: Decimal::new(12_3456, 4),
    };
    Invoice {
        number: format!("I-{place}"),
        customer: format!("C-{}", place % 100),
        issued_on: "2026-01-31".to_owned(),
        total: Decimal::ZERO,
        lines: (0..5).map(line).collect(),
    }
}
