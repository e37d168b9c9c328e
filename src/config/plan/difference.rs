//! What differs between what two plans register.

use super::factor::{CorrectionFactor, label};
use super::{FixedValue, IndexSets, Parameter, Plan, Registered};
use crate::domain::reading::ChannelKey;

/// Something that two plans register differently.
#[derive(Debug, Clone, PartialEq)]
pub struct Difference {
    /// `EF_RE[roof]`, with its methodology before it where the plan applies several; or `zone`,
    /// `methodologies`, `crediting`, `indices`, `calibration of roof/m1`.
    pub what: String,
    /// For people.
    pub old: String,
    pub new: String,
    pub subject: Subject,
}

/// What a difference is about.
#[derive(Debug, Clone, PartialEq)]
pub enum Subject {
    /// A value fixed ex ante, old and new.
    Fixed(Box<(FixedValue, FixedValue)>),
    /// How a parameter is monitored, old and new.
    Parameter(Box<(Parameter, Parameter)>),
    /// What the periods, years or equations themselves follow from: both cannot be evaluated side by
    /// side.
    Structure,
    /// What the totals of a channel are multiplied by under one name.
    Factor(Box<FactorChange>),
    /// How a device is calibrated: the stricter of both counts.
    Calibration,
}

/// The factors of one name and channel, old and new; none where it came or went.
#[derive(Debug, Clone, PartialEq)]
pub struct FactorChange {
    pub name: String,
    pub channel: ChannelKey,
    pub old: Vec<CorrectionFactor>,
    pub new: Vec<CorrectionFactor>,
}

/// All differences between two plans under `[registered]`, and in how devices are calibrated.
#[must_use]
pub fn differences(old: &Plan, new: &Plan) -> Vec<Difference> {
    let mut found = structure(&old.registered, &new.registered);
    values(&old.registered, &new.registered, &mut found);
    factors(&old.registered, &new.registered, &mut found);
    for device in &new.devices {
        let Some(before) = old.device(&device.key) else { continue };
        let shown = |rule: Option<&super::CalibrationRule>| {
            rule.map_or_else(|| "not stated".to_owned(), ToString::to_string)
        };
        if before.rule != device.rule {
            found.push(Difference {
                what: format!("calibration of {}", device.key),
                old: shown(before.rule.as_ref()),
                new: shown(device.rule.as_ref()),
                subject: Subject::Calibration,
            });
        }
    }
    found
}

fn structure(a: &Registered, b: &Registered) -> Vec<Difference> {
    let mut found = Vec::new();
    let mut tell = |what: &str, old: String, new: String| {
        if old != new {
            let (what, subject) = (what.to_owned(), Subject::Structure);
            found.push(Difference { what, old, new, subject });
        }
    };
    tell("zone", a.zone.name().to_owned(), b.zone.name().to_owned());
    tell("methodologies", a.methodologies.join(", "), b.methodologies.join(", "));
    let dates = |of: &Registered| format!("{} to {}", of.crediting.0, of.crediting.1);
    tell("crediting", dates(a), dates(b));
    let sets = |sets: &IndexSets| {
        let named = sets.iter().map(|(index, members)| format!("{index} = {}", members.join(" ")));
        named.collect::<Vec<_>>().join(", ")
    };
    let indices = |of: &Registered| {
        let apart = of.index_sets_of.iter().map(|(id, of)| format!("{id}: {}", sets(of)));
        let all: Vec<String> = std::iter::once(sets(&of.index_sets)).chain(apart).collect();
        all.join("; ")
    };
    tell("indices", indices(a), indices(b));
    found
}

