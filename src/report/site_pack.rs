//! What a verifier takes along to a site: the meters by place, and what each register should show.
//!
//! Takes the plans and devices of a project and the last readings of each register; gives one line per
//! register with plate, seals and the display expected at an instant: the last usable reading, and
//! since then as much per day as over the thirty days before it. An expectation, never a figure.

use std::fmt::Write as _;

use serde::Serialize;

use super::ReportError;
use super::html::escape as escaped;
use crate::aggregate::point::Point;
use crate::config::plan::{ChannelKind, ChannelPlan, Plan};
use crate::dataset::commit::Commit;
use crate::dataset::layout::Layout;
use crate::decode::devices::Device;
use crate::domain::decimal::{Fixed6, divide_half_even};
use crate::domain::id::{DeviceId, ProjectId, QuantityId, SiteId};
use crate::domain::reading::{ChannelId, ChannelKey, Channels};
use crate::domain::time::{DAY_US, Timestamp};
use crate::publish::neighbours::{Frontiers, Side, Stored};
use crate::publish::registry::Registry;

/// Readings over this time before the last one say how much is counted in a day.
const RATE_US: i64 = 30 * DAY_US;

/// The meters of a project.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SitePack {
    pub project: String,
    pub title: String,
    /// The instant for which displays are expected, local time with offset.
    pub at: String,
    /// What the readings in it are.
    pub rests_on: String,
    /// By site and place.
    pub devices: Vec<DeviceLine>,
}

/// A device and what hangs there now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DeviceLine {
    pub site: String,
    pub device: String,
    /// Where to look for it; empty if the plan does not say.
    pub place: String,
    pub maker: String,
    pub serial: String,
    pub class: String,
    pub seals: Vec<String>,
    /// Current and voltage transformers.
    pub ct: String,
    pub vt: String,
    pub multiplier: String,
    /// Digits of the display before and after the point; null if not stated.
    pub digits: Option<(u32, u32)>,
    pub registers: Vec<RegisterLine>,
    /// Channels that are no register.
    pub others: Vec<String>,
}

/// A register and what it should show.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RegisterLine {
    pub channel: String,
    /// Of what the display shows.
    pub unit: String,
    /// Last usable reading, as the display shows it; null where there is none.
    pub last: Option<String>,
    pub last_at: Option<String>,
    /// Counted by the display in a day; null where one reading is known.
    pub per_day: Option<String>,
    pub expected: Option<String>,
}

/// The meters of a project as published.
///
/// # Errors
/// When the project has no plan, or a file cannot be read.
pub fn site_pack(
    layout: &Layout,
    id: &ProjectId,
    (commit, registry): (&Commit, &Registry),
    at: Timestamp,
) -> Result<SitePack, ReportError> {
    let plans = registry.plans();
    let plan = plans.latest().cloned();
    let plan = plan.ok_or_else(|| ReportError::Refused(format!("project {id} has no plan")))?;
    let devices = registry.devices().history(plans);
    let mut channels = Channels::default();
    let mut frontiers = Frontiers::default();
    for one in &commit.derived.frontiers {
        if let (Ok(site), Ok(device), Ok(quantity)) = (
            SiteId::parse(&one.site),
            DeviceId::parse(&one.device),
            QuantityId::parse(&one.quantity),
        ) {
            let channel = channels.intern(&ChannelKey { site, device, quantity });
            let stamps = (Timestamp::from_us(one.first), Timestamp::from_us(one.at));
            frontiers.insert(channel, stamps);
        }
    }
    let mut lines: Vec<DeviceLine> = Vec::new();
    // Each with the line that it stands in.
    let mut registers: Vec<(usize, ChannelPlan)> = Vec::new();
    for channel in &plan.channels {
        let key = channel.device.clone();
        let (site, name) = match &key {
            Some(key) => (key.site.to_string(), key.device.to_string()),
            None => (channel.key.site.to_string(), channel.key.device.to_string()),
        };
        let place = lines.iter().position(|line| line.site == site && line.device == name);
        let place = place.unwrap_or_else(|| {
            let device = key.as_ref().and_then(|key| devices.iter().find(|one| one.key == *key));
            lines.push(device_line(site, name, channel, device, at));
            lines.len() - 1
        });
        match channel.kind {
            ChannelKind::Register { .. } => {
                let mut planned = channel.clone();
                planned.exchanges = registry.devices().exchanges_of(plans, channel);
                registers.push((place, planned));
            }
            _ => lines[place].others.push(channel.key.to_string()),
        }
    }
    let settlements = registry.settlements();
    let stored = Stored { layout, project: id, frontiers: &frontiers, settlements };
    let shown = shown(&stored, &mut channels, &registers, at)?;
    for ((place, channel), shown) in registers.iter().zip(shown) {
        lines[*place].registers.push(register_line(&plan, channel, shown, at));
    }
    lines.sort_by(|a, b| (&a.site, &a.place, &a.device).cmp(&(&b.site, &b.place, &b.device)));
    Ok(SitePack {
        project: id.to_string(),
        title: plan.registered.title.clone(),
        at: plan.registered.zone.show(at),
        rests_on: "readings as they are published".to_owned(),
        devices: lines,
    })
}

