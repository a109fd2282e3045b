//! What one `SELECT` is made of: the columns that are answered, and the rows that are joined to its own.

use sea_orm::sea_query::ColumnType;

use super::table::{Table, quoted};

/// The rows of one `SELECT`.
pub struct Level {
    table: &'static Table,
    pub alias: usize,
    /// What is answered for each row.
    columns: Vec<Column>,
    joins: Vec<Join>,
    cited: Vec<&'static str>,
}

struct Column {
    named: String,
    /// As bytes or text, if it can be asked for so.
    sent: Option<String>,
}

struct Join {
    from: usize,
    by: &'static str,
    alias: usize,
    text: String,
}

impl Level {
    pub fn new(table: &'static Table, alias: usize) -> Self {
        Self {
            table,
            alias,
            columns: Vec::new(),
            joins: Vec::new(),
            cited: Vec::new(),
        }
    }

    /// How many columns a row has.
    pub fn width(&self) -> usize {
        self.columns.len()
    }

    /// The columns that are needed of its own table.
    pub fn needed(&self) -> &[&'static str] {
        &self.cited
    }

    /// The alias of the row that a column points at: joined once, however often it is asked for.
    pub fn join(
        &mut self,
        (from, by): (usize, &'static str),
        other: &'static Table,
        unused: impl FnOnce() -> usize,
    ) -> usize {
        let known = self.joins.iter().find(|it| it.from == from && it.by == by);
        if let Some(join) = known {
            return join.alias;
        }
        let alias = unused();
        let column = self.cite(from, by);
        let text = format!(
            " LEFT JOIN {} AS t{alias} ON t{alias}.{} = {column}",
            other.from,
            quoted(other.key),
        );
        self.joins.push(Join {
            from,
            by,
            alias,
            text,
        });
        alias
    }

    fn column(&self, alias: usize, name: &str) -> String {
        debug_assert!(alias != self.alias || self.cited.contains(&name));
        format!("t{alias}.{}", quoted(name))
    }

    /// A column of its own table.
    pub fn cited(&mut self, name: &'static str) -> String {
        self.cite(self.alias, name)
    }

    pub fn cite(&mut self, alias: usize, name: &'static str) -> String {
        if alias == self.alias && !self.cited.contains(&name) {
            self.cited.push(name);
        }
        self.column(alias, name)
    }

    /// The place of a cell in the answer.
    pub fn cell(&mut self, alias: usize, table: &'static Table, name: &'static str) -> usize {
        let named = self.cite(alias, name);
        let sent = table.column(name).and_then(|of| sent(of, &named));
        self.place(Column { named, sent })
    }

    /// The place of a list in the answer.
    pub fn list(&mut self, named: String) -> usize {
        let sent = Some(format!("array_send({named})"));
        self.place(Column { named, sent })
    }

    fn place(&mut self, column: Column) -> usize {
        let known = self.columns.iter().position(|it| it.named == column.named);
        known.unwrap_or_else(|| {
            self.columns.push(column);
            self.columns.len() - 1
        })
    }

    /// A row without a column would be no SQL that everything reads.
    fn row(&self) -> String {
        if self.columns.is_empty() {
            return "ROW(1)".to_owned();
        }
        let columns: Vec<_> = self.columns.iter().map(|it| it.named.as_str()).collect();
        format!("ROW({})", columns.join(", "))
    }

    /// The columns of a row that is answered itself. `None` if one couldn't be read.
    pub fn sent(&self) -> Option<String> {
        if self.columns.is_empty() {
            return Some("1".to_owned());
        }
        let columns = self.columns.iter().map(|it| it.sent.as_deref());
        Some(columns.collect::<Option<Vec<_>>>()?.join(", "))
    }

    pub fn table_and_joins(&self) -> String {
        let joins: String = self.joins.iter().map(|join| join.text.as_str()).collect();
        format!("FROM {} AS t{}{joins}", self.table.from, self.alias)
    }

    pub fn select_and_joins(&self, select: &str) -> String {
        let joins: String = self.joins.iter().map(|join| join.text.as_str()).collect();
        format!("FROM ({select}) AS t{}{joins}", self.alias)
    }

    pub fn array(&self, tail: &str) -> String {
        format!("ARRAY(SELECT {} {tail})", self.row())
    }
}

/// A column as PostgreSQL sends it in its binary form, `None` for a type that no cell is read of.
pub fn sent(of: &ColumnType, column: &str) -> Option<String> {
    let send = match of {
        // Text is the same in both forms.
        ColumnType::Text | ColumnType::String(_) => return Some(column.to_owned()),
        ColumnType::Uuid => "uuid_send",
        ColumnType::Date => "date_send",
        ColumnType::TimestampWithTimeZone => "timestamptz_send",
        ColumnType::Decimal(_) => "numeric_send",
        ColumnType::Integer => "int4send",
        ColumnType::Boolean => "boolsend",
        ColumnType::JsonBinary => "jsonb_send",
        _ => return None,
    };
    Some(format!("{send}({column})"))
}
