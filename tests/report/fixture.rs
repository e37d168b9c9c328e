//! Plans, methodologies and rows of made-up projects, and statements of them.

use mrv::aggregate::interval::IntervalRow;
use std::sync::Arc;

use mrv::config::plan::Plan;
use mrv::config::plan::history::PlanHistory;
use mrv::decode::amount::Standing;
use mrv::decode::devices::Devices;
use mrv::domain::decimal::Fixed6;
use mrv::domain::digest::Sha256Digest;
use mrv::domain::flag::{Code, Flags, Quality};
use mrv::domain::reading::{ChannelId, ChannelKey, Place};
use mrv::domain::time::{Date, INTERVAL_US, Interval, Timestamp};
use mrv::period::changes::RecordedPlan;
use mrv::period::dossier::Dossier;
use mrv::period::statement::HistoryValue;
use mrv::period::{
    ChannelCount, ChannelRows, Equations, Input, LogState, Noted, Period, PeriodError,
    RefusedGroup, SealedPeriod, Statement, Surroundings, statement,
};

/// A project with everything that a statement of it takes.
pub struct Project {
    pub plan: Plan,
    pub methodologies: Vec<Box<dyn Equations>>,
    pub amounts: Vec<Standing>,
    pub devices: Devices,
    /// Plans before this one, by number, each with the time at which it was received; this one last.
    pub plans: Vec<RecordedPlan>,
    pub history: Vec<HistoryValue>,
    pub channels: Vec<ChannelRows>,
    pub counts: Vec<ChannelCount>,
    pub refused: Vec<RefusedGroup>,
    pub findings: Vec<Noted>,
    pub surroundings: Surroundings,
    pub log: Option<LogState>,
    pub earlier: Vec<SealedPeriod>,
    pub people: (Option<String>, Option<String>),
    pub dossier: Dossier,
}

impl Project {
    pub fn new(plan: &str, methodology: impl Equations + 'static) -> Self {
        let plan = Plan::parse("plan.toml", plan).unwrap_or_else(|found| {
            let lines: Vec<String> = found.iter().map(ToString::to_string).collect();
            panic!("{}", lines.join("\n"))
        });
        Self {
            plan,
            methodologies: vec![Box::new(methodology)],
            amounts: Vec::new(),
            devices: Devices::default(),
            plans: Vec::new(),
            history: Vec::new(),
            channels: Vec::new(),
            counts: Vec::new(),
            refused: Vec::new(),
            findings: Vec::new(),
            surroundings: Surroundings::default(),
            log: Some(LogState { size: 1_234, root: Sha256Digest::of(b"root") }),
            earlier: Vec::new(),
            people: (Some("A. Preparer".to_owned()), Some("B. Reviewer".to_owned())),
            dossier: Dossier { version: 1, ..Dossier::default() },
        }
    }

    /// Adds rows to a channel.
    pub fn measure(&mut self, channel: &str, rows: Vec<IntervalRow>) {
        let key = self.key(channel);
        match self.channels.iter_mut().find(|one| one.key == key) {
            Some(one) => one.rows.extend(rows),
            None => self.channels.push(ChannelRows { key, rows }),
        }
    }

    pub fn key(&self, channel: &str) -> ChannelKey {
        let found = self.plan.channels.iter().find(|one| one.key.to_string() == channel);
        found.expect("a planned channel").key.clone()
    }

    /// The instants at which local dates begin.
    pub fn at(&self, date_text: &str) -> Timestamp {
        self.plan.registered.zone.start_of(date(date_text))
    }

