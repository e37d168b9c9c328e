//! The log of gaps and substitutes, and what a border cuts.

use super::Chapter;
use super::block::{Block, Table, figure, or_dash, paragraph, text};
use crate::report::model::Report;

pub(super) fn chapter(report: &Report) -> Chapter {
    let mut blocks = Vec::new();
    if report.gap_log.is_empty() {
        blocks.push(paragraph("Every channel of every parameter was measured all the time."));
    } else {
        blocks.push(paragraph(
            "What stands for time that was not measured: the check meter of the registered plan (B), the \
             difference of a register (T), a document (I), or bounds (K, Z), of which those that lower ER \
             count. What a gap costs is its share of what the doubt of its parameter costs; what a substitute \
             earns is ER as it is less ER where its bounds counted. Statistical \
             substitutes are information only: they enter no claim.",
        ));
        blocks.push(Block::Table(stretches(report)));
    }
    if !report.allocations.is_empty() {
        blocks.push(Block::Heading("Gaps over a border".to_owned()));
        blocks.push(Block::Table(allocations(report)));
    }
    Chapter::new("gaps", "Gaps and substitutes", blocks).on_sheet("Stretches")
}

fn stretches(report: &Report) -> Table {
    let rows = report.gap_log.iter().enumerate().map(|(index, gap)| {
        vec![
            text(&gap.label),
            text(gap.channel.as_deref().unwrap_or("documents")),
            text(&gap.from),
            text(&gap.to),
            text(&gap.hours),
            text(&gap.quality),
            text(&gap.rule),
            text(&gap.stands),
            or_dash(format!("/gap_log/{index}/cost"), gap.cost.as_ref()),
            or_dash(format!("/gap_log/{index}/earned"), gap.earned.as_ref()),
            text(gap.information.join("; ")),
        ]
    });
    let columns = [
        "Parameter",
        "Channel",
        "From",
        "To",
        "#Hours",
        "Code",
        "Rule",
        "Counts as",
        "#Costs, tCO2e",
        "#Earns, tCO2e",
        "Information only",
    ];
    Table::new("Log of gaps", &columns, rows)
}

fn allocations(report: &Report) -> Table {
    let rows = report.allocations.iter().enumerate().map(|(index, one)| {
        let at = |name: &str| format!("/allocations/{index}/{name}");
        vec![
            text(&one.channel),
            text(&one.border),
            text(&one.total.unit),
            figure(at("total"), &one.total),
            figure(at("before"), &one.before),
            figure(at("even"), &one.even),
            figure(at("low"), &one.low),
            figure(at("high"), &one.high),
            text(one.claimed.to_string()),
            text(one.claimed_even.to_string()),
            text(one.claimed_low.to_string()),
            text(one.claimed_high.to_string()),
            text(if one.is_sealed { "sealed" } else { "chosen here" }),
        ]
    });
    let columns = [
        "Channel",
        "Border",
        "Unit",
        "#Total",
        "#Before it",
        "#Even",
        "#Least",
        "#Most",
        "#Claim",
        "#Claim, even",
        "#Claim, least",
        "#Claim, most",
        "Fixed by",
    ];
    Table::new("Totals split over a border; claims of all years in tCO2e", &columns, rows)
}
