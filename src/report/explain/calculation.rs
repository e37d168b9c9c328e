//! Equations with their numbers, down to inputs and fixed values.

use std::collections::BTreeSet;

use super::source::Source;
use super::{Asked, Kind, Node, message, series, steps};
use crate::report::bundle::BundleError;
use crate::report::model::{Factored, Figure, Fixed, Input, Parameter, Step, Year};

/// Opens the figure of each year that is asked for.
pub fn open(source: &mut Source, asked: &Asked) -> Result<Vec<Node>, BundleError> {
    let is_asked = |year: &&Year| {
        asked.year.is_none_or(|wanted| wanted == year.year)
            && asked.methodology.as_ref().is_none_or(|wanted| *wanted == year.methodology)
    };
    let years: Vec<Year> = source.report.years.iter().filter(is_asked).cloned().collect();
    let mut nodes = Vec::new();
    for year in &years {
        let mut calculation = Calculation { source, year, opened: BTreeSet::new() };
        if let Some(node) = calculation.open(&asked.label)? {
            let title = format!("{} {}", year.methodology, year.year);
            let top = Node::new(Kind::Figure, format!("{} of {title}", asked.label));
            let mut top = top.fact("period", format!("{} to {}", year.from, year.to));
            top.value.clone_from(&node.value);
            for (name, text) in steps::uncorrected(&calculation.source.report, year, &asked.label) {
                top = top.fact(name, text);
            }
            for one in &year.stretches {
                let (re, pe, er) = (shown(&one.re), shown(&one.pe), shown(&one.er));
                let text = format!("{} to {}: RE {re}, PE {pe}, ER {er}", one.from, one.to);
                top = top.fact("stretch of the year", text);
            }
            if asked.label == "ER" {
                top = top.fact("claimed", shown(&year.claimed)).fact("why", &*year.why);
            }
            nodes.push(top.with([node]));
        }
    }
    if nodes.is_empty() {
        return Err(BundleError::Refused(unknown(source, asked)));
    }
    Ok(nodes)
}

/// What there is instead, worded for people.
fn unknown(source: &Source, asked: &Asked) -> String {
    let mut labels: Vec<&str> = Vec::new();
    for year in &source.report.years {
        labels.extend(year.steps.iter().map(|step| step.label.as_str()));
        labels.extend(year.inputs.iter().map(|input| input.label.as_str()));
    }
    labels.extend(source.report.fixed.iter().map(|fixed| fixed.label.as_str()));
    labels.sort_unstable();
    labels.dedup();
    let years: Vec<String> =
        source.report.years.iter().map(|year| source.report.name_of(year)).collect();
    format!(
        "the report has no figure {} in the year asked for; it has {} in {}",
        asked.label,
        labels.join(", "),
        years.join(", ")
    )
}

/// A figure as it is printed and, where that is longer, exactly.
pub fn shown(figure: &Figure) -> String {
    match figure.shown == figure.value {
        true => format!("{} {}", figure.value, figure.unit),
        false => format!("{} {} (exactly {})", figure.shown, figure.unit, figure.value),
    }
}

struct Calculation<'a> {
    source: &'a mut Source,
    year: &'a Year,
    /// Labels that are opened already in this year.
    opened: BTreeSet<String>,
}

