//! A sealed report comes out of the messages byte for byte, whatever arrived after it.

mod sealed;

use mrv::domain::time::Date;
use mrv::period::Period;
use mrv::report::collect::Named;
use mrv::report::recompute::Past;
use mrv::report::{Report, json};

use sealed::{FROM, TO, sealed};

#[test]
fn a_sealed_report_comes_out_of_its_messages_byte_for_byte() {
    let kept = sealed(7);
    let scratch = tempfile::tempdir().unwrap();
    let written = std::fs::read_to_string(kept.report.join("report.json")).unwrap();
    let size = kept.seal.log_size;
    {
        let mut past = Past::of_folder(&kept.layout, &kept.id, size, scratch.path()).unwrap();
        let statement = past.sealed(&kept.seal).unwrap();
        assert_eq!(statement.digest.to_string(), kept.seal.figures);
        assert_eq!(json::write(&Report::of(&statement)).unwrap(), written);
    }
    let left = std::fs::read_dir(scratch.path()).unwrap().count();
    assert_eq!(left, 0, "nothing is left of the tables");

    // A draft over the whole log is another one: the gap is filled and the old value contradicted.
    let size = kept.seal_leaf + 3;
    let mut past = Past::of_folder(&kept.layout, &kept.id, size, scratch.path()).unwrap();
    let (from, to) = (Date::parse(FROM).unwrap(), Date::parse(TO).unwrap());
    let collected = past.collect(Period::new(from, to).unwrap()).unwrap();
    let refused = collected.state(Named::default()).unwrap_err().to_string();
    assert!(refused.contains("V-OVERLAP"), "{refused}");

    let told = Past::of_folder(&kept.layout, &kept.id, size + 1, scratch.path()).err().unwrap();
    assert!(told.to_string().contains("leaves, not"), "{told}");
}
