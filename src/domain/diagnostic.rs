//! A finding in a file a person wrote: where it is, what is wrong, what to do.

use std::fmt;
use std::ops::Range;

/// One finding, printed as `file:line:column: message; advice`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// As the person named it.
    pub file: String,
    /// From 1; 0 when the finding is about the whole file.
    pub line: u32,
    /// In characters, from 1; 0 when the finding is about the whole file.
    pub column: u32,
    pub message: String,
    /// What to do, if there is more to say than the message does.
    pub advice: Option<String>,
}

impl Diagnostic {
    /// A finding at the byte range `span` of `text`.
    #[must_use]
    pub fn at(file: &str, text: &str, span: Range<usize>, message: impl Into<String>) -> Self {
        let (line, column) = line_and_column(text, span.start);
        Self { file: file.to_owned(), line, column, message: message.into(), advice: None }
    }

    /// A finding about the whole file.
    #[must_use]
    pub fn whole(file: &str, message: impl Into<String>) -> Self {
        let message = message.into();
        Self { file: file.to_owned(), line: 0, column: 0, message, advice: None }
    }

    #[must_use]
    pub fn advise(mut self, advice: impl Into<String>) -> Self {
        self.advice = Some(advice.into());
        self
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if self.line > 0 {
            write!(f, ":{}:{}", self.line, self.column)?;
        }
        write!(f, ": {}", self.message)?;
        match &self.advice {
            Some(advice) => write!(f, "; {advice}"),
            None => Ok(()),
        }
    }
}

/// Line and column, both from 1 and the column in characters, of a byte offset into `text`.
#[must_use]
pub fn line_and_column(text: &str, offset: usize) -> (u32, u32) {
    let mut end = offset.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let before = &text[..end];
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or("").chars().count() + 1;
    (line as u32, column as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finding_names_its_place_in_characters() {
        let text = "a = 1\né = \"x\"\n";
        let at = text.find("\"x\"").unwrap();
        let found = Diagnostic::at("plan.toml", text, at..at + 3, "not a number").advise("write 1");
        assert_eq!(found.to_string(), "plan.toml:2:5: not a number; write 1");
        assert_eq!(Diagnostic::whole("p", "empty").to_string(), "p: empty");
        assert_eq!(line_and_column("ab", 99), (1, 3));
    }
}
