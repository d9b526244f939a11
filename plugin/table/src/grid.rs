//! Lines of styled cells to text. The host owns width, colour and escapes; a guest only says what things mean.

use std::fmt::Write as _;

use unicode_segmentation::UnicodeSegmentation as _;
use unicode_width::UnicodeWidthStr as _;

use crate::sanitize;

/// kubectl's own rule (`liggitt/tabwriter` with its settings): at least 6 wide, and 3 spaces behind the widest cell.
const LEAST: usize = 6;
const GAP: usize = 3;
/// Lines of a group stand in from its heading.
const INDENT: &str = "  ";

/// One column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// Heading.
    pub title: String,
    /// To which side its cells are moved.
    pub align: Align,
    /// 0: always shown; of the others, the highest goes first when the terminal is too narrow.
    pub priority: u8,
    /// Least width in terminal columns.
    pub min: usize,
    /// Greatest width in terminal columns; longer text is cut.
    pub max: Option<usize>,
}

/// To which side cells are moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Align {
    /// As text.
    Start,
    /// As numbers.
    End,
}

/// One line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// As many cells as there are columns.
    pub cells: Vec<Cell>,
    /// Heading of the group it belongs to.
    pub group: Option<String>,
}

/// One cell: pieces of text, each with a meaning.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Cell {
    /// The pieces, in order, without control characters.
    pub spans: Vec<Span>,
}

impl Column {
    /// A column of texts that is always shown.
    #[must_use]
    pub fn text(title: &str) -> Self {
        Self { title: title.to_owned(), align: Align::Start, priority: 0, min: 0, max: None }
    }
}

impl AsRef<Self> for Column {
    fn as_ref(&self) -> &Self {
        self
    }
}

impl AsRef<Self> for Line {
    fn as_ref(&self) -> &Self {
        self
    }
}

impl Cell {
    /// Text of one role, without what could steer a terminal.
    #[must_use]
    pub fn new(text: &str, role: Role) -> Self {
        let text = sanitize::line(text).into_owned();
        Self { spans: vec![Span { text, role: role as u16 }] }
    }
}

/// What a text means: those roles of the contract's table (`docs/guests.md`) that our own tables use.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[repr(u16)]
pub enum Role {
    /// Everything else.
    #[default]
    Plain = 0,
    /// As it should be.
    Good = 1,
    /// Worth a look.
    Warn = 2,
    /// Broken.
    Bad = 3,
}

/// A piece of text and what it means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    /// The text, without control characters.
    pub text: String,
    /// Number of its role in the contract's table; unknown ones are plain.
    pub role: u16,
}

/// How a table is to look.
#[derive(Debug, Clone, Copy, Default)]
pub struct Look {
    /// Whether the titles of columns are left out.
    pub no_headers: bool,
    /// Whether roles are shown in colour.
    pub rich: bool,
    /// Terminal columns, if it is a terminal: columns of low priority are left out to fit.
    pub width: Option<usize>,
}

/// Draws a table.
#[must_use]
pub fn draw<C: AsRef<Column>, L: AsRef<Line>>(columns: &[C], lines: &[L], look: Look) -> String {
    drawing(&references(columns), &references(lines), look)
}

fn references<T, R: AsRef<T>>(list: &[R]) -> Vec<&T> {
    list.iter().map(AsRef::as_ref).collect()
}

fn drawing(columns: &[&Column], lines: &[&Line], look: Look) -> String {
    let grouped = lines.iter().any(|line| line.group.is_some());
    let indent = if grouped { INDENT } else { "" };
    let widths = widths(columns, lines, look);
    let shown =
        fitting(columns, &widths, look.width.map(|width| width.saturating_sub(indent.len())));
    let drawing = Drawing { columns, widths: &widths, shown: &shown, rich: look.rich };
    let mut text = String::new();
    if !look.no_headers {
        let titles = columns.iter().map(|column| vec![(column.title.as_str(), 0)]);
        drawing.line(&mut text, indent, &titles.collect::<Vec<_>>());
    }
    let mut group = None;
    for line in lines {
        if line.group.as_ref() != group {
            group = line.group.as_ref();
            let heading = group.map_or("", String::as_str);
            let _ = writeln!(text, "{}", styled(heading, HEADING, look.rich));
        }
        let cells = line.cells.iter().zip(columns).map(|(cell, column)| cut(cell, column.max));
        drawing.line(&mut text, indent, &cells.collect::<Vec<_>>());
    }
    text
}

/// Bytes of white space and text that drawing these lines takes, about: a column as wide as its widest cell makes every
/// line so wide, so that a small answer can have a huge drawing.
#[must_use]
pub fn drawn_size<C: AsRef<Column>, L: AsRef<Line>>(columns: &[C], lines: &[L]) -> usize {
    let width: usize = widths(&references(columns), &references(lines), Look::default())
        .iter()
        .map(|width| width + GAP)
        .sum();
    width.saturating_mul(lines.len() + 1)
}

