//! The result of each calendar year: RE and PE with three decimals, ER rounded down, the reason, what
//! is left over and what is held.

use super::Chapter;
use super::block::{Block, Card, Span, Table, figure, or_dash, text, with_unit};
use crate::report::model::{Report, Year};

pub(super) fn chapter(report: &Report) -> Chapter {
    let mut blocks: Vec<Block> = Vec::new();
    for (index, year) in report.years.iter().enumerate() {
        blocks.push(Block::Card(card(index, &report.name_of(year), year)));
    }
    let mut sum = vec![Span::Strong("Sum of the years: ".to_owned())];
    sum.extend(with_unit("/claimed", &report.claimed));
    sum.push(Span::Text("; unresolved negative left to later years: ".to_owned()));
    sum.extend(figure("/unresolved", &report.unresolved));
    sum.push(Span::Text(
        ". Each calendar year is computed at the bounds of its doubts where ER is lowest and rounded \
         down by itself."
            .to_owned(),
    ));
    blocks.push(Block::Paragraph(sum));
    blocks.push(Block::Heading("What is held or in doubt".to_owned()));
    blocks.push(doubts(report));
    blocks.extend(super::life::holds(report));
    Chapter::new("result", "Result by calendar year", blocks)
}

fn card(index: usize, name: &str, year: &Year) -> Card {
    let at = |name: &str| format!("/years/{index}/{name}");
    let mut lines: Vec<(String, _)> = [
        ("Reference emissions RE", "re", &year.re),
        ("Project emissions PE", "pe", &year.pe),
        ("Emission reductions ER", "er", &year.er),
        ("ER if every doubt were favourable", "er_highest", &year.er_highest),
        ("ER rounded down", "floored", &year.floored),
        ("Unresolved negative of earlier years", "carried_in", &year.carried_in),
        ("Unresolved negative left", "carried_out", &year.carried_out),
    ]
    .into_iter()
    .map(|(name, key, value)| (name.to_owned(), figure(at(key), value)))
    .collect();
    lines.push(match &year.ex_ante {
        Some(ex_ante) => {
            ("Ex-ante estimate, whole year".to_owned(), figure(at("ex_ante"), ex_ante))
        }
        None => ("Ex-ante estimate".to_owned(), text("none in the plan")),
    });
    let mut headline = with_unit(at("claimed"), &year.claimed);
    headline.push(Span::Soft(" claimed".to_owned()));
    Card {
        name: name.to_owned(),
        beside: format!("{}, {} days", year.form, year.days),
        headline,
        lines,
        sentence: format!("{}.", year.why),
    }
}

fn doubts(report: &Report) -> Block {
    if report.gaps.is_empty() {
        return super::paragraph("No input is in doubt, and nothing is held.");
    }
    let rows = report.gaps.iter().enumerate().map(|(index, gap)| {
        let at = |name: &str| format!("/gaps/{index}/{name}");
        vec![
            text(&gap.label),
            text(gap.year.to_string()),
            figure(at("coverage"), &gap.coverage),
            or_dash(at("low"), gap.low.as_ref()),
            or_dash(at("high"), gap.high.as_ref()),
            with_unit(at("chosen"), &gap.chosen),
            figure(at("er_best"), &gap.er_best),
            figure(at("cost"), &gap.cost),
            text(&gap.sentence),
        ]
    });
    Block::Table(Table::new(
        "Each doubt is settled where ER is lowest; its cost is what ER would gain if it fell on the other \
         side, in tCO2e",
        &[
            "Parameter",
            "Year",
            "#Coverage %",
            "#Lowest",
            "#Highest",
            "#Taken",
            "#ER at best",
            "#Cost",
            "In words",
        ],
        rows,
    ))
}
