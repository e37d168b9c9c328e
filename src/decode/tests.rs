//! Formats by example: what becomes a sample, what a refusal, and why.

use std::io::Read;

use proptest::prelude::*;

use super::*;
use crate::config::plan::Plan;

/// What a test sees of an item.
#[derive(Default)]
struct Seen(Vec<String>);

impl Sink for Seen {
    type Error = std::convert::Infallible;

    fn sample(&mut self, s: &Sample<'_>) -> Result<(), Self::Error> {
        let unit = s.unit.unwrap_or("-");
        let Sample { site, device, quantity, at, value, .. } = s;
        self.0.push(format!("{} {site}/{device}/{quantity} {at} {value} {unit}", s.place.item));
        Ok(())
    }

    fn refuse(&mut self, r: Refusal) -> Result<(), Self::Error> {
        let quantity = r.quantity.unwrap_or_default();
        self.0.push(format!("{} {} {quantity} {}", r.place.item, r.code, r.reason));
        Ok(())
    }
}

/// A reader from the keys of a `[[reader]]`.
fn reader(keys: &str) -> Reader {
    let plan = format!(
        "mrv_plan = 1\nproject = \"p\"\nnumber = 1\nvalid_from = \"2000-01-01T00:00:00Z\"\n\
         [registered]\ntitle = \"t\"\ncountry = \"TH\"\npdd_version = \"1\"\nmethodology = \"M\"\n\
         zone = \"UTC\"\ncrediting = {{ from = \"2000-01-01\", to = \"2030-12-31\" }}\n\
         [[reader]]\nname = \"r\"\n{keys}\n"
    );
    let mut plan = Plan::parse("plan", &plan).unwrap_or_else(|found| panic!("{}", found[0]));
    plan.readers.remove(0)
}

fn decoded(reader: &Reader, bytes: &[u8]) -> Vec<String> {
    decoded_from(reader, bytes, 0)
}

fn decoded_from(reader: &Reader, mut bytes: &[u8], first_item: i64) -> Vec<String> {
    let mut seen = Seen::default();
    let context = Context { name: "mrv/v1/p/roof/inv", leaf: 0, first_item };
    let Ok(()) = decode(reader, context, &mut bytes, &mut seen);
    seen.0
}

