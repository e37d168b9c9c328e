//! A mean weighted by a flow: `sum(V x w) / sum(V)` over the intervals in which both were measured.
//!
//! Both can be in doubt. The lowest mean takes each value at its lowest and each weight at the end
//! that draws the mean down: high below the mean, low above it. Which is which follows from the mean
//! itself, found by repeating until it stands (Dinkelbach); exact, in whole numbers.

use super::exact::cut_ratio;
use crate::domain::decimal::Decimal;

/// A stretch of time: bounds of the weight, which is never below zero, and of the value; both in
/// whole units of their last digit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Weighed {
    pub weight: (i128, i128),
    pub value: (i128, i128),
}

/// More repetitions than any input takes: each but the last moves the mean strictly.
const REPEATS_MAX: usize = 1_000;

/// Lowest and highest weighted mean, in units of the values; `None` when every weight can be zero
/// at once and nothing bounds the mean but the values themselves, or a product goes beyond 38
/// digits.
pub(super) fn bounds(parts: &[Weighed], value_decimals: u32) -> Option<(Decimal, Decimal)> {
    let low = extreme(parts, |part| part.value.0, false)?;
    let high = extreme(parts, |part| part.value.1, true)?;
    Some((cut_ratio(low.0, low.1, value_decimals)?, cut_ratio(high.0, high.1, value_decimals)?))
}

/// The extreme mean as a fraction.
fn extreme(
    parts: &[Weighed],
    value: impl Fn(&Weighed) -> i128,
    is_high: bool,
) -> Option<(i128, i128)> {
    // Every part can weigh; the mean begins with all of them at their most.
    let mut mean = ratio(parts, &value, |part| part.weight.1)?;
    for _ in 0..REPEATS_MAX {
        let (sum, total) = mean;
        let draws = |part: &Weighed| {
            let side = value(part).checked_mul(total)?.cmp(&sum);
            Some(if is_high { side.is_gt() } else { side.is_lt() })
        };
        let drawn: Vec<bool> = parts.iter().map(draws).collect::<Option<_>>()?;
        let mut places = drawn.iter();
        let weight = |part: &Weighed| match places.next() {
            Some(true) => part.weight.1,
            _ => part.weight.0,
        };
        let Some(next) = ratio(parts, &value, weight) else { return Some(mean) };
        // a/b and c/d are one mean when a x d = c x b.
        if next.0.checked_mul(total)? == sum.checked_mul(next.1)? {
            return Some(mean);
        }
        mean = next;
    }
    Some(mean)
}

fn ratio(
    parts: &[Weighed],
    value: &impl Fn(&Weighed) -> i128,
    mut weight: impl FnMut(&Weighed) -> i128,
) -> Option<(i128, i128)> {
    let (mut sum, mut total) = (0i128, 0i128);
    for part in parts {
        let weight = weight(part);
        sum = sum.checked_add(value(part).checked_mul(weight)?)?;
        total = total.checked_add(weight)?;
    }
    (total > 0).then_some((sum, total))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(weight: (i128, i128), value: (i128, i128)) -> Weighed {
        Weighed { weight, value }
    }

    fn mean(parts: &[Weighed]) -> Option<(String, String)> {
        bounds(parts, 0).map(|(low, high)| (low.to_string(), high.to_string()))
    }

    #[test]
    fn what_is_known_weighs_exactly() {
        let parts = [part((3, 3), (10, 10)), part((1, 1), (30, 30))];
        assert_eq!(mean(&parts), Some(("15".to_owned(), "15".to_owned())));
    }

    #[test]
    fn the_extremes_are_those_of_all_corners() {
        let parts = [
            part((0, 5), (10, 12)),
            part((2, 9), (7, 7)),
            part((1, 1), (40, 60)),
            part((0, 3), (0, 100)),
        ];
        let mut all: Vec<Decimal> = Vec::new();
        for corner in 0..256u32 {
            let pick =
                |bit: usize, (a, b): (i128, i128)| if corner >> bit & 1 == 1 { b } else { a };
            let (mut sum, mut total) = (0, 0);
            for (place, part) in parts.iter().enumerate() {
                let weight = pick(place * 2, part.weight);
                sum += weight * pick(place * 2 + 1, part.value);
                total += weight;
            }
            all.push(cut_ratio(sum, total, 0).unwrap());
        }
        let key = |value: &Decimal| crate::methodology::Number::from(*value);
        let low = all.iter().min_by_key(|value| key(value)).unwrap();
        let high = all.iter().max_by_key(|value| key(value)).unwrap();
        assert_eq!(mean(&parts), Some((low.to_string(), high.to_string())));
    }

    #[test]
    fn no_weight_at_all_gives_no_mean() {
        assert_eq!(mean(&[part((0, 0), (1, 2))]), None);
        assert_eq!(mean(&[]), None);
    }
}
