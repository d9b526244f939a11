//! Elastic tab stops as kubectl prints them (Go's `text/tabwriter` in the variant that
//! `k8s.io/cli-runtime` uses: minimum width 6, padding 3, remembered widths).
//!
//! Cells of contiguous lines make up a column as long as a further cell follows them on their line;
//! the last cell of a line is never padded.

use std::mem;

use memchr::{memchr2, memchr3};

const MIN_WIDTH: usize = 6;
const PADDING: usize = 3;

/// Collects lines of cells, then lays them out. It keeps the text and, of lines in a row that have equally many cells, how
/// wide their columns are: little more than what will be printed without its blanks.
#[derive(Debug, Default)]
pub struct TabWriter {
    /// The cells, each with its end behind it: a tab, or a line feed for the last one of a line.
    text: String,
    /// Where the open cell begins in `text`.
    open: usize,
    /// Widths of the open line's cells.
    line: Vec<usize>,
    runs: Vec<Run>,
    /// The widest each column has been, which all that is laid out later keeps to.
    remembered: Vec<usize>,
}

/// Lines in a row with equally many cells. All the layout depends on, as whether a column goes on is a matter of how many
/// cells a line has.
#[derive(Debug)]
struct Run {
    lines: usize,
    /// The widest cell of each column, in characters, as kubectl counts: wide and combining ones count one.
    widths: Vec<usize>,
}

impl TabWriter {
    /// Adds text to the open cell. A tab or vertical tab in it ends the cell, as it does in kubectl; a line feed the line.
    pub fn write(&mut self, text: &str) {
        let mut rest = text;
        while let Some(end) = memchr3(b'\t', b'\x0b', b'\n', rest.as_bytes()) {
            self.text.push_str(&rest[..end]);
            if rest.as_bytes()[end] == b'\n' {
                self.end_line();
            } else {
                self.end_cell();
            }
            rest = &rest[end + 1..];
        }
        self.text.push_str(rest);
    }

    /// Ends the open cell; another follows on the same line.
    pub fn end_cell(&mut self) {
        self.end('\t');
    }

    /// Ends the open cell and its line.
    pub fn end_line(&mut self) {
        self.end('\n');
        match self.runs.last_mut().filter(|run| run.widths.len() == self.line.len()) {
            Some(run) => run.add(&self.line),
            None => self.runs.push(Run { lines: 1, widths: self.line.clone() }),
        }
        self.line.clear();
    }

    fn end(&mut self, end: char) {
        self.line.push(self.text[self.open..].chars().count());
        self.text.push(end);
        self.open = self.text.len();
    }

    /// Lays out the lines that were ended since the last time, and hands them over in pieces. Further lines may follow: as
    /// in a watch of kubectl's, their columns are at least as wide.
    ///
    /// # Errors
    ///
    /// What `emit` returns.
    pub fn flush<E>(&mut self, emit: &mut dyn FnMut(&[u8]) -> Result<(), E>) -> Result<(), E> {
        let runs = mem::take(&mut self.runs);
        let text = mem::take(&mut self.text);
        self.open = 0;
        let widths = Vec::new();
        let remembered = &mut self.remembered;
        let mut layout = Layout { runs: &runs, rest: &text, widths, remembered, emit };
        layout.block(0, runs.len())
    }
}

impl Run {
    fn add(&mut self, line: &[usize]) {
        self.lines += 1;
        for (widest, width) in self.widths.iter_mut().zip(line) {
            *widest = (*widest).max(*width);
        }
    }

    /// Whether its lines have a cell in this column with another one behind it.
    fn has_column(&self, column: usize) -> bool {
        column + 1 < self.widths.len()
    }
}

struct Layout<'a, E> {
    runs: &'a [Run],
    /// The text that is not printed yet.
    rest: &'a str,
    /// Widths of the columns to the left.
    widths: Vec<usize>,
    remembered: &'a mut Vec<usize>,
    emit: &'a mut dyn FnMut(&[u8]) -> Result<(), E>,
}

impl<E> Layout<'_, E> {
    /// Lays out the runs `from..to`, which share the columns in `widths`.
    fn block(&mut self, from: usize, to: usize) -> Result<(), E> {
        let column = self.widths.len();
        let (mut printed, mut run) = (from, from);
        while run < to {
            if !self.runs[run].has_column(column) {
                run += 1;
                continue;
            }
            self.lines(printed, run)?;
            let start = run;
            while run < to && self.runs[run].has_column(column) {
                run += 1;
            }
            let width = self.width(column, start, run);
            self.widths.push(width);
            self.block(start, run)?;
            self.widths.pop();
            printed = run;
        }
        self.lines(printed, to)
    }

    fn width(&mut self, column: usize, from: usize, to: usize) -> usize {
        let widths = self.runs[from..to].iter().map(|run| run.widths[column] + PADDING);
        let widest = widths.max().unwrap_or(0);
        if self.remembered.len() <= column {
            self.remembered.resize(column + 1, 0);
        }
        let width = widest.max(MIN_WIDTH).max(self.remembered[column]);
        self.remembered[column] = width;
        width
    }

    fn lines(&mut self, from: usize, to: usize) -> Result<(), E> {
        let lines = self.runs[from..to].iter().map(|run| run.lines).sum();
        for _ in 0..lines {
            self.line()?;
        }
        Ok(())
    }

    /// Prints the next line. Its last cell stands behind the columns, and is not padded.
    fn line(&mut self) -> Result<(), E> {
        for column in 0.. {
            let Some(end) = memchr2(b'\t', b'\n', self.rest.as_bytes()) else { break };
            let (cell, rest) = self.rest.split_at(end);
            self.rest = &rest[1..];
            (self.emit)(cell.as_bytes())?;
            if let Some(width) = self.widths.get(column) {
                self.blanks(width - cell.chars().count())?;
            }
            if rest.starts_with('\n') {
                break;
            }
        }
        (self.emit)(b"\n")
    }

    fn blanks(&mut self, mut missing: usize) -> Result<(), E> {
        const BLANKS: [u8; 64] = [b' '; 64];
        while missing > 0 {
            let blanks = missing.min(BLANKS.len());
            (self.emit)(&BLANKS[..blanks])?;
            missing -= blanks;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use super::*;

    fn laid_out(lines: &[&[&str]]) -> String {
        flushed(&mut TabWriter::default(), lines)
    }

    fn flushed(writer: &mut TabWriter, lines: &[&[&str]]) -> String {
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
        let Ok(()) = writer.flush::<Infallible>(&mut |bytes| {
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

    #[test]
    fn what_is_flushed_later_keeps_the_width_of_what_was_before() {
        let mut writer = TabWriter::default();
        assert_eq!(flushed(&mut writer, &[&["a-long-name", "1/1"]]), "a-long-name   1/1\n");
        assert_eq!(flushed(&mut writer, &[&["b", "0/1"]]), "b             0/1\n");
        assert_eq!(flushed(&mut writer, &[]), "");
    }
}
