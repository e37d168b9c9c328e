//! From the statement of a period to the report's model: exact values become figures.

mod calibration;
mod changes;
mod cross;
mod life;
mod uncertainty;

use super::model::{
    Category, Channel, ChannelItems, CodeCount, Day, Document, Equation, Example, FORMAT, Figure,
    Finding, Fixed, Gap, INDICATIVE, Input, Items, Methodology, Month, Parameter, Period, Post,
    Project, Provenance, QualityCount, Refused, Report, Status, Step, Withheld, Year,
};
use crate::config::plan::confidential::{Confidential, Part};
use crate::domain::decimal::Decimal;
use crate::domain::time::Zone;
use crate::period::calendar;
use crate::period::collect::{Amount, coverage};
use crate::period::equations::CategoryInput;
use crate::period::exact::rounded;
use crate::period::statement::{
    ChannelFacts, DocumentFacts, DoubtCost, FixedFacts, InputTotal, MethodologyFacts,
    ParameterFacts, Statement, StepResult, YearResult,
};
use crate::period::{ChannelCount, Noted, RefusedGroup, statement};

/// Unit of all emissions.
pub const TONNES: &str = "tCO2e";

impl Report {
    /// The report of a statement.
    #[must_use]
    pub fn of(statement: &Statement) -> Self {
        let zone = &statement.project.zone;
        Self {
            format: FORMAT.to_owned(),
            notice: INDICATIVE.to_owned(),
            status: status(&statement.status),
            project: project(statement),
            methodologies: statement
                .methodologies
                .iter()
                .zip(&statement.project.methodologies)
                .map(|(facts, name)| methodology(facts, name))
                .collect(),
            period: period(statement.period, &statement.project.zone),
            claimed: whole(statement.years.iter().map(|year| year.claimed).sum()),
            unresolved: whole(statement.unresolved),
            years: statement.years.iter().map(year).collect(),
            parameters: statement.parameters.iter().map(parameter).collect(),
            fixed: statement.fixed.iter().map(fixed).collect(),
            gaps: statement.doubts.iter().map(gap).collect(),
            gap_log: statement.gaps.iter().map(|gap| cross::stretch(gap, zone)).collect(),
            allocations: statement
                .allocations
                .iter()
                .map(|one| cross::allocation(one, zone))
                .collect(),
            paths: statement.paths.iter().map(|path| cross::path(path, zone)).collect(),
            calibration: calibration::calibration(statement),
            changes: statement
                .changes
                .iter()
                .map(|one| changes::change(one, &statement.project.zone))
                .collect(),
            uncertainty: statement.uncertainty.iter().map(uncertainty::uncertainty).collect(),
            channels: statement.channels.iter().map(channel).collect(),
            items: items(&statement.counts),
            refused: statement.refused.iter().map(refused).collect(),
            findings: statement
                .findings
                .iter()
                .map(|finding| noted(finding, &statement.project.zone))
                .collect(),
            life: life::life(statement),
            provenance: provenance(statement),
            hidden: Vec::new(),
        }
    }
}

/// A figure printed with three decimals, or six where its magnitude is below one.
fn figure(value: Decimal, unit: &str) -> Figure {
    let point =
        value.coefficient().unsigned_abs().checked_ilog10().map_or(0, |digits| digits as i32)
            + value.exponent();
    let decimals = if !value.is_zero() && point < 0 { 6 } else { 3 };
    Figure { value: value.to_string(), shown: rounded(value, decimals), unit: unit.to_owned() }
}

/// A whole number of tCO2e.
fn whole(value: i128) -> Figure {
    Figure { value: value.to_string(), shown: value.to_string(), unit: TONNES.to_owned() }
}

fn percent(part_us: i64, whole_us: i64) -> Figure {
    let share = coverage(part_us, whole_us);
    Figure { value: share.to_string(), shown: rounded(share, 2), unit: "%".to_owned() }
}

fn status(status: &statement::Status) -> Status {
    match status {
        statement::Status::Draft { reasons } => Status {
            is_draft: true,
            draft_reasons: reasons.clone(),
            prepared_by: None,
            reviewed_by: None,
        },
        statement::Status::Sealed { prepared_by, reviewed_by, .. } => Status {
            is_draft: false,
            draft_reasons: Vec::new(),
            prepared_by: Some(prepared_by.clone()),
            reviewed_by: Some(reviewed_by.clone()),
        },
    }
}

fn project(statement: &Statement) -> Project {
    let facts = &statement.project;
    let post = |(post, role): &(String, String)| Post { post: post.clone(), role: role.clone() };
    Project {
        id: facts.id.clone(),
        title: facts.title.clone(),
        reference: facts.reference.clone(),
        country: facts.country.clone(),
        participants: facts.participants.clone(),
        pdd_version: facts.pdd_version.clone(),
        crediting_from: facts.crediting.0.to_string(),
        crediting_to: facts.crediting.1.to_string(),
        posts: facts.posts.iter().map(post).collect(),
        confidential: facts.confidential.iter().map(withheld).collect(),
    }
}

