//! The lowest ER that the bounds of the inputs allow, found and proved.
//!
//! 1. **Settled inputs.** Where interval arithmetic shows that ER never falls (or never rises) with
//!    an input anywhere inside all bounds, one of its bounds is the lowest whatever the others are.
//!    This is a proof over the whole range, not a derivative at a point, which would err (vector
//!    BG-1: ER peaks inside).
//! 2. **Trials.** The other inputs are tried jointly at both bounds and at every kink of min and max
//!    between them, at most [`COMBINATIONS_MAX`] points.
//! 3. **Proof.** The ranges are cut until every piece is shown to hold nothing lower than the lowest
//!    trial by more than [`SLACK`]; a lower point found on the way takes its place. Without a proof
//!    in [`PROOF_STEPS_MAX`] steps there is no figure.

use std::collections::BTreeMap;

use dashu_float::Repr;

use super::interval::Interval;
use super::limits::{COMBINATIONS_MAX, PROOF_STEPS_MAX};
use super::model::Methodology;
use super::number::{NumberError, Plain, is_negative, is_zero, magnitude, plain};
use super::outcome::{EvaluationError, Picked, place};
use super::tape::{Operation, Tape};

/// How far below the lowest trial a value may lie unseen, as digits and exponent: a gram of CO2e.
const SLACK: (i8, isize) = (1, -6);

/// Rounds of looking for kinks: those of the second come from where inputs meet each other's.
const KINK_ROUNDS: usize = 2;

/// Steps towards one kink; a straight line needs one.
const KINK_STEPS_MAX: usize = 60;

/// What a search gives: a value per input, in the order of the tape.
pub(super) struct Extremes {
    pub lowest: Vec<Plain>,
    pub highest_er: Plain,
    pub trials: usize,
}

/// The values of `inputs` inside their bounds that give the lowest ER, and the highest ER found.
pub(super) fn search(
    methodology: &Methodology,
    tape: &Tape,
    inputs: &[Picked],
) -> Result<Extremes, EvaluationError> {
    let ranges: Vec<Range> =
        inputs.iter().map(|p| (p.low.plain().clone(), p.high.plain().clone())).collect();
    let mut search = Search { methodology, tape, inputs, goal: Goal::Lowest, trials: 0 };
    let mut lowest = search.extreme(&ranges)?;
    search.prove(&ranges, &mut lowest)?;
    search.goal = Goal::Highest;
    let highest = search.extreme(&ranges)?;
    let highest_er = plain::negate(&highest.score);
    Ok(Extremes { lowest: lowest.point, highest_er, trials: search.trials })
}

type Range = (Plain, Plain);

/// A point inside the bounds, and ER there as the goal sees it: lower is nearer to the goal.
struct Found {
    point: Vec<Plain>,
    score: Plain,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Goal {
    Lowest,
    Highest,
}

struct Search<'a> {
    methodology: &'a Methodology,
    tape: &'a Tape,
    inputs: &'a [Picked],
    goal: Goal,
    trials: usize,
}

