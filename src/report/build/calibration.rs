//! The meters' part of the model.

use super::{TONNES, bounds, figure};
use crate::config::plan::CorrectionFactor;
use crate::config::plan::device::FoundError;
use crate::decode::devices::{Cited, Meter as HungMeter, Origin};
use crate::domain::decimal::Decimal;
use crate::domain::time::Zone;
use crate::period::calibration::correct::Side;
use crate::period::calibration::facts::{DeviceFacts, RegisterCorrection};
use crate::period::calibration::timeline::Stretch;
use crate::period::exact::{difference, rounded};
use crate::period::factors::FactoredTotal;
use crate::period::statement::{Statement, YearResult};
use crate::report::model::{
    Calibration, CalibrationEffect, Certificate, Device, Factor, Factored, Figure, Meter,
    MeterState, Move, RegisterMonth,
};

/// The meters of a statement.
pub(super) fn calibration(statement: &Statement) -> Calibration {
    let zone = &statement.project.zone;
    let facts = &statement.calibration;
    Calibration {
        devices: facts.devices.iter().map(|one| device(one, zone)).collect(),
        registers: facts.corrections.iter().map(register).collect(),
        effects: statement.years.iter().filter_map(effect).collect(),
        factors: statement.factors.iter().map(factor).collect(),
    }
}

fn factor(factor: &CorrectionFactor) -> Factor {
    // Printed as it was written, never rounded.
    let text = factor.factor.to_string();
    Factor {
        name: factor.name.clone(),
        channel: factor.channel.to_string(),
        factor: Figure { value: text.clone(), shown: text, unit: "1".to_owned() },
        from: factor.from.map(|date| date.to_string()),
        to: factor.to.map(|date| date.to_string()),
        source: factor.source.clone(),
        confirmed: factor.confirmed.clone(),
    }
}

/// What a channel counts by its factors.
pub(super) fn factored(facts: &FactoredTotal, zone: &Zone) -> Factored {
    let (uncorrected, ..) = bounds(&facts.uncorrected, &facts.unit);
    let (corrected, low, high) = bounds(&facts.corrected, &facts.unit);
    let told = facts.factors.iter().map(|(name, factor)| format!("{factor} ({name})"));
    Factored {
        label: facts.label.clone(),
        channel: facts.channel.to_string(),
        from: zone.show(facts.from),
        to: zone.show(facts.to),
        factors: told.collect::<Vec<_>>().join(" x "),
        uncorrected,
        corrected,
        low,
        high,
    }
}

fn device(facts: &DeviceFacts, zone: &Zone) -> Device {
    let device = &facts.device;
    let moved = device.moves.iter();
    Device {
        device: device.key.to_string(),
        place: device.place.clone(),
        maker: device.maker.clone(),
        model: device.model.clone(),
        channels: facts.channels.iter().map(ToString::to_string).collect(),
        rule: device.rule.as_ref().map(ToString::to_string),
        registered_class: device.registered_class.clone(),
        moves: moved.map(|(at, place)| Move { at: zone.show(*at), place: place.clone() }).collect(),
        meters: device.meters.iter().map(|one| meter(one, zone)).collect(),
        states: facts.stretches.iter().map(|one| state(one, zone)).collect(),
    }
}

fn meter(meter: &HungMeter, zone: &Zone) -> Meter {
    let plate = &meter.plate;
    Meter {
        serial: plate.serial.clone(),
        class: plate.class.clone(),
        permissible: plate.permissible.as_ref().map(|one| one.size.to_string()),
        permissible_source: plate.permissible.as_ref().map(|one| one.source.clone()),
        ct: plate.ct.clone(),
        vt: plate.vt.clone(),
        multiplier: plate.multiplier.to_decimal().to_string(),
        digits: plate.digits.map(|(whole, part)| format!("{whole}+{part}")),
        seals: plate.seals.clone(),
        from: meter.from.map(|at| zone.show(at)),
        to: meter.to.map(|at| zone.show(at)),
        certificates: meter.certificates.iter().map(certificate).collect(),
    }
}

fn certificate(cited: &Cited) -> Certificate {
    let one = &cited.certificate;
    let said = |error: Option<FoundError>| error.map(|error| error.to_string());
    Certificate {
        number: one.number.clone(),
        body: one.body.clone(),
        scope: one.scope.clone(),
        date: one.date.to_string(),
        valid_until: one.valid_until.map(|date| date.to_string()),
        as_found: said(one.as_found),
        as_left: said(one.as_left),
        covers_ratio: one.covers_ratio,
        document: one.document.map(|sha256| sha256.to_string()),
        stated_by: match cited.origin {
            Origin::Plan(number) => format!("plan {number}"),
            Origin::Act(number, leaf) => format!("act {number}, leaf {leaf}"),
        },
    }
}

fn state(stretch: &Stretch, zone: &Zone) -> MeterState {
    MeterState {
        serial: stretch.serial.clone(),
        from: zone.show(stretch.from),
        to: zone.show(stretch.to),
        hours: hours(stretch.to.us() - stretch.from.us()),
        state: stretch.state.as_str().to_owned(),
        too_high: stretch.lower.map(|size| size.to_string()),
        too_low: stretch.raise.map(|size| size.to_string()),
        why: stretch.why.clone(),
    }
}

fn register(facts: &RegisterCorrection) -> RegisterMonth {
    let (uncorrected, ..) = bounds(&facts.uncorrected, &facts.unit);
    let (_, low, high) = bounds(&facts.corrected, &facts.unit);
    RegisterMonth {
        methodology: facts.methodology.clone(),
        label: facts.label.clone(),
        channel: facts.channel.to_string(),
        month: facts.month.month().to_string(),
        uncorrected,
        hours: hours(facts.corrected_us),
        errors: facts.errors.clone(),
        side: match facts.side {
            Side::None => "not altered",
            Side::Lower => "lowered",
            Side::Raise => "raised",
            Side::Both => "both ways",
        }
        .to_owned(),
        low,
        high,
    }
}

fn effect(year: &YearResult) -> Option<CalibrationEffect> {
    let before = year.uncorrected?;
    let tonnes = |value| figure(value, TONNES);
    Some(CalibrationEffect {
        methodology: year.methodology.clone(),
        year: year.year,
        re_uncorrected: tonnes(before.re),
        pe_uncorrected: tonnes(before.pe),
        er_uncorrected: tonnes(before.er),
        er: tonnes(year.er),
        cost: tonnes(difference(before.er, year.er)?),
    })
}

/// Hours to the hundredth.
fn hours(us: i64) -> Figure {
    let hundredths = i128::from(us) / 36_000_000;
    let hours = Decimal::new(hundredths, -2).unwrap_or(Decimal::ZERO);
    Figure { value: hours.to_string(), shown: rounded(hours, 2), unit: "h".to_owned() }
}
