//! The bytes of an answer, in either form that PostgreSQL sends them in.

use sea_orm::QueryResult;
use sqlx::Row;
use sqlx::postgres::PgValueFormat;

use super::cell::Unreadable;

/// What text begins with that stands for bytes.
const HEX: &[u8] = b"\\x";

#[derive(Debug, thiserror::Error)]
#[error("an answer isn't PostgreSQL's bytes")]
struct Foreign;

/// The only value of a row.
pub fn of(row: &QueryResult) -> Result<Vec<u8>, Unreadable> {
    let row = row.try_as_pg_row().ok_or(Foreign)?;
    let value = row.try_get_raw(0)?;
    let sent = value.as_bytes()?;
    if value.format() == PgValueFormat::Binary {
        return Ok(sent.to_owned());
    }
    let digits = sent.strip_prefix(HEX).ok_or(Foreign)?;
    let mut bytes = vec![0; digits.len() / 2];
    faster_hex::hex_decode(digits, &mut bytes).map_err(|_| Foreign)?;
    Ok(bytes)
}
