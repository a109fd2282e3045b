//! The rows of an answer, in either form that PostgreSQL sends them in.

use std::ops::Range;

use sea_orm::QueryResult;
use sqlx::postgres::{PgRow, PgValueFormat, PgValueRef};
use sqlx::{Postgres, Row, Type, ValueRef};

use super::cell::{Cells, Unreadable};

/// What text begins with that stands for bytes.
const HEX: &[u8] = b"\\x";

#[derive(Debug, thiserror::Error)]
#[error("an answer isn't PostgreSQL's bytes")]
struct Foreign;

/// Cells as PostgreSQL's binary form has them.
#[derive(Default)]
pub struct Rows {
    bytes: Vec<u8>,
    rows: Vec<Vec<Option<Range<usize>>>>,
}

impl Rows {
    pub fn of(answer: &[QueryResult]) -> Result<Self, Unreadable> {
        let mut rows = Self::default();
        for row in answer {
            rows.read(row.try_as_pg_row().ok_or(Foreign)?)?;
        }
        Ok(rows)
    }

    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    pub fn cells(&self) -> Vec<Cells<'_>> {
        let cell = |at: &Option<Range<usize>>| at.clone().map(|at| &self.bytes[at]);
        let cells = |row: &Vec<_>| Cells(row.iter().map(cell).collect());
        self.rows.iter().map(cells).collect()
    }

    fn read(&mut self, row: &PgRow) -> Result<(), Unreadable> {
        let cells = (0..row.len()).map(|at| self.cell(&row.try_get_raw(at)?));
        let cells = cells.collect::<Result<_, _>>()?;
        self.rows.push(cells);
        Ok(())
    }

    fn cell(&mut self, value: &PgValueRef<'_>) -> Result<Option<Range<usize>>, Unreadable> {
        if value.is_null() {
            return Ok(None);
        }
        let (begin, sent) = (self.bytes.len(), value.as_bytes()?);
        if value.format() == PgValueFormat::Text
            && <[u8] as Type<Postgres>>::compatible(&value.type_info())
        {
            let digits = sent.strip_prefix(HEX).ok_or(Foreign)?;
            self.bytes.resize(begin + digits.len() / 2, 0);
            faster_hex::hex_decode(digits, &mut self.bytes[begin..]).map_err(|_| Foreign)?;
        } else {
            self.bytes.extend_from_slice(sent);
        }
        Ok(Some(begin..self.bytes.len()))
    }
}