fn withheld(entry: &Confidential) -> Withheld {
    Withheld {
        what: entry.what.clone(),
        why: entry.why.clone(),
        parts: entry.parts.iter().map(Part::name).collect(),
        text: entry.text.clone(),
    }
}

fn methodology(facts: &MethodologyFacts, name: &str) -> Methodology {
    let equations = facts.equations.iter().map(|equation| Equation {
        symbol: equation.symbol.clone(),
        unit: equation.unit.clone(),
        text: equation.text.clone(),
        description: equation.about.clone(),
        sure: equation.sure.to_owned(),
    });
    Methodology {
        name: name.to_owned(),
        id: facts.id.clone(),
        version: facts.version.clone(),
        title: facts.title.clone(),
        source: facts.source.clone(),
        equations: equations.collect(),
    }
}

fn period(period: calendar::Period, zone: &Zone) -> Period {
    Period {
        from: period.from().to_string(),
        to: period.to().to_string(),
        days: period.day_count(),
        zone: zone.name().to_owned(),
        words: period.words(zone),
        form: period.form(),
    }
}

fn year(facts: &YearResult) -> Year {
    let tonnes = |value| figure(value, TONNES);
    Year {
        methodology: facts.methodology.clone(),
        year: facts.year,
        from: facts.part.from().to_string(),
        to: facts.part.to().to_string(),
        days: facts.part.day_count(),
        form: facts.part.form(),
        re: tonnes(facts.re),
        pe: tonnes(facts.pe),
        er: tonnes(facts.er),
        er_highest: tonnes(facts.er_highest),
        trials: facts.trial_count,
        floored: whole(facts.floored),
        carried_in: whole(facts.carried_in),
        claimed: whole(facts.claimed),
        carried_out: whole(facts.carried_out),
        ex_ante: facts.ex_ante.map(tonnes),
        why: facts.why.clone(),
        inputs: facts.inputs.iter().map(input).collect(),
        categories: facts.categories.iter().map(category).collect(),
        steps: facts.steps.iter().map(step).collect(),
    }
}

fn input(facts: &InputTotal) -> Input {
    let total = &facts.total;
    let (measured, low, high) = bounds(total, &facts.unit);
    Input {
        label: facts.label(),
        parameter: facts.parameter,
        is_history: facts.is_history,
        symbol: facts.symbol.clone(),
        members: facts.members.clone(),
        measured,
        low,
        high,
        chosen: figure(facts.chosen, &facts.unit),
        side: match (total.is_doubtful(), &facts.correction) {
            (true, _) => facts.side(),
            (false, Some(_)) => "corrected",
            (false, None) => "exact",
        }
        .to_owned(),
        coverage: percent(total.covered_us, total.length_us),
        leaves: total.leaves.map(<[i64; 2]>::from),
    }
}

fn category(facts: &CategoryInput) -> Category {
    let label = statement::label(&facts.symbol, &facts.members);
    Category { label, category: facts.category.clone() }
}

fn bounds(total: &Amount, unit: &str) -> (Option<Figure>, Option<Figure>, Option<Figure>) {
    let of = |value: Option<Decimal>| value.map(|value| figure(value, unit));
    (of(total.measured), of(total.low), of(total.high))
}

fn step(facts: &StepResult) -> Step {
    Step {
        label: facts.label(),
        symbol: facts.symbol.clone(),
        members: facts.members.clone(),
        description: facts.description.clone(),
        equation: facts.equation.clone(),
        formula: facts.formula.clone(),
        sums: facts.sums.clone(),
        value: figure(facts.value, &facts.unit),
    }
}

fn parameter(facts: &ParameterFacts) -> Parameter {
    Parameter {
        methodology: facts.methodology.clone(),
        label: facts.label(),
        point: facts.point.clone(),
        description: facts.description.clone(),
        unit: facts.unit.clone(),
        is_amount: facts.is_amount,
        option: facts.option.to_owned(),
        source: facts.source.clone(),
        method: facts.method.clone(),
        frequency: facts.frequency.clone(),
        comments: facts.comments.clone(),
        channels: facts.channels.iter().map(ToString::to_string).collect(),
        amounts: facts.amounts,
        documents: facts.documents.iter().map(document).collect(),
        months: facts.months.iter().map(|(part, total)| month(*part, total, &facts.unit)).collect(),
    }
}

fn document(facts: &DocumentFacts) -> Document {
    let DocumentFacts { amount, standing } = facts;
    let entry = &amount.entry;
    Document {
        act: amount.number,
        leaf: amount.leaf,
        kind: amount.kind.as_str().to_owned(),
        number: entry.document_number.clone(),
        issuer: entry.issuer.clone(),
        from: amount.from.to_string(),
        to: amount.to.to_string(),
        value: entry.value.clone(),
        unit: entry.unit.clone(),
        sha256: Some(entry.document.clone()).filter(|sha256| !sha256.is_empty()),
        document_leaf: amount.document_leaf,
        entered_by: entry.entered_by.clone(),
        checked_by: amount.checked_by.clone(),
        replaces: entry.replaces,
        reason: entry.reason.clone(),
        standing: standing.clone(),
    }
}

