//! Acts: what reads back is what was written.
#![no_main]

use mrv::decode::act::{Act, Content, Settlements};

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let Ok(act) = Act::parse(data) else { return };
    let _ = Settlements::default().add(&act.content);
    if let Content::Seal(seal) = &act.content {
        let _ = seal.dates();
    }
    assert_eq!(Act::parse(&act.encode().unwrap()).unwrap(), act);
});
