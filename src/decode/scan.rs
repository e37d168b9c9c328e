//! One pass over a JSON object of the usual kind: its members as slices of the text.
//!
//! Takes text, gives members; gives nothing where the text is not JSON or holds anything unusual (an
//! escape in a name, deep nesting, many members): the full parser then says what it is. What is given
//! is what that parser finds, which a property test holds. Never allocates.

/// Most members that are given; the usual record has fewer than ten.
const MEMBERS_MAX: usize = 20;
/// Deepest nesting that is looked through.
const DEPTH_MAX: u32 = 16;

/// The members of an object in their order, a repeated name as often as it stands there.
pub struct Members<'a> {
    text: &'a str,
    /// Begin and end of each name and each value in the text.
    places: [[u32; 4]; MEMBERS_MAX],
    count: usize,
}

impl<'a> Members<'a> {
    /// No members yet.
    pub fn new() -> Self {
        Self { text: "", places: [[0; 4]; MEMBERS_MAX], count: 0 }
    }

    /// Finds the members of `text`, if it is one object with nothing but space around it.
    pub fn find(&mut self, text: &'a str) -> bool {
        (self.text, self.count) = (text, 0);
        if u32::try_from(text.len()).is_err() {
            return false;
        }
        let mut scan = Scan { bytes: text.as_bytes(), at: 0 };
        scan.space();
        let is_object = scan.members(self).is_some();
        scan.space();
        is_object && scan.at == text.len()
    }

    /// Names, and values as they stand in the text.
    pub fn iter(&self) -> impl Iterator<Item = (&'a str, &'a str)> {
        let text = self.text;
        let slice = move |from: u32, to: u32| &text[from as usize..to as usize];
        self.places[..self.count].iter().map(move |[a, b, c, d]| (slice(*a, *b), slice(*c, *d)))
    }

    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The value of a name that stands once.
    pub fn get(&self, name: &str) -> Option<&'a str> {
        let mut found = self.iter().filter(|(member, _)| *member == name);
        let (_, value) = found.next()?;
        found.next().is_none().then_some(value)
    }
}