/// Width of the widest text of each column, titles included if they are shown.
fn widths(columns: &[&Column], lines: &[&Line], look: Look) -> Vec<usize> {
    let mut widths: Vec<usize> = columns
        .iter()
        .map(|column| column.min.max(if look.no_headers { 0 } else { column.title.width() }))
        .collect();
    for line in lines {
        for ((cell, column), width) in line.cells.iter().zip(columns).zip(&mut widths) {
            let natural: usize = cell.spans.iter().map(|span| span.text.width()).sum();
            *width = (*width).max(natural.min(column.max.unwrap_or(usize::MAX)));
        }
    }
    widths
}

/// Places of the columns that are shown.
fn fitting(columns: &[&Column], widths: &[usize], terminal: Option<usize>) -> Vec<usize> {
    let mut shown: Vec<usize> = (0..columns.len()).collect();
    let Some(terminal) = terminal else { return shown };
    loop {
        let total: usize = shown.iter().map(|&place| LEAST.max(widths[place] + GAP)).sum();
        let least_wanted = shown.iter().copied().filter(|&place| columns[place].priority > 0);
        let Some(place) = least_wanted.max_by_key(|&place| (columns[place].priority, place)) else {
            return shown;
        };
        // The last column has no gap behind it.
        if total <= terminal + GAP {
            return shown;
        }
        shown.retain(|&other| other != place);
    }
}

/// Pieces of text with their roles.
type Pieces<'a> = Vec<(&'a str, u16)>;

/// A cell's pieces, at most `max` terminal columns wide, the last of which is `…` if something was cut.
fn cut(cell: &Cell, max: Option<usize>) -> Pieces<'_> {
    let pieces = cell.spans.iter().map(|span| (span.text.as_str(), span.role));
    let natural: usize = cell.spans.iter().map(|span| span.text.width()).sum();
    let Some(max) = max.filter(|&max| natural > max) else { return pieces.collect() };
    let mut left = max.saturating_sub(1);
    let mut kept = Vec::new();
    for (text, role) in pieces {
        let mut end = 0;
        for grapheme in text.graphemes(true) {
            let Some(rest) = left.checked_sub(grapheme.width()) else {
                kept.push((&text[..end], role));
                kept.push(("…", role));
                return kept;
            };
            left = rest;
            end += grapheme.len();
        }
        kept.push((text, role));
    }
    kept
}

struct Drawing<'a> {
    columns: &'a [&'a Column],
    widths: &'a [usize],
    shown: &'a [usize],
    rich: bool,
}

impl Drawing<'_> {
    /// One line. Cells that are empty to its end leave no white space behind them.
    fn line(&self, text: &mut String, indent: &str, cells: &[Pieces<'_>]) {
        text.push_str(indent);
        for (index, &place) in self.shown.iter().enumerate() {
            let width: usize = cells[place].iter().map(|(text, _)| text.width()).sum();
            let space = self.widths[place].saturating_sub(width);
            let at_end = self.columns[place].align == Align::End;
            pad(text, if at_end { space } else { 0 });
            for (piece, role) in &cells[place] {
                text.push_str(&styled(piece, *role, self.rich));
            }
            if index + 1 < self.shown.len() {
                let whole = LEAST.max(self.widths[place] + GAP);
                pad(text, whole - width - if at_end { space } else { 0 });
            }
        }
        text.truncate(text.trim_end_matches(' ').len());
        text.push('\n');
    }
}

fn pad(text: &mut String, spaces: usize) {
    text.extend(std::iter::repeat_n(' ', spaces));
}

const HEADING: u16 = 5;

/// Text in the colour of its role (ECMA-48 SGR), for terminals only.
fn styled(text: &str, role: u16, rich: bool) -> String {
    let sgr = match role {
        1 | 11 => "32",
        2 => "33",
        3 => "31",
        4 | 12 => "2",
        5 | 10 => "1",
        6 => "36",
        7 => "4",
        _ => "",
    };
    if !rich || sgr.is_empty() || text.is_empty() {
        return text.to_owned();
    }
    format!("\u{1b}[{sgr}m{text}\u{1b}[0m")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_aligned_nothing_trails_and_controls_go() {
        let columns = ["A", "B"].map(Column::text);
        let line = |cells: [&str; 2]| Line {
            cells: cells.map(|text| Cell::new(text, Role::Plain)).to_vec(),
            group: None,
        };
        let lines = [line(["longer", ""]), line(["x", "y\u{1b}"])];
        assert_eq!(draw(&columns, &lines, Look::default()), "A        B\nlonger\nx        y\n");
    }

    #[test]
    fn roles_have_colours_only_where_they_are_welcome() {
        let columns = [Column::text("A")];
        let lines = [Line { cells: vec![Cell::new("open", Role::Good)], group: None }];
        let bare = Look { no_headers: true, ..Look::default() };
        assert_eq!(draw(&columns, &lines, bare), "open\n");
        let rich = Look { rich: true, ..bare };
        assert_eq!(draw(&columns, &lines, rich), "\u{1b}[32mopen\u{1b}[0m\n");
    }
}
