//! The page's tables: inputs, doubts, fixed values, calculation, data quality, findings, months,
//! provenance.

use std::collections::BTreeMap;

use super::{Page, escape, figure, figure_or_dash, figure_with_unit};
use crate::report::model::{Month, Report};

/// Most findings listed on the page; the other forms list all.
const FINDINGS_MAX: usize = 300;

impl Page {
    pub(super) fn inputs(&mut self, report: &Report) {
        self.put(
            "<section aria-labelledby=\"inputs\"><h2 id=\"inputs\">Parameters monitored ex post</h2>",
        );
        for (index, year) in report.years.iter().enumerate() {
            let rows = year.inputs.iter().enumerate().map(|(row, input)| {
                let at = |name: &str| format!("/years/{index}/inputs/{row}/{name}");
                let plan = report.parameters.get(input.parameter);
                vec![
                    escape(&input.label),
                    escape(plan.map_or("", |plan| &plan.point)),
                    figure_or_dash(&at("measured"), input.measured.as_ref()),
                    figure_or_dash(&at("low"), input.low.as_ref()),
                    figure_or_dash(&at("high"), input.high.as_ref()),
                    figure(&at("chosen"), &input.chosen),
                    escape(&format!("{}/p", input.chosen.unit)),
                    escape(&input.side),
                    figure(&at("coverage"), &input.coverage),
                    input.leaves.map_or("-".to_owned(), |[a, b]| format!("{a} to {b}")),
                ]
            });
            self.table(
                &match report.methodologies.len() {
                    0 | 1 => format!("Totals of {}", year.form),
                    _ => format!("Totals of {}, {}", year.form, year.methodology),
                },
                &[
                    "Parameter",
                    "Point",
                    "#Measured",
                    "#Lowest",
                    "#Highest",
                    "#In the claim",
                    "Units",
                    "Taken at",
                    "#Coverage %",
                    "Leaves",
                ],
                rows,
            );
        }
        self.put("</section>");
    }

    pub(super) fn documents(&mut self, report: &Report) {
        let all = || {
            report
                .parameters
                .iter()
                .flat_map(|one| one.documents.iter().map(move |document| (document, one)))
        };
        if all().next().is_none() {
            return;
        }
        self.put("<section aria-labelledby=\"papers\"><h2 id=\"papers\">Documents</h2>");
        let rows = all().map(|(document, parameter)| {
            vec![
                escape(&parameter.label),
                escape(&format!("{} {}", document.kind, document.number)),
                escape(&document.issuer),
                escape(&format!("{} to {}", document.from, document.to)),
                escape(&format!("{} {}", document.value, document.unit)),
                document
                    .sha256
                    .as_deref()
                    .map_or("none".to_owned(), |sha256| format!("<code>{}</code>", escape(sha256))),
                escape(&document.entered_by),
                document.checked_by.as_deref().map_or("nobody".to_owned(), escape),
                escape(&document.standing),
                format!("act {}, leaf {}", document.act, document.leaf),
            ]
        });
        self.table(
            "Amounts with their documents; both dates are included",
            &[
                "Parameter",
                "Document",
                "Issuer",
                "Days",
                "Value",
                "SHA-256",
                "Entered by",
                "Checked by",
                "Counts",
                "Recorded",
            ],
            rows,
        );
        self.put("</section>");
    }

    pub(super) fn gaps(&mut self, report: &Report) {
        self.put(
            "<section aria-labelledby=\"gaps\"><h2 id=\"gaps\">Doubts and what they cost</h2>",
        );
        if report.gaps.is_empty() {
            self.put("<p>No input is in doubt.</p></section>");
            return;
        }
        let rows = report.gaps.iter().enumerate().map(|(index, gap)| {
            let at = |name: &str| format!("/gaps/{index}/{name}");
            vec![
                escape(&gap.label),
                gap.year.to_string(),
                figure(&at("coverage"), &gap.coverage),
                figure_or_dash(&at("low"), gap.low.as_ref()),
                figure_or_dash(&at("high"), gap.high.as_ref()),
                figure_with_unit(&at("chosen"), &gap.chosen),
                figure(&at("er_best"), &gap.er_best),
                figure(&at("cost"), &gap.cost),
                escape(&gap.sentence),
            ]
        });
        self.table(
            "Each doubt is settled where ER is lowest; its cost is what ER would gain if it fell on the \
             other side, in tCO2e",
            &[
                "Parameter",
                "Year",
                "#Coverage %",
                "#Lowest",
                "#Highest",
                "#Taken",
                "#ER at best",
                "#Cost",
                "In words",
            ],
            rows,
        );
        self.put("</section>");
    }

