//! What commands that record acts have in common: documents attached, the request, the answer.

use std::path::Path;

use anyhow::Result;

use super::{Context, Ended};
use crate::daemon::record::attach;
use crate::daemon::request::{Answer, Attached, Request, Stated};
use crate::domain::digest::Sha256Digest;

/// A document named by an argument: the SHA-256 of one that the log has, or a file, which is attached.
/// Gives the hash for the act; nothing for nothing.
///
/// # Errors
/// When the file cannot be read.
pub fn document(argument: &str, attached: &mut Vec<Attached>) -> Result<String> {
    if argument.is_empty() || Sha256Digest::parse(argument).is_some() {
        return Ok(argument.to_owned());
    }
    let file = attach(Path::new(argument))?;
    let sha256 = file.sha256.clone();
    attached.push(file);
    Ok(sha256)
}

/// Has acts recorded, all of them or none, and tells under which numbers.
///
/// # Errors
/// When they cannot be; a rule that says no is no error.
pub fn record(context: &Context, project: String, acts: Vec<Stated>) -> Result<Ended> {
    let word = acts.first().map_or("act", |stated| stated.act.word());
    match context.ask(Request::Record { project, acts })? {
        Answer::Refused { reason } => context.refused(&reason),
        Answer::Acts { project, first, last, leaves } => {
            let mut value = serde_json::json!({
                "project": project,
                "first": first,
                "last": last,
                "leaves": leaves,
            });
            if let [leaf] = leaves.as_slice() {
                value["number"] = first.into();
                value["leaf"] = (*leaf).into();
            }
            context.print(&value, || match leaves.as_slice() {
                [leaf] => {
                    format!("{word} recorded as act {first} of project {project}: leaf {leaf}")
                }
                _ => format!("{word}s recorded as acts {first} to {last} of project {project}"),
            })?;
            Ok(Ended::Done)
        }
        other => anyhow::bail!("unexpected answer {other:?}"),
    }
}
