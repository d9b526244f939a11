//! Elastic tab stops as kubectl prints them (Go's `text/tabwriter` in the variant that
//! `k8s.io/cli-runtime` uses: minimum width 6, padding 3, remembered widths).
//!
//! Cells of contiguous lines make up a column as long as a further cell follows them on their line;
//! the last cell of a line is never padded.

const MIN_WIDTH: usize = 6;
const PADDING: usize = 3;

/// Collects lines of cells, then lays them out.
#[derive(Debug, Default)]
pub struct TabWriter {
    text: String,
    cells: Vec<Cell>,
    /// For each line, the index after its last cell.
    lines: Vec<usize>,
    /// Where the open cell begins in `text`.
    open: usize,
}

#[derive(Debug, Clone, Copy)]
struct Cell {
    /// Where it ends in the text; it begins where the one before it ends.
    end: usize,
    /// In characters, as kubectl counts: wide and combining ones count one.
    width: u32,
}

impl TabWriter {
    /// Adds text to the open cell. A tab or vertical tab in it ends the cell, as it does in kubectl.
    pub fn write(&mut self, text: &str) {
        let mut rest = text;
        while let Some(end) = rest.find(['\t', '\u{b}']) {
            self.text.push_str(&rest[..end]);
            self.end_cell();
            rest = &rest[end + 1..];
        }
        self.text.push_str(rest);
    }

    /// Ends the open cell; another follows on the same line.
    pub fn end_cell(&mut self) {
        let width = self.text[self.open..].chars().count();
        let width = u32::try_from(width).unwrap_or(u32::MAX);
        self.open = self.text.len();
        self.cells.push(Cell { end: self.open, width });
    }

    /// Ends the open cell and its line.
    pub fn end_line(&mut self) {
        self.end_cell();
        self.lines.push(self.cells.len());
    }

    /// Lays everything out and hands over the lines, in pieces.
    ///
    /// # Errors
    ///
    /// What `emit` returns.
    pub fn finish<E>(&self, emit: &mut dyn FnMut(&[u8]) -> Result<(), E>) -> Result<(), E> {
        let mut layout = Layout { table: self, widths: Vec::new(), remembered: Vec::new(), emit };
        layout.block(0, self.lines.len())
    }

    fn line(&self, index: usize) -> std::ops::Range<usize> {
        let start = if index == 0 { 0 } else { self.lines[index - 1] };
        start..self.lines[index]
    }

    fn cell_text(&self, index: usize) -> &str {
        let start = if index == 0 { 0 } else { self.cells[index - 1].end };
        &self.text[start..self.cells[index].end]
    }
}

struct Layout<'a, E> {
    table: &'a TabWriter,
    /// Widths of the columns to the left.
    widths: Vec<usize>,
    /// The widest each column has been, which later blocks keep to.
    remembered: Vec<usize>,
    emit: &'a mut dyn FnMut(&[u8]) -> Result<(), E>,
}

impl<E> Layout<'_, E> {
    /// Lays out lines `from..to`, which share the columns in `widths`.
    fn block(&mut self, from: usize, to: usize) -> Result<(), E> {
        let column = self.widths.len();
        let (mut printed, mut line) = (from, from);
        while line < to {
            if !self.has_column(line, column) {
                line += 1;
                continue;
            }
            self.lines(printed, line)?;
            let start = line;
            while line < to && self.has_column(line, column) {
                line += 1;
            }
            let width = self.width(column, start, line);
            self.widths.push(width);
            self.block(start, line)?;
            self.widths.pop();
            printed = line;
        }
        self.lines(printed, to)
    }

    /// Whether the line has a cell in this column with another one behind it.
    fn has_column(&self, line: usize, column: usize) -> bool {
        column + 1 < self.table.line(line).len()
    }

    fn width(&mut self, column: usize, from: usize, to: usize) -> usize {
        let cells = (from..to).map(|line| &self.table.cells[self.table.line(line).start + column]);
        let widest = cells.map(|cell| cell.width as usize + PADDING).max().unwrap_or(0);
        if self.remembered.len() <= column {
            self.remembered.resize(column + 1, 0);
        }
        let width = widest.max(MIN_WIDTH).max(self.remembered[column]);
        self.remembered[column] = width;
        width
    }

    fn lines(&mut self, from: usize, to: usize) -> Result<(), E> {
        const BLANKS: [u8; 64] = [b' '; 64];
        for line in from..to {
            for (column, index) in self.table.line(line).enumerate() {
                (self.emit)(self.table.cell_text(index).as_bytes())?;
                if let Some(width) = self.widths.get(column) {
                    let mut missing = width - self.table.cells[index].width as usize;
                    while missing > 0 {
                        let blanks = missing.min(BLANKS.len());
                        (self.emit)(&BLANKS[..blanks])?;
                        missing -= blanks;
                    }
                }
            }
            (self.emit)(b"\n")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use super::*;

    fn laid_out(lines: &[&[&str]]) -> String {
        let mut writer = TabWriter::default();
        for line in lines {
            for (index, cell) in line.iter().enumerate() {
                if index > 0 {
                    writer.end_cell();
                }
                writer.write(cell);
            }
            writer.end_line();
        }
        let mut out = Vec::new();
        let Ok(()) = writer.finish::<Infallible>(&mut |bytes| {
            out.extend_from_slice(bytes);
            Ok(())
        });
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn columns_are_six_wide_or_three_more_than_the_widest() {
        let got =
            laid_out(&[&["NAME", "READY", "X"], &["a-long-name", "1/1", ""], &["b", "", "y"]]);
        assert_eq!(
            got,
            "NAME          READY   X\na-long-name   1/1     \nb                     y\n"
        );
    }

    #[test]
    fn width_is_counted_in_characters() {
        assert_eq!(laid_out(&[&["äöü日本語x", "1"], &["b", "2"]]), "äöü日本語x   1\nb         2\n");
    }

    #[test]
    fn a_tab_inside_a_cell_splits_it() {
        let got = laid_out(&[&["A", "B"], &["x\ty", "z"], &["c", "d"]]);
        assert_eq!(got, "A     B\nx     y     z\nc     d\n");
    }

    #[test]
    fn later_blocks_keep_the_width_of_earlier_ones() {
        let got = laid_out(&[&["wide-cell", "x"], &["alone"], &["a", "b"]]);
        assert_eq!(got, "wide-cell   x\nalone\na           b\n");
    }
}
