//! Judges certificates and exchanges of meters by the plan, by what hangs where, and by what the
//! registers showed around them.

use super::{Case, needs, refused};
use crate::aggregate::point::{Content as PointContent, Point};
use crate::aggregate::span::spans;
use crate::config::plan::{ChannelKind, ChannelPlan};
use crate::daemon::DaemonError;
use crate::dataset::read::stored;
use crate::decode::act::{CertificateEntry, ExchangeEntry};
use crate::decode::devices::{Device, Devices, RecordedExchange};
use crate::decode::life::is_same_person;
use crate::domain::decimal::{Decimal, Fixed6};
use crate::domain::flag::{Code, Flags};
use crate::domain::reading::Channels;
use crate::domain::time::{DAY_US, Timestamp};

/// How far back a register's last reading is looked for, to hold a final reading against.
const LOOK_BACK_US: i64 = 31 * DAY_US;

/// Judges a certificate.
///
/// # Errors
/// [`DaemonError::Refused`] with the reason.
pub(super) fn judge_certificate(
    case: &Case<'_>,
    entry: &CertificateEntry,
) -> Result<(), DaemonError> {
    let texts =
        [("number", entry.number.as_str()), ("body", &entry.body), ("serial", &entry.serial)];
    needs("certificate", &texts)?;
    let devices = case.registry.devices();
    devices
        .clone()
        .add_certificate(case.number, -1, entry)
        .map_err(|error| DaemonError::Refused(error.to_string()))?;
    let device = known(case, &entry.device)?;
    let serials: Vec<&str> = device.meters.iter().map(|one| one.plate.serial.as_str()).collect();
    if !serials.contains(&entry.serial.as_str()) {
        return refused(format!(
            "no meter {} hung at {}: there were {}; record its exchange first: mrv device exchange",
            entry.serial,
            device.key,
            serials.join(", ")
        ));
    }
    let same = devices.certificates().find(|(_, _, key, one)| {
        **key == device.key
            && one.number == entry.number
            && one.body == entry.body
            && one.serial == entry.serial
    });
    match same {
        Some((number, ..)) if entry.reason.trim().is_empty() => refused(format!(
            "certificate {} of {} is recorded already, act {number}; if this one takes its place, say why: \
             --reason",
            entry.number, entry.body
        )),
        _ => Ok(()),
    }
}

/// Judges an exchange.
///
/// # Errors
/// [`DaemonError::Refused`] with the reason; others when a file cannot be read.
pub(super) fn judge_exchange(case: &Case<'_>, entry: &ExchangeEntry) -> Result<(), DaemonError> {
    needs(
        "record of an exchange",
        &[
            ("witness", &entry.witnessed_by),
            ("old serial number", &entry.old.serial),
            ("new serial number", &entry.new.serial),
        ],
    )?;
    if is_same_person(&entry.done_by, &entry.witnessed_by) {
        return refused(format!(
            "{} exchanged the meter; another person witnesses it",
            entry.done_by.trim()
        ));
    }
    let mut next = case.registry.devices().clone();
    if let Some(replaces) = entry.replaces {
        let Some(old) = next.exchanges().find(|one| one.number == replaces) else {
            return refused(format!("act {replaces} is no exchange that stands"));
        };
        if old.entry.device != entry.device {
            return refused(format!("act {replaces} is an exchange at {}", old.entry.device));
        }
        needs("replacement", &[("reason", &entry.reason)])?;
    }
    let before = without(&next, entry.replaces);
    next.add_exchange(case.number, -1, entry)
        .map_err(|error| DaemonError::Refused(error.to_string()))?;
    let Some(exchange) = next.exchanges().find(|one| one.number == case.number).cloned() else {
        return refused("its act's number is taken".to_owned());
    };
    known(case, &entry.device)?;
    let all = before.history(case.registry.plans());
    let Some(device) = all.iter().find(|one| one.key == exchange.device) else {
        return refused(format!("no plan has a device {}", entry.device));
    };
    hangs(&all, device, &exchange)?;
    registers(case, &exchange)?;
    for shown in &exchange.registers {
        let Some(channel) = case.plan.channel(&shown.channel) else { continue };
        digits(&exchange, shown.last, &exchange.old)?;
        digits(&exchange, Some(shown.first), &exchange.new)?;
        if !case.is_sure {
            plausible(case, &next, channel, &exchange)?;
        }
    }
    Ok(())
}

/// The acts as they would be without one of them.
fn without(devices: &Devices, replaced: Option<u32>) -> Devices {
    let mut before = devices.clone();
    if let Some(replaced) = replaced {
        before.forget(replaced);
    }
    before
}

fn known(case: &Case<'_>, name: &str) -> Result<Device, DaemonError> {
    let all = case.registry.devices().history(case.registry.plans());
    match all.iter().find(|one| one.key.to_string() == name) {
        Some(device) => Ok(device.clone()),
        None => {
            let known: Vec<String> = all.iter().map(|one| one.key.to_string()).collect();
            refused(match known.as_slice() {
                [] => "the plan declares no devices; add [[device]] and apply it".to_owned(),
                known => format!("no plan has a device {name}; there are {}", known.join(", ")),
            })
        }
    }
}

