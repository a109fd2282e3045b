//! Who sits at the terminal, for the audit trail.

use std::fs;

use rustix::process::getuid;
use rustix::system::uname;

use crate::app::audit::{Actor, Origin};

/// Whoever runs this command: the machine's user, and at which machine.
pub(super) fn actor() -> Actor {
    let origin = Origin {
        source: Some(uname().nodename().to_string_lossy().into_owned()),
        user_agent: Some(concat!("insula/", env!("CARGO_PKG_VERSION")).to_owned()),
        request_id: None,
    };
    Actor::at_console(who(), origin)
}

/// The user by name; and who logged in, where somebody has become another since, as by `sudo`.
fn who() -> String {
    let users = fs::read_to_string("/etc/passwd").unwrap_or_default();
    let user = getuid().as_raw();
    let login = fs::read_to_string("/proc/self/loginuid").ok();
    let login = login.and_then(|text| text.trim().parse().ok());
    // The highest number is nobody's: a service, or a container.
    match login.filter(|login| *login != user && *login != u32::MAX) {
        Some(login) => format!(
            "{} (logged in as {})",
            name(&users, user),
            name(&users, login)
        ),
        None => name(&users, user),
    }
}

fn name(users: &str, user: u32) -> String {
    let number = user.to_string();
    let of = |line: &str| {
        let mut fields = line.split(':');
        let name = fields.next()?.to_owned();
        (fields.nth(1)? == number).then_some(name)
    };
    users
        .lines()
        .find_map(of)
        .unwrap_or_else(|| format!("user {number}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn users_are_told_by_name_where_they_have_one() {
        let users = "root:x:0:0:root:/root:/bin/sh\nodd\nanna:x:1000:1000::/home/anna:/bin/sh";
        assert_eq!(name(users, 0), "root");
        assert_eq!(name(users, 1000), "anna");
        assert_eq!(name(users, 7), "user 7");
    }
}