    /// Rows that measure every interval of `[from, to)`, both local dates, and add up to `total`
    /// micro-units.
    pub fn whole(&self, channel: &str, from: &str, to: &str, total: i64) -> Vec<IntervalRow> {
        let (from, to) = (self.at(from).interval().0, self.at(to).interval().0);
        let count = to - from;
        let unit = self.plan.channel(&self.key(channel)).expect("planned").interval_unit();
        let row = |index: i64| {
            // Bresenham: whole micro-units that add up exactly.
            let upto = |index: i64| {
                i64::try_from(i128::from(total) * i128::from(index) / i128::from(count)).unwrap()
            };
            let value = Fixed6::from_micro((upto(index + 1) - upto(index)).into()).ok();
            IntervalRow {
                channel: ChannelId(0),
                start: Interval(from + index),
                unit,
                value,
                measured: value,
                low: value,
                high: value,
                covered_us: INTERVAL_US,
                count: 1,
                quality: Quality::M,
                flags: Flags::NONE,
                leaves: Some((10 + index / 96, 10 + index / 96)),
            }
        };
        (0..count).map(row).collect()
    }

    /// Rows of a state that stands at one value.
    pub fn steady(&self, channel: &str, from: &str, to: &str, value: i64) -> Vec<IntervalRow> {
        let mut rows = self.whole(channel, from, to, 0);
        let value = Fixed6::from_micro(value.into()).ok();
        for row in &mut rows {
            (row.value, row.measured, row.low, row.high) = (value, value, value, value);
        }
        rows
    }

    pub fn state(&self, from: &str, to: &str) -> Result<Statement, PeriodError> {
        let methodologies: Vec<&dyn Equations> =
            self.methodologies.iter().map(|one| &**one).collect();
        let mut plans = PlanHistory::default();
        // The fixture's plans need not be the first.
        plans.push(Arc::new(Plan { number: 1, ..self.plan.clone() })).unwrap();
        statement(&Input {
            devices: &self.devices.history(&plans),
            plan: &self.plan,
            plans: &self.plans,
            plan_leaf: 3,
            methodologies: &methodologies,
            amounts: &self.amounts,
            history: &self.history,
            period: period(from, to),
            channels: &self.channels,
            counts: &self.counts,
            refused: &self.refused,
            findings: &self.findings,
            surroundings: &self.surroundings,
            log: self.log,
            earlier: &self.earlier,
            prepared_by: self.people.0.as_deref(),
            reviewed_by: self.people.1.as_deref(),
            dossier: &self.dossier,
        })
    }
}

pub fn date(text: &str) -> Date {
    Date::parse(text).unwrap()
}

pub fn period(from: &str, to: &str) -> Period {
    Period::new(date(from), date(to)).unwrap()
}

/// Solar: two meters of a plant, one year of crediting and more.
pub const PV_PLAN: &str = r#"
mrv_plan = 1
project = "pv-sample"
number = 1
valid_from = "2023-01-01T00:00:00+07:00"

[registered]
title = "Solar roof <sample> & yard"
reference = "XX000"
country = "ID"
participants = ["Sample Power", "Sample Trading"]
pdd_version = "01.0"
methodology = "TEST_PV"
zone = "Asia/Jakarta"
crediting = { from = "2023-01-01", to = "2030-12-31" }

[registered.ex_ante]
2023 = "800"
2024 = "850"

[[registered.parameter]]
symbol = "EG"
point = "(1)"
option = "C"
channels = ["plant/meter-1/EG", "plant/meter-2/EG"]
unit = "MWh"
source = "measured by the project participants"
method = "revenue meter, class 0.5S, read every 15 minutes"
frequency = "continuously"
comments = ""

[[registered.fixed]]
symbol = "EF_RE"
value = "0.619"
unit = "tCO2/MWh"
source = "table of the methodology, grid case 1"
confirmed = "project participant, from the table"

[[registered.post]]
post = "Plant manager"
role = "responsible for monitoring and reporting"

[[channel]]
id = "plant/meter-1/EG"
kind = "register"
unit = "kWh"
cadence = "15 min"
capacity = "1 MW"
serial = "M-1"
class = "0.5S"

[[channel]]
id = "plant/meter-2/EG"
kind = "register"
unit = "kWh"
cadence = "15 min"
capacity = "200 kW"
serial = "M-2"
class = "0.5S"
"#;