fn device_line(
    site: String,
    name: String,
    channel: &ChannelPlan,
    device: Option<&Device>,
    at: Timestamp,
) -> DeviceLine {
    let plate = device.and_then(|device| device.meter(at)).map(|meter| &meter.plate);
    let said = |of: fn(&crate::config::plan::Plate) -> &String, own: &str| {
        plate.map_or_else(|| own.to_owned(), |plate| of(plate).clone())
    };
    DeviceLine {
        site,
        device: name,
        place: device.map_or_else(String::new, |device| {
            let moved = device.moves.iter().rev().find(|(when, _)| *when <= at);
            moved.map_or_else(|| device.place.clone(), |(_, place)| place.clone())
        }),
        maker: device.map_or_else(String::new, |device| device.maker.clone()),
        serial: said(|plate| &plate.serial, &channel.serial),
        class: said(|plate| &plate.class, &channel.class),
        seals: plate.map_or_else(Vec::new, |plate| plate.seals.clone()),
        ct: said(|plate| &plate.ct, ""),
        vt: said(|plate| &plate.vt, ""),
        multiplier: plate.map_or(Fixed6::ONE, |plate| plate.multiplier).to_decimal().to_string(),
        digits: plate.and_then(|plate| plate.digits),
        registers: Vec::new(),
        others: Vec::new(),
    }
}

/// The last usable reading of a register, and one before it that says how much is counted in a day.
#[derive(Debug, Clone, Copy, Default)]
struct Shown {
    last: Option<(Timestamp, i64)>,
    first: Option<(Timestamp, i64)>,
}

/// What each register shows, in their order: looked up together, so that a file is read once for all.
fn shown(
    stored: &Stored<'_>,
    channels: &mut Channels,
    registers: &[(usize, ChannelPlan)],
    at: Timestamp,
) -> Result<Vec<Shown>, ReportError> {
    let usable = |point: Option<Point>| {
        let point = point?;
        Some((point.at, point.usable()?.micro()))
    };
    let mut shown = vec![Shown::default(); registers.len()];
    let mut number = |channel: &ChannelPlan| channels.intern(&channel.key);
    let numbers: Vec<ChannelId> = registers.iter().map(|(_, one)| number(one)).collect();
    let by = Timestamp::from_us(at.us() + 1);
    let wanted: Vec<_> = numbers.iter().map(|number| (*number, by)).collect();
    let last = stored.nearest_of(channels, &wanted, Side::Before)?;
    let (mut places, mut wanted) = (Vec::new(), Vec::new());
    for (place, last) in last.into_iter().enumerate() {
        shown[place].last = usable(last);
        if let Some((last_at, _)) = shown[place].last {
            places.push(place);
            wanted.push((numbers[place], rate_from(&registers[place].1, last_at)));
        }
    }
    let first = stored.nearest_of(channels, &wanted, Side::After)?;
    for (place, first) in places.into_iter().zip(first) {
        shown[place].first = usable(first);
    }
    Ok(shown)
}

