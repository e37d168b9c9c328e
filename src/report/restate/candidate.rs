//! A candidate restatement: what a sealed period would say if it were stated anew now.

use serde::Serialize;

use crate::decode::act::SealedYear;
use crate::decode::life::PeriodKey;
use crate::domain::decimal::Decimal;
use crate::period::Period;
use crate::period::exact::{difference, rounded};
use crate::report::ReportError;
use crate::report::collect::{Named, Published, of_published, sealed_years};

/// What would make the next version of a period.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Candidate {
    /// Local dates, both inclusive.
    pub from: String,
    pub to: String,
    /// The version that stands, and the one that would be made.
    pub stands: u32,
    pub version: u32,
    /// Log size that the standing version fixed, and the one that counts now.
    pub log_size: [i64; 2],
    /// What arrived or was recorded in between, by its first leaf.
    pub causes: Vec<Cause>,
    /// Why the standing version no longer follows from the periods before it.
    pub outdated: Option<String>,
    /// By methodology and calendar year.
    pub years: Vec<ChangedYear>,
    /// True if any figure differs, also one that alters no year.
    pub alters_figures: bool,
}

/// What alters a sealed period.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Cause {
    pub leaf: i64,
    pub what: String,
}

/// What a calendar year would be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ChangedYear {
    pub methodology: String,
    pub year: i16,
    pub re: Change,
    pub pe: Change,
    pub er: Change,
    pub claimed: Change,
}

/// A figure in tCO2e, old and new, in full precision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Change {
    /// `None` where the standing version has no such year.
    pub old: Option<String>,
    pub new: String,
    /// New less old.
    pub change: String,
}

impl Change {
    /// What a figure of one version is in another.
    #[must_use]
    pub fn of(old: Option<&str>, new: &str) -> Self {
        let decimal = |text: &str| Decimal::parse(text).ok();
        let before = old.map_or_else(|| Decimal::new(0, 0).ok(), decimal);
        let change = decimal(new).zip(before).and_then(|(new, before)| difference(new, before));
        let change = change.map_or_else(|| "?".to_owned(), |change| change.to_string());
        Self { old: old.map(str::to_owned), new: new.to_owned(), change }
    }

    #[must_use]
    pub fn is_none(&self) -> bool {
        Decimal::parse(&self.change).is_ok_and(Decimal::is_zero)
    }

    /// `371.476 to 372.714 (+1.238)`.
    #[must_use]
    pub fn words(&self) -> String {
        let shown = |text: &str| match (text.contains('.'), Decimal::parse(text)) {
            (true, Ok(value)) => rounded(value, 3),
            _ => text.to_owned(),
        };
        let sign = if self.change.starts_with('-') { "" } else { "+" };
        let old = self.old.as_deref().map_or_else(|| "nothing".to_owned(), shown);
        format!("{old} to {} ({sign}{})", shown(&self.new), shown(&self.change))
    }
}

impl Candidate {
    /// True if nothing happened since the seal that could matter.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.causes.is_empty() && self.outdated.is_none() && !self.alters_figures
    }

    /// In a few lines.
    #[must_use]
    pub fn words(&self) -> String {
        let mut lines = vec![format!(
            "{} to {}: version {} stands (log size {}); stated anew now (log size {}) it would be \
             version {}",
            self.from, self.to, self.stands, self.log_size[0], self.log_size[1], self.version
        )];
        lines.extend(self.outdated.iter().map(|reason| format!("  outdated: {reason}")));
        for cause in &self.causes {
            lines.push(format!("  cause, leaf {}: {}", cause.leaf, cause.what));
        }
        for year in &self.years {
            for (name, change) in
                [("RE", &year.re), ("PE", &year.pe), ("ER", &year.er), ("claimed", &year.claimed)]
            {
                let (methodology, number) = (&year.methodology, year.year);
                let told = match change.is_none() {
                    true => format!("{} (unchanged)", change.new),
                    false => change.words(),
                };
                lines.push(format!("  {methodology} {number} {name}: {told} tCO2e"));
            }
        }
        if !self.alters_figures {
            lines.push("  no figure differs".to_owned());
        }
        lines.join("\n")
    }
}

/// States a sealed period anew with everything that is published, beside its last version. `None`:
/// it is not sealed.
///
/// # Errors
/// When it cannot be collected or stated.
pub fn candidate(
    published: &Published<'_>,
    key: PeriodKey,
) -> Result<Option<Candidate>, ReportError> {
    let life = published.registry.life();
    let Some(last) = life.latest(key) else { return Ok(None) };
    let seal = &last.seal.act;
    let mut collected = of_published(published, Period::new(key.0, key.1)?)?;
    collected.restate("");
    let statement = collected.state(Named::default())?;
    let cause = |cause: &crate::period::dossier::Cause| Cause {
        leaf: cause.leaf,
        what: cause.what.clone(),
    };
    Ok(Some(Candidate {
        from: seal.from.clone(),
        to: seal.to.clone(),
        stands: seal.version,
        version: seal.version + 1,
        log_size: [seal.log_size, published.log_size],
        causes: collected.dossier().causes.iter().map(cause).collect(),
        outdated: life.outdated(key),
        years: changed_years(&seal.years, &sealed_years(&statement)),
        alters_figures: statement.digest.to_string() != seal.figures,
    }))
}

/// The years of one version beside those of the one before.
#[must_use]
pub fn changed_years(old: &[SealedYear], new: &[SealedYear]) -> Vec<ChangedYear> {
    let changed = |new: &SealedYear| {
        let is_it = |one: &&SealedYear| one.methodology == new.methodology && one.year == new.year;
        let old = old.iter().find(is_it);
        let change =
            |of: fn(&SealedYear) -> &String| Change::of(old.map(|old| of(old).as_str()), of(new));
        ChangedYear {
            methodology: new.methodology.clone(),
            year: new.year,
            re: change(|year| &year.re),
            pe: change(|year| &year.pe),
            er: change(|year| &year.er),
            claimed: change(|year| &year.claimed),
        }
    };
    new.iter().map(changed).collect()
}
