//! The life of the period, from the statement's dossier to the model.

use super::{TONNES, figure, whole};
use crate::decode::act::StepKind;
use crate::decode::life::{FindingRecord, HoldRecord, Kept, Version};
use crate::domain::catalogue::Check;
use crate::domain::decimal::Decimal;
use crate::domain::flag::Code;
use crate::domain::time::Timestamp;
use crate::period::Noted;
use crate::period::dossier::Dossier;
use crate::period::statement::{Statement, label};
use crate::report::collect::sealed_years;
use crate::report::model::{Figure, life};

pub(super) fn life(statement: &Statement) -> life::Life {
    let dossier = &statement.dossier;
    life::Life {
        version: dossier.version,
        reason: dossier.reason.clone(),
        versions: dossier.versions.iter().map(version).collect(),
        causes: dossier
            .causes
            .iter()
            .map(|cause| life::Cause { leaf: cause.leaf, what: cause.what.clone() })
            .collect(),
        changes: changes(statement),
        materiality: dossier.materiality.as_ref().map(|said| life::Materiality {
            tpe: said.act.tpe.clone(),
            threshold: said.act.threshold.clone(),
            date: said.act.date.clone(),
            leaf: said.leaf,
        }),
        findings: dossier.findings.iter().map(finding).collect(),
        holds: dossier.holds.iter().map(|one| hold(one, &dossier.findings)).collect(),
        without_holds: dossier
            .without_holds
            .iter()
            .map(|year| life::WithoutHolds {
                methodology: year.methodology.clone(),
                year: year.year,
                re: figure(year.re, TONNES),
                pe: figure(year.pe, TONNES),
                er: figure(year.er, TONNES),
                claimed: whole(year.claimed),
            })
            .collect(),
        monthly_check: dossier.monthly_check.clone(),
        checks: dossier
            .checks
            .iter()
            .map(|Kept { leaf, act, .. }| life::MonthlyCheck {
                month: act.month.clone(),
                by: act.author.clone(),
                post: act.post.clone(),
                date: act.date.clone(),
                what: act.what.clone(),
                findings: act.findings.clone(),
                leaf: *leaf,
            })
            .collect(),
        eligibility: eligibility(dossier),
        samples: dossier
            .samples
            .iter()
            .map(|Kept { leaf, act, .. }| life::Sample {
                parameter: label(&act.parameter, &act.members),
                achieved: act.achieved.clone(),
                document: act.document.clone(),
                by: act.author.clone(),
                date: act.date.clone(),
                leaf: *leaf,
            })
            .collect(),
        responses: responses(dossier, &statement.findings),
    }
}

fn version(version: &Version) -> life::Version {
    let seal = &version.seal.act;
    let submission = version.step(StepKind::Submission);
    life::Version {
        version: seal.version,
        reason: seal.reason.clone(),
        prepared_by: seal.prepared_by.clone(),
        reviewed_by: seal.reviewed_by.clone(),
        submitted_by: submission.map(|step| step.act.author.clone()),
        state: version.state().words().to_owned(),
        leaf: version.seal.leaf,
        log_size: seal.log_size,
        figures_digest: seal.figures.clone(),
    }
}

/// The years against the last version before; none in version 1.
fn changes(statement: &Statement) -> Vec<life::ChangedYear> {
    let Some(before) = statement.dossier.versions.last() else { return Vec::new() };
    let tonnes = |text: &String| match Decimal::parse(text) {
        Ok(value) if text.contains('.') => figure(value, TONNES),
        _ => Figure { value: text.clone(), shown: text.clone(), unit: TONNES.to_owned() },
    };
    let changed = |new: crate::decode::act::SealedYear| {
        let mut years = before.seal.act.years.iter();
        let old = years.find(|old| old.methodology == new.methodology && old.year == new.year);
        life::ChangedYear {
            methodology: new.methodology.clone(),
            year: new.year,
            er_before: old.map(|old| tonnes(&old.er)),
            er: tonnes(&new.er),
            claimed_before: old.map(|old| tonnes(&old.claimed)),
            claimed: tonnes(&new.claimed),
        }
    };
    sealed_years(statement).into_iter().map(changed).collect()
}

