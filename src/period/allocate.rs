//! V-ALLOCATED: a gap that a register bridged exactly is split over the border of a year or of the
//! period, within capacity, so that the claims of all years together are lowest.
//!
//! The share before a border is one doubtful number: what is not counted before is counted after, so
//! both sides always add up to the total. A side that is sealed stays as sealed. Tried are the split
//! that is even over time, both ends of what capacity allows, and the shares between at which a year's
//! reductions pass a whole tonne, for claims are whole; of equal claims the even split stands. Where
//! the other side lies outside the period, the period's own claim decides. Several gaps are settled
//! one after the other until none moves.

use super::changes::Changes;
use super::collect::Series;
use super::{Input, PeriodError, applied, years};
use crate::aggregate::crossing::{Crossing, Split};
use crate::domain::decimal::{Decimal, Fixed6};
use crate::domain::reading::ChannelKey;
use crate::domain::time::Timestamp;

/// What was counted on both sides of a border that cuts a gap, and what else could have been.
#[derive(Debug, Clone, PartialEq)]
pub struct AllocationFacts {
    pub channel: ChannelKey,
    pub unit: String,
    /// The gap: from the reading before it to the one after it.
    pub from: Timestamp,
    pub to: Timestamp,
    pub border: Timestamp,
    pub total: Decimal,
    /// What counts before the border; the rest counts after it.
    pub before: Decimal,
    /// The part before the border where the split is even over time.
    pub even: Decimal,
    /// The least and the most that capacity allows before it.
    pub low: Decimal,
    pub high: Decimal,
    /// What all years claim, less the unresolved negative that they leave: as counted, and with each
    /// of the others.
    pub claimed: i128,
    pub claimed_even: i128,
    pub claimed_low: i128,
    pub claimed_high: i128,
    /// True if a seal fixed it.
    pub is_sealed: bool,
}

/// Whole tonnes, counted from each end and from the even split, whose passing is looked for.
const TONNES_MAX: i128 = 6;
/// Rounds over all gaps, at most.
const ROUNDS_MAX: usize = 3;

/// One gap of one channel, and how it is split now.
struct Gap {
    /// Place of the channel in the series.
    place: usize,
    crossing: Crossing,
    split: Split,
    /// Of each border: what was counted before, if a seal fixed it.
    sealed: Vec<Option<i64>>,
}

impl Gap {
    /// What is counted by each border.
    fn until(&self) -> Vec<i64> {
        match &self.split {
            Split::Even => self.crossing.even(),
            Split::At(until) => until.clone(),
        }
    }

