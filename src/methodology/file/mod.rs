//! Methodology files: from TOML as written to a checked [`Methodology`]; everything wrong is told
//! at once.

mod order;
mod parameter;

use std::ops::Range;

use super::check::{Known, Scope, check};
use super::limits::{FILE_BYTES_MAX, INDICES_MAX, SYMBOLS_MAX};
use super::model::{
    Criterion, Equation, Index, IndexSet, Methodology, Parameter, SourceStatus, Sureness, Vector,
};
use super::raw::{RawEquation, RawIndex, RawMethodology, Text, source_offset};
use super::syntax::{self, Expression};
use super::unit::{CompoundUnit, Measure};
use crate::domain::diagnostic::Diagnostic;
use crate::domain::id::check_id;

/// Version of the file format, the value of its key `mrv_methodology`.
const FORMAT: i64 = 1;

/// Equations that every methodology has, without index, in tCO2e.
const OUTPUTS: [&str; 3] = ["RE", "PE", "ER"];

/// Reads and checks a methodology file.
pub(super) fn parse(file: &str, text: &str) -> Result<Methodology, Vec<Diagnostic>> {
    if text.len() > FILE_BYTES_MAX {
        let message = format!("a methodology file has at most {FILE_BYTES_MAX} bytes");
        return Err(vec![Diagnostic::whole(file, message)]);
    }
    let raw: RawMethodology = toml::from_str(text).map_err(|error| {
        let span = error.span().unwrap_or(0..0);
        let message = error.message().trim().replace('\n', "; ");
        vec![Diagnostic::at(file, text, span, message)]
    })?;
    let mut found = Findings { file, text, diagnostics: Vec::new() };
    match found.methodology(&raw) {
        Some(methodology) if found.diagnostics.is_empty() => Ok(methodology),
        _ => {
            found.diagnostics.sort_by_key(|d| (d.line, d.column));
            Err(found.diagnostics)
        }
    }
}

/// What was found so far, and the text it was found in.
struct Findings<'a> {
    file: &'a str,
    text: &'a str,
    diagnostics: Vec<Diagnostic>,
}

/// An equation whose text could be read, before its units are checked.
struct Read<'a> {
    raw: &'a RawEquation,
    indices: Vec<String>,
    unit: CompoundUnit,
    sure: Sureness,
    written: Expression,
}

