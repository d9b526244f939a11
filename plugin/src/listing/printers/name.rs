//! `-o name`: one `pod/NAME` a line, as the rows arrive.

use anyhow::{Result, bail};

use table::{
    row::{ColumnDefinition, Row},
    sanitize,
};

use crate::{
    listing::{Change, Sink},
    output::Stdout,
};

/// Prints names.
pub(crate) struct NamePrinter<'s> {
    stdout: &'s mut Stdout,
    column: Option<usize>,
}

impl<'s> NamePrinter<'s> {
    /// A printer onto standard output.
    pub(crate) fn new(stdout: &'s mut Stdout) -> Self {
        Self { stdout, column: None }
    }
}

impl Sink for NamePrinter<'_> {
    fn columns(&mut self, columns: &[ColumnDefinition]) -> Result<()> {
        self.column = columns.iter().position(ColumnDefinition::is_name);
        Ok(())
    }

    fn row(&mut self, _: Change, row: Row<'_>) -> Result<()> {
        let Some(name) = self.column.and_then(|column| row.cells.get(column)) else {
            bail!("the server's table has no column of names");
        };
        self.stdout.write(b"pod/")?;
        if self.stdout.terminal().is_one {
            self.stdout.write(sanitize::line(name).as_bytes())?;
        } else {
            self.stdout.write(name.as_bytes())?;
        }
        self.stdout.write(b"\n")
    }

    fn end(&mut self, _: Option<&str>) -> Result<()> {
        Ok(())
    }
}
