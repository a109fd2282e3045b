//! What is not the same in two shops.

use std::collections::{HashMap, HashSet};

use crate::shop::{Row, Shop};

/// What the tenant has otherwise than the files, or besides: each a line for people.
pub(crate) fn differences(files: &Shop, tenant: &Shop) -> Vec<String> {
    let more = tenant.departments.difference(&files.departments);
    let mut found: Vec<String> = more.map(|name| besides("department", name)).collect();
    compare(&files.employees, &tenant.employees, &mut found);
    compare(&files.customers, &tenant.customers, &mut found);
    compare(&files.invoices, &tenant.invoices, &mut found);
    found
}

/// What the tenant doesn't have although it should, and sums that don't agree.
pub(crate) fn absent(files: &Shop, tenant: &Shop) -> Vec<String> {
    fn lines<'a>(noun: &str, names: impl Iterator<Item = &'a str>) -> Vec<String> {
        let line = |name| format!("{noun} {name} is only in the files");
        names.map(line).collect()
    }
    fn rows<R: Row>(rows: &[R]) -> Vec<String> {
        lines(R::NOUN, rows.iter().map(Row::number))
    }
    let rest = files.without(tenant);
    let mut found = lines("department", rest.departments.iter().map(String::as_str));
    found.extend(rows(&rest.employees));
    found.extend(rows(&rest.customers));
    found.extend(rows(&rest.invoices));
    let (files, tenant) = (files.total(), tenant.total());
    if files != tenant {
        found.push(format!(
            "the totals add up to {tenant} in the tenant, to {files} in the files"
        ));
    }
    found
}

fn compare<R: Row>(files: &[R], tenant: &[R], found: &mut Vec<String>) {
    let by_number: HashMap<&str, &R> = files.iter().map(|row| (row.number(), row)).collect();
    let mut seen = HashSet::new();
    for row in tenant {
        let number = row.number();
        if !seen.insert(number) {
            found.push(format!("{} {number} came twice", R::NOUN));
        }
        match by_number.get(number) {
            Some(file) => found.extend(fields(*file, row)),
            None => found.push(besides(R::NOUN, number)),
        }
    }
}

fn besides(noun: &str, name: &str) -> String {
    format!("{noun} {name} is only in the tenant")
}

fn fields<R: Row>(file: &R, tenant: &R) -> Vec<String> {
    let name = format!("{} {}", R::NOUN, file.number());
    // Fewer or more lines show in their count.
    let pairs = file.fields().into_iter().zip(tenant.fields());
    pairs
        .filter(|((_, file), (_, tenant))| file != tenant)
        .map(|((field, file), (_, tenant))| {
            format!("{name}: {field} is {tenant} in the tenant, {file} in the files")
        })
        .collect()
}
