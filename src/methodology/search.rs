//! The lowest ER that the bounds of the inputs allow, found and proved.
//!
//! 1. **Settled inputs.** Where interval arithmetic shows that ER never falls (or never rises) with
//!    an input anywhere inside all bounds, one of its bounds is the lowest whatever the others are.
//!    This is a proof over the whole range, not a derivative at a point, which would err (vector
//!    BG-1: ER peaks inside).
//! 2. **Trials.** The other inputs, by groups whose shares of ER only add up ([`separate`]), are tried
//!    jointly at both bounds, at every kink of min and max between them, and on both sides of every
//!    step of a condition, band or class; at most [`COMBINATIONS_MAX`] points.
//! 3. **Proof.** The ranges are cut until every piece is shown to hold nothing lower than the lowest
//!    trial by more than a gram ([`super::prove`]); a lower point found on the way takes its place. Without a proof
//!    in [`super::limits::PROOF_STEPS_MAX`] steps there is no figure.

use dashu_float::Repr;

use super::interval::Interval;
use super::limits::COMBINATIONS_MAX;
use super::model::Methodology;
use super::number::{NumberError, Plain, is_negative, is_zero, magnitude, plain};
use super::outcome::{EvaluationError, Picked, place};
use super::separate::separate;
use super::tape::{Operation, Tape};

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
    let (mut lowest, parts) = search.extreme(&ranges)?;
    if parts.ranges.iter().any(|(low, high)| low != high) {
        search.prove_parts(&parts, &mut lowest)?;
    }
    let mut highest_er = lowest.score.clone();
    if !free(&ranges).is_empty() {
        search.goal = Goal::Highest;
        let (highest, _) = search.extreme(&ranges)?;
        highest_er = plain::negate(&highest.score);
    }
    Ok(Extremes { lowest: lowest.point, highest_er, trials: search.trials })
}

pub(super) type Range = (Plain, Plain);

/// A point inside the bounds, and ER there as the goal sees it: lower is nearer to the goal.
pub(super) struct Found {
    pub point: Vec<Plain>,
    pub score: Plain,
}

/// Two operations whose values meet, and what ER does where they do.
type Pair = (usize, usize, Edge);

#[derive(Clone, Copy, PartialEq, Eq)]
enum Edge {
    /// It bends.
    Kink,
    /// It steps from one value to another.
    Step,
}

/// What settling left: ranges, and the inputs still free, by which of them act on one another.
pub(super) struct Parts {
    pub ranges: Vec<Range>,
    pub components: Vec<Vec<usize>>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Goal {
    Lowest,
    Highest,
}

pub(super) struct Search<'a> {
    methodology: &'a Methodology,
    pub(super) tape: &'a Tape,
    inputs: &'a [Picked],
    pub(super) goal: Goal,
    trials: usize,
}

