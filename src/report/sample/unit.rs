//! The units that a verifier draws from, taken from the report of a period.

use super::super::model::{Certificate, Device, Meter, Report};

/// What a unit is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnitKind {
    /// A site with all its meters.
    Site,
    /// A device: `site/device`.
    Meter,
    /// A device in a calendar month: `site/device 2025-03`.
    Month,
    /// A recorded document: `act 12 invoice INV-7`.
    Document,
    /// A certificate of a calibration: `certificate C-17 of Laboratory, meter DM-1001 at roof/meter-1`.
    Certificate,
}

impl UnitKind {
    pub const ALL: [Self; 5] =
        [Self::Site, Self::Meter, Self::Month, Self::Document, Self::Certificate];

    /// As written on the command line.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Site => "sites",
            Self::Meter => "meters",
            Self::Month => "months",
            Self::Document => "documents",
            Self::Certificate => "certificates",
        }
    }

    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }
}

/// A unit of the population.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Unit {
    pub name: String,
    pub of: Of,
}

/// What of the data a unit is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Of {
    /// Everything of channels that begin with these names; of one local month (`2025-03`), or of all.
    Channels { names: Vec<String>, month: Option<String> },
    /// The document of this act.
    Act(u32),
    /// A certificate, by its number, its body, and the device and meter that it is of.
    Certificate { number: String, body: String, device: String, serial: String },
}

/// The population, sorted by name, each unit once. `kind` of documents: all of them, or those whose
/// kind of document is `of_kind`, such as `invoice`.
#[must_use]
pub fn population(report: &Report, kind: UnitKind, of_kind: Option<&str>) -> Vec<Unit> {
    let mut units: Vec<Unit> = match kind {
        UnitKind::Document => documents(report, of_kind),
        UnitKind::Certificate => certificates(report),
        UnitKind::Site => channels(report, 1).map(|names| unit(names, None)).collect(),
        UnitKind::Meter => channels(report, 2).map(|names| unit(names, None)).collect(),
        UnitKind::Month => report
            .channels
            .iter()
            .flat_map(|channel| {
                let names: Vec<String> = names(&channel.channel, 2);
                channel.months.iter().map(move |month| unit(names.clone(), Some(&month.month)))
            })
            .collect(),
    };
    units.sort();
    units.dedup();
    units
}

fn channels(report: &Report, depth: usize) -> impl Iterator<Item = Vec<String>> + '_ {
    report.channels.iter().map(move |channel| names(&channel.channel, depth))
}

fn names(channel: &str, depth: usize) -> Vec<String> {
    channel.split('/').take(depth).map(str::to_owned).collect()
}

fn unit(names: Vec<String>, month: Option<&String>) -> Unit {
    let mut name = names.join("/");
    if let Some(month) = month {
        name = format!("{name} {month}");
    }
    Unit { name, of: Of::Channels { names, month: month.cloned() } }
}

fn certificates(report: &Report) -> Vec<Unit> {
    let devices = report.calibration.devices.iter();
    let meters = devices.flat_map(|device| device.meters.iter().map(move |meter| (device, meter)));
    let of_meter = |(device, meter): (&Device, &Meter)| {
        let unit = |one: &Certificate| {
            let (number, body) = (one.number.clone(), one.body.clone());
            let (device, serial) = (device.device.clone(), meter.serial.clone());
            let issuer = if body.is_empty() { "an unnamed body" } else { &body };
            let name = format!("certificate {number} of {issuer}, meter {serial} at {device}");
            Unit { name, of: Of::Certificate { number, body, device, serial } }
        };
        meter.certificates.iter().map(unit).collect::<Vec<_>>()
    };
    meters.flat_map(of_meter).collect()
}

fn documents(report: &Report, of_kind: Option<&str>) -> Vec<Unit> {
    let all = report.parameters.iter().flat_map(|parameter| &parameter.documents);
    let wanted = all.filter(|document| of_kind.is_none_or(|kind| document.kind == kind));
    wanted
        .map(|document| {
            let name = format!("act {} {} {}", document.act, document.kind, document.number);
            Unit { name: name.trim_end().to_owned(), of: Of::Act(document.act) }
        })
        .collect()
}
