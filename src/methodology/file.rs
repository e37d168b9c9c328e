//! Methodology files: from TOML as written to a checked [`Methodology`]; everything wrong is told
//! at once.

use std::ops::Range;

use toml::Spanned;

use super::check::{Known, Scope, check};
use super::limits::{FILE_BYTES_MAX, INDICES_MAX, SYMBOLS_MAX};
use super::model::{
    Aggregation, DefaultValue, Equation, Index, Methodology, Parameter, ParameterKind, Sureness,
};
use super::raw::{RawEquation, RawMethodology, RawParameter, Text, source_offset};
use super::syntax::{self, Expression, symbols};
use super::unit::{CompoundUnit, Measure};
use crate::config::plan::MonitoringOption;
use crate::domain::decimal::Decimal;
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
        let indices: Vec<Index> = raw
            .index
            .iter()
            .map(|index| Index {
                symbol: index.symbol.get_ref().clone(),
                about: index.about.clone(),
            })
            .collect();
        self.names(raw);
        let parameters: Vec<Parameter> =
            raw.parameter.iter().filter_map(|raw| self.parameter(raw, &indices)).collect();
        let read: Vec<Read<'_>> =
            raw.equation.iter().filter_map(|raw| self.equation(raw, &indices)).collect();
        self.outputs(raw, &read);
        // An unknown symbol may only be one whose own declaration is wrong: told once is enough.
        if !self.diagnostics.is_empty() {
            return None;
        }
        let equations = self.check_units(&read, &parameters, &indices);
        self.unused(raw, &equations);
        let order = self.order(raw, &equations)?;
        Some(Methodology {
            id: raw.id.get_ref().clone(),
            title: raw.title.clone(),
            version: raw.version.clone(),
            scope: raw.scope.clone(),
            source: raw.source.clone(),
            sure: sure?,
            indices,
            parameters,
            equations,
            order,
        })
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

    fn parameter(&mut self, raw: &RawParameter, indices: &[Index]) -> Option<Parameter> {
        let own_indices = self.indices(&raw.indices, indices);
        let unit = self.unit(&raw.unit);
        let sure = self.sure(&raw.sure);
        let kind = match raw.kind.get_ref().as_str() {
            "monitored" => self.monitored(raw, unit.as_ref()),
            "fixed" => self.fixed(raw, sure),
            other => {
                let message = format!("kind {other:?} is unknown");
                self.tell(raw.kind.span(), message, "use monitored or fixed");
                None
            }
        };
        Some(Parameter {
            symbol: raw.symbol.get_ref().clone(),
            indices: own_indices?,
            kind: kind?,
            unit: unit?,
            about: raw.about.clone(),
            source: raw.source.clone(),
            sure: sure?,
        })
    }

    fn monitored(
        &mut self,
        raw: &RawParameter,
        unit: Option<&CompoundUnit>,
    ) -> Option<ParameterKind> {
        if let Some(default) = &raw.default {
            let advice = "remove it: what is not measured counts by its bounds";
            self.tell(default.span(), "a monitored parameter has no default", advice);
        }
        let place = raw.symbol.span();
        let (Some(options), Some(aggregation), Some(frequency)) =
            (&raw.options, &raw.aggregation, &raw.frequency)
        else {
            let message = "a monitored parameter needs options, aggregation and frequency";
            let advice =
                "such as options = [\"C\"], aggregation = \"sum\", frequency = \"continuous\"";
            self.tell(place, message, advice);
            return None;
        };
        let letters =
            [("A", MonitoringOption::A), ("B", MonitoringOption::B), ("C", MonitoringOption::C)];
        let options: Vec<_> =
            options.iter().filter_map(|option| self.choice(option, &letters)).collect();
        if options.is_empty() {
            self.tell(place, "a monitored parameter needs a monitoring option", "use A, B or C");
        }
        let aggregations =
            [("sum", Aggregation::Sum), ("mean", Aggregation::Mean), ("last", Aggregation::Last)];
        let text = aggregation;
        let aggregation = self.choice(text, &aggregations)?;
        if aggregation == Aggregation::Sum
            && unit.is_some_and(|unit| matches!(unit.measure(), Measure::Temperature(_)))
        {
            let advice = "write aggregation = \"mean\"";
            self.tell(text.span(), "temperatures do not add up", advice);
        }
        Some(ParameterKind::Monitored {
            options,
            aggregation,
            frequency: frequency.get_ref().clone(),
        })
    }

    fn fixed(&mut self, raw: &RawParameter, sure: Option<Sureness>) -> Option<ParameterKind> {
        let options = raw.options.as_ref().and_then(|options| options.first()).map(Spanned::span);
        let aggregation = raw.aggregation.as_ref().map(Spanned::span);
        let frequency = raw.frequency.as_ref().map(Spanned::span);
        if let Some(span) = options.or(aggregation).or(frequency) {
            let message = "a fixed parameter has no options, aggregation or frequency";
            self.tell(span, message, "remove it, or write kind = \"monitored\"");
        }
        let Some(default) = &raw.default else {
            return Some(ParameterKind::Fixed { default: None });
        };
        if sure == Some(Sureness::Doubted) {
            let message = "a default of low confidence (sure = \"K?\")";
            self.tell(default.span(), message, "remove it: the plan must give such a value");
        }
        match Decimal::parse(default.get_ref()) {
            Ok(value) => {
                let source = raw.source.clone();
                Some(ParameterKind::Fixed { default: Some(DefaultValue { value, source }) })
            }
            Err(error) => {
                self.tell(default.span(), error.to_string(), "write default = \"1.5\"");
                None
            }
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
            let parameter = parameter.map(|p| (p.indices.as_slice(), p.unit.measure()));
            let (indices, measure) =
                parameter.or(equation.map(|e| (e.indices.as_slice(), e.unit.measure())))?;
            Some(Known { indices, measure })
        };
        let index_symbols: Vec<String> = indices.iter().map(|i| i.symbol.clone()).collect();
        let names: Vec<&str> = parameters
            .iter()
            .map(|p| p.symbol.as_str())
            .chain(read.iter().map(|e| e.raw.symbol.get_ref().as_str()))
            .collect();
        let scope = Scope { symbol: &symbol, indices: &index_symbols, names: &names };
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

    /// A parameter that no equation uses is an error: it would be asked of every plan for nothing.
    fn unused(&mut self, raw: &RawMethodology, equations: &[Equation]) {
        if equations.len() < raw.equation.len() {
            return;
        }
        let used: Vec<&str> = equations.iter().flat_map(|e| symbols(&e.written)).collect();
        for parameter in &raw.parameter {
            let symbol = parameter.symbol.get_ref();
            if !used.contains(&symbol.as_str()) {
                let message = format!("no equation uses {symbol}");
                self.tell(parameter.symbol.span(), message, "remove the parameter");
            }
        }
    }

    /// Equations in an order in which each stands after those it uses; a cycle is told.
    fn order(&mut self, raw: &RawMethodology, equations: &[Equation]) -> Option<Vec<usize>> {
        let uses: Vec<Vec<usize>> = equations
            .iter()
            .map(|equation| {
                let position = |symbol: &str| equations.iter().position(|e| e.symbol == symbol);
                symbols(&equation.written).into_iter().filter_map(position).collect()
            })
            .collect();
        let mut order: Vec<usize> = Vec::new();
        while order.len() < equations.len() {
            let is_ready =
                |at: &usize| !order.contains(at) && uses[*at].iter().all(|u| order.contains(u));
            match (0..equations.len()).find(is_ready) {
                Some(ready) => order.push(ready),
                None => break,
            }
        }
        if order.len() == equations.len() {
            return Some(order);
        }
        // Every equation left uses one that is left: following them from the first must come round.
        let mut path: Vec<usize> = Vec::new();
        let mut at = (0..equations.len()).find(|at| !order.contains(at))?;
        while !path.contains(&at) {
            path.push(at);
            at = *uses[at].iter().find(|used| !order.contains(used))?;
        }
        let start = path.iter().position(|step| *step == at)?;
        let circle: Vec<&str> = path[start..]
            .iter()
            .chain([&at])
            .map(|step| equations[*step].symbol.as_str())
            .collect();
        let symbol = &raw.equation.iter().find(|e| *e.symbol.get_ref() == equations[at].symbol)?;
        let message = format!("{} depends on itself: {}", circle[0], circle.join(" uses "));
        self.tell(symbol.symbol.span(), message, "equations cannot form a circle");
        None
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
    fn choice<T: Copy>(&mut self, text: &Text, choices: &[(&str, T)]) -> Option<T> {
        let found = choices.iter().find(|(word, _)| word == text.get_ref());
        if found.is_none() {
            let words: Vec<&str> = choices.iter().map(|(word, _)| *word).collect();
            let message = format!("{:?} is none of the choices", text.get_ref());
            self.tell(text.span(), message, format!("use one of {}", words.join(", ")));
        }
        found.map(|(_, value)| *value)
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
