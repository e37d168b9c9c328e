//! V-SUBST: whatever stands for a value that was not measured is of a kind that may enter a claim, and
//! lies on the side that lowers ER: the equations were tried at its bounds and at every kink between. It
//! tells, and cannot fail: the quality codes are these and no others ([`Quality`]), so that a value of
//! another kind has no way into a claim.
//!
//! [`Quality`]: crate::domain::flag::Quality

use super::super::gap_log::GapFacts;
use super::super::paths::hours;
use super::super::statement::Statement;
use super::super::{Input, Noted};
use super::noted;
use crate::domain::flag::{Code, Severity};

/// The codes that may enter a claim, with their rules.
const ALLOWED: [&str; 5] = ["B", "T", "I", "K", "Z"];

pub fn check(_: &Input<'_>, statement: &Statement, findings: &mut Vec<Noted>) {
    for year in &statement.years {
        let of_year =
            |one: &&GapFacts| one.methodology == year.methodology && one.year == year.year;
        let gaps: Vec<&GapFacts> = statement.gaps.iter().filter(of_year).collect();
        let mut labels: Vec<&str> = gaps.iter().map(|one| one.label.as_str()).collect();
        labels.dedup();
        for label in labels {
            let mut parts = Vec::new();
            for code in ALLOWED {
                let own = gaps.iter().filter(|one| one.label == label && one.quality == code);
                let us: i64 = own.clone().map(|one| one.length_us).sum();
                if us > 0 {
                    let rule = own.clone().next().map_or("", |one| one.rule);
                    parts.push(format!("{} h {code} ({rule})", hours(us)));
                }
            }
            let doubt = statement.doubts.iter().find(|one| {
                one.methodology == year.methodology && one.year == year.year && one.label == label
            });
            let side = doubt.map_or_else(
                || "all of it exact in total".to_owned(),
                |doubt| {
                    format!(
                        "taken at {} {} between {} and {}, where ER is lowest",
                        doubt.chosen,
                        doubt.unit,
                        doubt.total.low.map_or("?".to_owned(), |low| low.to_string()),
                        doubt.total.high.map_or("?".to_owned(), |high| high.to_string())
                    )
                },
            );
            let message = format!("{label} {}: {}; {side}", year.year, parts.join(", "));
            findings.push(noted(Code::Subst, Severity::Info, message));
        }
    }
}
