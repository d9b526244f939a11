//! Cuts a JSON object that carries one long array into pieces while its bytes arrive, so that a list
//! of any length needs the memory of its longest element.

use anyhow::{Result, bail};

/// A piece of the answer, as JSON text.
#[derive(Debug, PartialEq, Eq)]
pub enum Piece<'a> {
    /// A top-level field other than the array: its name and value.
    Field(&'a str, &'a [u8]),
    /// One element of the array.
    Element(&'a [u8]),
}

/// Where in the text we are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Before the opening brace.
    Start,
    /// Before a field name or the closing brace.
    Name,
    /// Inside a field name.
    InName,
    /// Between a field name and its value.
    Colon,
    /// Inside the value of a field.
    Value,
    /// Between elements of the array.
    Between,
    /// Inside an element.
    Element,
    /// After the closing brace.
    End,
}

/// The cutter. It finds where values begin and end; whether they are valid is for the JSON parser
/// that reads the pieces.
#[derive(Debug)]
pub struct Splitter {
    array: &'static str,
    buffer: Vec<u8>,
    /// Next byte to look at.
    position: usize,
    /// First byte of the name, value or element being read.
    start: usize,
    state: State,
    name: String,
    depth: usize,
    in_string: bool,
    escaped: bool,
}

impl Splitter {
    /// A cutter for an object whose long array is the field `array`.
    #[must_use]
    pub const fn new(array: &'static str) -> Self {
        Self {
            array,
            buffer: Vec::new(),
            position: 0,
            start: 0,
            state: State::Start,
            name: String::new(),
            depth: 0,
            in_string: false,
            escaped: false,
        }
    }

    /// Takes more bytes and hands over the pieces that are complete with them.
    ///
    /// # Errors
    ///
    /// When the text is no JSON object, or when `take` fails.
    pub fn feed(
        &mut self,
        bytes: &[u8],
        mut take: impl FnMut(Piece<'_>) -> Result<()>,
    ) -> Result<()> {
        self.buffer.extend_from_slice(bytes);
        while self.position < self.buffer.len() {
            self.step(&mut take)?;
        }
        self.forget();
        Ok(())
    }

    /// Whether the object was closed, that is, whether the answer is whole.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.state == State::End
    }

