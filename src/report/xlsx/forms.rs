//! The sheets of the monitoring spreadsheet: `MRS(input)`, `MRS(calc_process)`, `MSS`.

use std::collections::{BTreeMap, BTreeSet};

use rust_xlsxwriter::{Workbook, XlsxError};

use super::sheet::{Cell, Sheet};
use super::sums::Sums;
use crate::report::model::{Fixed, Input, Methodology, Parameter, Report, Step, Year};

/// The eleven columns of Table 1 of MRS(input).
const INPUT_COLUMNS: [&str; 11] = [
    "(a) Monitoring period",
    "(b) Monitoring point No.",
    "(c) Parameters",
    "(d) Description of data",
    "(e) Monitored Values",
    "(f) Units",
    "(g) Monitoring option",
    "(h) Source of data",
    "(i) Measurement methods and procedures",
    "(j) Monitoring frequency",
    "(k) Other comments",
];

/// Characters of a formula with its references (Excel specifications and limits).
const FORMULA_CHARACTERS_MAX: usize = 8_192;

/// The names of the sheets of a year.
pub(super) struct Names {
    pub input: String,
    pub calculation: String,
    /// Sheet of the sums that are too long for one cell.
    pub sums: String,
}

impl Names {
    /// `MRS(input)` where the period lies in one year, else `MRS(input)_2020`; those of a second
    /// methodology are `MRS(input)_2_2020`. A sheet's name has at most 31 characters.
    pub fn of(report: &Report, index: usize) -> Self {
        let year = &report.years[index];
        let of_methodology = |one: &&Year| one.methodology == year.methodology;
        let mut suffix = String::new();
        if report.methodologies.len() > 1 {
            let place = report.methodologies.iter().position(|one| one.name == year.methodology);
            suffix += &format!("_{}", place.unwrap_or(0) + 1);
        }
        if report.years.iter().filter(of_methodology).count() > 1 {
            suffix += &format!("_{}", year.year);
        }
        Self {
            input: format!("MRS(input){suffix}"),
            calculation: format!("MRS(calc_process){suffix}"),
            sums: format!("Sums{suffix}"),
        }
    }
}

/// Where a year's figures stand, by their labels: `EG` is `'MRS(input)'!$E$7`.
pub(super) type Cells = BTreeMap<String, String>;

fn header_line(report: &Report, methodologies: &[&Methodology]) -> String {
    let names: Vec<String> =
        methodologies.iter().map(|one| format!("{}_ver{}", one.id, one.version)).collect();
    let (names, reference) = (names.join(", "), &report.project.reference);
    format!("Monitoring Spreadsheet: {names}   Reference Number: {reference}")
}

