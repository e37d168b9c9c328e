//! Correction factors that the registered plan prescribes beside multipliers: what the totals of a
//! meter are multiplied by, such as the loss of a transformer that stands between it and the point
//! that counts, or the altitude of a gas meter.

use super::{ChannelKey, Date};
use crate::domain::decimal::Decimal;

/// What the totals of one channel are multiplied by, for a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CorrectionFactor {
    /// What it corrects, as printed: `loss of transformer T-1`. Factors of other names multiply, those
    /// of one name never stand at one time.
    pub name: String,
    pub channel: ChannelKey,
    /// True where it is prescribed for a parameter, so that it holds for whatever stands in for the
    /// channel too.
    pub is_of_parameter: bool,
    /// Dimensionless, above zero.
    pub factor: Decimal,
    /// Local dates, both inclusive; `None`: from the beginning, without end.
    pub from: Option<Date>,
    pub to: Option<Date>,
    /// Where the plan prescribes it, such as a section of the PDD.
    pub source: String,
    /// Who confirmed it, and from what; `None`: nobody.
    pub confirmed: Option<String>,
}

impl CorrectionFactor {
    /// As changes name it: `correction factor loss of T-1 of roof/m1/EG`.
    #[must_use]
    pub fn label(&self) -> String {
        label(&self.name, &self.channel)
    }

    /// True where the same name and channel have both at some time.
    #[must_use]
    pub fn meets(&self, other: &Self) -> bool {
        let begins_by = |from: Option<Date>, to: Option<Date>| match (from, to) {
            (Some(from), Some(to)) => from <= to,
            _ => true,
        };
        (&self.name, &self.channel) == (&other.name, &other.channel)
            && begins_by(self.from, other.to)
            && begins_by(other.from, self.to)
    }

    /// `0.985 from 2026-01-01 to 2026-12-31`.
    #[must_use]
    pub fn shown(&self) -> String {
        let date = |word: &str, date: Option<Date>| {
            date.map_or_else(String::new, |date| format!(" {word} {date}"))
        };
        format!("{}{}{}", self.factor, date("from", self.from), date("to", self.to))
    }
}

/// The name of what is registered under a name for a channel.
#[must_use]
pub fn label(name: &str, channel: &ChannelKey) -> String {
    format!("correction factor {name} of {channel}")
}
