//! Methodologies: read, and evaluated with the numbers that stand before the text (16 bytes).
#![no_main]

use mrv::methodology::Methodology;
use mrv::methodology::inputs::{Bounds, Inputs};
use mrv::methodology::Number;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let Some((numbers, text)) = data.split_at_checked(16) else { return };
    let Ok(text) = std::str::from_utf8(text) else { return };
    let methodology = match Methodology::parse("m.toml", text) {
        Ok(methodology) => methodology,
        Err(found) => return assert!(!found.is_empty()),
    };
    let members: Vec<String> = vec!["a".to_owned(), "b".to_owned()];
    let sets: Vec<_> =
        methodology.indices.iter().map(|index| (index.symbol.clone(), members.clone())).collect();
    let mut inputs = Inputs::new(&sets);
    for (place, parameter) in methodology.parameters.iter().enumerate() {
        let number = |of: usize| {
            let bytes = [numbers[of % 16], numbers[(of + 1) % 16]];
            i64::from(i16::from_le_bytes(bytes))
        };
        let (low, high) = (number(place), number(place + 5));
        let (low, high) = (low.min(high), low.max(high));
        let bounds = Bounds::new(Number::from_integer(low), Number::from_integer(high)).unwrap();
        for first in &members {
            let own: Vec<String> = parameter.indices.iter().map(|_| first.clone()).collect();
            let _ = inputs.set(&parameter.symbol, &own, bounds.clone(), parameter.unit.as_str());
        }
    }
    let _ = methodology.evaluate(&inputs);
});
