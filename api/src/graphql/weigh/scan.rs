//! A look at the text before it is parsed: the parser calls itself for every bracket in a bracket, and has no end but the stack's.

use super::refused::{Excess, Refused};

/// More than selections may have, and room for the values in their arguments.
const BRACKETS: u64 = 64;

/// Refuses a text whose brackets are nested too deeply. What else may be wrong with it is the parser's to say.
pub fn scan(text: &str) -> Result<(), Refused> {
    let mut rest = text.as_bytes();
    let mut depth: u64 = 0;
    while let [byte, behind @ ..] = rest {
        rest = match byte {
            b'(' | b'[' | b'{' => {
                depth += 1;
                Excess::Levels.check(depth, BRACKETS)?;
                behind
            }
            b')' | b']' | b'}' => {
                depth = depth.saturating_sub(1);
                behind
            }
            b'#' => skip_line(behind),
            b'"' => match behind {
                [b'"', b'"', content @ ..] => match skip_block(content) {
                    Some(behind) => behind,
                    // Then it isn't a block, and what is in a string depends on what the parser makes of it: all brackets count.
                    None => return scan_raw(content, depth),
                },
                content => skip_string(content),
            },
            _ => behind,
        };
    }
    Ok(())
}

/// Counts what opens and never closes.
fn scan_raw(text: &[u8], depth: u64) -> Result<(), Refused> {
    let opened = text.iter().filter(|byte| b"([{".contains(byte)).count();
    Excess::Levels.check(depth + opened as u64, BRACKETS)
}

fn skip_line(text: &[u8]) -> &[u8] {
    let end = text.iter().position(|byte| b"\r\n".contains(byte));
    &text[end.unwrap_or(text.len())..]
}

/// A string ends with its line at the latest, where the parser gives up.
fn skip_string(mut text: &[u8]) -> &[u8] {
    loop {
        text = match text {
            [b'"', behind @ ..] => return behind,
            [] | [b'\r' | b'\n', ..] => return text,
            [b'\\', escaped, behind @ ..] if !b"\r\n".contains(escaped) => behind,
            [_, behind @ ..] => behind,
        };
    }
}

/// `None` if the block never ends.
fn skip_block(mut text: &[u8]) -> Option<&[u8]> {
    loop {
        text = match text {
            [b'"', b'"', b'"', behind @ ..] => return Some(behind),
            [b'\\', b'"', b'"', b'"', behind @ ..] | [_, behind @ ..] => behind,
            [] => return None,
        };
    }
}
