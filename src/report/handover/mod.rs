//! The sheet that is handed to a registry: amounts per vintage as a third-party entity states them.
//!
//! Every amount is the entity's, quoted from its recorded report; the allocation is the plan's shares
//! by largest remainder, whose sum is the amount. Gives no identifier of units: those are the
//! registry's to make.

mod text;
mod xlsx;

use serde::Serialize;

use super::ReportError;
use crate::config::plan::Plan;
use crate::config::plan::practice::Share;
use crate::decode::act::TpeReport;
use crate::decode::life::{Life, PeriodKey};

pub use text::write as text;
pub use xlsx::write as xlsx;

/// What a sheet calls its own form.
pub const FORMAT: &str = "mrv registry sheet 1";

/// A period's amounts for the registry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Sheet {
    pub format: String,
    /// `as stated in TPE report no. VR-7 of LRQA, 2021-05-03`.
    pub source: String,
    pub project: String,
    pub title: String,
    /// In the registry.
    pub reference: String,
    /// ISO 3166 alpha-2 code of the partner country.
    pub country: String,
    /// Local dates, both inclusive, and the version of the report that was verified.
    pub from: String,
    pub to: String,
    pub version: u32,
    pub opinion: String,
    pub conclusion: String,
    /// Id and version.
    pub methodologies: Vec<String>,
    /// Empty where the plan does not say.
    pub sector: String,
    pub activity_type: String,
    pub mitigation_type: String,
    pub gwp_set: String,
    pub evidence: Evidence,
    pub vintages: Vec<Vintage>,
}

/// What the amounts stand on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Evidence {
    /// SHA-256 of the entity's report, and the leaf that records it.
    pub tpe_report: String,
    pub tpe_report_leaf: i64,
    /// SHA-256 of the figures of the version.
    pub figures: String,
    /// Size and root (base64) of the log that the version's seal fixed.
    pub log_size: i64,
    pub log_root: String,
}

/// The amounts of a calendar year, in tCO2e.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Vintage {
    pub year: i16,
    /// As stated, by methodology where the entity tells them apart.
    pub stated: Vec<Stated>,
    /// Whole; the sum of what is stated.
    pub er: u64,
    /// Empty where the plan has no shares.
    pub allocation: Vec<Part>,
}

/// Amounts as the entity states them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Stated {
    /// Empty for all methodologies together.
    pub methodology: String,
    pub re: String,
    pub pe: String,
    pub er: String,
}

/// A holder's part of a vintage.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Part {
    pub holder: String,
    /// `host` or `japan`.
    pub side: String,
    /// Of the sum of all shares.
    pub share: u64,
    /// Whole tCO2e.
    pub er: u64,
}

/// The sheet of a period's last version. `methodologies`: id and version of those applied.
///
/// # Errors
/// [`ReportError::Refused`] before a third-party entity's report with a positive opinion is recorded.
pub fn sheet(
    plan: &Plan,
    life: &Life,
    period: PeriodKey,
    methodologies: Vec<String>,
) -> Result<Sheet, ReportError> {
    let refused = |reason: String| ReportError::Refused(reason);
    let shown = format!("{} to {}", period.0, period.1);
    let version = life.latest(period);
    let version = version.ok_or_else(|| refused(format!("{shown} is not sealed")))?;
    let Some(report) = &version.report else {
        return Err(refused(format!(
            "version {} of {shown} is {}; amounts for a registry are those of a TPE report: mrv period \
             tpe-report",
            version.number(),
            version.state().words()
        )));
    };
    let said = &report.act;
    if said.opinion != "positive" {
        return Err(refused(format!(
            "the opinion of TPE report {} is {}: there is nothing to hand over",
            said.report_number, said.opinion
        )));
    }
    let (seal, registered) = (&version.seal.act, &plan.registered);
    Ok(Sheet {
        format: FORMAT.to_owned(),
        source: format!(
            "as stated in TPE report no. {} of {}, {}",
            said.report_number, said.tpe, said.date
        ),
        project: plan.project.to_string(),
        title: registered.title.clone(),
        reference: registered.reference.clone(),
        country: registered.country.clone(),
        from: seal.from.clone(),
        to: seal.to.clone(),
        version: seal.version,
        opinion: said.opinion.clone(),
        conclusion: said.conclusion.clone(),
        methodologies,
        sector: registered.filing.sector.clone(),
        activity_type: registered.filing.activity_type.clone(),
        mitigation_type: registered.filing.mitigation_type.clone(),
        gwp_set: registered.filing.gwp_set.clone(),
        evidence: Evidence {
            tpe_report: said.document.clone(),
            tpe_report_leaf: report.leaf,
            figures: seal.figures.clone(),
            log_size: seal.log_size,
            log_root: seal.log_root.clone(),
        },
        vintages: vintages(said, &registered.shares),
    })
}

