//! Steps, findings and versions, act by act: what is taken, and what a refusal says.

use super::*;
use crate::decode::act::{
    Finding, FindingClose, FindingReply, Hold, HoldLift, Seal, SealedValue, StatedYear, Step,
    StepKind, TpeReport,
};
use crate::domain::time::Date;

/// Tries acts one after the other.
#[derive(Default)]
struct Log {
    life: Life,
    number: u32,
}

impl Log {
    /// The number of an act that must be taken.
    fn taken(&mut self, content: Content) -> u32 {
        self.tried(content).unwrap()
    }

    fn refused(&mut self, content: Content) -> String {
        let before = format!("{:?}", self.life);
        let reason = self.tried(content).unwrap_err();
        assert_eq!(format!("{:?}", self.life), before, "a refused act alters nothing");
        reason
    }

    fn tried(&mut self, content: Content) -> Result<u32, String> {
        let act = Act { number: self.number + 1, content };
        // What is recorded reads back: no field hides the act's own.
        assert_eq!(Act::parse(&act.encode().unwrap()).unwrap(), act);
        self.life.take(i64::from(act.number) + 100, &act).map_err(|error| error.to_string())?;
        self.number += 1;
        Ok(self.number)
    }

    fn state(&self, year: i16) -> &'static str {
        self.life.latest(period(year)).map_or("open", |version| version.state().words())
    }
}

fn text(text: &str) -> String {
    text.to_owned()
}

fn period(year: i16) -> PeriodKey {
    (Date::new(year, 1, 1).unwrap(), Date::new(year, 12, 31).unwrap())
}

fn seal(year: i16, version: u32, unresolved: i64) -> Content {
    let (from, to) = period(year);
    Content::Seal(Seal {
        from: from.to_string(),
        to: to.to_string(),
        version,
        reason: text(if version > 1 { "late" } else { "" }),
        prepared_by: text("Ann"),
        reviewed_by: text("Bo"),
        log_size: 10,
        log_root: String::new(),
        unresolved,
        figures: String::new(),
        years: Vec::new(),
        history: Vec::new(),
        shares: Vec::new(),
    })
}

fn step(kind: StepKind, year: i16, version: u32, change: impl FnOnce(&mut Step)) -> Content {
    let (from, to) = period(year);
    let mut step = Step {
        from: from.to_string(),
        to: to.to_string(),
        version,
        step: text(kind.as_str()),
        author: text("Cy"),
        post: text("director"),
        date: text("2021-03-01"),
        reference: text("LRQA"),
        document: text("d"),
        note: text("because"),
    };
    change(&mut step);
    Content::Step(step)
}

fn report(version: u32, change: impl FnOnce(&mut TpeReport)) -> Content {
    let mut report = TpeReport {
        from: text("2020-01-01"),
        to: text("2020-12-31"),
        version,
        tpe: text("LRQA"),
        report_number: text("VR-7"),
        date: text("2021-05-01"),
        opinion: text("positive"),
        conclusion: text("unqualified"),
        document: text("d"),
        amounts: vec![StatedYear {
            year: 2020,
            re: text("371.476"),
            pe: text("0"),
            er: text("371"),
            ..StatedYear::default()
        }],
        author: text("Ann"),
        ..TpeReport::default()
    };
    change(&mut report);
    Content::TpeReport(report)
}

fn finding(kind: &str, year: i16, version: u32) -> Content {
    let (from, to) = period(year);
    Content::Finding(Finding {
        kind: text(kind),
        from: from.to_string(),
        to: to.to_string(),
        version,
        tpe: text("LRQA"),
        author: text("V. Verifier"),
        date: text("2021-03-10"),
        about: vec![text("device:roof/meter-1")],
        text: text("the plate shows another serial"),
        ..Finding::default()
    })
}

fn reply(finding: u32, author: &str) -> Content {
    Content::FindingReply(FindingReply {
        finding,
        author: text(author),
        post: text("operator"),
        date: text("2021-03-20"),
        text: text("exchanged in June, see the record"),
        documents: Vec::new(),
    })
}

fn close(finding: u32, change: impl FnOnce(&mut FindingClose)) -> Content {
    let mut close = FindingClose {
        finding,
        tpe: text("lrqa "),
        author: text("V. Verifier"),
        date: text("2021-04-01"),
        text: text("solved"),
        ..FindingClose::default()
    };
    change(&mut close);
    Content::FindingClose(close)
}

use StepKind::{Decision, IssuanceRequest, Submission, Verification, Withdrawal};