/// Readings after this instant say how much a register counts in a day.
fn rate_from(channel: &ChannelPlan, last_at: Timestamp) -> Timestamp {
    // Not across an exchange: another meter's display says nothing of this one's.
    let hung = channel.exchanges.iter().filter(|one| one.on <= last_at).map(|one| one.on).max();
    let back = Timestamp::from_us(last_at.us() - RATE_US - 1);
    hung.map_or(back, |hung| back.max(Timestamp::from_us(hung.us() - 1)))
}

fn register_line(plan: &Plan, channel: &ChannelPlan, shown: Shown, at: Timestamp) -> RegisterLine {
    let mut line = RegisterLine {
        channel: channel.key.to_string(),
        unit: channel.sent_unit.symbol().to_owned(),
        last: None,
        last_at: None,
        per_day: None,
        expected: None,
    };
    let Some((last_at, last)) = shown.last else { return line };
    let Some(display) = Display::of(channel) else { return line };
    line.last = Some(display.shown(last.into()));
    line.last_at = Some(plan.registered.zone.show(last_at));
    if let Some((first_at, first)) = shown.first.filter(|(first_at, _)| *first_at < last_at) {
        let turned = display.turned(i128::from(last) - i128::from(first));
        let time = i128::from(last_at.us() - first_at.us());
        let over = |span_us: i64| divide_half_even(turned * i128::from(span_us), time);
        line.per_day = Some(display.shown(over(DAY_US)));
        let expected = i128::from(last) + over((at.us() - last_at.us()).max(0));
        line.expected = Some(display.shown(display.turned(expected)));
    }
    line
}

/// How a register's stored values become what its display shows.
struct Display {
    /// Stored micro-units in one unit of the display, as a fraction.
    numerator: i128,
    denominator: i128,
    /// In stored micro-units.
    modulus: Option<i128>,
}

impl Display {
    /// `None` where the units do not convert.
    fn of(channel: &ChannelPlan) -> Option<Self> {
        let ChannelKind::Register { modulus } = channel.kind else { return None };
        let to_sent = channel.unit.conversion_to(channel.sent_unit)?;
        let one = crate::period::exact::convert(Fixed6::ONE, to_sent)?;
        // One stored unit is `one` units of the display: coefficient times a power of ten.
        let power = |exponent: i32| 10i128.checked_pow(exponent.unsigned_abs());
        let (numerator, denominator) = match one.exponent() {
            exponent @ ..0 => (one.coefficient(), power(exponent)?),
            exponent => (one.coefficient().checked_mul(power(exponent)?)?, 1),
        };
        Some(Self { numerator, denominator, modulus: modulus.map(|one| one.micro().into()) })
    }

    /// A stored value or difference as the display shows it, to six decimals.
    fn shown(&self, micro: i128) -> String {
        let value = divide_half_even(micro * self.numerator, self.denominator);
        Fixed6::from_micro(value).map_or_else(
            |_| "beyond all displays".to_owned(),
            |value| value.to_decimal().to_string(),
        )
    }

    /// A value below the turn of the display and not below zero.
    fn turned(&self, micro: i128) -> i128 {
        self.modulus.map_or(micro, |modulus| micro.rem_euclid(modulus))
    }
}

impl SitePack {
    /// The list for a terminal.
    #[must_use]
    pub fn text(&self) -> String {
        let mut out = format!(
            "{} ({}), displays expected at {}; rests on {}\n",
            self.title, self.project, self.at, self.rests_on
        );
        for line in &self.devices {
            let _ = writeln!(out, "\n{}/{}  {}", line.site, line.device, or_dash(&line.place));
            let _ = writeln!(
                out,
                "  serial {}, class {}, seals {}, multiplier {}{}",
                or_dash(&line.serial),
                or_dash(&line.class),
                or_dash(&line.seals.join(" ")),
                line.multiplier,
                line.ratios()
            );
            for register in &line.registers {
                let dash = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
                let _ = writeln!(
                    out,
                    "  {}: expected {} {}; last {} at {}, {} a day",
                    register.channel,
                    dash(&register.expected),
                    register.unit,
                    dash(&register.last),
                    dash(&register.last_at),
                    dash(&register.per_day)
                );
            }
            for other in &line.others {
                let _ = writeln!(out, "  {other}: no register");
            }
        }
        out.trim_end().to_owned()
    }

