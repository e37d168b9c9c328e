//! What became of a file's items, for people.

use crate::dataset::outcome::Outcome;

/// Lines shown one by one; `--json` and the result file have all.
const SHOWN_MAX: usize = 20;

/// A screenful: counts, then the refused and conflicting lines with their reasons.
pub fn text(name: &str, outcome: &Outcome) -> String {
    let mut lines = vec![format!(
        "{name}: {} items: {} readings, {} conflicts, {} duplicates, {} refused (leaf {})",
        outcome.items(),
        outcome.readings,
        outcome.conflicts,
        outcome.duplicates(),
        outcome.refused_without_duplicates(),
        outcome.leaf,
    )];
    for (code, count) in outcome.refused.iter().filter(|(code, _)| *code != "V-DUP") {
        lines.push(format!("  {code}: {count}"));
    }
    for listed in outcome.listed.iter().take(SHOWN_MAX) {
        lines.push(format!("  item {}: {}: {}", listed.item, listed.code, listed.reason));
    }
    let hidden = outcome.listed.len().saturating_sub(SHOWN_MAX);
    if hidden > 0 || outcome.is_cut {
        lines.push(format!(
            "  ... and more; all of them: mrv query \"SELECT item, code, reason, text FROM refused \
             WHERE leaf = {}\"",
            outcome.leaf
        ));
    }
    lines.join("\n")
}
