//! `docs/EQUATIONS.md`: every fenced equation of it parses, every wrong one is refused as it says.

use mrv::methodology::{limits, syntax};

use super::model::read;

const DOCUMENT: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/EQUATIONS.md"));

/// Lines of all blocks fenced with this word.
fn fenced(word: &str) -> Vec<String> {
    let mut blocks = Vec::new();
    let mut block: Option<Vec<&str>> = None;
    for line in DOCUMENT.lines() {
        match (&mut block, line.strip_prefix("```")) {
            (None, Some(info)) if info == word => block = Some(Vec::new()),
            (Some(lines), None) => lines.push(line),
            (Some(_), Some(_)) => blocks.extend(block.take().map(|lines| lines.join("\n"))),
            (None, _) => {}
        }
    }
    blocks
}

#[test]
fn every_equation_of_the_document_parses() {
    let equations: Vec<String> = fenced("equation")
        .iter()
        .flat_map(|b| b.lines().map(str::to_owned).collect::<Vec<_>>())
        .collect();
    assert!(equations.len() >= 10, "{}", equations.len());
    for line in equations {
        let (_, right) = line.split_once(" = ").unwrap_or_else(|| panic!("{line}"));
        let tree = syntax::parse(right).unwrap_or_else(|fault| panic!("{line}: {fault:?}"));
        assert_eq!(tree.to_string(), right, "written in the plain form");
    }
}

#[test]
fn the_methodology_of_the_document_is_read() {
    let files = fenced("toml");
    assert_eq!(files.len(), 1);
    let methodology = read(&files[0]).unwrap_or_else(|findings| panic!("{findings:?}"));
    assert_eq!(methodology.id, "EXAMPLE");
}

#[test]
fn the_errors_of_the_document_are_those_of_the_parser() {
    let errors: Vec<String> = fenced("error");
    assert!(errors.len() >= 4);
    for block in errors {
        let (equation, expected) = block.split_once('\n').unwrap();
        let fault = syntax::parse(equation).expect_err(equation);
        let column = equation[..fault.span.start].chars().count() + 1;
        assert_eq!(format!("{column}: {}; {}", fault.message, fault.advice), expected);
    }
}

#[test]
fn the_limits_of_the_document_are_those_of_the_code() {
    for (name, value) in [
        ("bytes of a file", limits::FILE_BYTES_MAX),
        ("bytes of an equation", limits::EQUATION_BYTES_MAX),
        ("bytes of a symbol", limits::SYMBOL_BYTES_MAX),
        ("operations and operands of an equation", limits::NODES_MAX),
        ("parentheses, functions and signs inside one another", limits::DEPTH_MAX),
        ("indices of a symbol", limits::INDICES_MAX),
        ("parameters and equations", limits::SYMBOLS_MAX),
        ("largest exponent", limits::POWER_MAX as usize),
        ("operations for all members", limits::OPERATIONS_MAX),
        ("combinations tried", limits::COMBINATIONS_MAX),
        ("steps of the proof", limits::PROOF_STEPS_MAX),
        ("characters of a formula", limits::FORMULA_CHARACTERS_MAX),
    ] {
        let row =
            DOCUMENT.lines().find(|line| line.starts_with(&format!("| {name} "))).unwrap_or(name);
        assert!(row.contains(&format!("| {value} ")), "{row}: {value}");
    }
}