    /// A page to print, with room for what is found on site.
    #[must_use]
    pub fn html(&self) -> String {
        let mut out = format!(
            "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>Meters of {id}</title>\
             <style>{STYLE}</style></head><body>\n<h1>{title}</h1>\n<p>{id}. Displays are expected for \
             {at}: the last reading, and since then as much per day as in the thirty days before it. It rests \
             on {rests_on}.</p>\n",
            rests_on = escaped(&self.rests_on),
            id = escaped(&self.project),
            title = escaped(&self.title),
            at = escaped(&self.at),
        );
        let mut site = None;
        for line in &self.devices {
            if site != Some(&line.site) {
                if site.is_some() {
                    out.push_str("</table>\n");
                }
                let _ = writeln!(out, "<h2>{}</h2>\n<table>{HEAD}", escaped(&line.site));
                site = Some(&line.site);
            }
            line.rows(&mut out);
        }
        if site.is_some() {
            out.push_str("</table>\n");
        }
        out.push_str("<p class=\"sign\">Looked at on ____________ by ______________________</p>\n");
        out.push_str("</body></html>\n");
        out
    }
}

const STYLE: &str = "body{font:14px/1.4 sans-serif;margin:1.5rem}table{border-collapse:collapse;width:100%}\
td,th{border:1px solid #999;padding:.3rem;text-align:left;vertical-align:top}td.n{text-align:right}\
td.found{min-width:7rem}tr{break-inside:avoid}.sign{margin-top:3rem}@page{size:A4 landscape;margin:12mm}";

const HEAD: &str = "<tr><th>Place</th><th>Device</th><th>Serial, class</th><th>Seals</th>\
<th>Multiplier</th><th>Register</th><th>Last reading</th><th>Expected</th><th>Found: serial, seals</th>\
<th>Found: display</th></tr>";

impl DeviceLine {
    fn ratios(&self) -> String {
        let mut text = String::new();
        for (name, ratio) in [("CT", &self.ct), ("VT", &self.vt)] {
            if !ratio.is_empty() {
                let _ = write!(text, ", {name} {ratio}");
            }
        }
        if let Some((whole, decimals)) = self.digits {
            let _ = write!(text, ", {whole}+{decimals} digits");
        }
        text
    }

    fn rows(&self, out: &mut String) {
        let head = format!(
            "<td>{}</td><td>{}</td><td>{}<br>{}</td><td>{}</td><td>{}{}</td>",
            escaped(or_dash(&self.place)),
            escaped(&self.device),
            escaped(or_dash(&self.serial)),
            escaped(&self.class),
            escaped(or_dash(&self.seals.join(", "))),
            escaped(&self.multiplier),
            escaped(&self.ratios())
        );
        for register in &self.registers {
            let shown = |text: &Option<String>| escaped(text.as_deref().unwrap_or("-"));
            let _ = writeln!(
                out,
                "<tr>{head}<td>{}</td><td class=\"n\">{} {unit}<br>{}</td><td class=\"n\">{} {unit}</td>\
                 <td class=\"found\"></td><td class=\"found\"></td></tr>",
                escaped(&register.channel),
                shown(&register.last),
                shown(&register.last_at),
                shown(&register.expected),
                unit = escaped(&register.unit),
            );
        }
        for other in &self.others {
            let _ = writeln!(
                out,
                "<tr>{head}<td>{}</td><td colspan=\"2\">no register</td><td class=\"found\"></td>\
                 <td class=\"found\"></td></tr>",
                escaped(other)
            );
        }
    }
}

fn or_dash(text: &str) -> &str {
    if text.is_empty() { "-" } else { text }
}
