//! The table of roles and fields, as a page.

use std::fmt::Write;

use super::realm::Realm;
use super::walk::Seen;

const INTRODUCTION: &str = "# Who may do what

What the probes in `tests/it/probes/` saw when each root field, and each type of `node` and `nodes`, was asked by everybody. This page is written by
a test and compared by it: `UPDATE_PERMISSIONS=1 cargo test -p tests permissions` writes it anew.

`yes`: it was done, and only the rows of this realm changed. `401`: the token is of another realm, and the request was refused as a whole. Any other
word in capitals is the code of the answer. The last column is what the greatest role gets for an id, an address or a refresh token of somebody else's:
the very same as for one that never was anybody's; `–` where the field takes none.
";

pub(super) fn page(realms: &[(Realm, Seen)]) -> String {
    let mut page = INTRODUCTION.to_owned();
    for (realm, seen) in realms {
        write!(page, "\n## {}\n\n", realm.title()).expect("a text can be written to");
        let people = realm.roles().into_iter().chain(realm.strangers());
        let mut head = vec!["field".to_owned()];
        head.extend(people.map(|(name, _)| name.to_owned()));
        head.push("with an id from elsewhere".to_owned());
        let line = vec!["---".to_owned(); head.len()];
        for row in [&head, &line].into_iter().chain(&seen.rows) {
            let cells: Vec<_> = row.iter().map(|cell| short(cell)).collect();
            writeln!(page, "| {} |", cells.join(" | ")).expect("a text can be written to");
        }
    }
    page
}

fn short(cell: &str) -> &str {
    match cell {
        "401 UNAUTHENTICATED" => "401",
        cell => cell,
    }
}
