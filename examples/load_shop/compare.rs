//! What is not the same in two shops.

use std::collections::HashMap;

use crate::shop::{Row, Shop};

/// What the tenant has otherwise than the files, each as a line for people.
pub(crate) fn differences(files: &Shop, tenant: &Shop) -> Vec<String> {
    let missing = files.departments.difference(&tenant.departments);
    let more = tenant.departments.difference(&files.departments);
    let mut found: Vec<String> = missing
        .map(|name| format!("department {name} is only in the files"))
        .chain(more.map(|name| format!("department {name} is only in the tenant")))
        .collect();
    compare(&files.employees, &tenant.employees, &mut found);
    compare(&files.customers, &tenant.customers, &mut found);
    compare(&files.invoices, &tenant.invoices, &mut found);
    if files.total() != tenant.total() {
        let (files, tenant) = (files.total(), tenant.total());
        found.push(format!(
            "the totals add up to {tenant} in the tenant, to {files} in the files"
        ));
    }
    found
}

fn compare<R: Row>(files: &[R], tenant: &[R], found: &mut Vec<String>) {
    let mut rest: HashMap<&str, &R> = HashMap::new();
    for row in tenant {
        if rest.insert(row.number(), row).is_some() {
            found.push(format!("{} {} came twice", R::NOUN, row.number()));
        }
    }
    for row in files {
        let name = format!("{} {}", R::NOUN, row.number());
        match rest.remove(row.number()) {
            Some(other) => found.extend(fields(&name, row, other)),
            None => found.push(format!("{name} is only in the files")),
        }
    }
    for row in tenant.iter().filter(|row| rest.contains_key(row.number())) {
        found.push(format!(
            "{} {} is only in the tenant",
            R::NOUN,
            row.number()
        ));
    }
}

fn fields<R: Row>(name: &str, file: &R, tenant: &R) -> Vec<String> {
    let differs = |(file, tenant): ((String, String), (String, String))| {
        let (field, file) = file;
        let (_, tenant) = tenant;
        (file != tenant)
            .then(|| format!("{name}: {field} is {tenant} in the tenant, {file} in the files"))
    };
    // Invoices with fewer or more lines say so by their count.
    file.fields()
        .into_iter()
        .zip(tenant.fields())
        .filter_map(differs)
        .collect()
}