#[test]
fn a_period_takes_its_steps_in_their_order_and_no_other() {
    let mut log = Log::default();
    assert_eq!(log.state(2020), "open");
    let none = log.refused(step(Submission, 2020, 1, |_| {}));
    assert!(none.contains("2020-01-01 to 2020-12-31 is not sealed"), "{none}");
    log.taken(seal(2020, 1, 0));
    let (from, to) = (text("2020-01-01"), text("2020-12-31"));
    for (wrong, expected) in [
        (step(Submission, 2020, 1, |s| s.author = text(" ann")), "an approver is a third person"),
        (step(Submission, 2020, 1, |s| s.author = text("BO")), "an approver is a third person"),
        (step(Submission, 2020, 1, |s| s.post.clear()), "needs its post"),
        (step(Submission, 2020, 1, |s| s.date = text("soon")), "soon"),
        (step(Submission, 2020, 2, |_| {}), "version 1 of 2020-01-01 to 2020-12-31 stands"),
        (step(Verification, 2020, 1, |_| {}), "is sealed; a verification follows submitted"),
        (step(IssuanceRequest, 2020, 1, |_| {}), "follows TPE report recorded"),
        (step(Submission, 2020, 1, |s| s.step = text("hop")), "is no step"),
        (report(1, |_| {}), "recorded of what is under verification"),
        (finding("CAR", 2020, 1), "findings are raised under verification"),
        (
            Content::Materiality(Materiality {
                from: from.clone(),
                to: to.clone(),
                tpe: text("LRQA"),
                date: text("2021-03-01"),
                ..Materiality::default()
            }),
            "needs its value",
        ),
    ] {
        let told = log.refused(wrong);
        assert!(told.contains(expected), "{expected}: {told}");
    }
    log.taken(step(Submission, 2020, 1, |_| {}));
    assert_eq!(log.state(2020), "submitted");
    let told = log.refused(step(Verification, 2020, 1, |s| s.reference.clear()));
    assert!(told.contains("third-party entity"), "{told}");
    let told = log.refused(step(Verification, 2020, 1, |s| s.date = text("2021-02-01")));
    assert!(told.contains("is dated 2021-03-01, after 2021-02-01"), "{told}");
    log.taken(step(Verification, 2020, 1, |_| {}));
    assert_eq!(log.state(2020), "under verification");
    for (wrong, expected) in [
        (report(1, |r| r.tpe = text("Other")), "LRQA verifies"),
        (report(1, |r| r.document.clear()), "needs its document"),
        (report(1, |r| r.conclusion = text("adverse")), "is no opinion of the form"),
        (report(1, |r| r.opinion = text("fine")), "is no opinion of the form"),
        (report(1, |r| r.opinion = text("negative")), "is no opinion of the form"),
        (report(1, |r| r.conclusion = text("qualified")), "needs its reasons"),
        (report(1, |r| r.amounts.clear()), "the amounts of 2020 are not stated"),
        (report(1, |r| r.amounts[0].year = 2019), "2019 lies outside"),
        (report(1, |r| r.amounts[0].er = text("371.5")), "not whole tCO2e"),
    ] {
        let told = log.refused(wrong);
        assert!(told.contains(expected), "{expected}: {told}");
    }
    log.taken(report(1, |_| {}));
    assert_eq!(log.state(2020), "TPE report recorded");
    log.taken(step(IssuanceRequest, 2020, 1, |_| {}));
    let told = log.refused(step(Decision, 2020, 1, |s| s.document.clear()));
    assert!(told.contains("needs its document"), "{told}");
    log.taken(step(Decision, 2020, 1, |_| {}));
    assert_eq!(log.state(2020), "JC decision recorded");
    assert!(log.refused(step(Withdrawal, 2020, 1, |_| {})).contains("it stays so"));
}

#[test]
fn issuance_is_requested_on_a_positive_opinion_alone_and_what_is_withdrawn_can_be_restated() {
    let mut log = Log::default();
    log.taken(seal(2020, 1, 0));
    log.taken(step(Submission, 2020, 1, |_| {}));
    log.taken(step(Verification, 2020, 1, |_| {}));
    log.taken(report(1, |r| {
        r.opinion = text("negative");
        r.conclusion = text("adverse");
        r.reasons = text("the meter was not calibrated");
        r.amounts.clear();
    }));
    let told = log.refused(step(IssuanceRequest, 2020, 1, |_| {}));
    assert!(told.contains("is negative"), "{told}");
    log.taken(step(Withdrawal, 2020, 1, |_| {}));
    assert_eq!(log.state(2020), "withdrawn");
    assert_eq!(log.life.may_restate(period(2020)).unwrap(), 2);
    assert!(log.refused(seal(2020, 3, 0)).contains("version 2 of"));
    log.taken(seal(2020, 2, 0));
    assert_eq!(log.state(2020), "sealed");
}