impl Calculation<'_> {
    /// Opens a step, an input or a fixed value; `None` if the year has no such.
    fn open(&mut self, label: &str) -> Result<Option<Node>, BundleError> {
        let year = self.year;
        if let Some(step) = year.steps.iter().find(|step| step.label == label) {
            return self.step(step).map(Some);
        }
        if let Some(input) = year.inputs.iter().find(|input| input.label == label) {
            return self.input(input).map(Some);
        }
        let mut fixed = self.source.report.fixed.iter();
        let fixed = fixed.find(|one| one.label == label && one.methodology == year.methodology);
        match fixed.cloned() {
            Some(fixed) => self.fixed(&fixed).map(Some),
            None => Ok(None),
        }
    }

    /// True the first time; after that the label stands elsewhere in the tree.
    fn is_first(&mut self, label: &str) -> bool {
        self.opened.insert(label.to_owned())
    }

    fn step(&mut self, step: &Step) -> Result<Node, BundleError> {
        let node = Node::new(Kind::Equation, format!("{} = {}", step.label, step.equation));
        let node = node.valued(shown(&step.value)).fact("what", &*step.description);
        if !self.is_first(&step.label) {
            return Ok(node.with([Node::new(Kind::Note, "opened above")]));
        }
        let names = self.names(step);
        let mut children = Vec::new();
        for name in &names {
            children.extend(self.open(name)?);
        }
        let numbers = self.with_numbers(&step.formula);
        Ok(node.fact("with numbers", numbers).with(children))
    }

    /// What a step is made of: the names in its formula, else all whose symbol is in its equation.
    fn names(&self, step: &Step) -> Vec<String> {
        let mut names = in_braces(&step.formula);
        if step.formula.is_empty() {
            let is_word = |symbol: &str| {
                let mut words =
                    step.equation.split(|letter: char| !letter.is_alphanumeric() && letter != '_');
                words.any(|word| word == symbol)
            };
            let year = self.year;
            let steps = year.steps.iter().filter(|one| one.label != step.label);
            let steps = steps.filter(|one| is_word(&one.symbol)).map(|one| one.label.clone());
            let inputs = year.inputs.iter().filter(|one| is_word(&one.symbol));
            let fixed = self.source.report.fixed.iter();
            let fixed = fixed.filter(|one| one.methodology == year.methodology);
            let fixed = fixed.filter(|one| is_word(&one.symbol)).map(|one| one.label.clone());
            names = steps.chain(inputs.map(|one| one.label.clone())).chain(fixed).collect();
        }
        let mut seen = BTreeSet::new();
        names.retain(|name| seen.insert(name.clone()));
        names
    }

    /// A formula with the value of each name in its place.
    fn with_numbers(&self, formula: &str) -> String {
        let mut text = formula.to_owned();
        for name in in_braces(formula) {
            if let Some(value) = self.value(&name) {
                text = text.replace(&format!("{{{name}}}"), &value);
            }
        }
        text
    }

    fn value(&self, label: &str) -> Option<String> {
        let year = self.year;
        let step = year.steps.iter().find(|step| step.label == label).map(|step| &step.value);
        let input = || year.inputs.iter().find(|one| one.label == label).map(|one| &one.chosen);
        let fixed = || {
            let mut fixed = self.source.report.fixed.iter();
            let is_it = |one: &&Fixed| one.label == label && one.methodology == year.methodology;
            fixed.find(is_it).map(|one| &one.value)
        };
        step.or_else(input).or_else(fixed).map(|figure| figure.value.clone())
    }

    fn fixed(&mut self, fixed: &Fixed) -> Result<Node, BundleError> {
        let node = Node::new(Kind::Fixed, format!("{}, fixed ex ante", fixed.label));
        let confirmed =
            fixed.confirmed.clone().unwrap_or_else(|| "nobody: a sample value".to_owned());
        let node = node
            .valued(shown(&fixed.value))
            .fact("what", &*fixed.description)
            .fact("source", &*fixed.source)
            .fact("confirmed", confirmed);
        if !self.is_first(&fixed.label) {
            return Ok(node.with([Node::new(Kind::Note, "opened above")]));
        }
        let leaf = self.source.report.provenance.plan_leaf;
        let plan = message::open(self.source, leaf, "the plan that states it")?;
        Ok(node.with([plan]))
    }

    fn input(&mut self, input: &Input) -> Result<Node, BundleError> {
        let parameters = self.source.report.parameters.iter();
        let parameter = parameters.clone().nth(input.parameter).cloned();
        let is_own = |one: &&Factored| parameter.as_ref().is_some_and(|own| own.label == one.label);
        let factored: Vec<&Factored> = self.year.factored.iter().filter(is_own).collect();
        let measured = steps::measured_as(!factored.is_empty());
        let mut node = Node::new(Kind::Input, format!("{}, monitored", input.label))
            .valued(shown(&input.chosen))
            .fact("taken", side(input))
            .fact(measured, input.measured.as_ref().map(shown).unwrap_or_default())
            .fact("measured for", format!("{} % of the time", input.coverage.shown));
        for one in factored {
            let told = |figure: &Option<Figure>| figure.as_ref().map(shown).unwrap_or_default();
            let text = format!(
                "{}, {} to {}: {} measured, times {}, is {}",
                one.channel,
                one.from,
                one.to,
                told(&one.uncorrected),
                one.factors,
                told(&one.corrected)
            );
            node = node.fact("correction factor", text);
        }
        if !self.is_first(&input.label) {
            return Ok(node.with([Node::new(Kind::Note, "opened above")]));
        }
        let Some(parameter) = parameter else { return Ok(node) };
        node = node
            .fact("what", &*parameter.description)
            .fact("measured by", &*parameter.source)
            .fact("how", &*parameter.method)
            .fact("option", &*parameter.option);
        if input.is_history {
            let what =
                "of a time before the period: as that was sealed, or as its readings give it";
            return Ok(node.with([Node::new(Kind::Note, what)]));
        }
        node.children.extend(steps::open(&self.source.report, self.year, input, &parameter));
        node.children.extend(series::open(self.source, &parameter.channels, self.year)?);
        let documents = self.documents(&parameter)?;
        Ok(node.with(documents))
    }

    /// The documents of a parameter that touch the year.
    fn documents(&mut self, parameter: &Parameter) -> Result<Vec<Node>, BundleError> {
        let mut nodes = Vec::new();
        let is_inside =
            |from: &str, to: &str| from <= self.year.to.as_str() && to >= self.year.from.as_str();
        for document in parameter.documents.iter().filter(|one| is_inside(&one.from, &one.to)) {
            let title = format!("{} {} to {}", document.kind, document.from, document.to);
            let mut node = Node::new(Kind::Document, title)
                .valued(format!("{} {}", document.value, document.unit))
                .fact("standing", &*document.standing)
                .fact("number", &*document.number)
                .fact("issuer", &*document.issuer)
                .fact("entered by", &*document.entered_by)
                .fact("checked by", document.checked_by.clone().unwrap_or_default())
                .fact("act", document.act.to_string());
            node.children.push(message::open(
                self.source,
                document.leaf,
                "the act that states it",
            )?);
            match document.document_leaf {
                Some(leaf) => node.children.push(message::open(self.source, leaf, "the document")?),
                None => node.children.push(Node::new(Kind::Note, "the document is missing")),
            }
            nodes.push(node);
        }
        Ok(nodes)
    }
}

/// The names in braces of a formula.
fn in_braces(formula: &str) -> Vec<String> {
    let parts = formula.split('{').skip(1);
    parts.filter_map(|part| part.split_once('}')).map(|(name, _)| name.to_owned()).collect()
}

fn side(input: &Input) -> String {
    let bounds = match (&input.low, &input.high) {
        (Some(low), Some(high)) => format!(" of {} to {} {}", low.shown, high.shown, high.unit),
        _ => String::new(),
    };
    match input.side.as_str() {
        "exact" => "as it was measured: nothing is in doubt".to_owned(),
        "corrected" => "corrected for the error of its meters: nothing else is in doubt".to_owned(),
        side => format!("at its {side}{bounds}, where ER is lowest"),
    }
}
