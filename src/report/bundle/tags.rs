//! The files that describe a bundle: BagIt (RFC 8493), RO-Crate 1.1, the page START-HERE, and the
//! in-toto statement. All are functions of the facts, the report and the list of files.

use std::fmt::Write;

use serde_json::{Value, json};

use super::{
    BAG_INFO, BAGIT, CONFIDENTIAL, FACTS, Facts, NOT_SHOWN, REPORT, SHOWN, START_HERE, TAG_MANIFEST,
};
use crate::domain::digest::Sha256Digest;
use crate::report::html::escape;
use crate::report::model::Report;
use crate::report::public::{PublicError, by_plan};

/// What is said of a table that comes out of the messages.
const DERIVED: &str =
    "Derived from the messages; a recheck computes it anew and compares every row.";

/// A file of the bundle: name, digest, length.
pub type Listed = (String, Sha256Digest, u64);

/// A manifest: digest, two spaces, name; a line each.
#[must_use]
pub fn manifest(files: &[Listed]) -> String {
    files.iter().map(|(name, sha256, _)| format!("{sha256}  {name}\n")).collect()
}

/// What a manifest lists; `None` if it is not in its one form.
#[must_use]
pub fn read_manifest(text: &str) -> Option<Vec<(String, Sha256Digest)>> {
    let mut files: Vec<(String, Sha256Digest)> = Vec::new();
    for line in text.strip_suffix('\n')?.split('\n') {
        let (digest, name) = line.split_once("  ")?;
        if files.last().is_some_and(|(last, _)| last.as_str() >= name) {
            return None;
        }
        files.push((name.to_owned(), Sha256Digest::parse(digest)?));
    }
    Some(files)
}

/// `bagit.txt`.
#[must_use]
pub fn bagit() -> (&'static str, String) {
    (BAGIT, "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n".to_owned())
}

/// `bag-info.txt`. `date`: the day of the seal, UTC.
#[must_use]
pub fn bag_info(
    facts: &Facts,
    report: &Report,
    payload: &[Listed],
    date: &str,
) -> (&'static str, String) {
    let bytes: u64 = payload.iter().map(|(_, _, len)| len).sum();
    let line = |name: &str, value: &str| {
        // A line break would begin another element.
        format!("{name}: {}\n", value.replace(['\r', '\n'], " "))
    };
    let text = [
        line("Source-Organization", &report.project.participants.join("; ")),
        line("External-Description", &description(facts, report)),
        line("External-Identifier", &identifier(facts)),
        line("Bagging-Date", date),
        line("Payload-Oxum", &format!("{bytes}.{}", payload.len())),
        line("Bag-Software-Agent", &facts.software),
        line("Confidentiality", CONFIDENTIAL),
    ];
    (BAG_INFO, text.concat())
}

/// `ro-crate-metadata.json`. `files`: those of the payload but for this one. `at`: time of the seal.
#[must_use]
pub fn ro_crate(facts: &Facts, report: &Report, files: &[Listed], at: &str) -> String {
    let named = |name: &str| name.strip_prefix("data/").unwrap_or(name).to_owned();
    let parts: Vec<Value> = files.iter().map(|(name, ..)| json!({ "@id": named(name) })).collect();
    let organisations: Vec<Value> = report
        .project
        .participants
        .iter()
        .enumerate()
        .map(|(number, name)| {
            json!({ "@id": format!("#participant-{}", number + 1), "@type": "Organization", "name": name })
        })
        .collect();
    let creators: Vec<Value> =
        organisations.iter().map(|one| json!({ "@id": one["@id"] })).collect();
    let mut graph = vec![
        json!({
            "@id": "ro-crate-metadata.json",
            "@type": "CreativeWork",
            "conformsTo": { "@id": "https://w3id.org/ro/crate/1.1" },
            "about": { "@id": "./" },
        }),
        json!({
            "@id": "./",
            "@type": "Dataset",
            "name": report.project.title,
            "description": description(facts, report),
            "identifier": identifier(facts),
            "datePublished": at,
            "temporalCoverage": format!("{}/{}", facts.from, facts.to),
            "license": { "@id": "#confidential" },
            "creator": creators,
            "mainEntity": { "@id": named(REPORT) },
            "hasPart": parts,
        }),
        json!({
            "@id": "#confidential",
            "@type": "CreativeWork",
            "name": CONFIDENTIAL,
            "description": "For the third-party entity that verifies this period; not to be passed on.",
        }),
        json!({
            "@id": "#software",
            "@type": "SoftwareApplication",
            "name": "mrv",
            "softwareVersion": facts.software,
        }),
        json!({
            "@id": "#sealing",
            "@type": "CreateAction",
            "name": "the period was sealed",
            "endTime": at,
            "instrument": { "@id": "#software" },
            "result": { "@id": named(REPORT) },
        }),
    ];
    graph.extend(organisations);
    graph.extend(files.iter().map(|(name, sha256, len)| {
        let mut file = json!({
            "@id": named(name),
            "@type": "File",
            "contentSize": len.to_string(),
            "encodingFormat": media_type(name),
            "sha256": sha256.to_string(),
        });
        if is_derived(name) {
            file["description"] = json!(DERIVED);
        }
        file
    }));
    let crate_text =
        json!({ "@context": "https://w3id.org/ro/crate/1.1/context", "@graph": graph });
    // A tree of texts always has a JSON form.
    serde_json::to_string_pretty(&crate_text).unwrap_or_default() + "\n"
}