#[test]
fn no_positive_opinion_over_an_open_car_or_cl_and_the_entity_closes_what_it_raised() {
    let mut log = Log::default();
    log.taken(seal(2020, 1, 0));
    log.taken(step(Submission, 2020, 1, |_| {}));
    log.taken(step(Verification, 2020, 1, |_| {}));
    let mut nameless = finding("CAR", 2020, 1);
    if let Content::Finding(finding) = &mut nameless {
        finding.about = vec![text("meter 1")];
    }
    assert!(log.refused(nameless).contains("names nothing"));
    assert!(log.refused(finding("NOTE", 2020, 1)).contains("use CAR, CL or FAR"));
    let car = log.taken(finding("CAR", 2020, 1));
    let clarify = log.taken(finding("CL", 2020, 1));
    let far = log.taken(finding("FAR", 2020, 1));
    let names: Vec<&str> = log.life.findings().iter().map(|one| one.name.as_str()).collect();
    assert_eq!(names, ["CAR-1", "CL-1", "FAR-1"]);
    let told = log.refused(report(1, |_| {}));
    assert!(told.contains("CAR-1, CL-1 stand open"), "{told}");
    assert!(log.refused(close(car, |_| {})).contains("nobody has replied to CAR-1"));
    assert!(log.refused(reply(car, "V. Verifier")).contains("a reply is the participants'"));
    assert!(log.refused(reply(99, "Ann")).contains("is no finding"));
    log.taken(reply(car, "Ann"));
    for (wrong, expected) in [
        (close(car, |c| c.tpe = text("Ann's office")), "was raised by LRQA, who closes it"),
        (close(car, |c| c.author = text("ann")), "replied to CAR-1"),
        (close(car, |c| c.version = Some(2)), "has no version 2"),
    ] {
        let told = log.refused(wrong);
        assert!(told.contains(expected), "{expected}: {told}");
    }
    // The restatement solves it: version 2, which is submitted and taken up anew.
    log.taken(seal(2020, 2, 0));
    log.taken(close(car, |c| c.version = Some(2)));
    assert!(log.refused(close(car, |_| {})).contains("CAR-1 is closed"));
    log.taken(step(Submission, 2020, 2, |_| {}));
    log.taken(step(Verification, 2020, 2, |_| {}));
    assert!(log.refused(report(2, |_| {})).contains("CL-1 stand open"));
    log.taken(report(2, |r| {
        r.opinion = text("negative");
        r.conclusion = text("disclaimer");
        r.reasons = text("no access");
    }));
    // A forward action request stands in the reports of later periods until it is closed.
    let shown = |log: &Log, year: i16| -> Vec<String> {
        log.life.findings_of(period(year)).map(|one| one.name.clone()).collect()
    };
    assert_eq!(shown(&log, 2020), ["CAR-1", "CL-1", "FAR-1"]);
    assert_eq!(shown(&log, 2021), ["FAR-1"]);
    assert_eq!(shown(&log, 2019), Vec::<String>::new());
    log.taken(close(far, |_| {}));
    assert_eq!(shown(&log, 2021), Vec::<String>::new());
    log.taken(reply(clarify, "Ann"));
    assert_eq!(log.life.finding(clarify).unwrap().replies.len(), 1);
}

#[test]
fn later_periods_follow_a_restated_one_in_the_order_of_time() {
    let mut log = Log::default();
    log.taken(seal(2020, 1, -10));
    log.taken(seal(2021, 1, 0));
    log.taken(seal(2022, 1, 0));
    assert_eq!(log.life.latest(period(2021)).unwrap().carried_in, -10);
    assert_eq!(log.life.first_outdated(), None);
    // A restatement that leaves the same outdates nobody.
    log.taken(seal(2020, 2, -10));
    assert_eq!(log.life.first_outdated(), None);
    log.taken(seal(2020, 3, -25));
    let (first, reason) = log.life.first_outdated().unwrap();
    assert_eq!(first, period(2021));
    assert!(reason.contains("takes over -10 tCO2e from version 1"), "{reason}");
    assert!(reason.contains("version 3 leaves -25"), "{reason}");
    let told = log.refused(step(Submission, 2021, 1, |_| {}));
    assert!(told.contains("restate 2021-01-01 to 2021-12-31 first"), "{told}");
    let told = log.life.may_restate(period(2022)).unwrap_err().to_string();
    assert!(told.contains("restate 2021-01-01 to 2021-12-31 first"), "{told}");
    assert_eq!(log.life.may_restate(period(2021)).unwrap(), 2);
    log.taken(seal(2021, 2, -5));
    assert_eq!(log.life.latest(period(2021)).unwrap().carried_in, -25);
    let (first, _) = log.life.first_outdated().unwrap();
    assert_eq!(first, period(2022));
    log.taken(seal(2022, 2, 0));
    assert_eq!(log.life.first_outdated(), None);
    // Values that equations look back at outdate every later period.
    let mut altered = seal(2020, 4, -25);
    if let Content::Seal(seal) = &mut altered {
        let (low, high) = (text("1"), text("1"));
        let (methodology, symbol, unit) = (text("M"), text("P"), text("t"));
        let members = Vec::new();
        seal.history = vec![SealedValue { methodology, symbol, members, unit, low, high }];
    }
    log.taken(altered);
    assert!(log.life.outdated(period(2022)).unwrap().contains("look back"));
    assert!(log.life.may_restate(period(2019)).unwrap_err().to_string().contains("is not sealed"));
}

