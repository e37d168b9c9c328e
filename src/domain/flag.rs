//! Flags: the outcomes of checks, by stable code.
//!
//! The codes are the same in code, logs, metrics, tables, docs and reports, and once published never
//! change their meaning. The rules behind them are documented with the checks themselves.

use std::fmt;

/// A check, by its stable code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Code {
    Schema,
    Channel,
    Unit,
    Time,
    Clock,
    Missing,
    Dup,
    Conflict,
    Range,
    Precision,
    Capacity,
    Step,
    Spike,
    Stuck,
    Interpolated,
    Night,
    Backward,
    Rollover,
    Reset,
    Exchange,
    Gap,
    Complete,
    Spacing,
    Shift,
    Dst,
    Level,
    Sum,
    CheckMeter,
    Sibling,
    Paths,
    Balance,
    Allocated,
    /// A recorded correction replaced the value.
    Corrected,
    /// A recorded decision settled a doubt.
    Decided,
    /// A recorded hold: what a device delivered counts by its bounds.
    Held,
    /// A meter was not shown to be right.
    Calibration,
    Class,
    Plan,
    ExAnte,
    History,
    Subst,
    GapPath,
    Year,
    Contiguity,
    Overlap,
    Crediting,
    /// A document's span differs from the period's borders; its value was split by days.
    Billing,
    /// An amount is missing, unchecked or without its document.
    Document,
    /// A month lacks the integrity check that the plan promises.
    MonthCheck,
    /// A criterion of eligibility has no evidence for the period.
    Eligibility,
    /// What a sample achieved is not stated, or falls short.
    Sample,
    Boundary,
}

/// What a flag does to the value it stands on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Effect {
    /// The item is no reading: it goes to `refused`.
    Exclude,
    /// The value counts by its bounds until a person decides.
    Hold,
    /// Information; never changes a value.
    None,
}

/// How much a result matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    Info,
    Minor,
    Critical,
    Fatal,
}

impl Severity {
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Minor => "minor",
            Self::Critical => "critical",
            Self::Fatal => "fatal",
        }
    }
}

impl Code {
    pub const ALL: [Self; 52] = [
        Self::Schema,
        Self::Channel,
        Self::Unit,
        Self::Time,
        Self::Clock,
        Self::Missing,
        Self::Dup,
        Self::Conflict,
        Self::Range,
        Self::Precision,
        Self::Capacity,
        Self::Step,
        Self::Spike,
        Self::Stuck,
        Self::Interpolated,
        Self::Night,
        Self::Backward,
        Self::Rollover,
        Self::Reset,
        Self::Exchange,
        Self::Gap,
        Self::Complete,
        Self::Spacing,
        Self::Shift,
        Self::Dst,
        Self::Level,
        Self::Sum,
        Self::CheckMeter,
        Self::Sibling,
        Self::Paths,
        Self::Balance,
        Self::Allocated,
        Self::Corrected,
        Self::Decided,
        Self::Held,
        Self::Calibration,
        Self::Class,
        Self::Plan,
        Self::ExAnte,
        Self::History,
        Self::Subst,
        Self::GapPath,
        Self::Year,
        Self::Contiguity,
        Self::Overlap,
        Self::Crediting,
        Self::Billing,
        Self::Document,
        Self::MonthCheck,
        Self::Eligibility,
        Self::Sample,
        Self::Boundary,
    ];

