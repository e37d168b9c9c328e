//! V-CALIBRATION, V-CLASS and V-EXCHANGE: what is not shown of the meters of a period.
//!
//! Nothing here changes a value: what the timeline alters is altered whatever is answered to it.

use super::facts::{DeviceFacts, hours};
use super::timeline::{State, Stretch};
use crate::config::plan::MonitoringOption;
use crate::decode::devices::{Meter, RecordedExchange};
use crate::domain::flag::{Code, Severity};
use crate::domain::reading::ChannelKey;
use crate::domain::time::Timestamp;
use crate::period::{Input, Noted, Statement};

/// All findings on the meters of a period.
pub(in crate::period) fn check(
    input: &Input<'_>,
    statement: &Statement,
    findings: &mut Vec<Noted>,
) {
    undeclared(input, findings);
    let zone = &input.plan.registered.zone;
    let range = (input.period.start(zone), input.period.end(zone));
    for facts in &statement.calibration.devices {
        let counts = facts.channels.iter().any(|channel| is_counted(input, channel));
        for stretch in &facts.stretches {
            if stretch.state != State::InControl {
                findings.push(stretched(facts, stretch, counts));
            }
        }
        for meter in facts.device.meters.iter().filter(|meter| overlaps(meter, range)) {
            ratio(facts, meter, range, findings);
            class(facts, meter, findings);
            papers(facts, meter, findings);
        }
        for exchange in facts.device.exchanges.iter().filter(|e| e.off < range.1 && range.0 <= e.on)
        {
            exchanged(facts, exchange, findings);
        }
        // A plan may declare the readings of an exchange with the channel, without two names.
        let mut channels = facts.channels.iter().filter_map(|key| input.plan.channel(key));
        let is_declared = channels.any(|channel| !channel.exchanges.is_empty());
        let unrecorded = facts.device.unrecorded.iter().filter(|one| one.0 < range.1);
        for (at, old, new) in unrecorded.filter(|_| !is_declared) {
            let message = format!(
                "{}: the plan names meter {new} from {at} on, meter {old} before; no exchange with final \
                 and start reading is recorded",
                facts.device.key
            );
            findings.push(noted(facts, Code::Exchange, Severity::Critical, None, message));
        }
    }
}

/// True for a channel that a parameter measured with equipment is made of.
fn is_counted(input: &Input<'_>, channel: &ChannelKey) -> bool {
    let mut parameters = input.plan.registered.parameters.iter();
    parameters.any(|one| one.option == MonitoringOption::C && one.channels.contains(channel))
}

/// Channels that count and whose meter nobody declared: whether it was right is not known at all.
fn undeclared(input: &Input<'_>, findings: &mut Vec<Noted>) {
    for channel in &input.plan.channels {
        if channel.device.is_none() && is_counted(input, &channel.key) {
            findings.push(Noted {
                code: Code::Calibration,
                severity: Severity::Critical,
                channel: Some(channel.key.clone()),
                span: None,
                count: 1,
                message:
                    "the plan declares no device for it: no class, permissible error, rule or \
                          certificate is known, and nothing is corrected; add a [[device]]"
                        .to_owned(),
            });
        }
    }
}

/// A stretch in which the meter was not shown to be right.
fn stretched(facts: &DeviceFacts, stretch: &Stretch, counts: bool) -> Noted {
    let time = hours(stretch.to.us() - stretch.from.us());
    let by = match (stretch.lower, stretch.raise) {
        (None, None) => "nothing is corrected: no permissible error applies to it".to_owned(),
        (Some(lower), Some(raise)) if lower == raise => {
            format!("each register counts by an error of {lower} on the side that lowers ER")
        }
        (lower, raise) => {
            let told = |what: &str, size: Option<_>| {
                size.map(|size: crate::config::plan::device::ErrorSize| format!("{what} {size}"))
            };
            let both: Vec<String> = [told("too high by", lower), told("too low by", raise)]
                .into_iter()
                .flatten()
                .collect();
            format!(
                "registers may be {}; an error in the claim's favour is not applied",
                both.join(" or ")
            )
        }
    };
    let provisional = match stretch.state {
        State::Overdue { is_provisional: true } => "; provisional: no later calibration is known",
        _ => "",
    };
    let message = format!(
        "{}: meter {} is {} for {time} h ({}); {by}{provisional}",
        facts.device.key,
        stretch.serial,
        stretch.state.as_str(),
        stretch.why
    );
    let severity = if counts { Severity::Critical } else { Severity::Minor };
    noted(facts, Code::Calibration, severity, Some((stretch.from, stretch.to)), message)
}

