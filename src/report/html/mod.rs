//! `report.html`: one page that stands alone: no script, no font, no picture from elsewhere.
//!
//! Every figure is a `<data>` element that carries its exact value and its place in `report.json`
//! (a JSON pointer), so that a machine finds the same number in both.

mod chart;
mod tables;

use std::fmt::Write;

use super::model::{Figure, Report, Year};

const STYLE: &str = include_str!("report.css");

/// The report as a page.
#[must_use]
pub fn write(report: &Report) -> String {
    let mut page = Page(String::new());
    page.head(report);
    page.headline(report);
    page.charts(report);
    page.inputs(report);
    page.documents(report);
    page.gaps(report);
    page.fixed(report);
    page.calculation(report);
    page.quality(report);
    page.findings(report);
    page.months(report);
    page.provenance(report);
    page.0
}

/// Text for HTML and SVG, in content and in quoted attributes.
#[must_use]
pub(crate) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            // Control characters have no place in a page.
            control if control.is_control() && !matches!(control, '\n' | '\t') => {
                escaped.push('\u{fffd}');
            }
            other => escaped.push(other),
        }
    }
    escaped
}

/// A figure with its exact value and its place in the JSON.
fn figure(pointer: &str, figure: &Figure) -> String {
    format!(
        "<data value=\"{}\" data-figure=\"{pointer}\">{}</data>",
        escape(&figure.value),
        escape(&figure.shown)
    )
}

fn figure_with_unit(pointer: &str, value: &Figure) -> String {
    format!("{} {}", figure(pointer, value), escape(&value.unit))
}

/// A figure, or a dash for null.
fn figure_or_dash(pointer: &str, value: Option<&Figure>) -> String {
    value.map_or_else(
        || "<span aria-label=\"not known\">-</span>".to_owned(),
        |value| figure(pointer, value),
    )
}

struct Page(String);

impl Page {
    fn put(&mut self, html: &str) {
        self.0.push_str(html);
        self.0.push('\n');
    }

    /// A table with a caption; the cells of `rows` are HTML. Columns whose name begins with `#`
    /// hold numbers.
    fn table(&mut self, caption: &str, columns: &[&str], rows: impl Iterator<Item = Vec<String>>) {
        let caption = escape(caption);
        let mut html = format!(
            "<div class=\"scroll\" role=\"region\" aria-label=\"{caption}\" tabindex=\"0\"><table>\
             <caption>{caption}</caption>\n<thead><tr>"
        );
        for column in columns {
            let (class, name) = match column.strip_prefix('#') {
                Some(name) => (" class=\"n\"", name),
                None => ("", *column),
            };
            let _ = write!(html, "<th scope=\"col\"{class}>{}</th>", escape(name));
        }
        html.push_str("</tr></thead>\n<tbody>\n");
        for row in rows {
            html.push_str("<tr>");
            for (index, (cell, column)) in row.iter().zip(columns).enumerate() {
                let class = if column.starts_with('#') { " class=\"n\"" } else { "" };
                let (tag, scope) = if index == 0 { ("th", " scope=\"row\"") } else { ("td", "") };
                let _ = write!(html, "<{tag}{scope}{class}>{cell}</{tag}>");
            }
            html.push_str("</tr>\n");
        }
        html.push_str("</tbody></table></div>");
        self.put(&html);
    }

    fn head(&mut self, report: &Report) {
        let title = format!("Monitoring report: {}", report.project.title);
        let (title, notice) = (escape(&title), escape(&report.notice));
        // Printed at the foot of every page.
        let stamp =
            if report.status.is_draft { format!("DRAFT, {notice}") } else { notice.clone() };
        self.put(&format!(
            "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src \
             'unsafe-inline'\">\n<title>{title}</title>\n<style>\n{STYLE}@page {{ @bottom-left {{ content: \"{stamp}\"; font-size: 8pt; }} \
             @bottom-right {{ content: counter(page) \" / \" counter(pages); font-size: 8pt; }} }}\n</style>\n</head>\n<body>\n\
             <main>\n<header>"
        ));
        let draft =
            if report.status.is_draft { "<strong class=\"draft\">DRAFT</strong>" } else { "" };
        self.put(&format!("<p class=\"notice\">{draft}<strong>{notice}</strong></p>"));
        self.put(&format!("<h1>{title}</h1>"));
        let project = &report.project;
        self.put(&format!(
            "<p>{} <span class=\"soft\">Reference number {}, project {}, {}; participants: {}; PDD \
             version {}.</span></p>",
            escape(&format!("Monitoring period {}.", report.period.words)),
            escape(if project.reference.is_empty() { "not given" } else { &project.reference }),
            escape(&project.id),
            escape(&project.country),
            escape(&project.participants.join(", ")),
            escape(&project.pdd_version)
        ));
        for methodology in &report.methodologies {
            self.put(&format!(
                "<p>Methodology {} version {}{}.</p>",
                escape(&methodology.id),
                escape(&methodology.version),
                match methodology.title.as_str() {
                    "" => String::new(),
                    title => format!(", {}", escape(title)),
                }
            ));
        }
        match (&report.status.prepared_by, &report.status.reviewed_by) {
            (Some(prepared), Some(reviewed)) => self.put(&format!(
                "<p>Prepared by {}, reviewed by {}.</p>",
                escape(prepared),
                escape(reviewed)
            )),
            _ => {
                let reasons = report.status.draft_reasons.join("; ");
                self.put(&format!("<p>A draft, because {}.</p>", escape(&reasons)));
            }
        }
        self.put("</header>");
    }

