//! `mrv methodology list|show|new`.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, anyhow};
use serde_json::json;

use super::context::{UsageError, say};
use super::{Context, Ended};
use crate::domain::id::check_id;
use crate::methodology::{self, Methodology};
use crate::report::page;

/// List the shipped methodologies, show one as a readable page, start a new one.
///
/// A methodology is one TOML file; docs/ADDING_A_METHODOLOGY.md shows how to write it, step by step.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// List the methodologies that come with the software.
    List,
    /// Show a methodology: equations, parameters, sources and how sure they are.
    Show(ShowArguments),
    /// Start a methodology file from a template that mrv check accepts.
    New(NewArguments),
}

#[derive(Debug, clap::Args)]
pub struct ShowArguments {
    /// Id of a shipped methodology, or a methodology file.
    methodology: String,
    /// How to show it.
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Format {
    Text,
    /// One page with typeset equations.
    Html,
    /// For a LaTeX document of class article.
    Latex,
}

#[derive(Debug, clap::Args)]
pub struct NewArguments {
    /// Its id, such as ACME_WIND_F1.
    id: String,
    /// The file to write; ID.toml where not given.
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
}

/// What a new file starts from.
const TEMPLATE: &str = include_str!("methodology_template.toml");

pub fn run(context: &Context, command: Command) -> Result<Ended> {
    match command {
        Command::List => list(context),
        Command::Show(arguments) => show(context, &arguments),
        Command::New(arguments) => new(context, arguments),
    }
}

/// A methodology by the id of a shipped one or by its file: name of the file, its text, and what it
/// says.
pub fn read(named: &str) -> Result<(String, String, Methodology)> {
    let (file, text) = match methodology::shipped().iter().find(|shipped| shipped.id == named) {
        Some(shipped) => (shipped.file.to_owned(), shipped.text.to_owned()),
        None if Path::new(named).exists() => {
            let text = std::fs::read_to_string(named).with_context(|| format!("read {named}"))?;
            (named.to_owned(), text)
        }
        None => {
            let message = format!(
                "{named} is neither a shipped methodology nor a file; mrv methodology list shows \
                 what is shipped"
            );
            return Err(UsageError(message).into());
        }
    };
    let parsed = Methodology::parse(&file, &text).map_err(|found| {
        anyhow!("{}", found.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))
    })?;
    Ok((file, text, parsed))
}

fn list(context: &Context) -> Result<Ended> {
    let mut all = Vec::new();
    for shipped in methodology::shipped() {
        all.push(read(shipped.id)?);
    }
    let value: Vec<_> = all
        .iter()
        .map(|(file, _, one)| {
            json!({
                "id": one.id, "version": one.version, "title": one.title, "scope": one.scope,
                "status": one.status.as_str(), "sure": one.sure.tag(), "file": file,
            })
        })
        .collect();
    let width = all.iter().map(|(_, _, one)| one.id.len()).max().unwrap_or(0);
    context.print(&value, || {
        let line = |(_, _, one): &(String, String, Methodology)| {
            format!("{:<width$}  {} ({})", one.id, one.title, one.status.as_str())
        };
        all.iter().map(line).collect::<Vec<_>>().join("\n")
    })?;
    Ok(Ended::Done)
}

fn show(context: &Context, arguments: &ShowArguments) -> Result<Ended> {
    let (file, text, methodology) = read(&arguments.methodology)?;
    let page = match arguments.format {
        Format::Text => page::text(&methodology),
        Format::Html => page::html(&methodology),
        Format::Latex => page::latex(&methodology),
    };
    match context.is_json {
        true => context.print(&json!({ "file": file, "text": text, "page": page }), String::new)?,
        false => say(&page)?,
    }
    Ok(Ended::Done)
}

fn new(context: &Context, arguments: NewArguments) -> Result<Ended> {
    check_id(&arguments.id)
        .map_err(|error| UsageError(format!("id {:?}: {error}", arguments.id)))?;
    let file = arguments.file.unwrap_or_else(|| PathBuf::from(format!("{}.toml", arguments.id)));
    let shown = file.display().to_string();
    if file.exists() {
        return Err(UsageError(format!("{shown} exists; choose another --file")).into());
    }
    std::fs::write(&file, template(&arguments.id)).with_context(|| format!("write {shown}"))?;
    context.print(&json!({ "file": shown, "id": arguments.id }), || {
        format!(
            "{shown} is a methodology with one equation; edit it, then run\n  mrv check {shown}\n  \
             mrv methodology show {shown}"
        )
    })?;
    Ok(Ended::Done)
}

fn template(id: &str) -> String {
    TEMPLATE.replace("TEMPLATE_ID", id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_template_is_a_methodology_that_gives_its_example() {
        let methodology = Methodology::parse("new.toml", &template("ACME_F1")).unwrap();
        assert_eq!(methodology.id, "ACME_F1");
        for vector in &methodology.vectors {
            let figures = crate::period::calculation::example(&methodology, vector).unwrap();
            assert!(!figures.is_empty() && figures.iter().all(|figure| figure.is_right()));
        }
    }
}
