//! SQL whose parameters are numbered after those that stand before it.

use std::fmt::{self, Display, Formatter, Write};

use sea_orm::Value;
use sea_orm::sea_query::{QueryBuilder, SqlWriter};

pub struct Numbered<'v> {
    pub text: String,
    values: &'v mut Vec<Value>,
}

impl<'v> Numbered<'v> {
    pub fn after(values: &'v mut Vec<Value>) -> Self {
        Self {
            text: String::new(),
            values,
        }
    }
}

impl Write for Numbered<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.text.write_str(text)
    }
}

impl Display for Numbered<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl SqlWriter for Numbered<'_> {
    fn push_param<B: QueryBuilder>(&mut self, value: Value, _: &B) {
        self.values.push(value);
        self.text.push('$');
        self.text.push_str(&self.values.len().to_string());
    }

    fn as_writer(&mut self) -> &mut dyn Write {
        self
    }
}