    pub(super) fn fixed(&mut self, report: &Report) {
        self.put(
            "<section aria-labelledby=\"fixed\"><h2 id=\"fixed\">Parameters fixed ex ante</h2>",
        );
        let rows = report.fixed.iter().enumerate().map(|(index, fixed)| {
            let confirmed = match &fixed.confirmed {
                Some(confirmed) => escape(confirmed),
                None => "<span class=\"sample\">sample value, not confirmed</span>".to_owned(),
            };
            vec![
                escape(&fixed.label),
                escape(&fixed.description),
                figure(&format!("/fixed/{index}/value"), &fixed.value),
                escape(&fixed.value.unit),
                escape(&fixed.source),
                confirmed,
                escape(&fixed.comments),
            ]
        });
        let columns =
            ["Parameter", "Description", "#Value", "Units", "Source", "Confirmed by", "Comments"];
        self.table("Fixed values and their sources", &columns, rows);
        self.put("</section>");
    }

    pub(super) fn calculation(&mut self, report: &Report) {
        self.put("<section aria-labelledby=\"calc\"><h2 id=\"calc\">Calculation</h2>");
        for methodology in &report.methodologies {
            let equations = methodology.equations.iter().map(|equation| {
                vec![
                    escape(&equation.symbol),
                    format!("<code>{}</code>", escape(&equation.text)),
                    escape(&equation.unit),
                    escape(&equation.description),
                    escape(&equation.sure),
                ]
            });
            let of = match report.methodologies.len() {
                0 | 1 => "the methodology",
                _ => methodology.name.as_str(),
            };
            self.table(
                &format!(
                    "Equations of {of}; how sure they are: S sourced, C computed, D decided, K known \
                     in the field, K? in doubt"
                ),
                &["Symbol", "Equation", "Unit", "Description", "Sure"],
                equations,
            );
            self.put(&format!("<p>Source: {}.</p>", escape(&methodology.source)));
        }
        for (index, year) in report.years.iter().enumerate() {
            let steps = year.steps.iter().enumerate().map(|(row, step)| {
                let pointer = format!("/years/{index}/steps/{row}/value");
                vec![
                    escape(&step.label),
                    figure(&pointer, &step.value),
                    escape(&step.value.value),
                    escape(&step.value.unit),
                ]
            });
            self.table(
                &format!("Steps of {}, {} points tried", report.name_of(year), year.trials),
                &["Value of", "#Printed", "#In full precision", "Unit"],
                steps,
            );
        }
        self.put("</section>");
    }

    pub(super) fn quality(&mut self, report: &Report) {
        self.put("<section aria-labelledby=\"data\"><h2 id=\"data\">Data and their quality</h2>");
        let rows = report.channels.iter().enumerate().map(|(index, channel)| {
            let qualities: Vec<String> = channel
                .qualities
                .iter()
                .map(|quality| format!("{} {}", quality.code, quality.intervals))
                .collect();
            vec![
                escape(&channel.channel),
                escape(&channel.unit),
                escape(&channel.serial),
                escape(&channel.class),
                figure(&format!("/channels/{index}/coverage"), &channel.coverage),
                escape(&qualities.join(", ")),
            ]
        });
        self.table(
            "Channels; intervals of 15 minutes by quality code: M measured, T register bridged a gap, K \
             conflict, Z only bounds",
            &["Channel", "Unit", "Serial number", "Class", "#Coverage %", "Intervals by quality"],
            rows,
        );
        let items = &report.items;
        self.put(&format!(
            "<p>Decoded items: {} = {} readings + {} conflicts + {} refused.</p>",
            items.decoded, items.readings, items.conflicts, items.refused
        ));
        let rows = items.by_channel.iter().map(|items| {
            let refused: Vec<String> =
                items.refused.iter().map(|code| format!("{} {}", code.code, code.count)).collect();
            vec![
                items.channel.as_deref().map_or("without channel and time".to_owned(), escape),
                items.decoded.to_string(),
                items.readings.to_string(),
                items.conflicts.to_string(),
                escape(&refused.join(", ")),
            ]
        });
        self.table(
            "What became of every decoded item",
            &["Channel", "#Decoded", "#Readings", "#Conflicts", "Refused by code"],
            rows,
        );
        if report.refused.is_empty() {
            self.put("<p>Nothing was refused.</p>");
        } else {
            let rows = report.refused.iter().map(|refused| {
                let examples: Vec<String> = refused
                    .examples
                    .iter()
                    .map(|example| {
                        format!(
                            "leaf {} item {}: <code>{}</code>",
                            example.leaf,
                            example.item,
                            escape(&example.text)
                        )
                    })
                    .collect();
                let count = refused.count.to_string();
                vec![escape(&refused.code), escape(&refused.reason), count, examples.join("<br>")]
            });
            let columns = ["Code", "Reason", "#Count", "Examples"];
            self.table("Refused items by code and reason", &columns, rows);
        }
        self.put("</section>");
    }

