//! What doubts cost, and why a figure is what it is, in sentences.

use super::collect::coverage;
use super::equations::Evaluation;
use super::exact::rounded;
use super::statement::InputTotal;
use crate::domain::decimal::Decimal;

/// How an input that is not known exactly entered the equations: `EC_PJ was not measured at all;
/// taken at its lowest, 0 MWh, where ER is lowest`.
pub(super) fn taken(input: &InputTotal) -> String {
    let label = input.label();
    let known = match input.total.covered_us {
        0 => format!("{label} was not measured at all"),
        covered if covered == input.total.length_us => {
            format!("{label} was measured all the time, with values in doubt")
        }
        covered => format!(
            "{label} was measured for {} % of the time",
            rounded(coverage(covered, input.total.length_us), 2)
        ),
    };
    let place = match input.side() {
        "between" => "taken between its bounds, at".to_owned(),
        side => format!("taken at its {side},"),
    };
    format!("{known}; {place} {} {}, where ER is lowest", input.chosen, input.unit)
}

/// How an input was corrected for its meters' calibration, if it was: `EG is corrected for the
/// calibration of its meters: 2990.000 MWh instead of 3000.000`.
pub(super) fn corrected(input: &InputTotal) -> Option<String> {
    let plain = input.uncorrected.as_ref()?;
    let before = plain.measured.or(plain.low)?;
    Some(format!(
        "{} is corrected for the calibration of its meters: {} {} instead of {}",
        input.label(),
        rounded(input.chosen, 3),
        input.unit,
        rounded(before, 3)
    ))
}

/// What the doubt about an input costs.
pub(super) fn cost_sentence(input: &InputTotal, cost: Decimal) -> String {
    let cost = if cost.is_zero() {
        "this doubt costs nothing".to_owned()
    } else {
        format!("this doubt costs {} tCO2e", rounded(cost, 3))
    };
    format!("{}; {cost}", taken(input))
}

/// Why the year's figures are what they are.
pub(super) fn why(
    result: &Evaluation,
    taken: &[String],
    carried_in: i128,
    claim: super::claim::Claim,
) -> String {
    // A zero is explained where it is no project emission that the methodology takes as zero.
    let named = [("RE", result.re), ("PE", result.pe), ("ER", result.er)];
    let is_telling = result.re.is_zero() || result.er.is_zero();
    let zero: Vec<&str> = named
        .iter()
        .filter(|(_, value)| is_telling && value.is_zero())
        .map(|(name, _)| *name)
        .collect();
    let mut text = taken.join("; ");
    if text.is_empty() {
        text = "all inputs are known exactly".to_owned();
    }
    match zero.as_slice() {
        [] => {}
        [one] => text += &format!(", so {one} is 0"),
        [first @ .., last] => text += &format!(", so {} and {last} are 0", first.join(", ")),
    }
    let floored = claim.floored;
    if !result.er.is_zero() {
        text += &format!("; ER {} tCO2e is rounded down to {floored}", rounded(result.er, 6));
    }
    if carried_in < 0 {
        text += &format!("; the unresolved negative of earlier years, {carried_in}, is deducted");
    }
    if claim.carried_out < 0 {
        text += &format!(
            "; nothing is claimed and {} is left to be deducted from later years",
            claim.carried_out
        );
    }
    text
}
