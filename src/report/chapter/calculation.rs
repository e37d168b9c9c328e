//! Calculation: each equation, and each step with its numbers.

use super::Chapter;
use super::block::{Block, Table, code, figure, paragraph, text};
use crate::report::model::{Figure, Fixed, Input, Report, Step, Year};

pub(super) fn chapter(report: &Report) -> Chapter {
    let mut blocks = Vec::new();
    for methodology in &report.methodologies {
        let rows = methodology.equations.iter().map(|equation| {
            vec![
                text(&equation.symbol),
                code(&equation.text),
                text(&equation.unit),
                text(&equation.description),
                text(&equation.sure),
            ]
        });
        let of = match report.methodologies.len() {
            0 | 1 => "the methodology",
            _ => methodology.name.as_str(),
        };
        let caption = format!(
            "Equations of {of}; how sure they are: S sourced, C computed, D decided, K known in the \
             field, K? in doubt"
        );
        let columns = ["Symbol", "Equation", "Unit", "Description", "Sure"];
        blocks.push(Block::Table(Table::new(&caption, &columns, rows)));
        blocks.push(paragraph(format!("Source: {}.", methodology.source)));
    }
    for (index, year) in report.years.iter().enumerate() {
        blocks.extend(super::factors::of_year(report, index).map(Block::Table));
        let rows = year.steps.iter().enumerate().map(|(row, step)| {
            vec![
                text(&step.label),
                code(with_numbers(report, year, step)),
                figure(format!("/years/{index}/steps/{row}/value"), &step.value),
                text(&step.value.value),
                text(&step.value.unit),
            ]
        });
        let caption = format!("Steps of {}, {} points tried", report.name_of(year), year.trials);
        let columns = ["Value of", "With its numbers", "#Printed", "#In full precision", "Unit"];
        blocks.push(Block::Table(Table::new(&caption, &columns, rows)));
        for (place, stretch) in year.stretches.iter().enumerate() {
            let rows = stretch.steps.iter().enumerate().map(|(row, step)| {
                let (inputs, steps) = (stretch.inputs.as_slice(), stretch.steps.as_slice());
                let of = (inputs, steps, stretch.fixed.as_slice());
                let at = format!("/years/{index}/stretches/{place}/steps/{row}/value");
                vec![
                    text(&step.label),
                    code(filled(&step.formula, |label| value(label, of))),
                    figure(at, &step.value),
                    text(&step.value.value),
                    text(&step.value.unit),
                ]
            });
            let caption = format!("Steps from {} to {} (inclusive)", stretch.from, stretch.to);
            blocks.push(Block::Table(Table::new(&caption, &columns, rows)));
        }
    }
    Chapter::new("calculation", "Calculation", blocks)
}

/// Longest formula that is printed with its numbers, in characters.
const FORMULA_CHARS_MAX: usize = 600;

/// The step's formula with the values of its inputs in place of their labels.
fn with_numbers(report: &Report, year: &Year, step: &Step) -> String {
    let of_year = report.fixed.iter().filter(|one| one.methodology == year.methodology);
    let fixed: Vec<&Fixed> = of_year.collect();
    filled(&step.formula, |label| {
        let fixed = || fixed.iter().find(|one| one.label == label).map(|one| &one.value);
        value(label, (&year.inputs, &year.steps, &[])).or_else(fixed)
    })
}

/// The value of a label among inputs, steps and fixed values.
fn value<'a>(
    label: &str,
    (inputs, steps, fixed): (&'a [Input], &'a [Step], &'a [Fixed]),
) -> Option<&'a Figure> {
    let input = inputs.iter().find(|one| one.label == label).map(|one| &one.chosen);
    let step = || steps.iter().find(|one| one.label == label).map(|one| &one.value);
    let fixed = || fixed.iter().find(|one| one.label == label).map(|one| &one.value);
    input.or_else(step).or_else(fixed)
}

/// A formula with values in place of labels.
fn filled<'a>(formula: &str, value: impl Fn(&str) -> Option<&'a Figure>) -> String {
    let mut text = String::new();
    let mut rest = formula;
    while let Some((before, after)) = rest.split_once('{') {
        let Some((label, after)) = after.split_once('}') else { break };
        text.push_str(before);
        text.push_str(value(label).map_or(label, |figure| &figure.value));
        rest = after;
    }
    text.push_str(rest);
    match text.chars().count() {
        0 => "no closed form; see the equation".to_owned(),
        count if count > FORMULA_CHARS_MAX => {
            format!("a formula of {count} characters; see the workbook")
        }
        _ => text,
    }
}
