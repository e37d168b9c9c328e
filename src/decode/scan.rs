//! One pass over a JSON object of the usual kind, or an array of them: members as slices of the text.
//!
//! Takes text, gives members; gives nothing where the text is not JSON or holds anything unusual (an
//! escape in a name, deep nesting, many members): the full parser then says what it is. What is given
//! is what that parser finds, which a property test holds. Allocates for arrays alone.

/// Most members that are given; the usual record has fewer than ten.
const MEMBERS_MAX: usize = 20;
/// Deepest nesting that is looked through.
const DEPTH_MAX: u32 = 16;

/// Begin and end of a name in the text, begin and end of its value.
type Place = [u32; 4];

/// The members of an object in their order, a repeated name as often as it stands there.
#[derive(Clone, Copy)]
pub struct Members<'a> {
    text: &'a str,
    places: &'a [Place],
}

impl<'a> Members<'a> {
    /// Names, and values as they stand in the text.
    pub fn iter(&self) -> impl Iterator<Item = (&'a str, &'a str)> {
        let text = self.text;
        let slice = move |from: u32, to: u32| &text[from as usize..to as usize];
        self.places.iter().map(move |[a, b, c, d]| (slice(*a, *b), slice(*c, *d)))
    }

    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// The value of a name that stands once.
    pub fn get(&self, name: &str) -> Option<&'a str> {
        let mut found = self.iter().filter(|(member, _)| *member == name);
        let (_, value) = found.next()?;
        found.next().is_none().then_some(value)
    }
}

/// Room for the members of one object.
pub struct Room([Place; MEMBERS_MAX]);

impl Room {
    pub fn new() -> Self {
        Self([[0; 4]; MEMBERS_MAX])
    }

    /// The members of `text`, if it is one object with nothing but space around it.
    pub fn object<'a>(&'a mut self, text: &'a str) -> Option<Members<'a>> {
        let mut scan = Scan::of(text)?;
        let mut count = 0;
        scan.space();
        scan.members(&mut |place| {
            *self.0.get_mut(count)? = place;
            count += 1;
            Some(())
        })?;
        scan.space();
        (scan.at == text.len()).then_some(Members { text, places: &self.0[..count] })
    }
}

/// The records of an array of objects, found in one pass over all of them.
pub struct Records<'a> {
    text: &'a str,
    places: Vec<Place>,
    /// Begin and end of each record in the text, and the number of members up to its end.
    records: Vec<[u32; 3]>,
}

impl<'a> Records<'a> {
    /// The records of `text`, if it is an array of at least one object, of objects alone, with nothing
    /// but space around it.
    pub fn find(text: &'a str) -> Option<Self> {
        let mut scan = Scan::of(text)?;
        let (mut places, mut records) = (Vec::new(), Vec::new());
        scan.space();
        scan.take(b'[')?;
        loop {
            scan.space();
            let begin = scan.at;
            let most = places.len() + MEMBERS_MAX;
            scan.members(&mut |place| {
                places.push(place);
                (places.len() <= most).then_some(())
            })?;
            // The text is shorter than 4 GiB, and has fewer members than bytes.
            records.push([begin, scan.at, places.len()].map(|at| at as u32));
            scan.space();
            match scan.next()? {
                b',' => {}
                b']' => break,
                _ => return None,
            }
        }
        scan.space();
        (scan.at == text.len()).then_some(Self { text, places, records })
    }

    /// Each record as it stands in the text, and its members.
    pub fn iter(&self) -> impl Iterator<Item = (&str, Members<'_>)> {
        let mut first = 0;
        self.records.iter().map(move |[begin, end, members]| {
            let places = &self.places[first..*members as usize];
            first = *members as usize;
            let members = Members { text: self.text, places };
            (&self.text[*begin as usize..*end as usize], members)
        })
    }
}

struct Scan<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Scan<'a> {
    fn of(text: &'a str) -> Option<Self> {
        u32::try_from(text.len()).ok()?;
        Some(Self { bytes: text.as_bytes(), at: 0 })
    }

    /// Goes past an object; `found` is told of each member, and ends the scan with `None`.
    fn members(&mut self, found: &mut impl FnMut(Place) -> Option<()>) -> Option<()> {
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
            found([name[0], name[1], begin, self.at].map(|at| at as u32))?;
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

    fn owned(members: Members<'_>) -> Vec<(String, String)> {
        members.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
    }

    fn shown(text: &str) -> Option<Vec<(String, String)>> {
        Room::new().object(text).map(owned)
    }

    #[test]
    fn members_are_slices_of_the_text() {
        let text =
            r#" {"ts":1795392900000, "values" : {"EG":"1.50","n":[1,{"a":null}]},"x":-0.5e+3} "#;
        let (mut room, mut other) = (Room::new(), Room::new());
        let members = room.object(text).unwrap();
        assert_eq!(members.get("ts"), Some("1795392900000"));
        assert_eq!(members.get("values"), Some(r#"{"EG":"1.50","n":[1,{"a":null}]}"#));
        assert_eq!(members.get("x"), Some("-0.5e+3"));
        assert_eq!(members.get("y"), None);
        let members = other.object(r#"{"a":1,"a":2}"#).unwrap();
        assert_eq!(members.get("a"), None, "which one is not said");
        assert!(room.object("{}").unwrap().is_empty());
    }

    #[test]
    fn the_records_of_an_array_are_slices_of_it() {
        let text = r#" [ {"ts":1,"v":{"a":2}} ,{},{"ts":3}] "#;
        let records = Records::find(text).unwrap();
        let found: Vec<_> = records.iter().map(|(text, one)| (text, one.get("ts"))).collect();
        assert_eq!(
            found,
            [(r#"{"ts":1,"v":{"a":2}}"#, Some("1")), ("{}", None), (r#"{"ts":3}"#, Some("3"))]
        );
        let many = (0..=MEMBERS_MAX).map(|n| format!("\"{n}\":1")).collect::<Vec<_>>().join(",");
        for text in ["[]", "[1]", "[{}", "[{},]", "[{}]]", "{}", "[{}{}]", &format!("[{{{many}}}]")]
        {
            assert!(Records::find(text).is_none(), "{text}");
        }
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

        #[test]
        fn the_records_that_are_found_are_those_of_the_full_parser(
            text in r#" ?\[( ?(\{("[a-c]{0,2}":(-?[0-9.eE-]{1,3}|"[a-z\\"é]{0,2}"|null|\[1,2\]|\{"k":1\}),?){0,2}\}|1|),?){0,3}\] ?"#,
        ) {
            if let Some(found) = Records::find(&text) {
                let ours: Vec<_> = found.iter().map(|(one, all)| (one.to_owned(), Some(owned(all)))).collect();
                let all: Vec<&RawValue> = serde_json::from_str(&text).unwrap();
                let theirs: Vec<_> = all.iter().map(|one| (one.get().to_owned(), parsed(one.get()))).collect();
                prop_assert_eq!(ours, theirs, "{}", text);
            }
        }
    }
}
