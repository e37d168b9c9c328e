//! An explanation laid out: as a tree for the terminal, or as one page that opens without a server.

use std::fmt::Write;

use super::{Explanation, Kind, Node};
use crate::report::html::escape;

/// Characters of a line in the terminal before it is broken.
const WIDTH: usize = 100;

/// The explanation as a tree.
#[must_use]
pub fn tree(explanation: &Explanation) -> String {
    let mut text = String::new();
    // Writing to a String never fails; the results are let go for that reason.
    let _ = writeln!(
        text,
        "{}, {}\nproject {}, {}\nlog of {} leaves, root {}",
        explanation.figure,
        explanation.notice,
        explanation.project,
        explanation.period,
        explanation.log_size,
        explanation.log_root
    );
    for node in &explanation.nodes {
        branch(&mut text, node, "", "");
    }
    text
}

fn branch(text: &mut String, node: &Node, first: &str, rest: &str) {
    let value = node.value.as_ref().map(|value| format!(": {value}")).unwrap_or_default();
    let _ = writeln!(text, "{first}{}{value}", node.title);
    let bar = if node.children.is_empty() { "  " } else { "│ " };
    for fact in &node.facts {
        let width = WIDTH.saturating_sub(rest.chars().count() + 4).max(40);
        let mut label = format!("{}: ", fact.name);
        for line in fact.text.lines() {
            for piece in pieces(line, width.saturating_sub(label.chars().count())) {
                let _ = writeln!(text, "{rest}{bar}{label}{piece}");
                label = " ".repeat(label.chars().count());
            }
        }
    }
    for (place, child) in node.children.iter().enumerate() {
        let (tee, below) = match place + 1 == node.children.len() {
            true => ("└─ ", "   "),
            false => ("├─ ", "│  "),
        };
        branch(text, child, &format!("{rest}{tee}"), &format!("{rest}{below}"));
    }
}

/// A line in pieces of at most so many characters, at least one, broken at spaces where there are any.
fn pieces(line: &str, width: usize) -> Vec<String> {
    let width = width.max(20);
    let mut pieces = vec![String::new()];
    for word in line.split_inclusive(' ') {
        let mut letters: Vec<char> = word.chars().collect();
        let held = pieces.last().map_or(0, |piece| piece.chars().count());
        if held > 0 && held + word.trim_end().chars().count() > width {
            pieces.push(String::new());
        }
        while letters.len() > width {
            let rest = letters.split_off(width);
            pieces.push(letters.into_iter().collect());
            letters = rest;
        }
        match pieces.last_mut() {
            Some(piece) if piece.chars().count() + letters.len() <= width + 1 => {
                piece.extend(letters);
            }
            _ => pieces.push(letters.into_iter().collect()),
        }
    }
    pieces.retain(|piece| !piece.trim().is_empty());
    match pieces.is_empty() {
        true => vec![String::new()],
        false => pieces.into_iter().map(|piece| piece.trim_end().to_owned()).collect(),
    }
}

/// The explanation as a page that stands alone.
#[must_use]
pub fn page(explanation: &Explanation) -> String {
    let e = |text: &str| escape(text);
    let mut html = format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n<title>{} of {}</title>\n\
         <style>body{{font:15px/1.45 system-ui,sans-serif;margin:1.5rem;max-width:70rem}}\
         details,.leaf{{margin:.15rem 0 .15rem 1.1rem}}summary{{cursor:pointer}}\
         dl{{display:grid;grid-template-columns:max-content 1fr;gap:.1rem .8rem;margin:.2rem 0 .4rem \
         1.1rem;font-size:.92em}}dt{{color:#555}}dd{{margin:0;overflow-wrap:anywhere;white-space:pre-wrap}}\
         .value{{font-weight:600}}.note{{color:#555;font-style:italic}}code{{background:#eee}}</style>\n\
         </head>\n<body>\n<h1>{}</h1>\n<p><strong>{}</strong>. Project {}, {}. Looked up in the log of {} \
         leaves with root <code>{}</code>. Every proof shown was checked.</p>\n",
        e(&explanation.figure),
        e(&explanation.project),
        e(&explanation.figure),
        e(&explanation.notice),
        e(&explanation.project),
        e(&explanation.period),
        explanation.log_size,
        e(&explanation.log_root)
    );
    for node in &explanation.nodes {
        detail(&mut html, node, 0);
    }
    html.push_str("</body>\n</html>\n");
    html
}

fn detail(html: &mut String, node: &Node, depth: usize) {
    let value = node
        .value
        .as_ref()
        .map(|value| format!(": <span class=\"value\">{}</span>", escape(value)));
    let title = format!("{}{}", escape(&node.title), value.unwrap_or_default());
    if node.facts.is_empty() && node.children.is_empty() {
        let class = if node.kind == Kind::Note { "leaf note" } else { "leaf" };
        let _ = writeln!(html, "<div class=\"{class}\">{title}</div>");
        return;
    }
    let open = if depth < 3 { " open" } else { "" };
    let _ = writeln!(html, "<details{open}><summary>{title}</summary>");
    if !node.facts.is_empty() {
        html.push_str("<dl>");
        for fact in &node.facts {
            let (name, text) = (escape(&fact.name), escape(&fact.text));
            let _ = write!(html, "<dt>{name}</dt><dd>{text}</dd>");
        }
        html.push_str("</dl>\n");
    }
    node.children.iter().for_each(|child| detail(html, child, depth + 1));
    html.push_str("</details>\n");
}

#[cfg(test)]
mod tests {
    use super::pieces;

    #[test]
    fn lines_are_broken_at_spaces_and_lose_no_letter() {
        let long = "x".repeat(70);
        for line in ["", "a b", "one two three four five six seven eight nine ten", &long, "ab  cd"]
        {
            let pieces = pieces(line, 20);
            assert!(pieces.iter().all(|piece| piece.chars().count() <= 21), "{pieces:?}");
            let letters = |text: &str| text.replace(' ', "");
            assert_eq!(letters(&pieces.concat()), letters(line));
        }
        assert_eq!(pieces("one two three four five six", 20), ["one two three four", "five six"]);
    }
}
