//! Where a new user's password comes from.

use std::io::{self, BufRead, IsTerminal};

use rand::seq::IndexedRandom;

use super::{Failure, output};

/// Without letters and digits that look alike.
const ALPHABET: &[u8] = b"abcdefghjkmnpqrstuvwxyz23456789";

/// A password, and whether somebody chose it: one that nobody chose has to be shown.
pub(super) struct NewPassword {
    pub(super) text: String,
    pub(super) generated: bool,
}

impl NewPassword {
    /// From stdin if asked to, from whoever sits at the terminal, or else a generated one.
    pub(super) fn obtain(from_stdin: bool) -> Result<Self, Failure> {
        if from_stdin {
            return read(&mut io::stdin().lock()).map(Self::chosen);
        }
        if io::stdin().is_terminal() {
            return ask().map(Self::chosen);
        }
        Ok(Self::generate())
    }

    /// Five groups of four, a hundred bits: nobody guesses it, and it can be read aloud.
    pub(super) fn generate() -> Self {
        let mut random = rand::rng();
        let mut group = || -> String {
            let mut letter = || ALPHABET.choose(&mut random).copied().map(char::from);
            [letter(), letter(), letter(), letter()]
                .into_iter()
                .flatten()
                .collect()
        };
        Self {
            text: [group(), group(), group(), group(), group()].join("-"),
            generated: true,
        }
    }

    /// The password if it has to be shown.
    pub(super) fn to_show(&self) -> Option<&str> {
        self.generated.then_some(self.text.as_str())
    }

    fn chosen(text: String) -> Self {
        Self {
            text,
            generated: false,
        }
    }
}

/// The first line.
fn read(from: &mut impl BufRead) -> Result<String, Failure> {
    let mut line = String::new();
    from.read_line(&mut line)
        .map_err(|error| Failure::new(format!("the password on stdin can't be read: {error}")))?;
    let text = line.strip_suffix('\n').unwrap_or(&line);
    let text = text.strip_suffix('\r').unwrap_or(text);
    if text.is_empty() {
        return Err(Failure::usage("there is no password on stdin"));
    }
    Ok(text.to_owned())
}

fn ask() -> Result<String, Failure> {
    let prompt = |text| {
        rpassword::prompt_password(text)
            .map_err(|error| Failure::new(format!("the password can't be asked for: {error}")))
    };
    loop {
        let password = prompt("Password: ")?;
        if password == prompt("The same again: ")? {
            return Ok(password);
        }
        output::note("these are two different passwords; try again");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn generated_passwords_differ_and_are_good_enough() {
        let (one, other) = (NewPassword::generate(), NewPassword::generate());
        assert_ne!(one.text, other.text);
        assert!(crate::auth::Password::parse(one.text.as_str()).is_ok());
        assert_eq!(one.to_show(), Some(one.text.as_str()));
        assert_eq!(NewPassword::chosen("secret".to_owned()).to_show(), None);
    }

    #[test]
    fn a_line_is_a_password_whatever_ends_it() {
        for text in [
            "pass word",
            "pass word\n",
            "pass word\r\n",
            "pass word\nmore",
        ] {
            let password = read(&mut text.as_bytes());
            assert_eq!(password.ok().as_deref(), Some("pass word"), "{text:?}");
        }
        assert!(read(&mut "\n".as_bytes()).is_err());
        assert!(read(&mut [0xff_u8, b'\n'].as_slice()).is_err());
    }
}