impl Findings<'_> {
    fn methodology(&mut self, raw: &RawMethodology) -> Option<Methodology> {
        if *raw.mrv_methodology.get_ref() != FORMAT {
            let advice = "write mrv_methodology = 1";
            self.tell(raw.mrv_methodology.span(), "unknown format of methodologies", advice);
        }
        if let Err(error) = check_id(raw.id.get_ref()) {
            self.tell(raw.id.span(), error.to_string(), "such as MRV_PV_F1");
        }
        let sure = self.sure(&raw.sure);
        let symbol_count = raw.parameter.len() + raw.equation.len();
        if symbol_count > SYMBOLS_MAX {
            let message =
                format!("{symbol_count} parameters and equations, more than {SYMBOLS_MAX}");
            self.diagnostics.push(Diagnostic::whole(self.file, message));
            return None;
        }
        let status = self.choice(&raw.status, &SourceStatus::choices());
        let indices: Vec<Index> = raw.index.iter().map(|index| self.index(index)).collect();
        self.names(raw);
        let parameters: Vec<Parameter> =
            raw.parameter.iter().filter_map(|raw| self.parameter(raw, &indices)).collect();
        let read: Vec<Read<'_>> =
            raw.equation.iter().filter_map(|raw| self.equation(raw, &indices)).collect();
        self.outputs(raw, &read);
        self.weights(raw, &parameters);
        // An unknown symbol may only be one whose own declaration is wrong: told once is enough.
        if !self.diagnostics.is_empty() {
            return None;
        }
        let equations = self.check_units(&read, &parameters, &indices);
        self.unused(raw, &equations);
        let order = self.order(raw, &equations)?;
        let history = order::history(&equations, &parameters, &indices);
        Some(Methodology {
            id: raw.id.get_ref().clone(),
            title: raw.title.clone(),
            version: raw.version.clone(),
            scope: raw.scope.clone(),
            source: raw.source.clone(),
            status: status?,
            gwp: raw.gwp.clone(),
            year_split: raw.year_split.clone(),
            rounding: raw.rounding.clone(),
            eligibility: raw
                .eligibility
                .iter()
                .map(|criterion| Criterion {
                    id: criterion.id.clone(),
                    criterion: criterion.criterion.clone(),
                    evidence: criterion.evidence.clone(),
                })
                .collect(),
            sure: sure?,
            indices,
            parameters,
            equations,
            vectors: raw
                .vector
                .iter()
                .map(|vector| Vector {
                    id: vector.id.clone(),
                    about: vector.about.clone(),
                    inputs: vector.inputs.clone(),
                    expected: vector.expected.clone(),
                })
                .collect(),
            order,
            history,
        })
    }

    /// An index with its set; what is wrong with the set is told.
    fn index(&mut self, raw: &RawIndex) -> Index {
        let mut set = IndexSet::Planned;
        if let Some(members) = &raw.members {
            let names: Vec<String> = members.iter().map(|name| name.get_ref().clone()).collect();
            for (at, name) in members.iter().enumerate() {
                if names[..at].contains(name.get_ref()) {
                    self.tell(name.span(), format!("{} stands twice", name.get_ref()), "keep one");
                }
            }
            if names.is_empty() {
                let advice = "name one, or leave members away for the plan to name them";
                self.tell(raw.symbol.span(), "an index without members", advice);
            }
            set = IndexSet::Fixed(names);
        }
        if let Some(over) = &raw.over {
            match IndexSet::calendar(over.get_ref()) {
                _ if raw.members.is_some() => {
                    let message = "an index over a calendar names no members";
                    self.tell(over.span(), message, "keep one of members and over");
                }
                Some(calendar) => set = calendar,
                None => {
                    let message = format!("{:?} is no calendar", over.get_ref());
                    self.tell(over.span(), message, "use years, months, days or hours");
                }
            }
        }
        Index { symbol: raw.symbol.get_ref().clone(), about: raw.about.clone(), set }
    }

    /// Symbols and indices are words of the alphabet, and none is declared twice.
    fn names(&mut self, raw: &RawMethodology) {
        let symbols = raw.index.iter().map(|index| &index.symbol);
        let symbols = symbols.chain(raw.parameter.iter().map(|parameter| &parameter.symbol));
        let symbols = symbols.chain(raw.equation.iter().map(|equation| &equation.symbol));
        let mut seen: Vec<&str> = Vec::new();
        for symbol in symbols {
            if let Err(message) = syntax::check_symbol(symbol.get_ref()) {
                self.tell(symbol.span(), message, "choose another name");
            }
            if seen.contains(&symbol.get_ref().as_str()) {
                let message = format!("{} is declared twice", symbol.get_ref());
                self.tell(symbol.span(), message, "keep one, or rename it");
            }
            seen.push(symbol.get_ref());
        }
    }

    fn equation<'r>(&mut self, raw: &'r RawEquation, indices: &[Index]) -> Option<Read<'r>> {
        let own_indices = self.indices(&raw.indices, indices);
        let unit = self.unit(&raw.unit);
        let sure = self.sure(&raw.sure);
        let written = match syntax::parse(raw.text.get_ref()) {
            Ok(written) => Some(written),
            Err(fault) => {
                self.fault(&raw.text, fault);
                None
            }
        };
        let (indices, unit, sure) = (own_indices?, unit?, sure?);
        Some(Read { raw, indices, unit, sure, written: written? })
    }

    /// RE, PE and ER are there, without index, in tCO2e.
    fn outputs(&mut self, raw: &RawMethodology, read: &[Read<'_>]) {
        for output in OUTPUTS {
            if !raw.equation.iter().any(|equation| equation.symbol.get_ref() == output) {
                let message = format!("there is no equation for {output}");
                let finding = Diagnostic::whole(self.file, message);
                let advice = "every methodology has RE, PE and ER, in tCO2e";
                self.diagnostics.push(finding.advise(advice));
            }
        }
        for equation in read.iter().filter(|e| OUTPUTS.contains(&e.raw.symbol.get_ref().as_str())) {
            let symbol = equation.raw.symbol.get_ref();
            if let Some(index) = equation.raw.indices.first() {
                let message = format!("{symbol} has one value, without index");
                self.tell(index.span(), message, "write a sum over the index");
            }
            let is_tonnes = CompoundUnit::parse("tCO2e").is_ok_and(|unit| unit == equation.unit);
            if !is_tonnes {
                let message = format!("{symbol} is in tCO2e, not in {}", equation.unit);
                self.tell(equation.raw.unit.span(), message, "write unit = \"tCO2e\"");
            }
        }
    }

    fn check_units(
        &mut self,
        read: &[Read<'_>],
        parameters: &[Parameter],
        indices: &[Index],
    ) -> Vec<Equation> {
        let symbol = |name: &str| -> Option<Known<'_>> {
            let parameter = parameters.iter().find(|p| p.symbol == name);
            let equation = read.iter().find(|e| e.raw.symbol.get_ref() == name);
            let parameter = parameter
                .map(|p| (p.indices.as_slice(), p.unit.measure(), p.category_of.as_deref()));
            let (indices, measure, category_of) =
                parameter.or(equation.map(|e| (e.indices.as_slice(), e.unit.measure(), None)))?;
            Some(Known { indices, measure, category_of })
        };
        let names: Vec<&str> = parameters
            .iter()
            .map(|p| p.symbol.as_str())
            .chain(read.iter().map(|e| e.raw.symbol.get_ref().as_str()))
            .collect();
        let scope = Scope { symbol: &symbol, indices, names: &names };
        let mut equations = Vec::new();
        for equation in read {
            let target: &Measure = equation.unit.measure();
            let unit = equation.unit.as_str();
            match check(&equation.written, &equation.indices, target, unit, &scope) {
                Ok(checked) => equations.push(Equation {
                    symbol: equation.raw.symbol.get_ref().clone(),
                    indices: equation.indices.clone(),
                    unit: equation.unit.clone(),
                    text: equation.raw.text.get_ref().clone(),
                    about: equation.raw.about.clone(),
                    sure: equation.sure,
                    written: equation.written.clone(),
                    checked,
                }),
                Err(fault) => self.fault(&equation.raw.text, fault),
            }
        }
        equations
    }

    fn indices(&mut self, own: &[Text], indices: &[Index]) -> Option<Vec<String>> {
        let mut symbols: Vec<String> = Vec::new();
        for index in own {
            let symbol = index.get_ref();
            if !indices.iter().any(|known| known.symbol == *symbol) {
                let message = format!("index {symbol} is unknown");
                self.tell(index.span(), message, "declare it as an [[index]]");
                return None;
            }
            if symbols.contains(symbol) {
                self.tell(index.span(), format!("index {symbol} stands twice"), "keep one");
                return None;
            }
            symbols.push(symbol.clone());
        }
        if let Some(one_more) = own.get(INDICES_MAX) {
            let message = format!("a symbol has at most {INDICES_MAX} indices");
            self.tell(one_more.span(), message, "merge two of them");
            return None;
        }
        Some(symbols)
    }

    fn unit(&mut self, text: &Text) -> Option<CompoundUnit> {
        match CompoundUnit::parse(text.get_ref()) {
            Ok(unit) => Some(unit),
            Err(error) => {
                let advice = "write units such as MWh, tCO2e/MWh, kJ/kg/K or 1";
                self.tell(text.span(), error.to_string(), advice);
                None
            }
        }
    }

    fn sure(&mut self, text: &Text) -> Option<Sureness> {
        let sure = Sureness::parse(text.get_ref());
        if sure.is_none() {
            let message = format!("sure = {:?} says nothing", text.get_ref());
            self.tell(text.span(), message, "use S, C, D, K or K?");
        }
        sure
    }

    /// One of a few words.
    fn choice<T: Clone>(&mut self, text: &Text, choices: &[(&str, T)]) -> Option<T> {
        let found = choices.iter().find(|(word, _)| word == text.get_ref());
        if found.is_none() {
            let words: Vec<&str> = choices.iter().map(|(word, _)| *word).collect();
            let message = format!("{:?} is none of the choices", text.get_ref());
            self.tell(text.span(), message, format!("use one of {}", words.join(", ")));
        }
        found.map(|(_, value)| value.clone())
    }

    /// Something wrong inside an equation, told at its own place in the file.
    fn fault(&mut self, equation: &Text, fault: syntax::Fault) {
        let source = self.text.get(equation.span()).unwrap_or_default();
        let start = equation.span().start + source_offset(source, fault.span.start);
        self.tell(start..start, fault.message, fault.advice);
    }

    fn tell(&mut self, span: Range<usize>, message: impl Into<String>, advice: impl Into<String>) {
        let diagnostic = Diagnostic::at(self.file, self.text, span, message).advise(advice);
        self.diagnostics.push(diagnostic);
    }
}