fn month(part: calendar::Period, total: &Amount, unit: &str) -> Month {
    let (measured, low, high) = bounds(total, unit);
    let coverage = percent(total.covered_us, total.length_us);
    let documented = percent(total.documented_us, total.length_us);
    let documented = (total.documented_us > 0).then_some(documented);
    Month { month: part.month().to_string(), measured, low, high, coverage, documented }
}

fn fixed(facts: &FixedFacts) -> Fixed {
    // A fixed value is printed as it was written, never rounded.
    let text = facts.value.to_string();
    Fixed {
        methodology: facts.methodology.clone(),
        label: facts.label(),
        symbol: facts.symbol.clone(),
        members: facts.members.clone(),
        description: facts.description.clone(),
        value: Figure { value: text.clone(), shown: text, unit: facts.unit.clone() },
        source: facts.source.clone(),
        confirmed: facts.confirmed.clone(),
        comments: facts.comments.clone(),
    }
}

fn gap(facts: &DoubtCost) -> Gap {
    let (_, low, high) = bounds(&facts.total, &facts.unit);
    Gap {
        methodology: facts.methodology.clone(),
        year: facts.year,
        label: facts.label.clone(),
        coverage: percent(facts.total.covered_us, facts.total.length_us),
        low,
        high,
        chosen: figure(facts.chosen, &facts.unit),
        er_best: figure(facts.er_best, TONNES),
        cost: figure(facts.cost, TONNES),
        sentence: facts.sentence.clone(),
    }
}

fn channel(facts: &ChannelFacts) -> Channel {
    let (covered, length) = facts.covered();
    let days = facts.days.iter().map(|(date, covered, length)| Day {
        date: date.to_string(),
        coverage: (*length > 0).then(|| coverage(*covered, *length).to_string()),
    });
    let qualities = facts
        .qualities
        .iter()
        .map(|(code, intervals)| QualityCount { code: (*code).to_owned(), intervals: *intervals });
    Channel {
        channel: facts.key.to_string(),
        unit: facts.unit.clone(),
        is_amount: facts.is_amount,
        serial: facts.serial.clone(),
        class: facts.class.clone(),
        coverage: percent(covered, length),
        months: facts.months.iter().map(|(part, total)| month(*part, total, &facts.unit)).collect(),
        days: days.collect(),
        qualities: qualities.collect(),
    }
}

fn items(counts: &[ChannelCount]) -> Items {
    let by_channel = counts.iter().map(|count| ChannelItems {
        channel: count.channel.as_ref().map(ToString::to_string),
        decoded: count.decoded(),
        readings: count.readings,
        conflicts: count.conflicts,
        refused: count
            .refused
            .iter()
            .map(|(code, count)| CodeCount { code: code.to_string(), count: *count })
            .collect(),
    });
    let sum = |of: fn(&ChannelCount) -> u64| counts.iter().map(of).sum();
    Items {
        decoded: sum(ChannelCount::decoded),
        readings: sum(|count| count.readings),
        conflicts: sum(|count| count.conflicts),
        refused: sum(ChannelCount::refused_total),
        by_channel: by_channel.collect(),
    }
}

fn refused(group: &RefusedGroup) -> Refused {
    let examples = group.examples.iter().map(|(place, text)| Example {
        leaf: place.leaf,
        item: place.item,
        text: text.clone(),
    });
    Refused {
        code: group.code.to_string(),
        reason: group.reason.clone(),
        count: group.count,
        examples: examples.collect(),
    }
}

fn noted(noted: &Noted, zone: &Zone) -> Finding {
    Finding {
        code: noted.code.to_string(),
        severity: noted.severity.as_str().to_owned(),
        channel: noted.channel.as_ref().map(ToString::to_string),
        from: noted.span.map(|(from, _)| zone.show(from)),
        to: noted.span.map(|(_, to)| zone.show(to)),
        count: noted.count,
        message: noted.message.clone(),
    }
}

fn provenance(statement: &Statement) -> Provenance {
    let log = match &statement.status {
        statement::Status::Sealed { log, .. } => Some(*log),
        statement::Status::Draft { .. } => None,
    };
    let inputs = statement.years.iter().flat_map(|year| &year.inputs);
    let leaves = inputs
        .filter_map(|input| input.total.leaves)
        .reduce(|all, one| (all.0.min(one.0), all.1.max(one.1)));
    Provenance {
        rules: statement.rules,
        plan_number: statement.project.plan_number,
        plan_leaf: statement.project.plan_leaf,
        log_size: log.map(|log| log.size),
        log_root: log.map(|log| log.root.to_string()),
        leaves: leaves.map(<[i64; 2]>::from),
        figures_digest: statement.digest.to_string(),
    }
}
