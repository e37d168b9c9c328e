//! A project's plan: its dated declaration of what is measured, how it is read, and how it counts.
//!
//! `[registered]` is what was approved with the project (methodology, parameters, meters, fixed
//! values, crediting period, accounting zone); `[operation]` is how it is run (channels' limits,
//! readers). A plan takes effect only as a message in the project's log; [`history`] says which of
//! a project's plans reads a message and which judges a reading.

mod check;
pub use check::stamps::parse_pattern;
pub mod change;
pub mod confidential;
pub mod device;
pub mod difference;
pub mod history;
pub mod practice;
mod raw;
mod raw_watch;
pub mod reader;
pub mod watch;

use crate::domain::decimal::{Decimal, Fixed6};
use crate::domain::diagnostic::Diagnostic;
use crate::domain::id::ProjectId;
use crate::domain::reading::{ChannelKey, DeviceKey};
use crate::domain::time::{Date, Timestamp, Zone};
use crate::domain::unit::Unit;

pub use change::PlanChange;
pub use device::{CalibrationRule, Certificate, DevicePlan, Plate};
pub use reader::Reader;
use watch::{CrossChecks, Exclusion, Settings, Watch};

use confidential::Confidential;
use practice::{Criterion, Filing, Required, Share};

/// Version of the plan's file format, the value of its key `mrv_plan`.
pub const PLAN_FORMAT: i64 = 1;

/// A checked plan.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    pub project: ProjectId,
    /// One above the project's last plan; the first is 1.
    pub number: u32,
    /// Reads messages received from here on and judges readings stamped from here on.
    pub valid_from: Timestamp,
    pub registered: Registered,
    /// What it says of its changes to what earlier plans registered.
    pub changes: Vec<PlanChange>,
    /// Sorted by key, no key twice.
    pub devices: Vec<DevicePlan>,
    /// Sorted by key, no key twice.
    pub channels: Vec<ChannelPlan>,
    /// In the order written; the first that matches a message reads it.
    pub readers: Vec<Reader>,
    pub tolerances: Tolerances,
    /// Numbers of the checks of a period; those of a channel stand with it.
    pub settings: Settings,
    /// Hours that no path may count.
    pub exclusions: Vec<Exclusion>,
    /// Why ER of a year is above its estimate.
    pub ex_ante_reasons: Vec<(i16, String)>,
}

impl Plan {
    /// Reads a plan. `file` is how the person named it and stands in every diagnostic.
    ///
    /// # Errors
    /// Everything found wrong, in the order of the file.
    pub fn parse(file: &str, text: &str) -> Result<Self, Vec<Diagnostic>> {
        check::check(file, text)
    }

    /// The channel of this key, if the plan has it.
    #[must_use]
    pub fn channel(&self, key: &ChannelKey) -> Option<&ChannelPlan> {
        let index = self.channels.binary_search_by(|channel| channel.key.cmp(key)).ok()?;
        self.channels.get(index)
    }

    /// The device of this key, if the plan has it.
    #[must_use]
    pub fn device(&self, key: &DeviceKey) -> Option<&DevicePlan> {
        let index = self.devices.binary_search_by(|device| device.key.cmp(key)).ok()?;
        self.devices.get(index)
    }
}

/// The part of a plan that was approved with the project.
#[derive(Debug, Clone, PartialEq)]
pub struct Registered {
    pub title: String,
    /// The reference number in the registry, such as `ID009`.
    pub reference: String,
    /// ISO 3166 alpha-2 code of the partner country.
    pub country: String,
    pub participants: Vec<String>,
    pub pdd_version: String,
    /// The ids of its methodologies, such as `MRV_PV_F1_ver01.0`; at least one, none twice.
    pub methodologies: Vec<String>,
    /// The one accounting zone: local legal time of the project, for periods, days and years.
    pub zone: Zone,
    /// First and last local date on which reductions may be claimed, both inclusive.
    pub crediting: (Date, Date),
    /// The members of each index of the methodology, in declared order: `i = ["roof"]`. With
    /// several methodologies empty, as is `ex_ante`: see [`Registered::under`].
    pub index_sets: IndexSets,
    /// The same by methodology, for a project with several.
    pub index_sets_of: Vec<(String, IndexSets)>,
    pub parameters: Vec<Parameter>,
    pub fixed: Vec<FixedValue>,
    /// Estimated reductions per calendar year, in tCO2e.
    pub ex_ante: Vec<(i16, Decimal)>,
    /// The same by methodology, for a project with several.
    pub ex_ante_of: Vec<(String, Vec<(i16, Decimal)>)>,
    /// Monitoring structure: post (never a person's name) and role.
    pub posts: Vec<(String, String)>,
    pub filing: Filing,
    /// Who gets which part of the credits.
    pub shares: Vec<Share>,
    /// What is checked every month, and by which post; empty where nothing is promised.
    pub monthly_check: String,
    pub eligibility: Vec<Criterion>,
    /// What is held against what.
    pub cross_checks: CrossChecks,
    /// What the public version of a report hides.
    pub confidential: Vec<Confidential>,
}

