//! What the decoders' targets share: every item is told once, in order; told from the middle on, the
//! rest is the same.

use std::sync::OnceLock;

use mrv::config::plan::Plan;
use mrv::config::plan::reader::{Format, Reader};
use mrv::decode::{Context, Sink, decode};
use mrv::domain::reading::{Refusal, Sample};

/// The readers of `readers.toml` whose format is wanted.
pub fn readers(is_wanted: fn(&Format) -> bool) -> &'static [Reader] {
    static READERS: OnceLock<Vec<Reader>> = OnceLock::new();
    READERS.get_or_init(|| {
        let plan = match Plan::parse("readers.toml", include_str!("../readers.toml")) {
            Ok(plan) => plan,
            Err(found) => panic!("{}", found[0]),
        };
        plan.readers.into_iter().filter(|reader| is_wanted(&reader.format)).collect()
    })
}

#[derive(Default)]
struct Told(Vec<String>);

impl Sink for Told {
    type Error = std::convert::Infallible;

    fn sample(&mut self, sample: &Sample<'_>) -> Result<(), Self::Error> {
        self.0.push(format!("{sample:?}"));
        Ok(())
    }

    fn refuse(&mut self, refusal: Refusal) -> Result<(), Self::Error> {
        self.0.push(format!("{refusal:?}"));
        Ok(())
    }
}

/// Decodes the bytes by the reader that the first of them picks.
pub fn decoded(readers: &[Reader], data: &[u8]) {
    let Some((first, bytes)) = data.split_first() else { return };
    let reader = &readers[usize::from(*first) % readers.len()];
    let all = from(reader, bytes, 0);
    let middle = all.len() / 2;
    assert_eq!(from(reader, bytes, middle as i64), all[middle..]);
}

fn from(reader: &Reader, mut bytes: &[u8], first_item: i64) -> Vec<String> {
    let mut told = Told::default();
    let context = Context { name: "mrv/v1/p/s/d", leaf: 7, first_item };
    let Ok(()) = decode(reader, context, &mut bytes, &mut told);
    told.0
}