    fn step(&mut self, take: &mut impl FnMut(Piece<'_>) -> Result<()>) -> Result<()> {
        match self.state {
            State::Value | State::Element => return self.value(take),
            State::InName => return self.name(),
            _ => {}
        }
        let byte = self.buffer[self.position];
        match (self.state, byte) {
            (_, b' ' | b'\t' | b'\r' | b'\n') | (State::Name | State::Between, b',') => {
                self.position += 1;
            }
            (State::Name, b'"') => {
                self.advance(State::InName);
                self.start = self.position;
            }
            (State::Name, b'}') => self.advance(State::End),
            (State::Colon, b':') => self.position += 1,
            (State::Colon, b'[') if self.name == self.array => self.advance(State::Between),
            (State::Colon, _) => self.begin(State::Value),
            (State::Start, b'{') | (State::Between, b']') => self.advance(State::Name),
            (State::Between, _) => self.begin(State::Element),
            _ => bail!("the server's answer is not the JSON that was asked for"),
        }
        Ok(())
    }

    fn advance(&mut self, state: State) {
        self.position += 1;
        self.state = state;
    }

    fn begin(&mut self, state: State) {
        self.start = self.position;
        self.state = state;
        self.depth = 0;
        self.in_string = false;
        self.escaped = false;
    }

    /// Field names of the API carry no escapes.
    fn name(&mut self) -> Result<()> {
        let rest = &self.buffer[self.position..];
        let Some(end) = rest.iter().position(|byte| *byte == b'"') else {
            self.position = self.buffer.len();
            return Ok(());
        };
        let end = self.position + end;
        self.name = std::str::from_utf8(&self.buffer[self.start..end])?.to_owned();
        self.position = end + 1;
        self.state = State::Colon;
        Ok(())
    }

    /// Reads on in a value; hands it over when its end is there.
    fn value(&mut self, take: &mut impl FnMut(Piece<'_>) -> Result<()>) -> Result<()> {
        let Some(end) = self.scan() else { return Ok(()) };
        let text = self.buffer[self.start..end].trim_ascii_end();
        self.position = end;
        if self.state == State::Element {
            self.state = State::Between;
            take(Piece::Element(text))
        } else {
            self.state = State::Name;
            take(Piece::Field(&self.name, text))
        }
    }

    /// Looks for the end of the value: behind its closing bracket or quote, or at the separator that
    /// follows a number or word.
    fn scan(&mut self) -> Option<usize> {
        let mut index = self.position;
        while let Some(byte) = self.buffer.get(index) {
            if self.in_string {
                index = self.string(index);
                if !self.in_string && self.depth == 0 {
                    return Some(index);
                }
                continue;
            }
            match byte {
                b'"' => self.in_string = true,
                b'{' | b'[' => self.depth += 1,
                b',' | b'}' | b']' if self.depth == 0 => return Some(index),
                b'}' | b']' => {
                    self.depth -= 1;
                    if self.depth == 0 {
                        return Some(index + 1);
                    }
                }
                _ => {}
            }
            index += 1;
        }
        self.position = self.buffer.len();
        None
    }

    /// Skips from within a string to behind its closing quote, or behind what there is of it. Most of a long answer is
    /// strings.
    fn string(&mut self, from: usize) -> usize {
        let from = from + usize::from(std::mem::take(&mut self.escaped));
        let rest = self.buffer.get(from..).unwrap_or_default();
        let Some(found) = memchr::memchr2(b'"', b'\\', rest) else { return self.buffer.len() };
        if rest[found] == b'"' {
            self.in_string = false;
        } else {
            self.escaped = true;
        }
        from + found + 1
    }

    /// Drops what was handed over.
    fn forget(&mut self) {
        let keep = match self.state {
            State::InName | State::Value | State::Element => self.start,
            _ => self.position,
        };
        self.buffer.drain(..keep);
        self.position -= keep;
        self.start = self.start.saturating_sub(keep);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pieces(text: &str, chunk: usize) -> Result<(Vec<String>, bool)> {
        let mut splitter = Splitter::new("rows");
        let mut pieces = Vec::new();
        for bytes in text.as_bytes().chunks(chunk) {
            splitter.feed(bytes, |piece| {
                pieces.push(match piece {
                    Piece::Field(name, value) => {
                        format!("{name}={}", String::from_utf8_lossy(value))
                    }
                    Piece::Element(value) => String::from_utf8_lossy(value).into_owned(),
                });
                Ok(())
            })?;
        }
        Ok((pieces, splitter.is_complete()))
    }

    #[test]
    fn cuts_the_same_at_every_chunk_size() {
        let text = r#" {"kind":"Table", "metadata":{"a":"}]\"\\"},"n": 12 ,"rows":[
            {"cells":["a[",1]} , {"cells":[]},7, "s\"]", null],"z":true}"#;
        let expected = [
            r#"kind="Table""#,
            r#"metadata={"a":"}]\"\\"}"#,
            "n=12",
            r#"{"cells":["a[",1]}"#,
            r#"{"cells":[]}"#,
            "7",
            r#""s\"]""#,
            "null",
            "z=true",
        ];
        for chunk in [1, 2, 3, 7, 64, 4096] {
            let (got, complete) = pieces(text, chunk).unwrap();
            assert_eq!(got, expected, "chunks of {chunk}");
            assert!(complete);
        }
    }

    #[test]
    fn knows_when_the_answer_is_cut_short() {
        let (got, complete) = pieces(r#"{"rows":[1,2"#, 64).unwrap();
        assert_eq!((got, complete), (vec![String::from("1")], false));
    }

    #[test]
    fn rows_may_be_null() {
        let (got, complete) = pieces(r#"{"rows":null}"#, 64).unwrap();
        assert_eq!((got, complete), (vec![String::from("rows=null")], true));
    }

    #[test]
    fn refuses_what_is_no_object() {
        for text in ["[]", "<html>", "\"x\"", "{}x"] {
            assert!(pieces(text, 64).is_err(), "{text}");
        }
    }
}