    pub(super) fn findings(&mut self, report: &Report) {
        self.put("<section aria-labelledby=\"flags\"><h2 id=\"flags\">Findings of the checks</h2>");
        let mut by_code: BTreeMap<(&str, &str), (u64, u64)> = BTreeMap::new();
        for finding in &report.findings {
            let sum = by_code.entry((&finding.code, &finding.severity)).or_default();
            *sum = (sum.0 + 1, sum.1 + finding.count);
        }
        let rows = by_code.into_iter().map(|((code, severity), (findings, items))| {
            let (code, severity) = (escape(code), escape(severity));
            vec![code, severity, findings.to_string(), items.to_string()]
        });
        let columns = ["Code", "Severity", "#Findings", "#Readings or intervals"];
        self.table("Findings by code", &columns, rows);
        let rows = report.findings.iter().take(FINDINGS_MAX).map(|finding| {
            let span = finding.from.as_ref().zip(finding.to.as_ref());
            let severity = escape(&finding.severity);
            vec![
                escape(&finding.code),
                format!("<span class=\"{severity}\">{severity}</span>"),
                finding.channel.as_deref().map_or("period".to_owned(), escape),
                span.map_or(String::new(), |(from, to)| {
                    format!("{} to before {}", escape(from), escape(to))
                }),
                finding.count.to_string(),
                escape(&finding.message),
            ]
        });
        let columns = ["Code", "Severity", "On", "When", "#Count", "Message"];
        self.table("Findings, the gravest first", &columns, rows);
        if report.findings.len() > FINDINGS_MAX {
            self.put(&format!(
                "<p>{} further findings are listed in report.json and on the sheet Flags.</p>",
                report.findings.len() - FINDINGS_MAX
            ));
        }
        self.put("</section>");
    }

    pub(super) fn months(&mut self, report: &Report) {
        self.put("<section aria-labelledby=\"months\"><h2 id=\"months\">Months</h2>");
        let row = |base: String, row: usize, month: &Month| {
            let at = |name: &str| format!("{base}/months/{row}/{name}");
            vec![
                escape(&month.month),
                figure_or_dash(&at("measured"), month.measured.as_ref()),
                figure_or_dash(&at("low"), month.low.as_ref()),
                figure_or_dash(&at("high"), month.high.as_ref()),
                figure(&at("coverage"), &month.coverage),
            ]
        };
        let columns = ["Month", "#Measured", "#Lowest", "#Highest", "#Coverage %"];
        for (index, parameter) in report.parameters.iter().enumerate() {
            let rows = parameter.months.iter().enumerate();
            let rows = rows.map(|(at, month)| row(format!("/parameters/{index}"), at, month));
            self.table(&format!("{}, {}", parameter.label, parameter.unit), &columns, rows);
        }
        for (index, channel) in report.channels.iter().enumerate() {
            let rows = channel.months.iter().enumerate();
            let rows = rows.map(|(at, month)| row(format!("/channels/{index}"), at, month));
            let caption = format!("Channel {}, {}", channel.channel, channel.unit);
            self.table(&caption, &columns, rows);
        }
        self.put("</section>");
    }

    pub(super) fn provenance(&mut self, report: &Report) {
        self.put(
            "<section aria-labelledby=\"origin\"><h2 id=\"origin\">What the figures stand on</h2>",
        );
        let provenance = &report.provenance;
        let code = |text: &str| format!("<code>{}</code>", escape(text));
        let none = || "none: not sealed".to_owned();
        let rows = [
            ("Plan", format!("number {}, leaf {}", provenance.plan_number, provenance.plan_leaf)),
            ("Log size", provenance.log_size.map_or_else(none, |size| format!("{size} leaves"))),
            ("Log root (SHA-256)", provenance.log_root.as_deref().map_or_else(none, code)),
            (
                "Leaves of the inputs",
                provenance.leaves.map_or("none".to_owned(), |[a, b]| format!("{a} to {b}")),
            ),
            ("Figures digest (SHA-256)", code(&provenance.figures_digest)),
            ("Rules", provenance.rules.to_string()),
            (
                "Crediting period",
                escape(&format!(
                    "from {} to {}, both days included",
                    report.project.crediting_from, report.project.crediting_to
                )),
            ),
        ];
        let rows = rows.into_iter().map(|(name, value)| vec![name.to_owned(), value]);
        self.table("Provenance", &["Item", "Value"], rows);
        let posts =
            report.project.posts.iter().map(|post| vec![escape(&post.post), escape(&post.role)]);
        self.table("Monitoring structure", &["Responsible personnel", "Role"], posts);
        self.put("</section>\n</main>");
        self.put(&format!(
            "<footer><p>{}, {}{}. Form: {}.</p></footer>\n</body>\n</html>",
            escape(&report.project.title),
            if report.status.is_draft { "DRAFT, " } else { "" },
            escape(&report.notice),
            escape(&report.format)
        ));
    }
}