#[test]
fn the_default_payload_is_one_record_or_many() {
    let reader = reader("topic = \"#\"\nformat = \"json\"");
    let cases: &[(&str, &[&str])] = &[
        (
            r#"{"ts":"2026-11-23T00:15:00Z","values":{"EG":123.456}}"#,
            &["0 roof/inv/EG 2026-11-23T00:15:00Z 123.456 -"],
        ),
        (
            r#"[{"ts":1795392900000,"values":{"EG":1e3,"U":"231.20"}},{"ts":"1795392900000","values":{"EG":0.1234567890123456789}}]"#,
            &[
                "0 roof/inv/EG 2026-11-23T00:15:00Z 1000 -",
                "1 roof/inv/U 2026-11-23T00:15:00Z 231.2 -",
                "2 roof/inv/EG 2026-11-23T00:15:00Z 0.1234567890123456789 -",
            ],
        ),
        (
            r#"{"ts":1795392900000,"values":{"a":null,"b":true,"c":"x","a":1}}"#,
            &[
                "0 V-MISSING a the value is null",
                "1 V-SCHEMA b true is no number",
                "2 V-SCHEMA c \"x\": not a decimal number; write digits with an optional sign, point and exponent",
                "3 roof/inv/a 2026-11-23T00:15:00Z 1 -",
            ],
        ),
        (r#"{"ts":"2026-11-23T00:15:00","values":{"a":1,"b":2}}"#, &["0 V-TIME a", "1 V-TIME b"]),
        (r#"{"values":{"a":1}}"#, &["0 V-TIME a no stamp, or more than one, at pointer \"/ts\""]),
        (r#"{"ts":1795392900000}"#, &["0 V-SCHEMA  no object of values at pointer \"/values\""]),
        (r#"{"ts":1795392900000,"values":{}}"#, &["0 V-SCHEMA  a record without any value"]),
        ("[]", &["0 V-SCHEMA  an empty array"]),
        ("{\"ts\":", &["0 V-SCHEMA  not JSON: EOF while parsing a value at line 1 column 6"]),
        ("", &["0 V-SCHEMA  not JSON"]),
    ];
    for (payload, expected) in cases {
        let got = decoded(&reader, payload.as_bytes());
        assert_eq!(got.len(), expected.len(), "{payload}: {got:?}");
        for (got, expected) in got.iter().zip(*expected) {
            assert!(got.starts_with(expected), "{payload}: {got}");
        }
    }
}

#[test]
fn other_shapes_are_mapped_by_pointers() {
    let reader = reader(
        "topic = \"#\"\nformat = \"json\"\nstamp_pointer = \"/Time\"\nstamp = \"%Y-%m-%dT%H:%M:%S\"\n\
         zone = \"Asia/Tokyo\"\nsite = \"home\"\ndevice = \"/id\"\nsentinels = [-1]\n\
         [[reader.value]]\npointer = \"/ENERGY/Total\"\nquantity = \"EG\"\nunit = \"kWh\"\n\
         [[reader.value]]\npointer = \"/ENERGY/Power\"\nquantity = \"P\"",
    );
    let payload =
        r#"{"Time":"2023-08-21T15:05:31","id":"plug","ENERGY":{"Total":196.708,"Power":-1}}"#;
    assert_eq!(
        decoded(&reader, payload.as_bytes()),
        [
            "0 home/plug/EG 2023-08-21T06:05:31Z 196.708 kWh",
            "1 V-MISSING P -1 is declared to mean no value",
        ]
    );
}

#[test]
fn lines_are_documents_and_items_go_on_over_them() {
    let reader = reader("file = \"*\"\nformat = \"jsonl\"\nsite = \"s\"\ndevice = \"d\"");
    let text = "{\"ts\":0,\"values\":{\"a\":1}}\r\n\n{\"ts\":}\n{\"ts\":1000,\"values\":{\"a\":2}}";
    assert_eq!(
        decoded(&reader, text.as_bytes()),
        [
            "0 s/d/a 1970-01-01T00:00:00Z 1 -",
            "1 V-SCHEMA  not JSON: line 3 column 7: expected value at line 1 column 7",
            "2 s/d/a 1970-01-01T00:00:01Z 2 -",
        ]
    );
    assert_eq!(decoded_from(&reader, text.as_bytes(), 2).len(), 1);
}

const LONG: &str = "file = \"*\"\nformat = \"csv\"\nsite = \"s\"\ndevice_column = \"meter\"\n\
    quantity = \"EG\"\nvalue_column = \"kwh\"\nstamp_column = \"when\"\n";

#[test]
fn a_long_file_has_one_item_per_row() {
    let keys = format!(
        "{LONG}stamp = \"%d/%m/%Y %H:%M\"\nzone = \"Asia/Bangkok\"\nmissing = [\"n/a\", \"\"]\nsentinels = [-1000000]"
    );
    let file = "meter,when,kwh\nm1,01/02/2026 07:00,1.5\nm2,01/02/2026 07:00,-1e6\nm1,31/02/2026 07:00,1\n\
                m1,01/02/2026 07:15,n/a\nm1,01/02/2026 07:15,\nm1,x\n\n,,\nm1,01/02/2026 07:30,\"2\"\n";
    assert_eq!(
        decoded(&reader(&keys), file.as_bytes()),
        [
            "0 s/m1/EG 2026-02-01T00:00:00Z 1.5 -",
            "1 V-MISSING EG line 3: -1e6 is declared to mean no value",
            "2 V-TIME EG line 4: \"31/02/2026 07:00\" names a day that does not exist",
            "3 V-MISSING EG line 5: \"n/a\" is declared to mean no value",
            "4 V-MISSING EG line 6: \"\" is declared to mean no value",
            "5 V-SCHEMA EG line 7 has 2 cells where 3 belong",
            "6 s/m1/EG 2026-02-01T00:30:00Z 2 -",
        ]
    );
}

#[test]
fn a_wide_file_has_one_item_per_cell() {
    let keys = "file = \"*\"\nformat = \"csv\"\nstamp_column = \"t\"\nstamp = \"epoch-s\"\n\
        delimiter = \";\"\ndecimal = \"comma\"\nthousands = \".\"\n\
        [[reader.column]]\ncolumn = \"A\"\nchannel = \"s/d/a\"\nunit = \"kWh\"\n\
        [[reader.column]]\ncolumn = \"B\"\nchannel = \"s/d/b\"";
    let file = "t;A;note;B\n0;1.234.567,5;x;2\n900;1.23,5;y;3.0\n";
    assert_eq!(
        decoded(&reader(keys), file.as_bytes()),
        [
            "0 s/d/a 1970-01-01T00:00:00Z 1234567.5 kWh",
            "1 s/d/b 1970-01-01T00:00:00Z 2 -",
            "2 V-SCHEMA a line 3: \"1.23,5\" has its thousands separators in the wrong places",
            "3 V-SCHEMA b line 3: \"3.0\" has its thousands separators in the wrong places",
        ]
    );
}

#[test]
fn a_missing_column_names_those_that_are_there() {
    let keys = format!("{LONG}stamp = \"epoch-s\"");
    let got = decoded(&reader(&keys), b"meter,time,kwh\nm,0,1\n");
    assert_eq!(got, ["0 V-SCHEMA  there is no column \"when\"; the columns are meter, time, kwh"]);
}

#[test]
fn files_come_in_their_declared_encodings() {
    let head = "file = \"*\"\nformat = \"csv\"\nsite = \"s\"\ndevice = \"d\"\nquantity = \"q\"\nstamp_column = \"時刻\"\nstamp = \"epoch-s\"\nvalue_column = \"v\"\n";
    let text = "時刻,v\n0,1\n";
    let utf16: Vec<u8> =
        [0xFEFFu16].into_iter().chain(text.encode_utf16()).flat_map(u16::to_be_bytes).collect();
    let sjis = encoding_rs::SHIFT_JIS.encode(text).0.into_owned();
    let gbk = encoding_rs::GBK.encode(text).0.into_owned();
    let bom = [&[0xEF, 0xBB, 0xBF], text.as_bytes()].concat();
    let thai_head = head.replace("時刻", "เวลา");
    let thai = encoding_rs::WINDOWS_874.encode("เวลา,v\n0,1\n").0.into_owned();
    for (keys, encoding, bytes) in [
        (head, "utf-8", bom),
        (head, "utf-8", text.as_bytes().to_vec()),
        (head, "utf-16", utf16),
        (head, "cp932", sjis),
        (head, "gbk", gbk),
        (&thai_head, "windows-874", thai),
    ] {
        let reader = reader(&format!("{keys}encoding = \"{encoding}\""));
        assert_eq!(decoded(&reader, &bytes), ["0 s/d/q 1970-01-01T00:00:00Z 1 -"], "{encoding}");
    }
    let broken = [text.as_bytes(), b"900,\xFF\n1800,3\n"].concat();
    let got = decoded(&reader(head), &broken);
    assert_eq!(got[1], "1 V-SCHEMA q line 3 has bytes that are no text in its encoding");
    assert_eq!(got.len(), 3);
}

#[test]
fn deep_and_long_payloads_are_refused_and_not_fatal() {
    let reader = reader("topic = \"#\"\nformat = \"json\"");
    let deep = "[".repeat(100_000);
    assert_eq!(decoded(&reader, deep.as_bytes()).len(), 1);
    let nested = format!("{{\"ts\":0,\"values\":{{\"a\":{}1{}}}}}", "[".repeat(60), "]".repeat(60));
    assert!(decoded(&reader, nested.as_bytes())[0].starts_with("0 V-SCHEMA a"));
    let huge = format!("{{\"ts\":0,\"values\":{{\"a\":{}}}}}", "9".repeat(100_000));
    assert!(decoded(&reader, huge.as_bytes())[0].starts_with("0 V-SCHEMA a"));
}

/// Gives its bytes in pieces of the given lengths.
struct Pieces<'a> {
    bytes: &'a [u8],
    lengths: std::iter::Cycle<std::slice::Iter<'a, usize>>,
}

impl Read for Pieces<'_> {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        let length = self.lengths.next().copied().unwrap_or(1).min(out.len());
        self.bytes.read(&mut out[..length])
    }
}

proptest! {
    #[test]
    fn no_bytes_make_a_decoder_fail(bytes in prop::collection::vec(any::<u8>(), 0..200), at in 0usize..60, with in any::<u8>()) {
        let mut json = br#"[{"ts":1795392900000,"values":{"EG":1.5,"U":"2"}}]"#.to_vec();
        let mut csv = b"meter,when,kwh\nm,0,1\nm,900,2\n\"a\"\"b\",1,3\n".to_vec();
        for sample in [&mut json, &mut csv] {
            let place = at % sample.len();
            sample[place] = with;
        }
        for (keys, sample) in [
            ("topic = \"#\"\nformat = \"json\"".to_owned(), json.clone()),
            ("topic = \"#\"\nformat = \"jsonl\"".to_owned(), json),
            (format!("{LONG}stamp = \"epoch-s\""), csv.clone()),
            (format!("{LONG}stamp = \"epoch-s\"\nencoding = \"utf-16\""), csv),
        ] {
            let reader = reader(&keys);
            decoded(&reader, &bytes);
            decoded(&reader, &sample);
        }
    }

    #[test]
    fn pieces_of_any_length_give_the_same_items(
        values in prop::collection::vec(-1_000_000i64..1_000_000, 1..40),
        lengths in prop::collection::vec(1usize..30, 1..5),
        first_item in 0i64..20,
    ) {
        let reader = reader(&format!("{LONG}stamp = \"epoch-s\""));
        let mut file = "meter,when,kwh\n".to_owned();
        for (number, value) in values.iter().enumerate() {
            file.push_str(&format!("m,{},{}.{:03}\n", number * 900, value / 1_000, value.abs() % 1_000));
        }
        let whole = decoded_from(&reader, file.as_bytes(), first_item);
        prop_assert_eq!(whole.len() as i64, (values.len() as i64 - first_item).max(0));
        let mut seen = Seen::default();
        let context = Context { name: "f.csv", leaf: 0, first_item };
        let mut pieces = Pieces { bytes: file.as_bytes(), lengths: lengths.iter().cycle() };
        let Ok(()) = decode(&reader, context, &mut pieces, &mut seen);
        prop_assert_eq!(seen.0, whole);
    }
}
