//! V-LEVEL: a lasting change of level, such as a meter swapped or a transformer's ratio entered wrong:
//! the median of the days before and that of the days after differ by a share. Information only.

use super::super::collect::Series;
use super::super::{Input, Noted};
use super::daily::{Day, days, median};
use crate::domain::decimal::Fixed6;
use crate::domain::flag::{Code, Severity};

pub fn check(input: &Input<'_>, series: &[Series<'_>], findings: &mut Vec<Noted>) {
    for one in series {
        let window = one.plan.watch.settings.count(Code::Level, "days");
        let percent = i128::from(one.plan.watch.settings.number(Code::Level, "percent"));
        let whole: Vec<Day> = days(input, one).into_iter().filter(Day::is_whole).collect();
        // Of states the mean of a day; of amounts its sum.
        let value = |day: &Day| match one.plan.is_amount() {
            true => day.sum,
            false => day.sum / i128::from(day.count.max(1)),
        };
        let mut run: Vec<(usize, i128, i128)> = Vec::new();
        let mut tell = |run: &mut Vec<(usize, i128, i128)>| {
            // Days before and after the change see it too: it lies in their middle.
            if let Some((at, before, after)) = run.get(run.len() / 2) {
                let day = &whole[*at];
                let unit = one.plan.interval_unit();
                let shown = |micro: i128| {
                    Fixed6::from_micro(micro).map_or_else(|_| micro.to_string(), |v| v.to_string())
                };
                findings.push(Noted {
                    code: Code::Level,
                    severity: Severity::Minor,
                    channel: Some(one.plan.key.clone()),
                    span: Some((day.from, whole[whole.len() - 1].to)),
                    count: run.len() as u64,
                    message: format!(
                        "from {} on another level: a day in the middle of {window} has {} {unit} \
                         before, {} {unit} after",
                        day.date,
                        shown(*before),
                        shown(*after)
                    ),
                });
            }
            run.clear();
        };
        for at in window..whole.len().saturating_sub(window - 1) {
            let before = median(whole[at - window..at].iter().map(value)).unwrap_or(0);
            let after = median(whole[at..at + window].iter().map(value)).unwrap_or(0);
            match (after - before).abs() * 100 >= before.abs() * percent && after != before {
                true => run.push((at, before, after)),
                false => tell(&mut run),
            }
        }
        tell(&mut run);
    }
}