/// The old meter must hang there when it is taken off, and the new one nowhere.
fn hangs(all: &[Device], device: &Device, exchange: &RecordedExchange) -> Result<(), DaemonError> {
    let before = Timestamp::from_us(exchange.off.us() - 1);
    let Some(old) = device.meter(before) else {
        return refused(format!("no meter hung at {} just before {}", device.key, exchange.off));
    };
    if old.plate.serial != exchange.old.serial {
        return refused(format!(
            "meter {} hung at {} before {}, not {}; look at its plate",
            old.plate.serial, device.key, exchange.off, exchange.old.serial
        ));
    }
    if old.plate.multiplier != exchange.old.multiplier {
        return refused(format!(
            "the multiplier of meter {} is {} by the plan, not {}; what it showed would count otherwise",
            old.plate.serial,
            old.plate.multiplier.to_decimal(),
            exchange.old.multiplier.to_decimal()
        ));
    }
    for other in all {
        for meter in other.meters.iter().filter(|one| one.plate.serial == exchange.new.serial) {
            let is_planned =
                other.key == device.key && meter.from.is_some_and(|from| exchange.off < from);
            if !is_planned {
                let serial = &exchange.new.serial;
                return refused(format!("meter {serial} hung at {} already", other.key));
            }
        }
    }
    Ok(())
}

/// Every register of the device, once, and nothing else.
fn registers(case: &Case<'_>, exchange: &RecordedExchange) -> Result<(), DaemonError> {
    let is_register = |channel: &&ChannelPlan| {
        channel.device.as_ref() == Some(&exchange.device)
            && matches!(channel.kind, ChannelKind::Register { .. })
    };
    let wanted: Vec<_> = case.plan.channels.iter().filter(is_register).collect();
    for (index, shown) in exchange.registers.iter().enumerate() {
        if !wanted.iter().any(|channel| channel.key == shown.channel) {
            return refused(format!("{} is no register of {}", shown.channel, exchange.device));
        }
        if exchange.registers[..index].iter().any(|other| other.channel == shown.channel) {
            return refused(format!("{} is named twice", shown.channel));
        }
    }
    let named = |channel: &ChannelPlan| exchange.registers.iter().any(|s| s.channel == channel.key);
    match wanted.iter().find(|channel| !named(channel)) {
        Some(missing) => refused(format!(
            "register {} of the meter is not named; add --register {}=FINAL:START (FINAL empty if nobody \
             read it)",
            missing.key, missing.key
        )),
        None => Ok(()),
    }
}

/// A display shows no more digits than it has.
fn digits(
    exchange: &RecordedExchange,
    shown: Option<Decimal>,
    plate: &crate::config::plan::Plate,
) -> Result<(), DaemonError> {
    let (Some(shown), Some((whole, part))) = (shown, plate.digits) else { return Ok(()) };
    let has_more = -shown.exponent() > part.cast_signed() && !shown.is_zero();
    let digits = shown.coefficient().unsigned_abs().checked_ilog10().map_or(1, |log| log + 1);
    let before_point = digits.cast_signed() + shown.exponent();
    if has_more || before_point > whole.cast_signed() || shown.is_negative() {
        return refused(format!(
            "meter {} cannot show {shown}: its display has {whole} digits before the point and {part} \
             after it (exchange at {})",
            plate.serial, exchange.off
        ));
    }
    Ok(())
}

/// What the old register counted since its last reading must be possible.
fn plausible(
    case: &Case<'_>,
    devices: &Devices,
    channel: &ChannelPlan,
    exchange: &RecordedExchange,
) -> Result<(), DaemonError> {
    let mut planned = channel.clone();
    planned.exchanges = devices.exchanges_of(case.registry.plans(), channel);
    let Some(recorded) = planned.exchanges.iter().find(|one| one.on == exchange.on) else {
        return refused(format!("a reading of {} goes beyond what can be stored", channel.key));
    };
    let first = recorded.first;
    if recorded.last.is_none() {
        return Ok(());
    }
    let mut channels = Channels::default();
    let id = channels.intern(&channel.key);
    let from = Timestamp::from_us(exchange.off.us() - LOOK_BACK_US);
    let (layout, project) = (case.project.layout(), case.project.id());
    let (readings, _) =
        stored(layout, project, &mut channels, (from, exchange.off), |r| r.channel == id)?;
    let Some(before) = readings.iter().rev().find(|reading| !reading.flags.is_held()) else {
        return Ok(());
    };
    let point = |at: Timestamp, value: Fixed6| Point {
        at,
        content: PointContent::Value(value),
        flags: Flags::NONE,
        leaves: (0, 0),
    };
    let after = Timestamp::from_us(exchange.on.us() + 1);
    let steps = spans(&planned, &[point(before.at, before.value), point(after, first)]);
    let Some(step) = steps.first() else { return Ok(()) };
    for code in [Code::Capacity, Code::Backward, Code::Reset] {
        if step.flags.has(code) {
            return refused(format!(
                "{code}: {} showed {} at {}, and its final reading makes no possible amount ({}); look \
                 again; if it is meant, say --sure: it then counts by its bounds",
                channel.key,
                before.value.to_decimal(),
                before.at,
                code.rule()
            ));
        }
    }
    Ok(())
}
