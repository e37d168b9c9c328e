//! `report.html`: one page that stands alone: no script, no font, no picture from elsewhere.
//!
//! Lays out the chapters of [`super::chapter`] and knows nothing of what they say. Every figure is a
//! `<data>` element that carries its exact value and its place in `report.json` (a JSON pointer), so that a
//! machine finds the same number in both.

use std::fmt::Write;

use super::chapter::Numbered;
use super::chapter::block::{Block, Card, Mark, Span, Table};
use super::drawing::svg;
use super::model::Report;

const STYLE: &str = include_str!("report.css");

/// The report as a page.
#[must_use]
pub fn write(report: &Report) -> String {
    let mut page = Page(String::new());
    page.head(report);
    let chapters = report.chapters();
    page.contents(&chapters);
    for chapter in &chapters {
        page.chapter(chapter);
    }
    page.foot(report);
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

fn line(spans: &[Span]) -> String {
    spans.iter().map(span).collect()
}

fn span(span: &Span) -> String {
    match span {
        Span::Text(text) => escape(text),
        Span::Strong(text) => format!("<strong>{}</strong>", escape(text)),
        Span::Soft(text) => format!("<span class=\"soft\">{}</span>", escape(text)),
        Span::Code(text) => format!("<code>{}</code>", escape(text)),
        Span::Marked(mark, text) => {
            let class = match mark {
                Mark::Grave => "critical",
                Mark::Sample => "sample",
                Mark::Draft => "draft",
            };
            format!("<span class=\"{class}\">{}</span>", escape(text))
        }
        Span::Figure(pointer, figure) => format!(
            "<data value=\"{}\" data-figure=\"{}\">{}</data>",
            escape(&figure.value),
            escape(pointer),
            escape(&figure.shown)
        ),
        Span::Dash => "<span aria-label=\"not known\">-</span>".to_owned(),
        Span::Break => "<br>".to_owned(),
    }
}

struct Page(String);

impl Page {
    fn put(&mut self, html: &str) {
        self.0.push_str(html);
        self.0.push('\n');
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
        let words = escape(&report.period.words);
        self.put(&format!("<p>Monitoring period {words}.</p>\n</header>"));
    }

    fn contents(&mut self, chapters: &[Numbered]) {
        self.put("<nav aria-label=\"Contents\"><ol class=\"contents\">");
        for chapter in chapters {
            let (id, title) = (chapter.chapter.id, escape(&chapter.title()));
            self.put(&format!("<li><a href=\"#{id}\">{title}</a></li>"));
        }
        self.put("</ol></nav>");
    }

    fn chapter(&mut self, numbered: &Numbered) {
        let (id, title) = (numbered.chapter.id, escape(&numbered.title()));
        self.put(&format!("<section aria-labelledby=\"{id}\"><h2 id=\"{id}\">{title}</h2>"));
        let mut cards = Vec::new();
        for (index, block) in numbered.chapter.blocks.iter().enumerate() {
            if let Block::Card(one) = block {
                cards.push(card(one));
                continue;
            }
            self.cards(&mut cards);
            match block {
                Block::Heading(text) => self.put(&format!("<h3>{}</h3>", escape(text))),
                Block::Paragraph(spans) => self.put(&format!("<p>{}</p>", line(spans))),
                Block::Table(table) => self.table(table),
                Block::Drawing(drawing) => {
                    let svg = svg(drawing, &format!("{id}-{index}"));
                    self.put(&format!("<div class=\"scroll\" tabindex=\"0\">{svg}</div>"));
                }
                Block::Legend(colours) => self.legend(colours),
                Block::Card(_) => {}
            }
        }
        self.cards(&mut cards);
        self.put("</section>");
    }

    /// Cards that follow each other stand side by side.
    fn cards(&mut self, cards: &mut Vec<String>) {
        if !cards.is_empty() {
            self.put(&format!("<div class=\"cards\">\n{}\n</div>", cards.join("\n")));
            cards.clear();
        }
    }

    fn table(&mut self, table: &Table) {
        let caption = escape(&table.caption);
        let mut html = format!(
            "<div class=\"scroll\" role=\"region\" aria-label=\"{caption}\" tabindex=\"0\"><table>\
             <caption>{caption}</caption>\n<thead><tr>"
        );
        let class = |is_number: bool| if is_number { " class=\"n\"" } else { "" };
        for column in &table.columns {
            let (class, name) = (class(column.is_number), escape(&column.name));
            let _ = write!(html, "<th scope=\"col\"{class}>{name}</th>");
        }
        html.push_str("</tr></thead>\n<tbody>\n");
        for row in &table.rows {
            html.push_str("<tr>");
            for (index, (cell, column)) in row.iter().zip(&table.columns).enumerate() {
                let (class, cell) = (class(column.is_number), line(cell));
                let (tag, scope) = if index == 0 { ("th", " scope=\"row\"") } else { ("td", "") };
                let _ = write!(html, "<{tag}{scope}{class}>{cell}</{tag}>");
            }
            html.push_str("</tr>\n");
        }
        html.push_str("</tbody></table></div>");
        self.put(&html);
    }

    fn legend(&mut self, colours: &[(&str, &str)]) {
        let items: String = colours
            .iter()
            .map(|(colour, name)| {
                format!("<li><span style=\"background:{colour}\"></span>{}</li>", escape(name))
            })
            .collect();
        self.put(&format!("<ul class=\"legend\">{items}</ul>"));
    }

    fn foot(&mut self, report: &Report) {
        self.put(&format!(
            "</main>\n<footer><p>{}, {}{}. Form: {}.</p></footer>\n</body>\n</html>",
            escape(&report.project.title),
            if report.status.is_draft { "DRAFT, " } else { "" },
            escape(&report.notice),
            escape(&report.format)
        ));
    }
}

fn card(card: &Card) -> String {
    let lines = card.lines.iter();
    let lines: String = lines
        .map(|(name, value)| format!("<dt>{}</dt><dd>{}</dd>", escape(name), line(value)))
        .collect();
    format!(
        "<div class=\"card\"><h3>{} <span class=\"soft\">{}</span></h3><div class=\"claimed\">{}</div>\
         <dl>{lines}</dl><p>{}</p></div>",
        escape(&card.name),
        escape(&card.beside),
        line(&card.headline),
        escape(&card.sentence)
    )
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