/// MRS(input): what was monitored and what was fixed; gives the cells of both.
pub(super) fn input(
    book: &mut Workbook,
    report: &Report,
    index: usize,
    names: &Names,
) -> Result<Cells, XlsxError> {
    let year = &report.years[index];
    let widths = [24.0, 24.0, 16.0, 28.0, 24.0, 20.0, 12.0, 26.0, 34.0, 16.0, 44.0];
    let mut sheet = Sheet::new(book, &names.input, &widths, report)?;
    sheet.protect();
    sheet.title("Monitoring Report Sheet (Input Sheet) [For Verification]")?;
    let methodology: Vec<&Methodology> = report.methodology_of(year).into_iter().collect();
    sheet.section(&header_line(report, &methodology))?;
    sheet.note(&format!("Monitoring period {}", report.period.words))?;
    sheet.skip();
    let mut cells = Cells::new();
    sheet.section("Table 1: Parameters monitored ex post")?;
    sheet.header(&INPUT_COLUMNS)?;
    for input in &year.inputs {
        let Some(plan) = report.parameters.get(input.parameter) else { continue };
        cells.insert(input.label.clone(), format!("'{}'!$E${}", names.input, sheet.next_row()));
        // From the months of the parameter where they give the value exactly, else a figure to be changed.
        let value = match super::monthly::total(report, year, input) {
            Some(formula) => Cell::Formula(format!("={formula}"), &input.chosen),
            None => Cell::Open(&input.chosen),
        };
        sheet.line(&[
            (&year.form).into(),
            (&plan.point).into(),
            (&input.label).into(),
            (&plan.description).into(),
            value,
            format!("{}/p", plan.unit).into(),
            (&plan.option).into(),
            (&plan.source).into(),
            (&plan.method).into(),
            (&plan.frequency).into(),
            comments(input, plan).into(),
        ])?;
    }
    if !year.categories.is_empty() {
        sheet.skip();
        sheet.section("Categories monitored ex post")?;
        sheet.header(&["Parameter", "Category"])?;
        for category in &year.categories {
            let place = format!("'{}'!$B${}", names.input, sheet.next_row());
            cells.insert(category.label.clone(), place);
            let name = category.category.as_deref().unwrap_or("not known");
            sheet.line(&[(&category.label).into(), name.into()])?;
        }
    }
    sheet.skip();
    sheet.section("Table 2: Project-specific parameters fixed ex ante")?;
    sheet.header(&[
        "(a) Parameters",
        "(b) Description of data",
        "(c) Estimated Values",
        "(d) Units",
        "(e) Source of data",
        "(f) Other comments",
    ])?;
    for fixed in report.fixed.iter().filter(|one| one.methodology == year.methodology) {
        cells.insert(fixed.label.clone(), format!("'{}'!$C${}", names.input, sheet.next_row()));
        let confirmed = match &fixed.confirmed {
            Some(confirmed) => format!("confirmed: {confirmed}"),
            None => "sample value, not confirmed".to_owned(),
        };
        sheet.line(&[
            (&fixed.label).into(),
            (&fixed.description).into(),
            Cell::Open(&fixed.value),
            (&fixed.value.unit).into(),
            (&fixed.source).into(),
            joined(&[&confirmed, &fixed.comments]).into(),
        ])?;
    }
    sheet.skip();
    sheet.section("Table 3: Ex-post calculation of CO2 emission reductions")?;
    sheet.header(&["Monitoring period", "CO2 emission reductions", "Units"])?;
    let er = calculation_cell(names, 0);
    let formula = format!("=MAX(0,INT({er})+({}))", year.carried_in.value);
    let claimed = Cell::Formula(formula, &year.claimed);
    sheet.line(&[(&year.form).into(), claimed, "tCO2/p".into()])?;
    sheet.skip();
    sheet.section("Monitoring option")?;
    for (option, meaning) in [
        ("A", "public data measured by entities other than the project participants"),
        ("B", "amount of transaction measured with measuring equipment (such as invoices)"),
        ("C", "actual measurement with measuring equipment (measured values)"),
    ] {
        sheet.note(&format!("Option {option}: {meaning}"))?;
    }
    Ok(cells)
}

/// What stands beside a monitored value: how it was taken where it is not known exactly.
fn comments(input: &Input, plan: &Parameter) -> String {
    let unit = &plan.unit;
    let measured = match &input.measured {
        Some(measured) => format!("measured {} {unit}", measured.value),
        None => "nothing measured".to_owned(),
    };
    let bound = |figure: &Option<crate::report::model::Figure>| {
        figure.as_ref().map_or("unknown".to_owned(), |figure| figure.value.clone())
    };
    let taken = match input.side.as_str() {
        "exact" => String::new(),
        side => format!(
            "{measured}, covering {} % of the time; lowest {}, highest {} {unit}; taken: {side}, \
             where ER is lowest",
            input.coverage.shown,
            bound(&input.low),
            bound(&input.high)
        ),
    };
    joined(&[&plan.comments, &taken])
}

fn joined(parts: &[&str]) -> String {
    let parts: Vec<&str> = parts.iter().copied().filter(|part| !part.is_empty()).collect();
    parts.join("; ")
}

/// First row of the results in MRS(calc_process), as a spreadsheet numbers it; ER, RE, PE follow.
const RESULT_ROW: u32 = 6;

fn calculation_cell(names: &Names, offset: u32) -> String {
    format!("'{}'!$B${}", names.calculation, RESULT_ROW + offset)
}

