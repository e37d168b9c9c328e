//! The sheet for a terminal.

use super::Sheet;

/// The sheet in lines of plain text.
#[must_use]
pub fn write(sheet: &Sheet) -> String {
    let or_none = |text: &str| {
        if text.is_empty() { "not in the plan".to_owned() } else { text.to_owned() }
    };
    let mut lines = vec![
        format!("{} ({}, {})", sheet.title, sheet.project, or_none(&sheet.reference)),
        sheet.source.clone(),
        format!("opinion          {}, {}", sheet.opinion, sheet.conclusion),
        format!("period           {} to {}, version {}", sheet.from, sheet.to, sheet.version),
        format!("methodology      {}", sheet.methodologies.join(", ")),
        format!("sector           {}", or_none(&sheet.sector)),
        format!("activity type    {}", or_none(&sheet.activity_type)),
        format!("mitigation type  {}", or_none(&sheet.mitigation_type)),
        format!("GWP set          {}", or_none(&sheet.gwp_set)),
        format!(
            "evidence         TPE report {}, leaf {}",
            sheet.evidence.tpe_report, sheet.evidence.tpe_report_leaf
        ),
        format!("                 figures {}", sheet.evidence.figures),
        format!(
            "                 log of {} leaves, root {}",
            sheet.evidence.log_size, sheet.evidence.log_root
        ),
    ];
    for vintage in &sheet.vintages {
        lines.push(format!("vintage {}: ER {} tCO2e", vintage.year, vintage.er));
        for stated in &vintage.stated {
            let of = match stated.methodology.as_str() {
                "" => String::new(),
                name => format!("{name}: "),
            };
            lines.push(format!(
                "  {of}RE {} tCO2e, PE {} tCO2e, ER {} tCO2e",
                stated.re, stated.pe, stated.er
            ));
        }
        for part in &vintage.allocation {
            lines.push(format!(
                "  {} ({}): {} tCO2e, share {}",
                part.holder, part.side, part.er, part.share
            ));
        }
        if vintage.allocation.is_empty() {
            lines.push("  no shares in the plan: nothing is allocated".to_owned());
        }
    }
    lines.join("\n")
}