impl Search<'_> {
    /// The best of the bounds and kinks.
    fn extreme(&mut self, ranges: &[Range]) -> Result<Found, EvaluationError> {
        let mut ranges = ranges.to_vec();
        self.settle(&mut ranges);
        let free = free(&ranges);
        let mut point: Vec<Plain> = ranges.iter().map(|(low, _)| low.clone()).collect();
        let mut candidates: Vec<Vec<Plain>> =
            free.iter().map(|&at| vec![ranges[at].0.clone(), ranges[at].1.clone()]).collect();
        self.check_count(&free, &candidates)?;
        for _ in 0..KINK_ROUNDS {
            if !self.add_kinks(&free, &mut candidates, &mut point)? {
                break;
            }
        }
        let mut best: Option<Found> = None;
        for combination in Combinations::new(&candidates) {
            for ((&at, list), &choice) in free.iter().zip(&candidates).zip(&combination) {
                point[at] = list[choice].clone();
            }
            let score = self.score(&point)?;
            if best.as_ref().is_none_or(|best| score < best.score) {
                best = Some(Found { point: point.clone(), score });
            }
        }
        // There is always a combination: with nothing free, the empty one.
        best.ok_or_else(|| missing("ER", &[]))
    }

    /// Moves every input with a decided direction to the bound it points to; true intervals and
    /// slopes of what remains.
    fn settle(&self, ranges: &mut [Range]) -> Option<(Interval, Vec<Interval>)> {
        loop {
            let intervals: Vec<Interval> = ranges
                .iter()
                .map(|(low, high)| Interval(Some((low.clone(), high.clone()))))
                .collect();
            let values = self.tape.run(&intervals).ok()?;
            let slopes = self.tape.slopes(&values);
            let mut has_moved = false;
            for (range, slope) in ranges.iter_mut().zip(&slopes) {
                if range.0 == range.1 {
                    continue;
                }
                let (to_low, to_high) = match self.goal {
                    Goal::Lowest => (slope.is_never_negative(), slope.is_never_positive()),
                    Goal::Highest => (slope.is_never_positive(), slope.is_never_negative()),
                };
                if to_low {
                    range.1 = range.0.clone();
                    has_moved = true;
                } else if to_high {
                    range.0 = range.1.clone();
                    has_moved = true;
                }
            }
            if !has_moved {
                return Some((values[self.tape.er].clone(), slopes));
            }
        }
    }

    /// Adds where, along each free input, a min or max changes over; true if there was any.
    fn add_kinks(
        &mut self,
        free: &[usize],
        candidates: &mut [Vec<Plain>],
        point: &mut [Plain],
    ) -> Result<bool, EvaluationError> {
        let pairs = self.pairs();
        if pairs.is_empty() {
            return Ok(false);
        }
        let mut has_added = false;
        for along in 0..free.len() {
            let mut others = candidates.to_vec();
            others[along].truncate(1);
            let mut found: Vec<Plain> = Vec::new();
            for combination in Combinations::new(&others) {
                for ((&at, list), &choice) in free.iter().zip(&others).zip(&combination) {
                    point[at] = list[choice].clone();
                }
                self.kinks(&pairs, free[along], &candidates[along], point, &mut found)?;
            }
            let list = &mut candidates[along];
            for kink in found {
                if let Err(at) = list.binary_search(&kink) {
                    list.insert(at, kink);
                    has_added = true;
                }
            }
            self.check_count(free, candidates)?;
        }
        Ok(has_added)
    }

    /// Kinks along one input between its candidates, the others as in `point`.
    fn kinks(
        &mut self,
        pairs: &[(usize, usize)],
        along: usize,
        samples: &[Plain],
        point: &mut [Plain],
        found: &mut Vec<Plain>,
    ) -> Result<(), EvaluationError> {
        let mut gaps: Vec<Vec<Plain>> = Vec::new();
        for sample in samples {
            point[along] = sample.clone();
            let values = self.run(point)?;
            let gap = |&(a, b): &(usize, usize)| plain::add(&values[a], &plain::negate(&values[b]));
            gaps.push(pairs.iter().map(|pair| gap(pair).unwrap_or(Repr::zero())).collect());
        }
        for (pair_at, &(a, b)) in pairs.iter().enumerate() {
            for at in 1..samples.len() {
                let (mut low, mut high) = (samples[at - 1].clone(), samples[at].clone());
                let (mut low_gap, mut high_gap) =
                    (gaps[at - 1][pair_at].clone(), gaps[at][pair_at].clone());
                if is_zero(&low_gap)
                    || is_zero(&high_gap)
                    || is_negative(&low_gap) == is_negative(&high_gap)
                {
                    continue;
                }
                // Negligible against the gaps at the ends: 25 digits.
                let near = plain::multiply(&magnitude(&low_gap), &Repr::new(1.into(), -25));
                let near = near.unwrap_or(Repr::zero());
                let mut middle = low.clone();
                for step in 0..KINK_STEPS_MAX {
                    let Some(next) = between(&low, &high, &low_gap, &high_gap, step) else { break };
                    middle = next;
                    point[along] = middle.clone();
                    let values = self.run(point)?;
                    let gap = plain::add(&values[a], &plain::negate(&values[b]));
                    let Ok(gap) = gap else { break };
                    if magnitude(&gap) <= near {
                        break;
                    }
                    if is_negative(&gap) == is_negative(&low_gap) {
                        (low, low_gap) = (middle.clone(), gap);
                    } else {
                        (high, high_gap) = (middle.clone(), gap);
                    }
                }
                found.push(middle);
            }
        }
        Ok(())
    }

    /// All pairs of arguments of one min or max.
    fn pairs(&self) -> Vec<(usize, usize)> {
        let mut pairs = Vec::new();
        for operation in &self.tape.operations {
            if let Operation::Extreme(_, arguments) = operation {
                for (at, &a) in arguments.iter().enumerate() {
                    pairs.extend(arguments[at + 1..].iter().map(|&b| (a, b)));
                }
            }
        }
        pairs
    }

    /// Shows that nothing inside `ranges` is lower than `best` by more than the slack, or finds it.
    fn prove(&mut self, ranges: &[Range], best: &mut Found) -> Result<(), EvaluationError> {
        let slack = Repr::new(SLACK.0.into(), SLACK.1);
        let is_far_below = |floor: &Plain, best: &Found| {
            plain::add(floor, &slack).is_ok_and(|raised| raised < best.score)
        };
        // By the lowest that a piece may hold; `None`, nothing known, comes first.
        let mut pieces: BTreeMap<(Option<Plain>, usize), Vec<Range>> = BTreeMap::new();
        pieces.insert((None, 0), ranges.to_vec());
        let mut steps = 0;
        while let Some(((floor, _), mut piece)) = pieces.pop_first() {
            if floor.as_ref().is_some_and(|floor| !is_far_below(floor, best)) {
                return Ok(());
            }
            steps += 1;
            if steps > PROOF_STEPS_MAX {
                let inputs = self.names(&free(ranges));
                return Err(EvaluationError::NotProven { inputs, steps: PROOF_STEPS_MAX });
            }
            let settled = self.settle(&mut piece);
            let middle: Vec<Plain> = piece.iter().map(half_way).collect();
            let score = self.score(&middle);
            if let Ok(score) = &score
                && is_far_below(score, best)
            {
                *best = Found { point: middle, score: score.clone() };
            }
            let free = free(&piece);
            if free.is_empty() {
                // One point: an error there is an error of the figure.
                score?;
                continue;
            }
            let (floor, widest) = settled.map_or((None, free[0]), |(er, slopes)| {
                (
                    self.floor(&er, &slopes, &piece, score.as_ref().ok()),
                    widest(&free, &piece, &slopes),
                )
            });
            if floor.as_ref().is_some_and(|floor| !is_far_below(floor, best)) {
                continue;
            }
            let cut = half_way(&piece[widest]);
            let (mut left, mut right) = (piece.clone(), piece);
            left[widest].1 = cut.clone();
            right[widest].0 = cut;
            pieces.insert((floor.clone(), 2 * steps), left);
            pieces.insert((floor, 2 * steps + 1), right);
        }
        Ok(())
    }

    /// A value that the score does not fall below inside a piece.
    fn floor(
        &self,
        er: &Interval,
        slopes: &[Interval],
        piece: &[Range],
        middle: Option<&Plain>,
    ) -> Option<Plain> {
        let direct = match (&er.0, self.goal) {
            (Some((low, _)), Goal::Lowest) => Some(low.clone()),
            (Some((_, high)), Goal::Highest) => Some(plain::negate(high)),
            (None, _) => None,
        };
        let from_middle = || {
            let mut floor = middle?.clone();
            for (at, (low, high)) in piece.iter().enumerate().filter(|(_, (low, high))| low != high)
            {
                let width = plain::add(high, &plain::negate(low)).ok()?;
                let half = plain::multiply(&width, &Repr::new(5.into(), -1)).ok()?;
                let fall = plain::multiply(&magnitude(&slopes[at].steepest()?), &half).ok()?;
                floor = plain::add(&floor, &plain::negate(&fall)).ok()?;
            }
            Some(floor)
        };
        direct.max(from_middle())
    }

    fn run(&mut self, point: &[Plain]) -> Result<Vec<Plain>, EvaluationError> {
        self.trials += 1;
        self.tape
            .run(point)
            .map_err(|(at, error)| arithmetic(self.methodology, self.tape, at, error))
    }

    fn score(&mut self, point: &[Plain]) -> Result<Plain, EvaluationError> {
        let values = self.run(point)?;
        let er = &values[self.tape.er];
        Ok(match self.goal {
            Goal::Lowest => er.clone(),
            Goal::Highest => plain::negate(er),
        })
    }

    fn check_count(
        &self,
        free: &[usize],
        candidates: &[Vec<Plain>],
    ) -> Result<(), EvaluationError> {
        let count = candidates.iter().fold(1usize, |count, list| count.saturating_mul(list.len()));
        if count <= COMBINATIONS_MAX {
            return Ok(());
        }
        let inputs = self.names(free);
        Err(EvaluationError::TooManyCombinations { inputs, count, max: COMBINATIONS_MAX })
    }

    fn names(&self, of: &[usize]) -> Vec<String> {
        of.iter().map(|&at| place(&self.inputs[at].symbol, &self.inputs[at].members)).collect()
    }
}

