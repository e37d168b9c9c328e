//! Amounts in statements: documents split by days, gaps between them, and what counts by bounds.

use mrv::decode::amount::{AmountCheck, AmountEntry, Ledger};
use mrv::domain::decimal::Decimal;
use mrv::domain::digest::Sha256Digest;
use mrv::domain::flag::{Code, Severity};
use mrv::period::Statement;

use crate::fixture::{ENGINE_PLAN, Project};
use crate::messages;
use crate::methodologies::ENGINE_METHODOLOGY;

const METER: &str = "s/engine/EG";

fn decimal(text: &str) -> Decimal {
    Decimal::parse(text).unwrap()
}

/// The engine of the samples: what it generates is metered, what it consumes is on invoices.
fn engine(parameter: &str) -> Project {
    let (before, rest) =
        ENGINE_PLAN.split_once("[[registered.parameter]]\nsymbol = \"EC\"").unwrap();
    let (_, after) = rest.split_once("[[registered.fixed]]").unwrap();
    let plan = format!(
        "{before}[[registered.parameter]]\nsymbol = \"EC\"\n{parameter}\n[[registered.fixed]]{after}"
    );
    Project::new(&plan, ENGINE_METHODOLOGY)
}

const INVOICED: &str =
    "point = \"(2)\"\noption = \"B\"\namounts = true\nunit = \"MWh\"\ncapacity = \"1 MW\"\n";

fn invoice(from: &str, to: &str, value: &str) -> AmountEntry {
    AmountEntry {
        parameter: "EC".to_owned(),
        from: from.to_owned(),
        to: to.to_owned(),
        value: value.to_owned(),
        unit: "MWh".to_owned(),
        kind: "invoice".to_owned(),
        document: Sha256Digest::of(b"bill").to_string(),
        document_number: format!("INV {from}"),
        entered_by: "Ann".to_owned(),
        checked_by: "Bo".to_owned(),
        ..AmountEntry::default()
    }
}

/// Records amounts, whose one document the log has.
fn record(project: &mut Project, entries: &[AmountEntry], checks: &[AmountCheck]) {
    let mut ledger = Ledger::default();
    ledger.add_document(Sha256Digest::of(b"bill"), 50);
    for (number, entry) in (1..).zip(entries) {
        ledger.add(number, 100 + i64::from(number), entry).unwrap();
    }
    checks.iter().for_each(|check| ledger.check(check));
    project.amounts = ledger.standing();
}

fn input(statement: &Statement, year: usize) -> (Option<Decimal>, Option<Decimal>, Decimal) {
    let input = &statement.years[year].inputs[1];
    assert_eq!(input.symbol, "EC");
    (input.total.low, input.total.high, input.chosen)
}

#[test]
fn day_5_an_invoice_over_new_year_is_split_by_days_and_july_missing_is_a_gap() {
    let mut project = engine(INVOICED);
    let generated = project.whole(METER, "2021-12-01", "2022-01-16", 1_000_000_000);
    project.measure(METER, generated);
    record(&mut project, &[invoice("2021-12-16", "2022-01-15", "310.000")], &[]);
    let statement = project.state("2021-12-16", "2022-01-15").unwrap();
    let exact = |value: &str| (Some(decimal(value)), Some(decimal(value)), decimal(value));
    assert_eq!(input(&statement, 0), exact("160"));
    assert_eq!(input(&statement, 1), exact("150"));
    assert_eq!(
        messages(&statement, Code::Billing),
        [
            "EC: invoice INV 2021-12-16 (act 1) of 2021-12-16 to 2022-01-15, 310 MWh, does not match a \
          month of the period; split by days: 2021-12 160 MWh, 2022-01 150 MWh"
        ]
    );
    let documents = &statement.parameters[1].documents;
    assert_eq!(documents.len(), 1);
    assert_eq!(documents[0].standing, "counts");

    // June and August are invoiced, July is not: 31 days of up to 1 MW, and PE counts them high.
    let mut project = engine(INVOICED);
    let june_to_august = project.whole(METER, "2022-06-01", "2022-09-01", 1_000_000_000);
    project.measure(METER, june_to_august);
    let bills =
        [invoice("2022-06-01", "2022-06-30", "300"), invoice("2022-08-01", "2022-08-31", "310")];
    record(&mut project, &bills, &[]);
    let statement = project.state("2022-06-01", "2022-08-31").unwrap();
    let july = decimal("1354");
    assert_eq!(input(&statement, 0), (Some(decimal("610")), Some(july), july));
    assert_eq!(
        messages(&statement, Code::Document),
        [
            "EC: no document covers 2022-07-01 to 2022-07-31 (31 days); a gap that counts by its bounds, \
          never as zero"
        ]
    );
    let months: Vec<_> =
        statement.parameters[1].months.iter().map(|(_, month)| month.measured).collect();
    assert_eq!(months, [Some(decimal("300")), None, Some(decimal("310"))]);
}