/// Transformers and multiplier are part of what is measured with.
fn ratio(
    facts: &DeviceFacts,
    meter: &Meter,
    range: (Timestamp, Timestamp),
    findings: &mut Vec<Noted>,
) {
    let plate = &meter.plate;
    let is_plain = plate.ct.is_empty()
        && plate.vt.is_empty()
        && plate.multiplier == crate::config::plan::device::ONE;
    let is_covered = meter.certificates.iter().any(|one| one.certificate.covers_ratio);
    if is_plain || is_covered || meter.certificates.is_empty() {
        return;
    }
    let said = |what: &str, ratio: &str| match ratio {
        "" => String::new(),
        ratio => format!("{what} {ratio}, "),
    };
    let message = format!(
        "{}: no certificate of meter {} covers its {}{}multiplier {}",
        facts.device.key,
        plate.serial,
        said("CT", &plate.ct),
        said("VT", &plate.vt),
        plate.multiplier.to_decimal()
    );
    let span =
        (meter.from.unwrap_or(range.0).max(range.0), meter.to.unwrap_or(range.1).min(range.1));
    findings.push(noted(facts, Code::Calibration, Severity::Critical, Some(span), message));
}

/// V-CLASS: the accuracy class as installed against the one that was registered.
fn class(facts: &DeviceFacts, meter: &Meter, findings: &mut Vec<Noted>) {
    let (registered, installed) = (&facts.device.registered_class, &meter.plate.class);
    if registered == installed {
        return;
    }
    let shown = |class: &str| match class {
        "" => "none".to_owned(),
        class => class.to_owned(),
    };
    let message = format!(
        "{}: meter {} has accuracy class {}, registered is {}",
        facts.device.key,
        meter.plate.serial,
        shown(installed),
        shown(registered)
    );
    let span = meter.from.map(|from| (from, meter.to.unwrap_or(from).max(from)));
    findings.push(noted(facts, Code::Class, Severity::Critical, span, message));
}

/// Certificates whose document is not named.
fn papers(facts: &DeviceFacts, meter: &Meter, findings: &mut Vec<Noted>) {
    for cited in meter.certificates.iter().filter(|one| one.certificate.document.is_none()) {
        let message = format!(
            "{}: {} of meter {} names no document",
            facts.device.key,
            super::timeline::name(cited),
            meter.plate.serial
        );
        findings.push(noted(facts, Code::Calibration, Severity::Minor, None, message));
    }
}

/// V-EXCHANGE: a recorded exchange with its readings, and whether the old meter was tested.
fn exchanged(facts: &DeviceFacts, exchange: &RecordedExchange, findings: &mut Vec<Noted>) {
    let off_us = exchange.on.us() - exchange.off.us();
    let between = match (off_us, exchange.is_disconnected) {
        (0, _) => String::new(),
        (_, true) => format!(
            "; {} h without a meter, recorded as disconnected, count as zero (Z)",
            hours(off_us)
        ),
        (_, false) => format!("; {} h without a meter count by their bounds (Z)", hours(off_us)),
    };
    let readings: Vec<String> = exchange
        .registers
        .iter()
        .map(|shown| {
            let last = shown.last.map_or("not recorded".to_owned(), |last| last.to_string());
            format!("{} final {last}, start {}", shown.channel, shown.first)
        })
        .collect();
    let message = format!(
        "{}: meter {} (multiplier {}) taken off, meter {} (multiplier {}) put on: {}{between}; done by {}, \
         witnessed by {}; act {}, leaf {}",
        facts.device.key,
        exchange.old.serial,
        exchange.old.multiplier.to_decimal(),
        exchange.new.serial,
        exchange.new.multiplier.to_decimal(),
        readings.join("; "),
        exchange.entry.done_by,
        exchange.entry.witnessed_by,
        exchange.number,
        exchange.leaf
    );
    let span = Some((exchange.off, exchange.on.max(Timestamp::from_us(exchange.off.us() + 1))));
    findings.push(noted(facts, Code::Exchange, Severity::Minor, span, message));
    let old = facts.device.meters.iter().find(|meter| meter.plate.serial == exchange.old.serial);
    let is_tested = old.is_some_and(|meter| {
        meter.certificates.iter().any(|one| {
            let certificate = &one.certificate;
            let at = certificate.date.days_since_epoch();
            let off = exchange.off.us().div_euclid(crate::domain::time::DAY_US);
            certificate.as_found.is_some() && i64::from(at) >= off
        })
    });
    if !is_tested {
        let message = format!(
            "{}: meter {} was replaced and not tested as found; its error until {} is not known",
            facts.device.key, exchange.old.serial, exchange.off
        );
        let span = Some((exchange.off, Timestamp::from_us(exchange.off.us() + 1)));
        findings.push(noted(facts, Code::Calibration, Severity::Critical, span, message));
    }
}

fn overlaps(meter: &Meter, (from, to): (Timestamp, Timestamp)) -> bool {
    meter.from.is_none_or(|begin| begin < to) && meter.to.is_none_or(|end| end > from)
}

fn noted(
    facts: &DeviceFacts,
    code: Code,
    severity: Severity,
    span: Option<(Timestamp, Timestamp)>,
    message: String,
) -> Noted {
    Noted { code, severity, channel: facts.channels.first().cloned(), span, count: 1, message }
}