fn free(ranges: &[Range]) -> Vec<usize> {
    ranges.iter().enumerate().filter(|(_, (low, high))| low != high).map(|(at, _)| at).collect()
}

fn half_way((low, high): &Range) -> Plain {
    let half = Repr::new(5.into(), -1);
    plain::add(low, high)
        .and_then(|sum| plain::multiply(&sum, &half))
        .unwrap_or_else(|_| low.clone())
}

/// The free input along which ER may move most.
fn widest(free: &[usize], piece: &[Range], slopes: &[Interval]) -> usize {
    let reach = |at: usize| {
        let (low, high) = &piece[at];
        let width = plain::add(high, &plain::negate(low)).ok()?;
        plain::multiply(&magnitude(&slopes[at].steepest()?), &width).ok()
    };
    // An unknown reach is the widest of all.
    let is_wider = |a: &Option<Plain>, b: &Option<Plain>| match (a, b) {
        (None, Some(_)) => true,
        (Some(a), Some(b)) => a > b,
        (_, None) => false,
    };
    let mut best = (free[0], reach(free[0]));
    for &at in &free[1..] {
        let reach = reach(at);
        if is_wider(&reach, &best.1) {
            best = (at, reach);
        }
    }
    best.0
}

/// Where the line through both ends crosses zero; every third step the middle, so that a bent curve
/// is closed in from both sides.
fn between(
    low: &Plain,
    high: &Plain,
    low_gap: &Plain,
    high_gap: &Plain,
    step: usize,
) -> Option<Plain> {
    let range = (low.clone(), high.clone());
    if step % 3 == 2 {
        return Some(half_way(&range));
    }
    let width = plain::add(high, &plain::negate(low)).ok()?;
    let fall = plain::add(low_gap, &plain::negate(high_gap)).ok()?;
    let share = plain::divide(low_gap, &fall).ok()?;
    let crossing = plain::add(low, &plain::multiply(&width, &share).ok()?).ok()?;
    Some(crossing.clamp(range.0, range.1))
}