/// MRS(calc_process): every step as a live formula on the cells of MRS(input), with the engine's
/// value in full precision beside it.
pub(super) fn calculation(
    book: &mut Workbook,
    report: &Report,
    index: usize,
    names: &Names,
    mut cells: Cells,
) -> Result<(Cells, Sums), XlsxError> {
    let year = &report.years[index];
    let widths = [44.0, 20.0, 14.0, 22.0, 64.0, 40.0];
    let mut sheet = Sheet::new(book, &names.calculation, &widths, report)?;
    sheet.protect();
    sheet.title("Monitoring Report Sheet (Calculation Process Sheet) [For Verification]")?;
    let methodology: Vec<&Methodology> = report.methodology_of(year).into_iter().collect();
    sheet.section(&header_line(report, &methodology))?;
    let fixed_values: Vec<&Fixed> =
        report.fixed.iter().filter(|one| one.methodology == year.methodology).collect();
    sheet.section("1. Calculations for emission reductions")?;
    let columns =
        ["Item", "Value", "Units", "Parameter", "Equation", "Value of the engine, full precision"];
    sheet.header(&columns)?;
    let (reference, project, rest) = sections(year);
    let plan = Layout::of(year, fixed_values.len(), &reference, &project, &rest);
    for (label, row) in plan.steps {
        cells.insert(label, format!("'{}'!$B${row}", names.calculation));
    }
    let mut sums = Sums::default();
    for name in ["ER", "RE", "PE"] {
        if let Some(step) = year.steps.iter().find(|step| step.label == name) {
            sheet.line(&step_line(step, &cells, &mut sums, names))?;
        }
    }
    let er = cells.get("ER").cloned().unwrap_or_default();
    let floored = Cell::Formula(format!("=INT({er})"), &year.floored);
    let value = &year.floored.value;
    let item = "Emission reductions rounded down";
    sheet.line(&[item.into(), floored, "tCO2e/p".into(), "".into(), "".into(), value.into()])?;
    sheet.skip();
    sheet.section("2. Selected default values, etc.")?;
    sheet.header(&columns)?;
    for fixed in &fixed_values {
        let cell = cells.get(&fixed.label).cloned().unwrap_or_default();
        sheet.line(&[
            (&fixed.description).into(),
            Cell::Formula(format!("={cell}"), &fixed.value),
            (&fixed.value.unit).into(),
            (&fixed.label).into(),
            (&fixed.source).into(),
            (&fixed.value.value).into(),
        ])?;
    }
    for (title, steps) in [
        ("3. Calculations for reference emissions", &reference),
        ("4. Calculations of the project emissions", &project),
        ("5. Further steps", &rest),
    ] {
        if steps.is_empty() {
            continue;
        }
        sheet.skip();
        sheet.section(title)?;
        sheet.header(&columns)?;
        for step in steps {
            sheet.line(&step_line(&year.steps[*step], &cells, &mut sums, names))?;
        }
    }
    sheet.skip();
    sheet.note("A spreadsheet computes in binary floats; where it and the engine differ, the value of the engine counts.")?;
    Ok((cells, sums))
}

fn step_line<'a>(step: &'a Step, cells: &Cells, sums: &mut Sums, names: &Names) -> [Cell<'a>; 6] {
    let value = match live(step, cells, sums, names) {
        Some(formula) => Cell::Formula(format!("={formula}"), &step.value),
        None => Cell::Figure(&step.value),
    };
    [
        (&step.description).into(),
        value,
        per_period(&step.value.unit).into(),
        (&step.label).into(),
        (&step.equation).into(),
        (&step.value.value).into(),
    ]
}

/// The step's formula over cells, its long sums over columns of their own; `None` when something that it
/// names has no cell.
fn live(step: &Step, cells: &Cells, sums: &mut Sums, names: &Names) -> Option<String> {
    let mut terms = Vec::new();
    for sum in &step.sums {
        let resolved: Option<Vec<String>> = sum.iter().map(|term| resolve(term, cells)).collect();
        terms.push(resolved?);
    }
    let mut formula = step.formula.clone();
    for (number, terms) in (1..).zip(terms) {
        let range = sums.add(&names.sums, &step.label, terms)?;
        formula = formula.replace(&format!("{{#{number}}}"), &range);
    }
    let formula = resolve(&formula, cells)?;
    (formula.chars().count() <= FORMULA_CHARACTERS_MAX).then_some(formula)
}

