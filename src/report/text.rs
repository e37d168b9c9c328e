//! The summary for a terminal: RE, PE and ER per year, and why.

use std::fmt::Write;

use super::model::{Figure, Report};

/// Width that sentences are broken at.
const WIDTH: usize = 100;

/// The report in a few lines of plain text.
#[must_use]
pub fn write(report: &Report) -> String {
    let mut text = String::new();
    // Writing to a String never fails; the results are let go for that reason.
    let mut line = |line: String| {
        let _ = writeln!(text, "{}", line.trim_end());
    };
    let draft = if report.status.is_draft { "DRAFT, " } else { "" };
    line(format!("{} ({})", report.project.title, report.project.id));
    line(format!("{draft}{}", report.notice));
    line(format!("period       {}", report.period.words));
    for methodology in &report.methodologies {
        line(format!("methodology  {} version {}", methodology.id, methodology.version));
    }
    line(String::new());
    let names = report.years.iter().map(|year| report.name_of(year).chars().count());
    let width = names.max().unwrap_or(0).max(8);
    let row = |label: &str, figures: [&str; 4]| {
        let [re, pe, er, claimed] = figures;
        format!("{label:<width$} {re:>18} {pe:>18} {er:>18} {claimed:>12}")
    };
    line(row("tCO2e", ["RE", "PE", "ER", "claimed"]));
    for year in &report.years {
        let shown = |figure: &Figure| figure.shown.clone();
        let [re, pe, er] = [&year.re, &year.pe, &year.er].map(shown);
        line(row(&report.name_of(year), [&re, &pe, &er, &year.claimed.shown]));
    }
    if report.years.len() > 1 {
        line(row("total", ["", "", "", &report.claimed.shown]));
    }
    line(String::new());
    for year in &report.years {
        broken(&format!("{}: {}.", report.name_of(year), year.why)).into_iter().for_each(&mut line);
    }
    for reason in &report.status.draft_reasons {
        broken(&format!("draft: {reason}.")).into_iter().for_each(&mut line);
    }
    let count = |severity: &str| {
        report.findings.iter().filter(|finding| finding.severity == severity).count()
    };
    line(String::new());
    line(format!(
        "findings     {} fatal, {} critical, {} minor, {} info",
        count("fatal"),
        count("critical"),
        count("minor"),
        count("info")
    ));
    let items = &report.items;
    line(format!(
        "items        {} decoded = {} readings + {} conflicts + {} refused",
        items.decoded, items.readings, items.conflicts, items.refused
    ));
    line(format!(
        "plan         number {}, leaf {}",
        report.provenance.plan_number, report.provenance.plan_leaf
    ));
    if let (Some(size), Some(root)) = (report.provenance.log_size, &report.provenance.log_root) {
        line(format!("log          {size} leaves, root {root}"));
    }
    line(format!("rules        {}", report.provenance.rules));
    line(format!("figures      {}", report.provenance.figures_digest));
    text
}

/// A sentence in lines of at most [`WIDTH`] characters, broken at spaces.
fn broken(sentence: &str) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in sentence.split(' ') {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= WIDTH => {
                line.push(' ');
                line.push_str(word);
            }
            Some(_) => lines.push(format!("  {word}")),
            None => lines.push(word.to_owned()),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_break_at_spaces_and_lose_no_word() {
        let sentence = "word ".repeat(60);
        let lines = broken(sentence.trim());
        assert!(lines.iter().all(|line| line.chars().count() <= WIDTH));
        assert_eq!(lines.concat().matches("word").count(), 60);
    }
}
