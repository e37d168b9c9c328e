//! What a bundle holds beside the messages to be read by people: plans, methodologies and documents
//! as they stand in the log, and the report in the forms that this software writes.

use crate::dataset::layout::Layout;
use crate::dataset::read;
use crate::dataset::rows::MessageRow;
use crate::domain::id::ProjectId;
use crate::domain::message::Kind;
use crate::report::{Report, html, json, text, xlsx};

use super::BundleError;

/// Longest part of a name that is taken over into a path.
const NAME_MAX: usize = 80;

/// The path of a leaf's payload among the copies; `None` for what has none.
#[must_use]
pub fn path_of(row: &MessageRow) -> Option<String> {
    let name = safe(&row.header.name);
    let leaf = row.leaf;
    match row.header.kind {
        Kind::Plan => Some(format!("data/plans/{leaf}-{name}")),
        Kind::Methodology => Some(format!("data/methodologies/{leaf}-{name}.toml")),
        Kind::Document => Some(format!("data/documents/{leaf}-{name}")),
        _ => None,
    }
}

/// Calls `each` with the path and the row of every copy, of the leaves before `size`.
///
/// # Errors
/// When messages cannot be read; and whatever `each` returns.
pub fn each<E: From<crate::dataset::DatasetError>>(
    messages: &Layout,
    project: &ProjectId,
    size: i64,
    mut each: impl FnMut(String, MessageRow) -> Result<(), E>,
) -> Result<(), E> {
    read::acts(messages, project, size, |row| match path_of(&row) {
        Some(path) => each(path, row),
        None => Ok(()),
    })
}

/// The report in every form that is a function of the report alone: name and bytes.
///
/// # Errors
/// When a form cannot be written.
pub fn forms(report: &Report) -> Result<Vec<(&'static str, Vec<u8>)>, BundleError> {
    let failed = |error: &dyn std::fmt::Display| BundleError::Refused(format!("report: {error}"));
    Ok(vec![
        ("report.json", json::write(report).map_err(|error| failed(&error))?.into_bytes()),
        ("report.html", html::write(report).into_bytes()),
        ("report.xlsx", xlsx::write(report).map_err(|error| failed(&error))?),
        ("summary.txt", text::write(report).into_bytes()),
    ])
}

/// A name from a message as part of a path: letters, digits, `.`, `_` and `-` as they are.
fn safe(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let keep = |character: char| match character {
        'a'..='z' | 'A'..='Z' | '0'..='9' | '.' | '_' | '-' => character,
        _ => '_',
    };
    last.chars().take(NAME_MAX).map(keep).collect()
}

#[cfg(test)]
mod tests {
    use super::safe;

    #[test]
    fn a_name_from_outside_is_never_a_path() {
        for (name, expected) in [
            ("plan.toml", "plan.toml"),
            ("../../etc/passwd", "passwd"),
            ("c:\\x\\Rechnung März.pdf", "Rechnung_M_rz.pdf"),
            ("..", ".."),
            ("", ""),
        ] {
            assert_eq!(safe(name), expected);
        }
        assert_eq!(safe(&"x".repeat(300)).len(), 80);
    }
}
