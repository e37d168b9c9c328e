//! The proof that no ER lower than the lowest trial was missed: ranges are cut until every piece is
//! shown to hold none.

use std::collections::BTreeMap;

use dashu_float::Repr;

use super::interval::Interval;
use super::limits::PROOF_STEPS_MAX;
use super::number::{Plain, magnitude, plain};
use super::outcome::EvaluationError;
use super::search::{Found, Goal, Parts, Range, Search, free, half_way};

/// How far below the lowest trial a value may lie unseen, as digits and exponent: a gram of CO2e.
const SLACK: (i8, isize) = (1, -6);

impl Search<'_> {
    /// Proves each component with the others where they were found: their shares of ER only add up.
    pub(super) fn prove_parts(
        &mut self,
        parts: &Parts,
        best: &mut Found,
    ) -> Result<(), EvaluationError> {
        for component in &parts.components {
            let mut ranges = parts.ranges.clone();
            for at in free(&parts.ranges) {
                if !component.contains(&at) {
                    ranges[at] = (best.point[at].clone(), best.point[at].clone());
                }
            }
            self.prove(&ranges, best)?;
        }
        Ok(())
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