    fn headline(&mut self, report: &Report) {
        self.put(
            "<section aria-labelledby=\"result\"><h2 id=\"result\">Result by calendar year</h2>",
        );
        self.put("<div class=\"cards\">");
        for (index, year) in report.years.iter().enumerate() {
            self.card(index, &report.name_of(year), year);
        }
        self.put("</div>");
        self.put(&format!(
            "<p><strong>Sum of the years: {}</strong>; unresolved negative left to later years: {}. Each calendar year is computed at the bounds of \
             its doubts where ER is lowest and rounded down by itself.</p>",
            figure_with_unit("/claimed", &report.claimed),
            figure("/unresolved", &report.unresolved)
        ));
        self.put("</section>");
    }

    fn card(&mut self, index: usize, name: &str, year: &Year) {
        let at = |name: &str| format!("/years/{index}/{name}");
        let line = |name: &str, key: &str, value: &Figure| {
            format!("<dt>{name}</dt><dd>{}</dd>", figure(&at(key), value))
        };
        let mut lines = vec![
            line("Reference emissions RE", "re", &year.re),
            line("Project emissions PE", "pe", &year.pe),
            line("Emission reductions ER", "er", &year.er),
            line("ER if every doubt were favourable", "er_highest", &year.er_highest),
            line("ER rounded down", "floored", &year.floored),
            line("Unresolved negative of earlier years", "carried_in", &year.carried_in),
            line("Unresolved negative left", "carried_out", &year.carried_out),
        ];
        if let Some(ex_ante) = &year.ex_ante {
            lines.push(line("Ex-ante estimate, whole year", "ex_ante", ex_ante));
        }
        self.put(&format!(
            "<div class=\"card\"><h3>{} <span class=\"soft\">{}, {} days</span></h3>\
             <div class=\"claimed\">{} <small>claimed</small></div><dl>{}</dl><p>{}.</p></div>",
            escape(name),
            escape(&year.form),
            year.days,
            figure_with_unit(&at("claimed"), &year.claimed),
            lines.concat(),
            escape(&year.why)
        ));
    }

    fn charts(&mut self, report: &Report) {
        self.put("<section aria-labelledby=\"course\"><h2 id=\"course\">Course of the period</h2>");
        for (index, parameter) in report.parameters.iter().enumerate() {
            self.put(&format!(
                "<h3>{}: {}, {}</h3>",
                escape(&parameter.label),
                escape(if parameter.is_amount { "amount by month" } else { "mean by month" }),
                escape(&parameter.unit)
            ));
            self.put(&chart::months(parameter, &format!("chart-{index}")));
        }
        self.put(
            "<p class=\"soft\">Blue: the whole month was measured; orange: only a part of it. The line \
             spans what the month can be; an arrow goes on to the figure above it. Numbers stand in the monthly tables below.</p>",
        );
        if report.channels.is_empty() {
            self.put("<p>The plan has no channels.</p>");
        } else {
            for (index, year) in report.years.iter().enumerate() {
                self.put(&format!("<h3>Completeness by channel and day, {}</h3>", year.year));
                self.put(&chart::completeness(&report.channels, year, &format!("map-{index}")));
            }
            self.put(&chart::legend());
        }
        self.put("</section>");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_from_outside_can_open_no_tag_and_close_no_attribute() {
        let escaped = escape("<script>alert(\"1\")</script>&'\u{7}");
        assert_eq!(escaped, "&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;&amp;&#39;\u{fffd}");
    }
}