    /// The stable code, as `V-RANGE`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Schema => "V-SCHEMA",
            Self::Channel => "V-CHANNEL",
            Self::Unit => "V-UNIT",
            Self::Time => "V-TIME",
            Self::Clock => "V-CLOCK",
            Self::Missing => "V-MISSING",
            Self::Dup => "V-DUP",
            Self::Conflict => "V-CONFLICT",
            Self::Range => "V-RANGE",
            Self::Precision => "V-PRECISION",
            Self::Capacity => "V-CAPACITY",
            Self::Step => "V-STEP",
            Self::Spike => "V-SPIKE",
            Self::Stuck => "V-STUCK",
            Self::Interpolated => "V-INTERPOLATED",
            Self::Night => "V-NIGHT",
            Self::Backward => "V-BACKWARD",
            Self::Rollover => "V-ROLLOVER",
            Self::Reset => "V-RESET",
            Self::Exchange => "V-EXCHANGE",
            Self::Gap => "V-GAP",
            Self::Complete => "V-COMPLETE",
            Self::Spacing => "V-SPACING",
            Self::Shift => "V-SHIFT",
            Self::Dst => "V-DST",
            Self::Level => "V-LEVEL",
            Self::Sum => "V-SUM",
            Self::CheckMeter => "V-CHECKMETER",
            Self::Sibling => "V-SIBLING",
            Self::Paths => "V-PATHS",
            Self::Balance => "V-BALANCE",
            Self::Allocated => "V-ALLOCATED",
            Self::Corrected => "V-CORRECTED",
            Self::Decided => "V-DECIDED",
            Self::Held => "V-HOLD",
            Self::Calibration => "V-CALIBRATION",
            Self::Class => "V-CLASS",
            Self::Plan => "V-PLAN",
            Self::ExAnte => "V-EXANTE",
            Self::History => "V-HISTORY",
            Self::Subst => "V-SUBST",
            Self::GapPath => "V-GAPPATH",
            Self::Year => "V-YEAR",
            Self::Contiguity => "V-CONTIGUITY",
            Self::Overlap => "V-OVERLAP",
            Self::Crediting => "V-CREDITING",
            Self::Billing => "V-BILLING",
            Self::Document => "V-DOCUMENT",
            Self::MonthCheck => "V-MONTHCHECK",
            Self::Eligibility => "V-ELIGIBILITY",
            Self::Sample => "V-SAMPLE",
            Self::Boundary => "V-BOUNDARY",
        }
    }

    /// The check of this code.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|code| code.as_str() == text)
    }

    /// The rule in one line.
    #[must_use]
    pub fn rule(self) -> &'static str {
        match self {
            Self::Schema => "payload does not decode; the place and the reason are named",
            Self::Channel => "channel not in the plan at that time",
            Self::Unit => "unit unknown or of another dimension",
            Self::Time => "stamp unparsable, in the future beyond tolerance, or before the plan",
            Self::Clock => "device clock differs from receipt by more than the tolerance",
            Self::Missing => "a sentinel or missing token declared in the plan",
            Self::Dup => "same identity, same value",
            Self::Conflict => "same identity, other value",
            Self::Range => "below or above the channel's limits",
            Self::Precision => "more decimals than stored, or more than the meter can show",
            Self::Capacity => "more than connected capacity x time x (1 + tolerance)",
            Self::Step => "jump against the neighbours",
            Self::Spike => "outlier against the median of its neighbours",
            Self::Stuck => "equal values in a row where the quantity should move",
            Self::Interpolated => "constant first difference: somebody filled this in",
            Self::Night => "solar generation while the sun is below the horizon",
            Self::Backward => "register falls without a recorded cause",
            Self::Rollover => "register passes its last digit and starts again",
            Self::Reset => "register falls to near zero; the lost part has bounds",
            Self::Exchange => "meter exchanged, with final and start reading recorded",
            Self::Gap => "cadence missed",
            Self::Complete => "share of expected readings",
            Self::Spacing => "irregular cadence",
            Self::Shift => "stamps shifted by whole hours",
            Self::Dst => "a clock that followed daylight saving where it should not",
            Self::Level => "lasting change of level",
            Self::Sum => "main meter differs from the sum of its parts",
            Self::CheckMeter => "main meter differs from its check meter",
            Self::Sibling => "a sibling is silent",
            Self::Paths => "sum of the intervals against the difference of the register",
            Self::Balance => "output against input of a tank, an engine or a plant",
            Self::Allocated => "an exact total is split over a border that matters",
            Self::Corrected => "a recorded correction replaced the value",
            Self::Decided => "a recorded decision settled the doubt",
            Self::Held => "a recorded hold on the device: what it delivered counts by its bounds",
            Self::Calibration => {
                "certificates cover every hour of a meter; else its registers count by its error"
            }
            Self::Class => "accuracy class as installed differs from the one registered",
            Self::Plan => "every planned parameter is there, with its frequency and option",
            Self::ExAnte => "emission reductions against the ex-ante estimate",
            Self::History => "a value against that of the same dates a year before",
            Self::Subst => {
                "a substitute is of a kind that may enter a claim, on the side that lowers ER"
            }
            Self::GapPath => "an excluded gap is excluded on every path",
            Self::Year => "a period that crosses a year is split and each year floored",
            Self::Contiguity => "the period leaves a gap to the one before",
            Self::Overlap => "the period overlaps one already sealed",
            Self::Crediting => "the period lies outside the crediting period",
            Self::Billing => {
                "a document's span differs from the period's; its value is split by days"
            }
            Self::Document => "an amount is missing, unchecked or without its document",
            Self::MonthCheck => "the monthly integrity check that the plan promises is missing",
            Self::Eligibility => "a criterion of eligibility has no evidence for this period",
            Self::Sample => "achieved confidence and precision of a sample are stated, and suffice",
            Self::Boundary => "a spreadsheet floors to another integer; the lower is claimed",
        }
    }

    /// What a flag of this code does to the value.
    #[must_use]
    pub fn effect(self) -> Effect {
        match self {
            Self::Schema | Self::Channel | Self::Unit | Self::Time | Self::Missing => {
                Effect::Exclude
            }
            Self::Range | Self::Capacity | Self::Night | Self::Conflict | Self::Held => {
                Effect::Hold
            }
            _ => Effect::None,
        }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A set of codes.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default, PartialOrd, Ord)]