#[test]
fn what_is_unchecked_undocumented_or_contradicted_counts_by_bounds() {
    let whole = (Some(Decimal::ZERO), Some(decimal("720")), decimal("720"));
    let state = |entries: &[AmountEntry], checks: &[AmountCheck]| {
        let mut project = engine(INVOICED);
        let june = project.whole(METER, "2022-06-01", "2022-07-01", 1_000_000_000);
        project.measure(METER, june);
        record(&mut project, entries, checks);
        let statement = project.state("2022-06-01", "2022-06-30").unwrap();
        (input(&statement, 0), messages(&statement, Code::Document))
    };
    let june = |value| invoice("2022-06-01", "2022-06-30", value);
    let unchecked = AmountEntry { checked_by: String::new(), ..june("300") };
    let low_zero = |(input, told): ((Option<Decimal>, Option<Decimal>, Decimal), Vec<String>)| {
        assert_eq!(told.len(), 1, "{told:?}");
        (input, told[0].clone())
    };
    // A hold goes from the least to the most that it can be: what is stated is no bound.
    let (bounds, told) = low_zero(state(std::slice::from_ref(&unchecked), &[]));
    assert_eq!(bounds, whole);
    assert!(told.ends_with("counts by bounds: nobody but who entered it has checked it"), "{told}");
    let check = AmountCheck { amount: 1, checked_by: "Bo".to_owned() };
    let checked = state(&[unchecked], &[check]);
    assert_eq!(checked.0, (Some(decimal("300")), Some(decimal("300")), decimal("300")));
    let (bounds, told) =
        low_zero(state(&[AmountEntry { document: String::new(), ..june("300") }], &[]));
    assert_eq!(bounds, whole);
    assert!(told.ends_with("its document is missing"), "{told}");
    // Wh entered as kWh: far above what the engine can take.
    let (bounds, told) = low_zero(state(&[june("300000")], &[]));
    assert_eq!(bounds, (Some(Decimal::ZERO), Some(decimal("300000")), decimal("300000")));
    assert!(told.contains("V-CAPACITY"), "{told}");
    // Two replacements of one amount are a conflict: anything between them.
    let replacing =
        |value| AmountEntry { replaces: Some(1), reason: "read again".to_owned(), ..june(value) };
    let (bounds, told) = state(&[june("300"), replacing("200"), replacing("250")], &[]);
    assert_eq!(bounds, (Some(decimal("200")), Some(decimal("250")), decimal("250")));
    assert_eq!(told.len(), 2);
    assert!(told[0].contains("replacements contradict each other"), "{}", told[0]);
    let (bounds, told) = state(&[june("300"), replacing("200")], &[]);
    assert_eq!(bounds, (Some(decimal("200")), Some(decimal("200")), decimal("200")));
    assert_eq!(told, Vec::<String>::new());
}

#[test]
fn tickets_of_one_day_add_up_and_invoices_that_overlap_are_in_doubt() {
    let state = |entries: &[AmountEntry]| {
        let mut project = engine(INVOICED);
        let days = project.whole(METER, "2022-06-01", "2022-06-03", 1_000_000_000);
        project.measure(METER, days);
        record(&mut project, entries, &[]);
        input(&project.state("2022-06-01", "2022-06-02").unwrap(), 0)
    };
    let ticket = |from, to, value| AmountEntry {
        kind: "weighbridge-ticket".to_owned(),
        ..invoice(from, to, value)
    };
    let tickets =
        [ticket("2022-06-01", "2022-06-01", "1.5"), ticket("2022-06-01", "2022-06-02", "2")];
    assert_eq!(state(&tickets), (Some(decimal("3.5")), Some(decimal("3.5")), decimal("3.5")));
    let invoices =
        [invoice("2022-06-01", "2022-06-01", "3"), invoice("2022-06-01", "2022-06-02", "4")];
    // The first day is 2 or 3 or both, by bounds of the capacity; the second is in doubt as a whole.
    let (low, high, _) = state(&invoices);
    assert_eq!(low, Some(Decimal::ZERO));
    assert_eq!(high, Some(decimal("72")));
}

#[test]
fn a_document_bridges_what_a_meter_missed_and_never_more_than_it_can_have_missed() {
    let metered = "point = \"(2)\"\noption = \"C\"\namounts = true\nchannels = [\"s/engine/EC\"]\n\
                   unit = \"MWh\"\n";
    let state = |value: &str| {
        let mut project = engine(metered);
        let june = project.whole(METER, "2022-06-01", "2022-07-01", 1_000_000_000);
        project.measure(METER, june);
        // Nothing was measured from the 11th to the 20th.
        let channel = "s/engine/EC";
        let first = project.whole(channel, "2022-06-01", "2022-06-11", 100_000_000_000);
        project.measure(channel, first);
        let rest = project.whole(channel, "2022-06-21", "2022-07-01", 100_000_000_000);
        project.measure(channel, rest);
        record(&mut project, &[invoice("2022-06-01", "2022-06-30", value)], &[]);
        project.state("2022-06-01", "2022-06-30").unwrap()
    };
    let statement = state("290");
    let exact = (Some(decimal("290")), Some(decimal("290")), decimal("290"));
    assert_eq!(input(&statement, 0), exact);
    let total = &statement.years[0].inputs[1].total;
    assert_eq!(total.documented_us * 3, total.length_us);
    // 200 MWh were measured and ten days can take 240 MWh at most: 450 cannot be.
    let statement = state("450");
    assert_eq!(input(&statement, 0), (Some(decimal("200")), Some(decimal("440")), decimal("440")));
    let told = messages(&statement, Code::Document);
    assert!(told[0].contains("lie between 200 and 440 MWh over its days"), "{told:?}");
    let findings = statement.findings.iter();
    let mut of_document = findings.filter(|finding| finding.code == Code::Document);
    assert!(of_document.all(|finding| finding.severity == Severity::Critical));
}