/// Emissions are per period; a ratio on the way to them is not.
fn per_period(unit: &str) -> String {
    if unit.starts_with("tCO2") && !unit.contains('/') {
        format!("{unit}/p")
    } else {
        unit.to_owned()
    }
}

/// The formula with its `{label}`s replaced by cells; `None` when one has no cell.
fn resolve(formula: &str, cells: &Cells) -> Option<String> {
    if formula.is_empty() {
        return None;
    }
    let mut resolved = String::new();
    let mut rest = formula;
    while let Some((before, after)) = rest.split_once('{') {
        let (label, after) = after.split_once('}')?;
        resolved.push_str(before);
        resolved.push_str(cells.get(label)?);
        rest = after;
    }
    resolved.push_str(rest);
    Some(resolved)
}

/// The labels that a step's formula and long sums name.
fn labels(step: &Step) -> impl Iterator<Item = &str> {
    let formulae = std::iter::once(&step.formula).chain(step.sums.iter().flatten());
    formulae
        .flat_map(|formula| formula.split('{').skip(1))
        .filter_map(|part| part.split_once('}'))
        .map(|(label, _)| label)
        .filter(|label| !label.starts_with('#'))
}

/// The steps that RE stands on, those that only PE stands on, and the others; without RE, PE and ER.
fn sections(year: &Year) -> (Vec<usize>, Vec<usize>, Vec<usize>) {
    let reference = beneath(year, "RE");
    let project = beneath(year, "PE");
    let mut sections = (Vec::new(), Vec::new(), Vec::new());
    for (index, step) in year.steps.iter().enumerate() {
        if matches!(step.label.as_str(), "RE" | "PE" | "ER") {
            continue;
        }
        if reference.contains(&step.label) {
            sections.0.push(index);
        } else if project.contains(&step.label) {
            sections.1.push(index);
        } else {
            sections.2.push(index);
        }
    }
    sections
}

/// The labels that a step stands on, itself left out.
fn beneath(year: &Year, label: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut open = vec![label.to_owned()];
    while let Some(label) = open.pop() {
        let Some(step) = year.steps.iter().find(|step| step.label == label) else { continue };
        for label in labels(step) {
            if found.insert(label.to_owned()) {
                open.push(label.to_owned());
            }
        }
    }
    found
}

/// The row of each step in MRS(calc_process), as a spreadsheet numbers it.
struct Layout {
    steps: Vec<(String, u32)>,
}

impl Layout {
    fn of(
        year: &Year,
        fixed_count: usize,
        reference: &[usize],
        project: &[usize],
        rest: &[usize],
    ) -> Self {
        let mut steps = Vec::new();
        let mut row = RESULT_ROW;
        for name in ["ER", "RE", "PE"] {
            if year.steps.iter().any(|step| step.label == name) {
                steps.push((name.to_owned(), row));
                row += 1;
            }
        }
        // ER rounded down, an empty row, the title and header of section 2, its values.
        row += 4 + fixed_count as u32;
        for section in [reference, project, rest] {
            if section.is_empty() {
                continue;
            }
            row += 3;
            for index in section {
                steps.push((year.steps[*index].label.clone(), row));
                row += 1;
            }
        }
        Self { steps }
    }
}

/// MSS: posts and their roles.
pub(super) fn structure(book: &mut Workbook, report: &Report) -> Result<(), XlsxError> {
    let mut sheet = Sheet::new(book, "MSS", &[36.0, 90.0], report)?;
    sheet.title("Monitoring Structure Sheet")?;
    let methodologies: Vec<&Methodology> = report.methodologies.iter().collect();
    sheet.section(&header_line(report, &methodologies))?;
    sheet.skip();
    sheet.header(&["Responsible personnel", "Role"])?;
    for post in &report.project.posts {
        sheet.line(&[(&post.post).into(), (&post.role).into()])?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_formula_is_live_only_when_all_its_labels_have_cells() {
        let cells = Cells::from([("EG[a]".to_owned(), "'MRS(input)'!$E$7".to_owned())]);
        assert_eq!(resolve("{EG[a]}*2", &cells).as_deref(), Some("'MRS(input)'!$E$7*2"));
        assert_eq!(resolve("{EG[a]}*{EF}", &cells), None);
        assert_eq!(resolve("", &cells), None);
    }
}
