//! What is told at the end.

use std::time::Duration;

use crate::shop::Shop;

/// The files, the tenant before, what was entered, the tenant after.
pub(crate) fn print(shops: [&Shop; 4]) {
    let header = ["in the files", "there before", "entered", "read back"];
    let count = |of: fn(&Shop) -> usize| shops.map(|shop| of(shop).to_string());
    line("", header);
    line("departments", count(|shop| shop.departments.len()));
    line("employees", count(|shop| shop.employees.len()));
    line("customers", count(|shop| shop.customers.len()));
    line("invoices", count(|shop| shop.invoices.len()));
    line("lines", count(Shop::lines));
    let totals = shops.map(|shop| format!("{:.4}", shop.total()));
    line("sum of totals", totals);
}

fn line(name: &str, [files, before, entered, after]: [impl AsRef<str>; 4]) {
    let (files, before) = (files.as_ref(), before.as_ref());
    let (entered, after) = (entered.as_ref(), after.as_ref());
    println!("{name:<14}{files:>14}{before:>14}{entered:>14}{after:>14}");
}

pub(crate) fn times(entered: &Shop, (loading, reading): (Duration, Duration), pages: usize) {
    let (loading, reading) = (loading.as_secs_f64(), reading.as_secs_f64());
    if entered.is_empty() {
        println!("\nEverything was there already: nothing was entered.");
    } else {
        println!("\nEntered in {loading:.2} s.");
    }
    println!("Read back in {reading:.2} s, {pages} pages.");
}
