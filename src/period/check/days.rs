//! V-COMPLETE by day: runs of days on which a channel was measured for less than a share of its time
//! in service.

use super::super::{Input, Noted};
use crate::domain::flag::{Code, Severity};
use crate::period::collect::coverage;
use crate::period::exact::rounded;
use crate::period::statement::ChannelFacts;

pub fn check(input: &Input<'_>, channels: &[ChannelFacts], findings: &mut Vec<Noted>) {
    let zone = &input.plan.registered.zone;
    for channel in channels {
        let Some(plan) = input.plan.channel(&channel.key) else { continue };
        let least = i128::from(plan.watch.settings.number(Code::Complete, "day_percent"));
        let is_short = |(_, covered, length): &(_, i64, i64)| {
            *length > 0 && i128::from(*covered) * 100 < i128::from(*length) * least
        };
        for run in channel.days.chunk_by(|a, b| is_short(a) == is_short(b)) {
            if !is_short(&run[0]) {
                continue;
            }
            let (first, last) = (run[0].0, run[run.len() - 1].0);
            let (covered, length) =
                run.iter().fold((0, 0), |(part, whole), day| (part + day.1, whole + day.2));
            findings.push(Noted {
                code: Code::Complete,
                severity: Severity::Info,
                channel: Some(channel.key.clone()),
                span: Some((zone.start_of(first), zone.start_of(last.next()))),
                count: run.len() as u64,
                message: format!(
                    "{} days below {least} %, {first} to {last}: measured for {} % of them",
                    run.len(),
                    rounded(coverage(covered, length), 2)
                ),
            });
        }
    }
}