pub struct Flags(u64);

impl Flags {
    pub const NONE: Self = Self(0);

    #[must_use]
    pub fn with(self, code: Code) -> Self {
        Self(self.0 | 1 << code as u8)
    }

    pub fn insert(&mut self, code: Code) {
        *self = self.with(code);
    }

    #[must_use]
    pub fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    #[must_use]
    pub fn has(self, code: Code) -> bool {
        self.0 & 1 << code as u8 != 0
    }

    #[must_use]
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// True if any flag holds the value.
    #[must_use]
    pub fn is_held(self) -> bool {
        self.iter().any(|code| code.effect() == Effect::Hold)
    }

    /// The codes, in their fixed order.
    pub fn iter(self) -> impl Iterator<Item = Code> {
        Code::ALL.into_iter().filter(move |code| self.has(*code))
    }

    /// Reads what `Display` writes.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if text.is_empty() {
            return Some(Self::NONE);
        }
        text.split(' ').try_fold(Self::NONE, |flags, word| Some(flags.with(Code::parse(word)?)))
    }
}

impl fmt::Display for Flags {
    /// Codes with a space between, in their fixed order; nothing for no flag.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, code) in self.iter().enumerate() {
            if index > 0 {
                f.write_str(" ")?;
            }
            f.write_str(code.as_str())?;
        }
        Ok(())
    }
}

impl fmt::Debug for Flags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{self}]")
    }
}

/// How an interval's value came about (DESIGN.md section 2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Quality {
    /// Measured.
    M,
    /// The check meter that the registered plan names, where the main meter has a gap.
    B,
    /// Register difference bridged a gap: exact in total, spread over its intervals.
    T,
    /// Conflict, undecided: only bounds.
    K,
    /// Nothing measured, or held: only bounds.
    Z,
}

impl Quality {
    /// In their order: the worse of two is the greater.
    pub const ALL: [Self; 5] = [Self::M, Self::B, Self::T, Self::K, Self::Z];

    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::M => "M",
            Self::B => "B",
            Self::T => "T",
            Self::K => "K",
            Self::Z => "Z",
        }
    }

    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|quality| quality.as_str() == text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_listed_in_their_order_and_read_back() {
        for (index, code) in Code::ALL.into_iter().enumerate() {
            assert_eq!(code as usize, index);
            assert_eq!(Code::parse(code.as_str()), Some(code));
        }
    }

    #[test]
    fn a_set_of_flags_prints_and_reads_back() {
        let flags = Flags::NONE.with(Code::Range).with(Code::Clock);
        assert_eq!(flags.to_string(), "V-CLOCK V-RANGE");
        assert_eq!(Flags::parse("V-CLOCK V-RANGE"), Some(flags));
        assert_eq!(Flags::parse(""), Some(Flags::NONE));
        assert_eq!(Flags::parse("V-NONSENSE"), None);
        assert!(flags.is_held() && !Flags::NONE.with(Code::Clock).is_held());
    }
}
