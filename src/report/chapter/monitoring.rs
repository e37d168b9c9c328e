//! The monitoring system: posts, the single-line diagram, and how each parameter comes about.

use super::Chapter;
use super::block::{Block, Table, paragraph, soft, text};
use crate::report::drawing;
use crate::report::model::Report;

pub(super) fn chapter(report: &Report) -> Chapter {
    let posts = report.project.posts.iter().map(|post| vec![text(&post.post), text(&post.role)]);
    let columns = ["Responsible personnel", "Role"];
    let mut blocks = vec![if report.project.posts.is_empty() {
        paragraph("The plan names no posts.")
    } else {
        Block::Table(Table::new("Monitoring structure", &columns, posts))
    }];
    if let Some(diagram) = drawing::diagram(report) {
        blocks.push(Block::Heading("Single-line diagram".to_owned()));
        blocks.push(Block::Drawing(diagram));
        blocks.push(soft(
            "Drawn from the plan: sites, meters and monitoring points. The wiring behind the meters is not \
             in the plan.",
        ));
    }
    blocks.push(Block::Heading("Information flow of each parameter".to_owned()));
    blocks.push(Block::Table(flow(report)));
    Chapter::new("monitoring", "Monitoring system", blocks).on_sheet("Monitoring system")
}

/// Generation, aggregation, recording and calculation of each parameter.
fn flow(report: &Report) -> Table {
    let rows = report.parameters.iter().map(|parameter| {
        let mut generation: Vec<String> = parameter.channels.clone();
        if parameter.amounts {
            generation.push("documents entered and checked by two people".to_owned());
        }
        if generation.is_empty() {
            generation.push("nothing measures it".to_owned());
        }
        let aggregation = match (parameter.channels.is_empty(), parameter.is_amount) {
            (true, _) => "by the days that documents state",
            (false, true) => "differences or sums per 15 minutes of UTC, added up by month and year",
            (false, false) => "mean weighted by time over 15 minutes of UTC, by month and year",
        };
        let recording = "each message in the project's log before it is acknowledged; tables derived from \
                         the log";
        let used = report.methodologies.iter().filter(|one| one.name == parameter.methodology);
        let symbol = parameter.label.split('[').next().unwrap_or(&parameter.label);
        let used: Vec<&str> = used
            .flat_map(|one| &one.equations)
            .filter(|equation| names(&equation.text, symbol))
            .map(|equation| equation.symbol.as_str())
            .collect();
        let calculation = match used.is_empty() {
            true => "enters no equation".to_owned(),
            false => format!("enters {}", used.join(", ")),
        };
        vec![
            text(format!("{} {}", parameter.point, parameter.label)),
            text(generation.join(", ")),
            text(aggregation),
            text(recording),
            text(calculation),
        ]
    });
    let columns = ["Parameter", "Generation", "Aggregation", "Recording", "Calculation"];
    Table::new("From the point of measurement to the result", &columns, rows)
}

/// True if an equation's text names the symbol as a whole word.
fn names(equation: &str, symbol: &str) -> bool {
    let is_word = |character: char| character.is_alphanumeric() || character == '_';
    equation.match_indices(symbol).any(|(at, _)| {
        let before = equation[..at].chars().next_back();
        let after = equation[at + symbol.len()..].chars().next();
        !before.is_some_and(is_word) && !after.is_some_and(is_word)
    })
}

#[cfg(test)]
mod tests {
    use super::names;

    #[test]
    fn a_symbol_is_found_only_as_a_whole_word() {
        assert!(names("sum(i: EG[i] * EF)", "EG"));
        assert!(names("EF", "EF"));
        assert!(!names("EF_RE * EG", "EF"));
        assert!(!names("REF", "EF"));
    }
}