/// Every choice of one candidate from each list, by number.
struct Combinations {
    lengths: Vec<usize>,
    next: Option<Vec<usize>>,
}

impl Combinations {
    fn new(lists: &[Vec<Plain>]) -> Self {
        let lengths = lists.iter().map(Vec::len).collect();
        Self { lengths, next: Some(vec![0; lists.len()]) }
    }
}

impl Iterator for Combinations {
    type Item = Vec<usize>;

    fn next(&mut self) -> Option<Self::Item> {
        let current = self.next.take()?;
        let mut next = current.clone();
        for (digit, length) in next.iter_mut().zip(&self.lengths) {
            *digit += 1;
            if *digit < *length {
                self.next = Some(next);
                break;
            }
            *digit = 0;
        }
        Some(current)
    }
}

pub(super) fn missing(symbol: &str, members: &[String]) -> EvaluationError {
    EvaluationError::Missing { symbol: symbol.to_owned(), members: members.to_vec() }
}

pub(super) fn arithmetic(
    methodology: &Methodology,
    tape: &Tape,
    at: usize,
    error: NumberError,
) -> EvaluationError {
    let line = tape.line_of(at);
    let equation = line.and_then(|line| methodology.equations.get(line.equation));
    EvaluationError::Arithmetic {
        symbol: equation.map(|equation| equation.symbol.clone()).unwrap_or_default(),
        members: line.map(|line| line.members.clone()).unwrap_or_default(),
        error,
    }
}
