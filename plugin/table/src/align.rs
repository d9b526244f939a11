//! Rows of cells as aligned text, in kubectl's layout.

use unicode_width::UnicodeWidthStr as _;

use super::sanitize;

/// Blanks between two columns, as kubectl has them.
const GAP: usize = 3;

/// Lines with aligned columns and nothing trailing. Every row has as many cells as the first; what could steer a
/// terminal is taken out of the cells.
#[must_use]
pub fn align(rows: &[Vec<String>]) -> String {
    let clean =
        |row: &Vec<String>| row.iter().map(|cell| sanitize::line(cell).into_owned()).collect();
    let rows: Vec<Vec<String>> = rows.iter().map(clean).collect();
    let columns = rows.first().map_or(0, Vec::len);
    let width = |column: usize| rows.iter().map(|row| row[column].width()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let mut text = String::new();
    for row in &rows {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(&widths) {
            line.push_str(cell);
            line.push_str(&" ".repeat(width - cell.width() + GAP));
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

/// A length of time with three significant digits: `81µs`, `4.02ms`, `1.01s`.
#[must_use]
pub fn latency(seconds: f64) -> String {
    let (value, unit) = match seconds {
        s if s < 1e-3 => (s * 1e6, "µs"),
        s if s < 1.0 => (s * 1e3, "ms"),
        s => (s, "s"),
    };
    match value {
        v if v < 10.0 && unit != "µs" => format!("{v:.2}{unit}"),
        v if v < 100.0 && unit != "µs" => format!("{v:.1}{unit}"),
        v => format!("{v:.0}{unit}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn latencies_have_three_digits() {
        let cases = [
            (0.000_081, "81µs"),
            (0.000_999, "999µs"),
            (0.004_02, "4.02ms"),
            (0.0402, "40.2ms"),
            (0.402, "402ms"),
            (1.0084, "1.01s"),
            (12.34, "12.3s"),
        ];
        for (seconds, text) in cases {
            assert_eq!(latency(seconds), text);
        }
    }

    #[test]
    fn columns_are_aligned_nothing_trails_and_controls_go() {
        let rows = [["A", "B"], ["long", ""], ["x", "y\u{1b}"]];
        let rows = rows.map(|row| row.map(str::to_owned).to_vec());
        assert_eq!(align(&rows), "A      B\nlong\nx      y\n");
    }
}