/// A chiller whose electricity nobody measures, with the temperatures that are.
pub const CHILLER_PLAN: &str = r#"
mrv_plan = 1
project = "chiller-sample"
number = 2
valid_from = "2023-01-01T00:00:00Z"

[registered]
title = "Chiller of a hall"
reference = "XX001"
country = "ID"
participants = ["Sample Cooling"]
pdd_version = "01.0"
methodology = "TEST_CHILLER"
zone = "Asia/Jakarta"
crediting = { from = "2023-01-01", to = "2030-12-31" }

[registered.indices]
i = ["east"]

[[registered.parameter]]
symbol = "EC_PJ"
members = ["east"]
point = "(1)"
option = "C"
channels = []
unit = "MWh"
capacity = "250 kW"
source = "measured by the project participants"
method = "power meter"
frequency = "continuously"

[[registered.fixed]]
symbol = "COP_PJ"
members = ["east"]
value = "6"
unit = "1"
source = "factory test"

[[registered.fixed]]
symbol = "COP_RE"
members = ["east"]
value = "5"
unit = "1"
source = "default by capacity"

[[registered.fixed]]
symbol = "EF_elec"
value = "0.8"
unit = "tCO2/MWh"
source = "grid factor"
"#;

/// Displacement with a fuel of its own: PE can be above RE.
pub const ENGINE_PLAN: &str = r#"
mrv_plan = 1
project = "engine-sample"
number = 1
valid_from = "2021-01-01T00:00:00Z"

[registered]
title = "Engine"
reference = "XX002"
country = "ID"
participants = ["Sample Engines"]
pdd_version = "01.0"
methodology = "TEST_ENGINE"
zone = "UTC"
crediting = { from = "2021-01-01", to = "2030-12-31" }

[[registered.parameter]]
symbol = "EG"
point = "(1)"
option = "C"
channels = ["s/engine/EG"]
unit = "MWh"
source = "meter"
method = "register"
frequency = "continuous"

[[registered.parameter]]
symbol = "EC"
point = "(2)"
option = "C"
channels = ["s/engine/EC"]
unit = "MWh"
source = "meter"
method = "register"
frequency = "continuous"

[[registered.fixed]]
symbol = "EF"
value = "0.5"
unit = "tCO2/MWh"
source = "grid factor"
confirmed = "participant"

[[channel]]
id = "s/engine/EG"
kind = "register"
unit = "kWh"
capacity = "1 MW"

[[channel]]
id = "s/engine/EC"
kind = "register"
unit = "kWh"
capacity = "1 MW"
"#;

/// The plant of [`PV_PLAN`], first quarter of 2024: meter 2 is silent for the 10th and 11th of
/// February and half of the 12th.
pub fn pv_quarter() -> Project {
    let mut project = Project::new(PV_PLAN, crate::methodologies::PV_METHODOLOGY);
    let one = "plant/meter-1/EG";
    project.measure(one, project.whole(one, "2024-01-01", "2024-04-01", 300_123_456_789));
    let two = "plant/meter-2/EG";
    project.measure(two, project.whole(two, "2024-01-01", "2024-02-10", 21_000_000_003));
    let mut rest = project.whole(two, "2024-02-12", "2024-04-01", 25_000_000_001);
    rest.drain(..48);
    project.measure(two, rest);
    project.counts = vec![
        ChannelCount {
            channel: Some(project.key(one)),
            readings: 8_736,
            conflicts: 0,
            refused: vec![(Code::Dup, 96)],
        },
        ChannelCount {
            channel: Some(project.key(two)),
            readings: 8_496,
            conflicts: 1,
            refused: Vec::new(),
        },
        ChannelCount { channel: None, readings: 0, conflicts: 0, refused: vec![(Code::Schema, 2)] },
    ];
    project.refused = vec![RefusedGroup {
        code: Code::Schema,
        reason: "not JSON at byte 0".to_owned(),
        count: 2,
        examples: vec![(Place { leaf: 77, item: 0 }, "<script>=1+1</script>".to_owned())],
    }];
    project
}