impl Search<'_> {
    /// The best of the bounds and kinks, and what was left to be decided.
    fn extreme(&mut self, ranges: &[Range]) -> Result<(Found, Parts), EvaluationError> {
        let mut ranges = ranges.to_vec();
        if !free(&ranges).is_empty() {
            self.settle(&mut ranges);
        }
        let components = separate(self.tape, &free(&ranges));
        let mut point: Vec<Plain> = ranges.iter().map(|(low, _)| low.clone()).collect();
        for component in &components {
            self.best_of(component, &ranges, &mut point)?;
        }
        let score = self.score(&point)?;
        Ok((Found { point, score }, Parts { ranges, components }))
    }

    /// Sets the inputs of one component to the best of their bounds and kinks, tried jointly.
    fn best_of(
        &mut self,
        component: &[usize],
        ranges: &[Range],
        point: &mut [Plain],
    ) -> Result<(), EvaluationError> {
        let mut candidates: Vec<Vec<Plain>> =
            component.iter().map(|&at| vec![ranges[at].0.clone(), ranges[at].1.clone()]).collect();
        self.check_count(component, &candidates)?;
        for _ in 0..KINK_ROUNDS {
            if !self.add_kinks(component, &mut candidates, point)? {
                break;
            }
        }
        let mut best: Option<(Plain, Vec<usize>)> = None;
        for combination in Combinations::new(&candidates) {
            choose(component, &candidates, &combination, point);
            let score = self.score(point)?;
            if best.as_ref().is_none_or(|(lowest, _)| score < *lowest) {
                best = Some((score, combination));
            }
        }
        if let Some((_, combination)) = best {
            choose(component, &candidates, &combination, point);
        }
        Ok(())
    }

    /// Moves every input with a decided direction to the bound it points to; true intervals and
    /// slopes of what remains.
    pub(super) fn settle(&self, ranges: &mut [Range]) -> Option<(Interval, Vec<Interval>)> {
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
                choose(free, &others, &combination, point);
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
        pairs: &[Pair],
        along: usize,
        samples: &[Plain],
        point: &mut [Plain],
        found: &mut Vec<Plain>,
    ) -> Result<(), EvaluationError> {
        let mut gaps: Vec<Vec<Plain>> = Vec::new();
        for sample in samples {
            point[along] = sample.clone();
            let values = self.run(point)?;
            let gap = |&(a, b, _): &Pair| plain::add(&values[a], &plain::negate(&values[b]));
            gaps.push(pairs.iter().map(|pair| gap(pair).unwrap_or(Repr::zero())).collect());
        }
        for (pair_at, &(a, b, edge)) in pairs.iter().enumerate() {
            for at in 1..samples.len() {
                let (mut low, mut high) = (samples[at - 1].clone(), samples[at].clone());
                let (mut low_gap, mut high_gap) =
                    (gaps[at - 1][pair_at].clone(), gaps[at][pair_at].clone());
                let beside = beside(&low, &high);
                if edge == Edge::Step {
                    // On either side of a step another value counts, and only one of them on it.
                    if is_zero(&low_gap) {
                        found.extend(plain::add(&low, &beside));
                    }
                    if is_zero(&high_gap) {
                        found.extend(plain::add(&high, &plain::negate(&beside)));
                    }
                }
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
                if edge == Edge::Step {
                    found.extend(plain::add(&middle, &plain::negate(&beside)));
                    found.extend(plain::add(&middle, &beside));
                }
                found.push(middle);
            }
        }
        Ok(())
    }

    /// What meets in a kink or step: all pairs of arguments of one min or max, and what tests compare.
    fn pairs(&self) -> Vec<Pair> {
        let mut pairs = Vec::new();
        for operation in &self.tape.operations {
            match operation {
                Operation::Extreme(_, arguments) => {
                    for (at, &a) in arguments.iter().enumerate() {
                        pairs.extend(arguments[at + 1..].iter().map(|&b| (a, b, Edge::Kink)));
                    }
                }
                Operation::Case(cases) => {
                    let tests = cases.cases.iter().flat_map(|(tests, _)| tests);
                    pairs.extend(tests.map(|test| (test.left, test.right, Edge::Step)));
                }
                _ => {}
            }
        }
        pairs
    }

    fn run(&mut self, point: &[Plain]) -> Result<Vec<Plain>, EvaluationError> {
        self.trials += 1;
        self.tape
            .run(point)
            .map_err(|(at, error)| arithmetic(self.methodology, self.tape, at, error))
    }

    pub(super) fn score(&mut self, point: &[Plain]) -> Result<Plain, EvaluationError> {
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

    pub(super) fn names(&self, of: &[usize]) -> Vec<String> {
        of.iter().map(|&at| place(&self.inputs[at].symbol, &self.inputs[at].members)).collect()
    }
}

/// Sets each of these inputs to its candidate of this choice.
fn choose(inputs: &[usize], candidates: &[Vec<Plain>], choice: &[usize], point: &mut [Plain]) {
    for ((&at, list), &choice) in inputs.iter().zip(candidates).zip(choice) {
        point[at] = list[choice].clone();
    }
}

/// A step too small to matter, and large enough to be one at 34 digits.
fn beside(low: &Plain, high: &Plain) -> Plain {
    let width = plain::add(high, &plain::negate(low)).unwrap_or(Repr::zero());
    plain::multiply(&width, &Repr::new(1.into(), -25)).unwrap_or(Repr::zero())
}

pub(super) fn free(ranges: &[Range]) -> Vec<usize> {
    ranges.iter().enumerate().filter(|(_, (low, high))| low != high).map(|(at, _)| at).collect()
}

pub(super) fn half_way((low, high): &Range) -> Plain {
    let half = Repr::new(5.into(), -1);
    plain::add(low, high)
        .and_then(|sum| plain::multiply(&sum, &half))
        .unwrap_or_else(|_| low.clone())
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