struct Scan<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Scan<'_> {
    fn members(&mut self, members: &mut Members<'_>) -> Option<()> {
        self.take(b'{')?;
        self.space();
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Some(());
        }
        loop {
            self.space();
            let begin = self.at + 1;
            // A name with an escape is another text than what stands here.
            if self.string()? {
                return None;
            }
            let name = [begin, self.at - 1];
            self.space();
            self.take(b':')?;
            self.space();
            let begin = self.at;
            self.value(0)?;
            // The text is shorter than 4 GiB.
            let place = [name[0], name[1], begin, self.at].map(|at| at as u32);
            *members.places.get_mut(members.count)? = place;
            members.count += 1;
            self.space();
            match self.next()? {
                b',' => {}
                b'}' => return Some(()),
                _ => return None,
            }
        }
    }

    /// Goes past a value.
    fn value(&mut self, depth: u32) -> Option<()> {
        match self.peek()? {
            b'"' => self.string().map(drop),
            b'-' | b'0'..=b'9' => self.number(),
            b'{' if depth < DEPTH_MAX => self.nested(b'}', true, depth),
            b'[' if depth < DEPTH_MAX => self.nested(b']', false, depth),
            b't' => self.word(b"true"),
            b'f' => self.word(b"false"),
            b'n' => self.word(b"null"),
            _ => None,
        }
    }

    fn nested(&mut self, end: u8, is_object: bool, depth: u32) -> Option<()> {
        self.at += 1;
        self.space();
        if self.peek() == Some(end) {
            self.at += 1;
            return Some(());
        }
        loop {
            self.space();
            if is_object {
                self.string()?;
                self.space();
                self.take(b':')?;
                self.space();
            }
            self.value(depth + 1)?;
            self.space();
            match self.next()? {
                b',' => {}
                byte if byte == end => return Some(()),
                _ => return None,
            }
        }
    }

    /// Goes past a string; true if it has an escape. Any but the plainest escapes end the scan.
    fn string(&mut self) -> Option<bool> {
        self.take(b'"')?;
        let mut has_escape = false;
        loop {
            match self.next()? {
                b'"' => return Some(has_escape),
                b'\\' => {
                    has_escape = true;
                    if !matches!(
                        self.next()?,
                        b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't'
                    ) {
                        return None;
                    }
                }
                0..0x20 => return None,
                _ => {}
            }
        }
    }

    /// Goes past a number in JSON's own grammar.
    fn number(&mut self) -> Option<()> {
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        match self.next()? {
            b'0' => {}
            b'1'..=b'9' => self.digits(),
            _ => return None,
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.some_digits()?;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.some_digits()?;
        }
        Some(())
    }

    fn some_digits(&mut self) -> Option<()> {
        let begin = self.at;
        self.digits();
        (self.at > begin).then_some(())
    }

    fn digits(&mut self) {
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
    }

    fn word(&mut self, word: &[u8]) -> Option<()> {
        self.bytes[self.at..].starts_with(word).then(|| self.at += word.len())
    }

    fn space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\n' | b'\t' | b'\r')) {
            self.at += 1;
        }
    }

    fn take(&mut self, byte: u8) -> Option<()> {
        (self.next()? == byte).then_some(())
    }

    fn next(&mut self) -> Option<u8> {
        let byte = self.peek()?;
        self.at += 1;
        Some(byte)
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::value::RawValue;

    use super::*;

    fn shown(text: &str) -> Option<Vec<(String, String)>> {
        let own = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
        let mut members = Members::new();
        members.find(text).then(|| members.iter().map(own).collect())
    }

    #[test]
    fn members_are_slices_of_the_text() {
        let text =
            r#" {"ts":1795392900000, "values" : {"EG":"1.50","n":[1,{"a":null}]},"x":-0.5e+3} "#;
        let mut members = Members::new();
        assert!(members.find(text));
        assert_eq!(members.get("ts"), Some("1795392900000"));
        assert_eq!(members.get("values"), Some(r#"{"EG":"1.50","n":[1,{"a":null}]}"#));
        assert_eq!(members.get("x"), Some("-0.5e+3"));
        assert_eq!(members.get("y"), None);
        assert!(members.find(r#"{"a":1,"a":2}"#));
        assert_eq!(members.get("a"), None, "which one is not said");
        assert!(members.find("{}") && members.is_empty());
    }

    #[test]
    fn what_is_unusual_is_left_to_the_full_parser() {
        for text in [
            "",
            "[1]",
            "1",
            "{",
            "{}}",
            "{\"a\":1,}",
            "{\"a\" 1}",
            "{\"a\":01}",
            "{\"a\":.5}",
            "{\"a\":1.}",
            "{\"a\":1e}",
            "{\"a\":+1}",
            "{\"a\":tru}",
            "{\"a\":\"\n\"}",
            "{a:1}",
            "{\"a\\n\":1}",
            "{\"a\":\"\\u00e9\"}",
            "{\"a\":\"\\x\"}",
            "{\"a\":NaN}",
            "{\"a\":1}x",
            &format!("{{\"a\":{}1{}}}", "[".repeat(40), "]".repeat(40)),
            &format!("{{{}}}", (0..50).map(|n| format!("\"{n}\":1")).collect::<Vec<_>>().join(",")),
        ] {
            assert_eq!(shown(text), None, "{text}");
        }
    }

    /// What the full parser finds.
    fn parsed(text: &str) -> Option<Vec<(String, String)>> {
        let object: Vec<_> = super::super::json::object(text)?
            .into_iter()
            .map(|(name, value)| (name.into_owned(), value.to_owned()))
            .collect();
        serde_json::from_str::<&RawValue>(text).ok().map(|_| object)
    }

    proptest! {
        #[test]
        fn what_is_found_is_what_the_full_parser_finds(
            text in prop_oneof![
                r#"\{("[a-c]{0,2}" ?:( ?-?[0-9.eE+-]{1,4}|"[a-z\\"é]{0,3}"|null|true|\[1,2\]|\{"k":[0-9]{1,2}\}),?){0,3}\}"#,
                r#"[{}\[\]:,"a1 e.\\-]{0,12}"#,
            ],
        ) {
            if let Some(found) = shown(&text) {
                prop_assert_eq!(Some(found), parsed(&text), "{}", text);
            }
        }
    }
}