/// Members by index, in declared order.
pub type IndexSets = Vec<(String, Vec<String>)>;

impl Registered {
    /// What is registered under one methodology alone: its indices, parameters, fixed values and
    /// estimates.
    #[must_use]
    pub fn under(&self, methodology: &str) -> Self {
        if self.methodologies.len() < 2 {
            return self.clone();
        }
        let named = |of: &String| of == methodology;
        let sets = self.index_sets_of.iter().find(|(of, _)| named(of));
        let ex_ante = self.ex_ante_of.iter().find(|(of, _)| named(of));
        Self {
            methodologies: vec![methodology.to_owned()],
            index_sets: sets.map_or_else(Vec::new, |(_, sets)| sets.clone()),
            ex_ante: ex_ante.map_or_else(Vec::new, |(_, years)| years.clone()),
            parameters: self.parameters.iter().filter(|p| named(&p.methodology)).cloned().collect(),
            fixed: self.fixed.iter().filter(|f| named(&f.methodology)).cloned().collect(),
            ..self.clone()
        }
    }
}

/// A parameter monitored ex post: one line of MRS(input) per period.
#[derive(Debug, Clone, PartialEq)]
pub struct Parameter {
    /// The id of its methodology, as the plan names it.
    pub methodology: String,
    /// In the methodology's symbols, such as `EG`.
    pub symbol: String,
    /// One member per index of the symbol; empty for a symbol without index.
    pub members: Vec<String>,
    /// Monitoring point number as printed, such as `(1)`.
    pub point: String,
    pub option: MonitoringOption,
    /// The channels it is made of: amounts are summed, states averaged over time. Empty for a
    /// parameter that nothing measures: its whole period is a gap.
    pub channels: Vec<ChannelKey>,
    /// True if recorded amounts (invoices, laboratory results, tickets) give its value; beside
    /// channels they bridge gaps.
    pub amounts: bool,
    /// What the parameter can be when nothing measured it.
    pub doubt: Doubt,
    /// The unit in which it enters the equations, such as `MWh`; empty for a category.
    pub unit: String,
    /// What its sample must achieve; `None` where it is not sampled.
    pub sampled: Option<Required>,
    /// Of a category: what the codes of its channel stand for, members of an index.
    pub codes: Vec<(Fixed6, String)>,
    pub source: String,
    pub method: String,
    pub frequency: String,
    /// Recorded at least this often, in microseconds, where the plan says so as data.
    pub every_us: Option<i64>,
    pub comments: String,
}

impl Parameter {
    /// True for a category, whose value is a member of an index and no number.
    #[must_use]
    pub fn is_category(&self) -> bool {
        self.unit.is_empty()
    }
}

/// How a parameter is monitored, by the forms' letters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MonitoringOption {
    /// Public data measured by others.
    A,
    /// Amounts of transactions, such as invoices.
    B,
    /// Measured with equipment.
    C,
}

impl MonitoringOption {
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::A => "A",
            Self::B => "B",
            Self::C => "C",
        }
    }
}

/// The bounds of what was not measured (DESIGN.md section 7).
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Doubt {
    /// An amount: from 0 to `per_hour` times the hours missing, in `unit` per hour.
    Capacity { per_hour: Fixed6, unit: Unit },
    /// A state: between `low` and `high` over the time missing, both in `unit`.
    Range { low: Fixed6, high: Fixed6, unit: Unit },
}

/// A parameter fixed ex ante.
#[derive(Debug, Clone, PartialEq)]
pub struct FixedValue {
    /// The id of its methodology, as the plan names it.
    pub methodology: String,
    pub symbol: String,
    pub members: Vec<String>,
    pub value: Decimal,
    pub unit: String,
    /// Where the value comes from, as printed.
    pub source: String,
    /// Who confirmed it, and from what; `None` while it is a sample value.
    pub confirmed: Option<String>,
    /// The row of a factor table that the value is cited from, such as `gwp-ar5/CH4`; empty if none.
    pub factor: String,
    pub comments: String,
}

/// A channel: what one device measures, and what its readings can be.
#[derive(Debug, Clone, PartialEq)]
pub struct ChannelPlan {
    pub key: ChannelKey,
    pub kind: ChannelKind,
    /// Storage unit.
    pub unit: Unit,
    /// Unit of values that come without one; the same dimension as `unit`.
    pub sent_unit: Unit,
    /// Lowest and highest value that counts without a person's decision, both inclusive, in
    /// storage units (V-RANGE).
    pub range: Option<(Fixed6, Fixed6)>,
    /// For amounts and rates: most that can be per hour, in units of the interval's amount
    /// ([`ChannelPlan::interval_unit`]) per hour.
    pub capacity: Option<Fixed6>,
    /// Expected time between readings, in microseconds; `None`: on change only.
    pub cadence_us: Option<i64>,
    /// First instant the device served; earlier readings are refused (V-CHANNEL).
    pub installed: Option<Timestamp>,
    /// First instant it no longer serves; later readings are refused (V-CHANNEL).
    pub retired: Option<Timestamp>,
    /// Registers only: recorded exchanges of the meter, by time, no two at once.
    pub exchanges: Vec<Exchange>,
    /// The device that it comes from, where the plan declares that.
    pub device: Option<DeviceKey>,
    /// Registers only: how what is stored becomes an amount.
    pub dial: Dial,
    /// Serial number, accuracy class and other plate data as printed in the report.
    pub serial: String,
    pub class: String,
    /// What the checks know of it.
    pub watch: Watch,
}

