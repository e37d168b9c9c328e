//! V-SIBLING: a channel is silent, or counts nothing, on days on which another of the same parameter
//! does count. Information only.

use std::collections::BTreeSet;

use super::super::collect::Series;
use super::super::{Input, Noted};
use super::daily::{Day, days};
use crate::domain::flag::{Code, Severity};
use crate::domain::time::Date;

pub fn check(input: &Input<'_>, series: &[Series<'_>], findings: &mut Vec<Noted>) {
    for parameter in &input.plan.registered.parameters {
        let of_parameter =
            |one: &&Series<'_>| parameter.channels.contains(&one.plan.key) && one.plan.is_amount();
        let family: Vec<(&Series<'_>, Vec<Day>)> =
            series.iter().filter(of_parameter).map(|one| (one, days(input, one))).collect();
        if family.len() < 2 {
            continue;
        }
        let counting = family.iter().flat_map(|(_, days)| days).filter(|day| day.sum > 0);
        let counted: BTreeSet<Date> = counting.map(|day| day.date).collect();
        for (one, own) in &family {
            let least = one.plan.watch.settings.count(Code::Sibling, "days");
            // Where it counts nothing itself, whoever counts is another.
            let is_alone = |day: &Day| day.sum == 0 && counted.contains(&day.date);
            let in_a_row = |a: &Day, b: &Day| a.date.next() == b.date && is_alone(a) == is_alone(b);
            for run in own.chunk_by(in_a_row).filter(|run| is_alone(&run[0])) {
                if run.len() < least {
                    continue;
                }
                let (first, last) = (&run[0], &run[run.len() - 1]);
                let what = match run.iter().all(|day| day.covered_us == 0) {
                    true => "silent",
                    false => "at zero or silent",
                };
                findings.push(Noted {
                    code: Code::Sibling,
                    severity: Severity::Minor,
                    channel: Some(one.plan.key.clone()),
                    span: Some((first.from, last.to)),
                    count: run.len() as u64,
                    message: format!(
                        "{what} for {} days, {} to {}, while another channel of {} counts",
                        run.len(),
                        first.date,
                        last.date,
                        parameter.symbol
                    ),
                });
            }
        }
    }
}
