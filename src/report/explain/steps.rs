//! From what was measured to what counts: corrections of registers, gaps and substitutes, shares over
//! borders, bounds.
//!
//! Takes the report alone: every step is a figure or a text of it, so that a tree and a report never tell
//! two stories.

use super::calculation::shown;
use super::{Kind, Node};
use crate::period::exact::difference;
use crate::report::Report;
use crate::report::model::{Allocation, Figure, GapStretch, Input, Parameter, RegisterMonth, Year};

/// Stretches of the log of gaps that are opened for one parameter; the others are counted.
const GAPS_MAX: usize = 12;

/// The steps between the intervals of a parameter's year and the value that enters the equations; `None`
/// where that is what was measured, and nothing lies between.
pub fn open(report: &Report, year: &Year, input: &Input, parameter: &Parameter) -> Option<Node> {
    let is_ours = |methodology: &str, label: &str| {
        methodology == year.methodology && label == parameter.label
    };
    let of_year = format!("{:04}-", year.year);
    let registers = report.calibration.registers.iter();
    let registers: Vec<&RegisterMonth> = registers
        .filter(|one| is_ours(&one.methodology, &one.label) && one.month.starts_with(&of_year))
        .collect();
    let gaps = report.gap_log.iter();
    let gaps: Vec<&GapStretch> =
        gaps.filter(|one| is_ours(&one.methodology, &one.label) && one.year == year.year).collect();
    let shares = report.allocations.iter();
    let is_cut = |one: &&Allocation| {
        let touches = |at: &str| at.starts_with(&of_year);
        parameter.channels.contains(&one.channel) && (touches(&one.from) || touches(&one.to))
    };
    let shares: Vec<&Allocation> = shares.filter(is_cut).collect();
    let doubts = report.gaps.iter();
    let doubt = doubts.clone().find(|one| {
        one.methodology == year.methodology && one.year == year.year && one.label == input.label
    });
    if registers.is_empty() && gaps.is_empty() && shares.is_empty() && doubt.is_none() {
        return None;
    }
    let has_factor = year.factored.iter().any(|one| one.label == parameter.label);
    let name = if has_factor { measured_as(true) } else { "uncorrected" };
    let mut node = Node::new(Kind::Step, "from what was measured to what counts")
        .fact(name, input.measured.as_ref().map(shown).unwrap_or_default());
    node = match (&input.low, &input.high) {
        (Some(low), Some(high)) if low == high => node.fact("corrected", shown(low)),
        (Some(low), Some(high)) => node.fact("bounds", format!("{} to {}", low.shown, shown(high))),
        _ => node,
    };
    node = node.fact("enters the equations", shown(&input.chosen));
    if let Some(doubt) = doubt {
        node = node.fact("in doubt", &*doubt.sentence).fact("its cost", shown(&doubt.cost));
    }
    let registers = registers.into_iter().map(|one| register(report, one));
    let shares = shares.into_iter().map(share);
    let listed = gaps.iter().take(GAPS_MAX).map(|one| gap(one));
    let node = node.with(registers).with(listed);
    let left = gaps.len().saturating_sub(GAPS_MAX);
    let node = match left {
        0 => node,
        left => {
            let what = format!("{left} more stretches, in the report's log of gaps");
            node.with([Node::new(Kind::Note, what)])
        }
    };
    Some(node.with(shares))
}

/// What the measured total of a parameter is called: with correction factors it is no longer what the meters
/// counted.
pub fn measured_as(has_factor: bool) -> &'static str {
    if has_factor { "measured, times its factors" } else { "measured" }
}

