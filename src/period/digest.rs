//! The figures digest: SHA-256 over the figures of a statement in canonical form.
//!
//! It holds no leaf index and no time of receipt, so the same set of readings gives the same digest
//! in whatever order they arrived (PUR-2). The byte form is written out in `schemas/digest.md`.

use super::collect::Amount;
use super::statement::{FixedFacts, Statement, label};
use crate::domain::decimal::Decimal;
use crate::domain::digest::{FieldDigest, Sha256Digest};

/// The digest of all figures of a statement.
#[must_use]
pub(super) fn figures_digest(statement: &Statement) -> Sha256Digest {
    let mut digest = FieldDigest::new("mrv figures digest 1");
    digest.int(statement.rules.into());
    digest.text(&statement.project.id);
    for methodology in &statement.methodologies {
        digest.text(&methodology.id);
        digest.text(&methodology.version);
    }
    digest.text(statement.project.zone.name());
    digest.text(&statement.period.from().to_string());
    digest.text(&statement.period.to().to_string());
    for year in &statement.years {
        if statement.methodologies.len() > 1 {
            digest.text("methodology");
            digest.text(&year.methodology);
        }
        digest.text("year");
        digest.int(year.year.into());
        let mut inputs: Vec<_> = year.inputs.iter().collect();
        inputs.sort_by(|a, b| (&a.symbol, &a.members).cmp(&(&b.symbol, &b.members)));
        for input in inputs {
            digest.text("input");
            digest.text(&input.label());
            digest.text(&input.unit);
            amount(&mut digest, &input.total);
            decimal(&mut digest, Some(input.chosen));
        }
        let mut categories: Vec<_> = year.categories.iter().collect();
        categories.sort_by(|a, b| (&a.symbol, &a.members).cmp(&(&b.symbol, &b.members)));
        for category in categories {
            digest.text("category");
            digest.text(&label(&category.symbol, &category.members));
            digest.text_or_null(category.category.as_deref());
        }
        for value in [year.re, year.pe, year.er, year.er_highest] {
            decimal(&mut digest, Some(value));
        }
        for whole in [year.floored, year.carried_in, year.claimed, year.carried_out] {
            digest.text(&whole.to_string());
        }
    }
    let mut fixed: Vec<_> = statement.fixed.iter().collect();
    let key = |one: &FixedFacts| (one.methodology.clone(), one.symbol.clone(), one.members.clone());
    fixed.sort_by_key(|one| key(one));
    for fixed in fixed {
        if statement.methodologies.len() > 1 {
            digest.text("methodology");
            digest.text(&fixed.methodology);
        }
        digest.text("fixed");
        digest.text(&fixed.label());
        digest.text(&fixed.unit);
        decimal(&mut digest, Some(fixed.value));
    }
    let mut channels: Vec<_> = statement.channels.iter().collect();
    channels.sort_by(|a, b| a.key.cmp(&b.key));
    for channel in channels {
        digest.text("channel");
        digest.text(&channel.key.to_string());
        digest.text(&channel.unit);
        for (part, total) in &channel.months {
            digest.text(&part.month().to_string());
            amount(&mut digest, total);
        }
    }
    digest.finish()
}

/// Measured, lowest, highest; time measured and time of the stretch. The leaves stay out.
fn amount(digest: &mut FieldDigest, amount: &Amount) {
    for value in [amount.measured, amount.low, amount.high] {
        decimal(digest, value);
    }
    digest.int(amount.covered_us);
    digest.int(amount.length_us);
}

/// The normalised text of a number, or null.
fn decimal(digest: &mut FieldDigest, value: Option<Decimal>) {
    digest.text_or_null(value.map(|value| value.to_string()).as_deref());
}