/// How the values of a register become an amount.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dial {
    /// True if its values are the display's, as a person reads them; false if the gateway has
    /// multiplied them already.
    pub is_display: bool,
    /// What differences are multiplied by; one where values are not the display's.
    pub multiplier: Fixed6,
}

impl Dial {
    /// Values that count as they are.
    pub const PRIMARY: Self = Self { is_display: false, multiplier: Fixed6::ONE };

    /// The same reading of another meter, which multiplies by `multiplier`.
    #[must_use]
    pub fn with(self, multiplier: Fixed6) -> Self {
        match self.is_display {
            true => Self { multiplier, ..self },
            false => self,
        }
    }
}

/// A meter was exchanged for another (V-EXCHANGE); readings in storage units, as readings are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exchange {
    /// The old meter was taken off. A reading stamped at this instant is its last, unless the new
    /// one is put on at once.
    pub off: Timestamp,
    /// The new meter was put on, at `off` or later. A reading stamped at this instant is the new
    /// meter's.
    pub on: Timestamp,
    /// What the old meter showed last; `None`: nobody recorded it, and what it counted since its
    /// last reading has bounds.
    pub last: Option<Fixed6>,
    /// What the new meter showed first.
    pub first: Fixed6,
    /// True if nothing flowed between: the circuit was dead. Else that time has bounds.
    pub is_disconnected: bool,
    /// The meters' registers, old and new, where they are recorded; else the channel's own.
    pub old: Option<Register>,
    pub new: Option<Register>,
}

/// A meter's register.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Register {
    /// The value at which it starts again from zero, in storage units; `None`: it never does.
    pub modulus: Option<Fixed6>,
    pub multiplier: Fixed6,
}

impl ChannelPlan {
    /// The unit of this channel's values in `intervals`: power becomes energy, everything else
    /// keeps its storage unit.
    #[must_use]
    pub fn interval_unit(&self) -> Unit {
        match self.kind {
            ChannelKind::Gauge(_) => self.unit.times_hour().unwrap_or(self.unit),
            ChannelKind::Register { .. } | ChannelKind::Delta { .. } => self.unit,
        }
    }

    /// The register of a meter whose display has `digits` before the point and is multiplied by
    /// `multiplier`; `None` where its end cannot be stored.
    #[must_use]
    pub fn register(&self, digits: Option<u32>, multiplier: Fixed6) -> Option<Register> {
        let dial = self.dial.with(multiplier);
        let Some(digits) = digits else {
            return Some(Register { modulus: None, multiplier: dial.multiplier });
        };
        // What is multiplied already goes as far as the display, multiplied.
        let factor = if dial.is_display { Fixed6::ONE } else { multiplier };
        let end = 10i128.checked_pow(digits)?.checked_mul(factor.micro().into())?;
        let conversion = self.sent_unit.conversion_to(self.unit)?;
        let stored = Decimal::new(end, -6).ok()?.store(conversion).ok()?;
        Some(Register { modulus: Some(stored.value), multiplier: dial.multiplier })
    }

    /// True if interval values add up over time; false for states, which are averaged.
    #[must_use]
    pub fn is_amount(&self) -> bool {
        self.interval_unit().dimension().is_amount()
    }
}

/// What a channel's values mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChannelKind {
    /// A cumulative counter. `modulus`: the value at which it starts again from zero, in storage
    /// units (10^digits of the display); `None`: it never does.
    Register { modulus: Option<Fixed6> },
    /// An amount over the span of one cadence that starts or ends at the stamp.
    Delta { stamp: StampAt },
    /// An instantaneous value or a mean.
    Gauge(GaugeRule),
}

impl ChannelKind {
    /// The word in plans.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Register { .. } => "register",
            Self::Delta { .. } => "delta",
            Self::Gauge(_) => "gauge",
        }
    }

    /// True for the same kind, whatever its rule.
    #[must_use]
    pub fn is_like(self, other: Self) -> bool {
        self.as_str() == other.as_str()
    }
}

/// Which end of its span a stamp marks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StampAt {
    Start,
    End,
}

/// For how long a gauge's value stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GaugeRule {
    /// A mean over one cadence that starts or ends at the stamp.
    Mean { stamp: StampAt },
    /// Stands until the next reading, at most this long (microseconds).
    Hold { step_max_us: i64 },
}

/// How far a device's clock may be off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tolerances {
    /// A stamp further ahead of its receipt is flagged V-CLOCK; microseconds.
    pub clock_us: i64,
    /// A stamp further ahead of its receipt is refused, V-TIME; microseconds.
    pub future_us: i64,
}

impl Default for Tolerances {
    fn default() -> Self {
        Self { clock_us: 60_000_000, future_us: 900_000_000 }
    }
}