/// What a year would be without the corrections, as facts of its figure; nothing where none is corrected.
pub fn uncorrected(report: &Report, year: &Year, label: &str) -> Vec<(&'static str, String)> {
    let effects = report.calibration.effects.iter();
    let mut of_year =
        effects.filter(|one| one.methodology == year.methodology && one.year == year.year);
    let Some(effect) = of_year.next() else { return Vec::new() };
    let before = match label {
        "RE" => &effect.re_uncorrected,
        "PE" => &effect.pe_uncorrected,
        "ER" => &effect.er_uncorrected,
        _ => return Vec::new(),
    };
    let mut facts = vec![("without corrections for calibrations", shown(before))];
    if label == "ER" {
        facts.push(("what they take", shown(&effect.cost)));
    }
    facts
}

/// A month of one register.
fn register(report: &Report, one: &RegisterMonth) -> Node {
    let text = |figure: &Option<Figure>| {
        figure.as_ref().map_or_else(
            || "nothing measured".to_owned(),
            |figure| format!("{} {}", figure.shown, figure.unit),
        )
    };
    let counts = match (&one.low, &one.high) {
        (Some(low), Some(high)) if low != high => format!("{} to {}", low.shown, text(&one.high)),
        _ => text(&one.low),
    };
    let title =
        format!("{}: {}: {} counts as {counts}", one.channel, one.month, text(&one.uncorrected));
    let side = match one.side.as_str() {
        "lowered" | "raised" => format!("{}: the side on which ER is lowest", one.side),
        "both ways" => "both ways: the lowest ER lies between".to_owned(),
        other => format!("{other}: an error in the claim's favour is not applied"),
    };
    let altered = match (&one.low, &one.high, &one.uncorrected) {
        (Some(low), Some(high), Some(before)) if low == high => altered(before, low),
        _ => None,
    };
    let mut node = Node::new(Kind::Step, title)
        .fact("error", &*one.errors)
        .fact("taken", side)
        .fact("alters it by", altered.unwrap_or_default());
    let devices = report.calibration.devices.iter();
    for device in devices.filter(|device| device.channels.contains(&one.channel)) {
        // Months are local, and so are these times: `2023-02` against `2023-02-01T00:00:00+00:00`.
        let touches = |from: &str, to: &str| {
            from.get(..7) <= Some(&*one.month) && to.get(..7) >= Some(&*one.month)
        };
        for state in device.states.iter().filter(|state| touches(&state.from, &state.to)) {
            if state.too_high.is_some() || state.too_low.is_some() {
                let what =
                    format!("{} from {} to {}: {}", state.state, state.from, state.to, state.why);
                node = node.fact(&format!("meter {}", state.serial), what);
            }
        }
    }
    node
}

/// New less old, with a sign.
fn altered(old: &Figure, new: &Figure) -> Option<String> {
    use crate::domain::decimal::Decimal;
    let parse = |figure: &Figure| Decimal::parse(&figure.value).ok();
    let change = difference(parse(new)?, parse(old)?)?.to_string();
    let sign = if change.starts_with('-') { "" } else { "+" };
    Some(format!("{sign}{change} {}", new.unit))
}

fn gap(one: &GapStretch) -> Node {
    let what = one.channel.as_deref().unwrap_or("documents");
    let title = format!("{what}: {} to {}: {} h {}", one.from, one.to, one.hours, one.quality);
    let cost = |figure: &Option<Figure>| figure.as_ref().map(shown).unwrap_or_default();
    Node::new(Kind::Step, title)
        .fact("rule", &*one.rule)
        .fact("stands for it", &*one.stands)
        .fact("its doubt costs", cost(&one.cost))
        .fact("it earns against its bounds", cost(&one.earned))
}

fn share(one: &Allocation) -> Node {
    let title = format!("{}: {} across {}", one.channel, shown(&one.total), one.border);
    let fixed = if one.is_sealed { "the seal of the period before" } else { "the lowest claim" };
    Node::new(Kind::Step, title)
        .fact("the gap", format!("{} to {}", one.from, one.to))
        .fact("before the border", shown(&one.before))
        .fact("even over time", shown(&one.even))
        .fact("at the least and at the most", format!("{} to {}", one.low.shown, shown(&one.high)))
        .fact("fixed by", fixed)
}