    fn put(&mut self, series: &mut [Series<'_>], new: Split) {
        if self.split != new {
            let rows = series[self.place].rows.to_mut();
            self.crossing.resplit(rows, &self.split, &new);
            self.split = new;
        }
    }

    /// Moves one border's share; to the even split where all borders have theirs.
    fn move_to(&mut self, series: &mut [Series<'_>], border: usize, counted: i64) {
        let mut until = self.until();
        until[border] = counted;
        let new = if until == self.crossing.even() { Split::Even } else { Split::At(until) };
        self.put(series, new);
    }
}

/// What the whole period comes to under the splits as they are.
struct Outcome {
    /// Claims of all years, with the unresolved negative that is left.
    claimed: i128,
    /// ER of each year.
    ers: Vec<Decimal>,
}

/// Splits the gaps of the period's registers; the series then hold the splits that count.
pub(super) fn settle(
    input: &Input<'_>,
    series: &mut [Series<'_>],
    carried: i128,
) -> Result<Vec<AllocationFacts>, PeriodError> {
    let mut gaps = gaps(input, series);
    if gaps.is_empty() {
        return Ok(Vec::new());
    }
    for gap in &mut gaps {
        for border in 0..gap.sealed.len() {
            if let Some(counted) = gap.sealed[border] {
                let (low, high) = (0, gap.crossing.total.micro());
                gap.move_to(series, border, counted.clamp(low, high));
            }
        }
    }
    for _ in 0..ROUNDS_MAX {
        let mut has_moved = false;
        for place in 0..gaps.len() {
            for border in 0..gaps[place].sealed.len() {
                if gaps[place].sealed[border].is_none() {
                    has_moved |= lowest(input, series, carried, &mut gaps, place, border)?;
                }
            }
        }
        if !has_moved {
            break;
        }
    }
    let mut facts = Vec::new();
    for place in 0..gaps.len() {
        for border in 0..gaps[place].sealed.len() {
            let fact = told(input, series, carried, &mut gaps, place, border)?;
            let zone = &input.plan.registered.zone;
            let is_of_year = input
                .period
                .years()
                .iter()
                .any(|part| part.start(zone) == fact.border || part.end(zone) == fact.border);
            // Where a change cuts a year, or might have, a split that alters nothing is not told.
            let others = [fact.claimed_even, fact.claimed_low, fact.claimed_high];
            if is_of_year || fact.is_sealed || others.iter().any(|one| *one != fact.claimed) {
                facts.push(fact);
            }
        }
    }
    Ok(facts)
}

/// The gaps of planned registers, with their borders in order.
fn gaps(input: &Input<'_>, series: &[Series<'_>]) -> Vec<Gap> {
    let mut gaps: Vec<Gap> = Vec::new();
    for (key, crossing) in &input.surroundings.crossings {
        let Some(place) = series.iter().position(|one| one.plan.key == *key) else { continue };
        let known =
            gaps.iter_mut().find(|gap| gap.place == place && gap.crossing.from == crossing.from);
        match known {
            Some(gap) => gap.crossing.borders.extend(&crossing.borders),
            None => {
                let (crossing, split) = (crossing.clone(), Split::Even);
                gaps.push(Gap { place, crossing, split, sealed: Vec::new() });
            }
        }
    }
    for gap in &mut gaps {
        gap.crossing.borders.sort_unstable();
        gap.crossing.borders.dedup();
        let key = &series[gap.place].plan.key;
        let sealed = |border: &Timestamp| {
            let mut known = input.surroundings.sealed.iter();
            let found = known.find(|one| one.channel == *key && one.border == *border);
            found.map(|one| one.counted.micro())
        };
        gap.sealed = gap.crossing.borders.iter().map(sealed).collect();
    }
    gaps.sort_by_key(|gap| (gap.crossing.from, gap.place));
    gaps
}

/// Moves one border's share to where the claims are lowest; true if it moved.
fn lowest(
    input: &Input<'_>,
    series: &mut [Series<'_>],
    carried: i128,
    gaps: &mut [Gap],
    place: usize,
    border: usize,
) -> Result<bool, PeriodError> {
    let gap = &mut gaps[place];
    let begun = gap.until()[border];
    let even = gap.crossing.even()[border];
    let (low, high) = gap.crossing.bounds(&gap.until(), border);
    let mut tried = Vec::new();
    let mut best: Option<(i128, i64)> = None;
    let mut consider = |gap: &mut Gap, series: &mut [Series<'_>], counted: i64| {
        if tried.contains(&counted) || !(low..=high).contains(&counted) {
            return Ok::<_, PeriodError>(None);
        }
        tried.push(counted);
        gap.move_to(series, border, counted);
        let outcome = outcome(input, series, carried)?;
        // The even split is tried first, so that it stands among equals.
        if best.is_none_or(|(claimed, _)| outcome.claimed < claimed) {
            best = Some((outcome.claimed, counted));
        }
        Ok(Some(outcome))
    };
    consider(gap, series, even.clamp(low, high))?;
    let ends = (consider(gap, series, low)?, consider(gap, series, high)?);
    if let (Some(at_low), Some(at_high)) = &ends {
        for counted in passings((low, at_low), (high, at_high), even) {
            consider(gap, series, counted)?;
        }
    }
    let chosen = best.map_or(begun, |(_, counted)| counted);
    gap.move_to(series, border, chosen);
    Ok(chosen != begun)
}

/// The shares around which a year's ER passes a whole tonne, by a straight line between both ends:
/// those nearest to the ends and to the even split.
fn passings(low: (i64, &Outcome), high: (i64, &Outcome), even: i64) -> Vec<i64> {
    let mut found = Vec::new();
    let width = i128::from(high.0) - i128::from(low.0);
    for (at_low, at_high) in low.1.ers.iter().zip(&high.1.ers) {
        // Billionths of a tonne: far below what a share in millionths moves.
        let billionths = |er: Decimal| {
            let text = super::exact::rounded(er, 9);
            text.replace('.', "").parse::<i128>().ok()
        };
        let (Some(at_low), Some(at_high)) = (billionths(*at_low), billionths(*at_high)) else {
            continue;
        };
        let change = at_high - at_low;
        if change == 0 {
            continue;
        }
        let tonne = 1_000_000_000;
        let at_even = at_low + change * (i128::from(even) - i128::from(low.0)) / width.max(1);
        let mut whole: Vec<i128> = Vec::new();
        for from in [at_low, at_high, at_even] {
            let nearest = from.div_euclid(tonne);
            whole.extend((nearest - TONNES_MAX..=nearest + TONNES_MAX).map(|count| count * tonne));
        }
        whole.sort_unstable();
        whole.dedup();
        let (least, most) = (at_low.min(at_high), at_low.max(at_high));
        for one in whole.into_iter().filter(|one| (least..=most).contains(one)) {
            let share = i128::from(low.0) + (one - at_low) * width / change;
            let near = (share - 1)..=(share + 1);
            found.extend(near.filter_map(|share| i64::try_from(share).ok()));
        }
    }
    found.sort_unstable();
    found.dedup();
    found
}

fn outcome(
    input: &Input<'_>,
    series: &[Series<'_>],
    carried: i128,
) -> Result<Outcome, PeriodError> {
    let applied = applied(input, series)?;
    let (evaluated, unresolved) = years(input, &applied, series, &mut Changes::of(input), carried)?;
    let results = || evaluated.iter().flatten().map(|one| &one.result);
    let claimed: i128 = results().map(|result| result.claimed).sum();
    Ok(Outcome { claimed: claimed + unresolved, ers: results().map(|result| result.er).collect() })
}

/// The split as it stands, with what its extremes and the even split would come to.
fn told(
    input: &Input<'_>,
    series: &mut [Series<'_>],
    carried: i128,
    gaps: &mut [Gap],
    place: usize,
    border: usize,
) -> Result<AllocationFacts, PeriodError> {
    let gap = &mut gaps[place];
    let chosen = gap.until()[border];
    let even = gap.crossing.even()[border];
    let (low, high) = gap.crossing.bounds(&gap.until(), border);
    let claimed_at = |gap: &mut Gap, series: &mut [Series<'_>], counted: i64| {
        gap.move_to(series, border, counted);
        let claimed = outcome(input, series, carried)?.claimed;
        gap.move_to(series, border, chosen);
        Ok::<_, PeriodError>(claimed)
    };
    let mut claims = [0; 4];
    for (claim, counted) in claims.iter_mut().zip([chosen, even, low, high]) {
        *claim = claimed_at(gap, series, counted)?;
    }
    let plan = series[gap.place].plan;
    let unit = plan.interval_unit();
    let shown = |micro: i64| Fixed6::from_micro(micro.into()).unwrap_or(Fixed6::ZERO).to_decimal();
    Ok(AllocationFacts {
        channel: plan.key.clone(),
        unit: unit.symbol().to_owned(),
        from: gap.crossing.from,
        to: gap.crossing.to,
        border: gap.crossing.borders[border],
        total: shown(gap.crossing.total.micro()),
        before: shown(chosen),
        even: shown(even),
        low: shown(low),
        high: shown(high),
        claimed: claims[0],
        claimed_even: claims[1],
        claimed_low: claims[2],
        claimed_high: claims[3],
        is_sealed: gap.sealed[border].is_some(),
    })
}