fn vintages(said: &TpeReport, shares: &[Share]) -> Vec<Vintage> {
    let mut years: Vec<i16> = said.amounts.iter().map(|amount| amount.year).collect();
    years.sort_unstable();
    years.dedup();
    let vintage = |year: i16| {
        let of_year = said.amounts.iter().filter(|amount| amount.year == year);
        let er = of_year.clone().filter_map(|amount| amount.er.parse::<u64>().ok()).sum();
        let stated = of_year.map(|amount| Stated {
            methodology: amount.methodology.clone(),
            re: amount.re.clone(),
            pe: amount.pe.clone(),
            er: amount.er.clone(),
        });
        Vintage { year, stated: stated.collect(), er, allocation: allocation(er, shares) }
    };
    years.into_iter().map(vintage).collect()
}

/// `amount` by shares: each gets the whole part of its share, the rest goes one by one to the largest
/// remainders, among equal ones to who stands first in the plan. The parts add up to the amount.
#[must_use]
pub fn allocation(amount: u64, shares: &[Share]) -> Vec<Part> {
    let sum: u128 = shares.iter().map(|one| u128::from(one.share)).sum();
    if sum == 0 {
        return Vec::new();
    }
    let exact = |one: &Share| u128::from(amount) * u128::from(one.share);
    let mut order: Vec<usize> = (0..shares.len()).collect();
    order.sort_by_key(|place| std::cmp::Reverse(exact(&shares[*place]) % sum));
    let whole: u128 = shares.iter().map(|one| exact(one) / sum).sum();
    let rest = usize::try_from(u128::from(amount) - whole).unwrap_or(usize::MAX);
    let is_raised = |place: usize| order.iter().take(rest).any(|raised| *raised == place);
    let part = |(place, one): (usize, &Share)| Part {
        holder: one.holder.clone(),
        side: one.side.clone(),
        share: one.share,
        // The quotient is at most the amount.
        er: u64::try_from(exact(one) / sum).unwrap_or(amount) + u64::from(is_raised(place)),
    };
    shares.iter().enumerate().map(part).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn shares(parts: &[u64]) -> Vec<Share> {
        let share = |(place, share): (usize, &u64)| Share {
            holder: format!("holder {place}"),
            side: if place == 0 { "host" } else { "japan" }.to_owned(),
            share: *share,
        };
        parts.iter().enumerate().map(share).collect()
    }

    fn parts(amount: u64, of: &[u64]) -> Vec<u64> {
        allocation(amount, &shares(of)).iter().map(|part| part.er).collect()
    }

    #[test]
    fn the_rest_goes_to_the_largest_remainders() {
        assert_eq!(parts(705, &[1, 1]), [353, 352]);
        assert_eq!(parts(100, &[1, 1, 1]), [34, 33, 33]);
        assert_eq!(parts(10, &[50, 30, 20]), [5, 3, 2]);
        assert_eq!(parts(11, &[15, 60, 25]), [2, 6, 3]);
        assert_eq!(parts(0, &[1, 2]), [0, 0]);
        assert_eq!(parts(7, &[]), Vec::<u64>::new());
    }

    proptest! {
        #[test]
        fn parts_add_up_and_none_is_a_tonne_away_from_its_share(
            amount in any::<u64>(),
            of in prop::collection::vec(1u64..1_000_000, 1..8),
        ) {
            let parts = parts(amount, &of);
            let sum: u128 = of.iter().map(|one| u128::from(*one)).sum();
            prop_assert_eq!(parts.iter().map(|one| u128::from(*one)).sum::<u128>(), u128::from(amount));
            for (part, share) in parts.iter().zip(&of) {
                let exact = u128::from(amount) * u128::from(*share);
                prop_assert!(u128::from(*part) >= exact / sum);
                prop_assert!(u128::from(*part) <= exact / sum + 1);
            }
        }
    }
}
