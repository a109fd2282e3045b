//! What is told at the end.

use std::time::Duration;

use crate::load::Entered;
use crate::shop::Shop;

pub(crate) fn print(files: &Shop, tenant: &Shop, entered: &Entered) {
    let rows = [
        (
            "departments",
            files.departments.len(),
            Some(entered.departments),
            tenant.departments.len(),
        ),
        (
            "employees",
            files.employees.len(),
            Some(entered.employees),
            tenant.employees.len(),
        ),
        (
            "customers",
            files.customers.len(),
            Some(entered.customers),
            tenant.customers.len(),
        ),
        (
            "invoices",
            files.invoices.len(),
            Some(entered.invoices),
            tenant.invoices.len(),
        ),
        ("lines", files.lines(), None, tenant.lines()),
    ];
    println!(
        "{:<14}{:>14}{:>14}{:>14}",
        "", "in the files", "entered now", "read back"
    );
    for (noun, files, entered, tenant) in rows {
        let entered = entered.map_or_else(String::new, |rows| rows.to_string());
        println!("{noun:<14}{files:>14}{entered:>14}{tenant:>14}");
    }
    let (files, tenant) = (files.total(), tenant.total());
    println!("{:<14}{files:>14}{:>14}{tenant:>14}\n", "sum of totals", "");
}

pub(crate) fn times(entered: &Entered, (loading, reading): (Duration, Duration), pages: usize) {
    let (load, read) = (loading.as_secs_f64(), reading.as_secs_f64());
    match entered.rows() {
        0 => println!("Everything was there already, which took {load:.2} s to find out."),
        rows => println!("Entered {rows} rows and their lines in {load:.2} s."),
    }
    println!("Read all of it back in {read:.2} s, in {pages} pages.");
}
