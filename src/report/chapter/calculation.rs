//! Calculation: each equation, and each step with its numbers.

use super::Chapter;
use super::block::{Block, Table, code, figure, paragraph, text};
use crate::report::model::{Report, Step, Year};

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
    }
    Chapter::new("calculation", "Calculation", blocks)
}

/// Longest formula that is printed with its numbers, in characters.
const FORMULA_CHARS_MAX: usize = 600;

/// The step's formula with the values of its inputs in place of their labels.
fn with_numbers(report: &Report, year: &Year, step: &Step) -> String {
    let value = |label: &str| {
        let input = year.inputs.iter().find(|one| one.label == label).map(|one| &one.chosen);
        let step = || year.steps.iter().find(|one| one.label == label).map(|one| &one.value);
        let of_year = |one: &&crate::report::model::Fixed| {
            one.label == label && one.methodology == year.methodology
        };
        let fixed = || report.fixed.iter().find(of_year).map(|one| &one.value);
        input.or_else(step).or_else(fixed)
    };
    let mut text = String::new();
    let mut rest = step.formula.as_str();
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