fn values(a: &Registered, b: &Registered, found: &mut Vec<Difference>) {
    let several = a.methodologies.len() > 1 || b.methodologies.len() > 1;
    let name = |methodology: &str, symbol: &str, members: &[String]| {
        let members =
            if members.is_empty() { String::new() } else { format!("[{}]", members.join(", ")) };
        match several {
            true => format!("{methodology} {symbol}{members}"),
            false => format!("{symbol}{members}"),
        }
    };
    let key = |f: &FixedValue| (f.methodology.clone(), f.symbol.clone(), f.members.clone());
    let shown = |f: &FixedValue| format!("{} {}", f.value, f.unit);
    for old in &a.fixed {
        let new = b.fixed.iter().find(|new| key(new) == key(old));
        let what = name(&old.methodology, &old.symbol, &old.members);
        match new {
            Some(new) if (new.value, &new.unit) != (old.value, &old.unit) => {
                found.push(Difference {
                    what,
                    old: shown(old),
                    new: shown(new),
                    subject: Subject::Fixed(Box::new((old.clone(), new.clone()))),
                })
            }
            Some(_) => {}
            None => found.push(gone(what, shown(old))),
        }
    }
    for new in b.fixed.iter().filter(|new| !a.fixed.iter().any(|old| key(old) == key(new))) {
        found.push(come(name(&new.methodology, &new.symbol, &new.members), shown(new)));
    }
    let key = |p: &Parameter| (p.methodology.clone(), p.symbol.clone(), p.members.clone());
    for old in &a.parameters {
        let new = b.parameters.iter().find(|new| key(new) == key(old));
        let what = name(&old.methodology, &old.symbol, &old.members);
        match new {
            Some(new) if monitored(new) != monitored(old) => found.push(Difference {
                what,
                old: monitored(old),
                new: monitored(new),
                subject: Subject::Parameter(Box::new((old.clone(), new.clone()))),
            }),
            Some(_) => {}
            None => found.push(gone(what, monitored(old))),
        }
    }
    for new in
        b.parameters.iter().filter(|new| !a.parameters.iter().any(|old| key(old) == key(new)))
    {
        found.push(come(name(&new.methodology, &new.symbol, &new.members), monitored(new)));
    }
}

fn factors(a: &Registered, b: &Registered, found: &mut Vec<Difference>) {
    let mut keys: Vec<(&String, &ChannelKey)> = Vec::new();
    for one in a.factors.iter().chain(&b.factors) {
        if !keys.contains(&(&one.name, &one.channel)) {
            keys.push((&one.name, &one.channel));
        }
    }
    for (name, channel) in keys {
        let of = |registered: &Registered| -> Vec<CorrectionFactor> {
            let is_named = |one: &&CorrectionFactor| (&one.name, &one.channel) == (name, channel);
            let mut named: Vec<_> = registered.factors.iter().filter(is_named).cloned().collect();
            named.sort_by_key(|one| one.from);
            named
        };
        let shown = |factors: &[CorrectionFactor]| match factors {
            [] => "not there".to_owned(),
            all => all.iter().map(CorrectionFactor::shown).collect::<Vec<_>>().join(", "),
        };
        let (old, new) = (of(a), of(b));
        // One of a parameter holds for its check meters too.
        let reach = |factors: &[CorrectionFactor]| factors.iter().any(|one| one.is_of_parameter);
        if shown(&old) != shown(&new) || (reach(&old) != reach(&new) && !new.is_empty()) {
            found.push(Difference {
                what: label(name, channel),
                old: shown(&old),
                new: shown(&new),
                subject: Subject::Factor(Box::new(FactorChange {
                    name: name.clone(),
                    channel: channel.clone(),
                    old,
                    new,
                })),
            });
        }
    }
}

fn gone(what: String, old: String) -> Difference {
    Difference { what, old, new: "not there".to_owned(), subject: Subject::Structure }
}

fn come(what: String, new: String) -> Difference {
    Difference { what, old: "not there".to_owned(), new, subject: Subject::Structure }
}

/// How a parameter gets its value, for people; equal where its figures are.
fn monitored(parameter: &Parameter) -> String {
    let channels: Vec<String> = parameter.channels.iter().map(ToString::to_string).collect();
    let from = match (channels.is_empty(), parameter.amounts) {
        (true, true) => "documents".to_owned(),
        (true, false) => "nothing".to_owned(),
        (false, true) => format!("{}, gaps by documents", channels.join(" + ")),
        (false, false) => channels.join(" + "),
    };
    let bounds = match parameter.doubt {
        super::Doubt::Capacity { per_hour, unit } => {
            format!("0 to {} {unit} per hour", per_hour.to_decimal())
        }
        super::Doubt::Range { low, high, unit } => {
            format!("{} to {} {unit}", low.to_decimal(), high.to_decimal())
        }
    };
    let every = match parameter.every_us {
        Some(every_us) => format!(", at least every {} s", every_us / 1_000_000),
        None => String::new(),
    };
    let codes: Vec<String> = parameter
        .codes
        .iter()
        .map(|(code, member)| format!("{} {member}", code.to_decimal()))
        .collect();
    let codes =
        if codes.is_empty() { String::new() } else { format!(", codes {}", codes.join(" ")) };
    format!(
        "option {}, measured by {from}, in {}, gaps {bounds}{every}{codes}",
        parameter.option.as_str(),
        parameter.unit
    )
}