#[test]
fn a_hold_stands_until_it_is_lifted() {
    let mut log = Log::default();
    let hold = |from: &str, to: &str, finding: Option<u32>| {
        Content::Hold(Hold {
            site: text("roof"),
            device: text("meter-1"),
            from: text(from),
            to: text(to),
            author: text("Ann"),
            reason: text("the plate shows another serial"),
            finding,
            ..Hold::default()
        })
    };
    let (from, to) = ("2020-06-01T00:00:00Z", "2020-07-01T00:00:00Z");
    assert!(log.refused(hold(to, from, None)).contains("ends after it begins"));
    assert!(log.refused(hold("June", "", None)).contains("June"));
    assert!(log.refused(hold(from, "", Some(7))).contains("is no finding"));
    let act = log.taken(hold(from, "", None));
    assert!(log.life.holds()[0].lifted.is_none());
    let lift = |hold: u32| {
        let (author, reason) = (text("Ann"), text("the record of the exchange was found"));
        Content::HoldLift(HoldLift { hold, author, reason, ..HoldLift::default() })
    };
    assert!(log.refused(lift(99)).contains("is no hold"));
    log.taken(lift(act));
    assert!(log.life.holds()[0].lifted.is_some());
    assert!(log.refused(lift(act)).contains("lifted already"));
}

#[test]
fn what_is_checked_shown_and_answered_needs_post_date_and_reason() {
    let mut log = Log::default();
    let check = |month: &str, date: &str, findings: &str| {
        Content::MonthlyCheck(MonthlyCheck {
            month: text(month),
            author: text("Ann"),
            post: text("operator"),
            date: text(date),
            what: text("registers against the log book"),
            findings: text(findings),
            ..MonthlyCheck::default()
        })
    };
    assert!(log.refused(check("2020-13", "2021-01-02", "none")).contains("2020-13"));
    assert!(log.refused(check("2020-03", "2020-02-28", "none")).contains("was not done on"));
    assert!(log.refused(check("2020-03", "2020-04-02", "")).contains("needs its findings"));
    log.taken(check("2020-03", "2020-04-02", "none"));
    let response = |code: &str, channel: &str, reason: &str| {
        Content::Response(Response {
            code: text(code),
            from: text("2020-01-01"),
            to: text("2020-12-31"),
            channel: text(channel),
            author: text("Ann"),
            post: text("operator"),
            date: text("2021-01-10"),
            reason: text(reason),
            ..Response::default()
        })
    };
    assert!(log.refused(response("V-NONE", "", "why")).contains("is no flag"));
    assert!(log.refused(response("V-GAP", "roof", "why")).contains("names no channel"));
    assert!(log.refused(response("V-GAP", "", " ")).contains("needs its reason"));
    log.taken(response("V-GAP", "roof/meter-1/EG", "the line was down"));
    let evidence = |document: &str| {
        Content::Evidence(Evidence {
            criterion: text("1"),
            from: text("2020-01-01"),
            to: text("2020-12-31"),
            author: text("Ann"),
            post: text("operator"),
            date: text("2021-01-10"),
            text: text("the chiller is of the listed type"),
            document: text(document),
        })
    };
    assert!(log.refused(evidence("")).contains("needs its document"));
    log.taken(evidence("d"));
    let sample = |achieved: &str| {
        Content::SampleResult(SampleResult {
            parameter: text("N"),
            from: text("2020-01-01"),
            to: text("2020-12-31"),
            achieved: text(achieved),
            author: text("Ann"),
            post: text("operator"),
            date: text("2021-01-10"),
            document: text("d"),
            ..SampleResult::default()
        })
    };
    assert!(log.refused(sample("good")).contains("no confidence and precision"));
    log.taken(sample("90/8.7"));
    let counts = [
        log.life.checks().len(),
        log.life.responses().len(),
        log.life.evidence().len(),
        log.life.samples().len(),
    ];
    assert_eq!(counts, [1, 1, 1, 1]);
}