/// The in-toto statement that is signed. `tags`: the tag manifest's digest.
#[must_use]
pub fn statement(facts: &Facts, tags: Sha256Digest, report: Sha256Digest) -> Vec<u8> {
    let subject = |name: &str, digest: Sha256Digest| json!({ "name": name, "digest": { "sha256": digest.to_string() } });
    let statement = json!({
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [subject(TAG_MANIFEST, tags), subject(REPORT, report)],
        "predicateType": "urn:mrv:bundle:1",
        "predicate": facts,
    });
    serde_json::to_vec_pretty(&statement).unwrap_or_default()
}

/// START-HERE: one page that stands alone. It shows nothing that the plan keeps out of a public version, and lists
/// that.
///
/// # Errors
/// When the report cannot be taken apart.
pub fn start_here(facts: &Facts, report: &Report) -> Result<(&'static str, String), PublicError> {
    let report = &by_plan(report)?;
    let mut page = String::new();
    // Writing to a String never fails; the results are let go for that reason.
    let mut put = |html: &str| {
        let _ = writeln!(page, "{html}");
    };
    let e = |text: &str| escape(text);
    put("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">");
    put("<meta name=\"viewport\" content=\"width=device-width\">");
    put(&format!("<title>Start here: {}</title>", e(&report.project.title)));
    put("<style>body{font:16px/1.45 system-ui,sans-serif;max-width:46rem;margin:2rem auto;\
         padding:0 1rem}table{border-collapse:collapse}td,th{border:1px solid #999;padding:.2rem .6rem;\
         text-align:right}td:first-child,th:first-child{text-align:left}code{background:#eee;padding:0 \
         .2rem;overflow-wrap:anywhere}</style>\n</head>\n<body>");
    put(&format!("<h1>{}</h1>", e(&report.project.title)));
    put(&format!(
        "<p><strong>{}</strong>, {}. Project {}, {}. {} Report version {}.</p>",
        e(CONFIDENTIAL),
        e(&report.notice),
        e(&report.project.id),
        e(&report.project.participants.join("; ")),
        e(&sentence(&report.period.words)),
        facts.version
    ));
    put(
        "<table><thead><tr><th>tCO2e</th><th>RE</th><th>PE</th><th>ER</th><th>claimed</th></tr></thead>\n\
         <tbody>",
    );
    for year in &report.years {
        put(&format!(
            "<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>",
            e(&report.name_of(year)),
            e(&year.re.shown),
            e(&year.pe.shown),
            e(&year.er.shown),
            e(&year.claimed.shown)
        ));
    }
    put(&format!(
        "<tr><td>total</td><td></td><td></td><td></td><td>{}</td></tr></tbody></table>",
        e(&report.claimed.shown)
    ));
    put("<h2>Recheck it</h2>");
    put(
        "<p>Offline, with this file and the operator's key, which you have got by another way:</p>",
    );
    put("<p><code>mrv recheck bundle.zip --trust log.pub</code></p>");
    put(&format!(
        "<p>This bundle says that its key is <code>{}</code>, fingerprint <code>{}</code>. Compare it \
         with the one that you were given; a key that comes with what it signs shows nothing.</p>",
        e(&facts.key),
        e(&facts.fingerprint)
    ));
    put("<p>What a recheck shows:</p>\n<ul>");
    SHOWN.iter().for_each(|line| put(&format!("<li>{}</li>", e(line))));
    put("</ul>\n<p>What it does <strong>not</strong> show:</p>\n<ul>");
    NOT_SHOWN.iter().for_each(|line| put(&format!("<li>{}</li>", e(line))));
    put("</ul>\n<h2>What is here</h2>\n<ul>");
    for (place, what) in [
        (
            "data/report/",
            "the report: report.html to read, report.xlsx with its formulae, report.json",
        ),
        ("data/plans/, data/methodologies/", "what was declared and the equations, as recorded"),
        ("data/documents/", "invoices, laboratory results, photos, as recorded"),
        ("data/tables/messages/, data/blobs/", "every message as it was received, in Parquet"),
        (
            "data/tables/readings/, conflicts/, intervals/",
            "what the messages decode to, to be opened with any tool that reads Parquet; derived: a recheck \
             computes it anew and compares every row",
        ),
        (
            "data/by-day/",
            "the same intervals, of each channel the whole undisturbed days added up; derived likewise",
        ),
        ("data/log/", "every leaf of the log up to the seal, the proofs, the signed checkpoint"),
        (FACTS, "the same facts for machines"),
    ] {
        put(&format!("<li><code>{}</code>: {}</li>", e(place), e(what)));
    }
    put("</ul>");
    if !report.hidden.is_empty() {
        put("<h2>What is confidential in it</h2>");
        put(
            "<p>The whole of this bundle is for whoever it was handed to. The plan keeps this out of the \
             public version of the report (<code>mrv period publish</code>), and this page does not show \
             it:</p>\n<ul>",
        );
        for one in &report.hidden {
            put(&format!("<li>{}: {}</li>", e(&one.what), e(&one.why)));
        }
        put("</ul>");
    }
    put("<p>To open one number down to the bytes that a meter sent: \
         <code>mrv explain bundle.zip ER.2020 --html er.html</code>, with a year of this report.</p>");
    put(&format!(
        "<p>Figures digest <code>{}</code>; log of {} leaves, root <code>{}</code>; rules {}; {}.</p>",
        e(&facts.figures),
        facts.log_size,
        e(&facts.log_root),
        facts.rules,
        e(&facts.software)
    ));
    put("</body>\n</html>");
    Ok((START_HERE, page))
}

fn sentence(words: &str) -> String {
    let mut letters = words.chars();
    let first = letters.next().map(|letter| letter.to_uppercase().to_string()).unwrap_or_default();
    format!("{first}{}.", letters.as_str())
}

fn description(facts: &Facts, report: &Report) -> String {
    format!(
        "Monitoring report of project {} from {} to {}, both dates included, version {}, with everything \
         that it is computed from. {}; {}.",
        report.project.id, facts.from, facts.to, facts.version, CONFIDENTIAL, report.notice
    )
}

fn identifier(facts: &Facts) -> String {
    format!("{}_{}_{}_v{}", facts.project, facts.from, facts.to, facts.version)
}

/// True for an entry that is a function of others.
fn is_derived(name: &str) -> bool {
    let is_table = name.starts_with("data/tables/") || name.starts_with("data/by-day/");
    is_table && !name.starts_with("data/tables/messages/")
}

fn media_type(name: &str) -> &'static str {
    match name.rsplit('.').next().unwrap_or_default() {
        "json" => "application/json",
        "html" => "text/html",
        "txt" | "pub" | "tlog-proof" => "text/plain",
        "toml" => "application/toml",
        "pdf" => "application/pdf",
        "xlsx" => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "parquet" => "application/vnd.apache.parquet",
        _ => "application/octet-stream",
    }
}
