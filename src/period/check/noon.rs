//! V-SHIFT and V-DST of what generates from the sun: the middle of a day's generation against the
//! sun's noon at the site. A stamp off by an hour moves it for days in a row (V-SHIFT); a clock with
//! daylight saving moves it from one day to the next (V-DST). Information only.

use super::super::collect::Series;
use super::super::{Input, Noted};
use super::daily::{Day, days, median};
use crate::aggregate::sun::noon;
use crate::domain::flag::{Code, Severity};
use crate::domain::time::{INTERVAL_US, Timestamp};

const MINUTE_US: i128 = 60_000_000;
/// A clock that is put forward or back moves by an hour, in some countries by two.
const DST_MOST_US: i128 = 120 * MINUTE_US;

pub fn check(input: &Input<'_>, series: &[Series<'_>], findings: &mut Vec<Noted>) {
    for one in series.iter().filter(|one| one.plan.is_amount()) {
        let Some(place) = one.plan.watch.sun else { continue };
        // Microseconds that the middle of each whole day lies after the sun's noon.
        let off: Vec<(Day, i128)> = days(input, one)
            .into_iter()
            .filter(Day::is_whole)
            .filter_map(|day| {
                let middle = middle(one, &day)?;
                Some((day, i128::from(middle.us() - noon(place, middle).us())))
            })
            .collect();
        shifted(one, &off, findings);
        moved(one, &off, findings);
    }
}

/// The middle of a day's generation, weighted by what was generated; `None` where nothing was.
fn middle(series: &Series<'_>, day: &Day) -> Option<Timestamp> {
    let rows = series.rows(day.from, day.to);
    let (mut weight, mut sum) = (0i128, 0i128);
    for row in rows {
        let value = row.measured.map_or(0, |value| i128::from(value.micro())).max(0);
        weight += value;
        sum += value * i128::from(row.start.start().us() - day.from.us() + INTERVAL_US / 2);
    }
    (weight > 0).then(|| Timestamp::from_us(day.from.us() + (sum / weight) as i64))
}

fn shifted(series: &Series<'_>, off: &[(Day, i128)], findings: &mut Vec<Noted>) {
    let settings = &series.plan.watch.settings;
    let least = i128::from(settings.number(Code::Shift, "minutes")) * MINUTE_US;
    let days = settings.count(Code::Shift, "days");
    let side = |us: i128| {
        if us >= least {
            1
        } else if us <= -least {
            -1
        } else {
            0
        }
    };
    for run in off.chunk_by(|a, b| side(a.1) == side(b.1)) {
        if side(run[0].1) == 0 || run.len() < days {
            continue;
        }
        let minutes = median(run.iter().map(|(_, us)| *us)).unwrap_or(0) / MINUTE_US;
        let (first, last) = (&run[0].0, &run[run.len() - 1].0);
        findings.push(Noted {
            code: Code::Shift,
            severity: Severity::Minor,
            channel: Some(series.plan.key.clone()),
            span: Some((first.from, last.to)),
            count: run.len() as u64,
            message: format!(
                "{} days in a row generate {} minutes {} the sun's noon at the site: a stamp of \
                 another zone, or an array that does not face the equator",
                run.len(),
                minutes.abs(),
                if minutes > 0 { "after" } else { "before" }
            ),
        });
    }
}

fn moved(series: &Series<'_>, off: &[(Day, i128)], findings: &mut Vec<Noted>) {
    let settings = &series.plan.watch.settings;
    let least = i128::from(settings.number(Code::Dst, "minutes")) * MINUTE_US;
    let window = settings.count(Code::Dst, "days");
    // How far the middle moves at each day: the days before it against it and those after.
    let moves: Vec<(usize, i128)> = (window..off.len().saturating_sub(window - 1))
        .filter_map(|at| {
            let before = median(off[at - window..at].iter().map(|(_, us)| *us))?;
            let after = median(off[at..at + window].iter().map(|(_, us)| *us))?;
            Some((at, after - before))
        })
        .collect();
    let is_move = |us: i128| (least..=DST_MOST_US).contains(&us.abs());
    for run in moves.chunk_by(|a, b| is_move(a.1) == is_move(b.1)) {
        // In the middle of the days that see the move lies the day of the move.
        let (at, us) = run[run.len() / 2];
        if !is_move(us) {
            continue;
        }
        let day = &off[at].0;
        findings.push(Noted {
            code: Code::Dst,
            severity: Severity::Minor,
            channel: Some(series.plan.key.clone()),
            span: Some((day.from, day.to)),
            count: run.len() as u64,
            message: format!(
                "about {} the middle of a day's generation moves by {} minutes {}: a clock that \
                 follows daylight saving",
                day.date,
                us.abs() / MINUTE_US,
                if us > 0 { "later" } else { "earlier" }
            ),
        });
    }
}