fn finding(finding: &FindingRecord) -> life::TpeFinding {
    let act = &finding.opened.act;
    life::TpeFinding {
        name: finding.name.clone(),
        is_open: finding.is_open(),
        tpe: act.tpe.clone(),
        by: act.author.clone(),
        date: act.date.clone(),
        period: [finding.period.0.to_string(), finding.period.1.to_string()],
        about: act.about.clone(),
        text: act.text.clone(),
        leaf: finding.opened.leaf,
        replies: finding
            .replies
            .iter()
            .map(|Kept { leaf, act, .. }| life::Reply {
                by: act.author.clone(),
                post: act.post.clone(),
                date: act.date.clone(),
                text: act.text.clone(),
                documents: act.documents.clone(),
                leaf: *leaf,
            })
            .collect(),
        closed: finding.closed.as_ref().map(|Kept { leaf, act, .. }| life::Closing {
            by: act.author.clone(),
            date: act.date.clone(),
            text: act.text.clone(),
            version: act.version,
            leaf: *leaf,
        }),
    }
}

fn hold(hold: &HoldRecord, findings: &[FindingRecord]) -> life::Hold {
    let act = &hold.placed.act;
    let of_act = act.finding.map(|number| {
        let found = findings.iter().find(|finding| finding.opened.number == number);
        found.map_or_else(|| format!("act {number}"), |finding| finding.name.clone())
    });
    life::Hold {
        act: hold.placed.number,
        leaf: hold.placed.leaf,
        device: format!("{}/{}", hold.site, hold.device),
        from: act.from.clone(),
        to: act.to.clone(),
        by: act.author.clone(),
        reason: act.reason.clone(),
        finding: of_act,
        lifted: hold
            .lifted
            .as_ref()
            .map(|lift| format!("{}: {}; leaf {}", lift.act.author, lift.act.reason, lift.leaf)),
    }
}

fn eligibility(dossier: &Dossier) -> Vec<life::Criterion> {
    let criterion = |one: &crate::config::plan::practice::Criterion| life::Criterion {
        criterion: one.criterion.clone(),
        description: one.description.clone(),
        asks: one.evidence.clone(),
        evidence: dossier
            .evidence
            .iter()
            .filter(|shown| shown.act.criterion == one.criterion)
            .map(|Kept { leaf, act, .. }| life::Evidence {
                from: act.from.clone(),
                to: act.to.clone(),
                text: act.text.clone(),
                document: act.document.clone(),
                by: act.author.clone(),
                post: act.post.clone(),
                date: act.date.clone(),
                leaf: *leaf,
            })
            .collect(),
    };
    dossier.criteria.iter().map(criterion).collect()
}

fn responses(dossier: &Dossier, findings: &[Noted]) -> Vec<life::Response> {
    let response = |Kept { leaf, act, .. }: &Kept<crate::decode::act::Response>| {
        let at = Timestamp::parse_rfc3339(&act.at).ok();
        let speaks_of = |noted: &&Noted| {
            let is_on_channel = act.channel.is_empty()
                || noted.channel.as_ref().is_some_and(|key| key.to_string() == act.channel);
            let is_then =
                at.is_none_or(|at| noted.span.is_some_and(|(from, to)| (from..to).contains(&at)));
            Code::parse(&act.code) == Some(noted.code) && is_on_channel && is_then
        };
        life::Response {
            code: act.code.clone(),
            channel: act.channel.clone(),
            flags: findings.iter().filter(speaks_of).count() as u64,
            closes: Code::parse(&act.code)
                .and_then(Check::of)
                .is_some_and(|check| check.is_closable),
            by: act.author.clone(),
            post: act.post.clone(),
            date: act.date.clone(),
            reason: act.reason.clone(),
            document: act.document.clone(),
            leaf: *leaf,
        }
    };
    dossier.responses.iter().map(response).collect()
}
