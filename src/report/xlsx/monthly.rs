//! The sheet `Monthly`: what each channel gave, month by month, and each parameter's months as live formulae
//! over them; from here the totals of `MRS(input)` are summed.
//!
//! A formula stands only where it gives the engine's figure exactly in decimal arithmetic: amounts that are
//! sums of their channels up to a power of ten, and what stands on documents alone ([`papers`]). Means of channels
//! and other conversions stay figures. The months of channels and the documents may be changed, everything
//! else is protected.

use rust_xlsxwriter::{Workbook, XlsxError};

use super::papers;
use super::sheet::{Cell, Sheet};
use crate::domain::decimal::Decimal;
use crate::period::exact;
use crate::report::model::{Channel, Figure, Input, Month, Parameter, Report, Year};

const NAME: &str = "Monthly";

/// Rows above the first month, as a spreadsheet numbers them.
const HEAD_ROWS: u32 = 3;

/// Powers of ten that a unit of a channel may lie below or above that of its parameter.
const POWER_MAX: i32 = 9;

/// The columns of a month.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Column {
    Measured,
    Lowest,
    Highest,
}

impl Column {
    const ALL: [Self; 3] = [Self::Measured, Self::Lowest, Self::Highest];

    fn letter(self) -> char {
        match self {
            Self::Measured => 'D',
            Self::Lowest => 'E',
            Self::Highest => 'F',
        }
    }

    fn of(self, month: &Month) -> Option<&Figure> {
        match self {
            Self::Measured => month.measured.as_ref(),
            Self::Lowest => month.low.as_ref(),
            Self::Highest => month.high.as_ref(),
        }
    }
}

/// First row of the months of a parameter, as a spreadsheet numbers it.
fn row_of_parameter(report: &Report, index: usize) -> u32 {
    let before = report.parameters[..index].iter().map(|one| one.months.len()).sum::<usize>();
    HEAD_ROWS + 1 + before as u32
}

fn row_of_channel(report: &Report, index: usize) -> u32 {
    let before = report.channels[..index].iter().map(|one| one.months.len()).sum::<usize>();
    row_of_parameter(report, report.parameters.len()) + before as u32
}

fn row_of_papers(report: &Report) -> u32 {
    row_of_channel(report, report.channels.len())
}

/// The formula of a year's input over the months of its parameter; `None` where the months do not give
/// it exactly.
pub(super) fn total(report: &Report, year: &Year, input: &Input) -> Option<String> {
    let parameter = report.parameters.get(input.parameter)?;
    let is_whole_year = !input.is_history && input.members == members(parameter);
    if !is_whole_year {
        return None;
    }
    if !parameter.is_amount {
        return papers::mean(report, year, input, parameter, row_of_papers(report), NAME);
    }
    let first = row_of_parameter(report, input.parameter);
    let columns = match input.side.as_str() {
        "exact" | "lowest" => [Column::Lowest, Column::Measured],
        "highest" => [Column::Highest, Column::Measured],
        _ => return None,
    };
    let wanted = year.from.get(..4)?;
    let rows: Vec<(u32, &Month)> = (first..)
        .zip(&parameter.months)
        .filter(|(_, month)| month.month.get(..4) == Some(wanted))
        .collect();
    let (from, to) = (rows.first()?.0, rows.last()?.0);
    columns.into_iter().find_map(|column| {
        let values: Option<Vec<Decimal>> =
            rows.iter().map(|(_, month)| decimal(column.of(month)?)).collect();
        let is_exact = sum(&values?)? == decimal(&input.chosen)?;
        let letter = column.letter();
        is_exact.then(|| format!("SUM('{NAME}'!${letter}${from}:${letter}${to})"))
    })
}

/// The members of a parameter, from its label.
fn members(parameter: &Parameter) -> Vec<String> {
    match parameter.label.split_once('[') {
        Some((_, members)) => {
            members.trim_end_matches(']').split(", ").map(str::to_owned).collect()
        }
        None => Vec::new(),
    }
}

/// The formula of a parameter's month over the months of its channels; `None` where they do not give
/// it exactly.
fn month(report: &Report, parameter: &Parameter, at: usize, column: Column) -> Option<String> {
    let month = parameter.months.get(at)?;
    let figure = column.of(month)?;
    let wanted = decimal(figure)?;
    if parameter.channels.is_empty() {
        return papers::month(report, parameter, month, figure, row_of_papers(report));
    }
    if !parameter.is_amount {
        return None;
    }
    let mut cells = Vec::new();
    let mut values = Vec::new();
    for name in &parameter.channels {
        let index = report.channels.iter().position(|channel| channel.channel == *name)?;
        let channel: &Channel = &report.channels[index];
        values.push(decimal(column.of(channel.months.get(at)?)?)?);
        cells.push(format!("{}{}", column.letter(), row_of_channel(report, index) + at as u32));
    }
    let total = sum(&values)?;
    let scaled =
        |value: Decimal, power: i32| Decimal::new(value.coefficient(), value.exponent() + power);
    let power = power_of(parameter, report)?;
    if scaled(total, power).ok()? != wanted {
        return None;
    }
    let sum = cells.join("+");
    Some(match power {
        0 => sum,
        power if power < 0 => format!("({sum})/1{}", "0".repeat(power.unsigned_abs() as usize)),
        power => format!("({sum})*1{}", "0".repeat(power.unsigned_abs() as usize)),
    })
}

/// By what power of ten the units of a parameter's channels lie below its own: the one that turns what they
/// measured in the first month that is not zero into what the parameter has of it.
fn power_of(parameter: &Parameter, report: &Report) -> Option<i32> {
    let channels: Option<Vec<&Channel>> = parameter
        .channels
        .iter()
        .map(|name| report.channels.iter().find(|channel| channel.channel == *name))
        .collect();
    let channels = channels?;
    let mut months = parameter
        .months
        .iter()
        .enumerate()
        .flat_map(|(at, one)| Column::ALL.map(|column| (at, column, column.of(one))));
    months.find_map(|(at, column, figure)| {
        let wanted = decimal(figure?)?;
        let values: Option<Vec<Decimal>> =
            channels.iter().map(|one| decimal(column.of(one.months.get(at)?)?)).collect();
        let total = sum(&values?)?;
        if total.is_zero() {
            return None;
        }
        (-POWER_MAX..=POWER_MAX).find(|power| {
            Decimal::new(total.coefficient(), total.exponent() + power)
                .is_ok_and(|one| one == wanted)
        })
    })
}

fn decimal(figure: &Figure) -> Option<Decimal> {
    Decimal::parse(&figure.value).ok()
}

fn sum(values: &[Decimal]) -> Option<Decimal> {
    values.iter().try_fold(Decimal::ZERO, |sum, value| exact::add(sum, *value))
}

/// The sheet: parameters first, then channels.
pub(super) fn sheet(book: &mut Workbook, report: &Report) -> Result<(), XlsxError> {
    let widths = [40.0, 10.0, 12.0, 18.0, 18.0, 18.0, 12.0];
    let mut sheet = Sheet::new(book, NAME, &widths, report)?;
    sheet.protect();
    sheet.title(
        "Months: sums of amounts, means of states; months of channels and documents may be changed",
    )?;
    sheet.header(&["Of", "Unit", "Month", "Measured", "Lowest", "Highest", "Coverage %"])?;
    for parameter in &report.parameters {
        for (at, one) in parameter.months.iter().enumerate() {
            let mut cells: Vec<Cell<'_>> =
                vec![(&parameter.label).into(), (&parameter.unit).into(), (&one.month).into()];
            for column in Column::ALL {
                cells.push(match (month(report, parameter, at, column), column.of(one)) {
                    (Some(formula), Some(figure)) => Cell::Formula(format!("={formula}"), figure),
                    (_, figure) => figure.into(),
                });
            }
            cells.push((&one.coverage).into());
            sheet.line(&cells)?;
        }
    }
    for channel in &report.channels {
        for month in &channel.months {
            let mut cells: Vec<Cell<'_>> =
                vec![(&channel.channel).into(), (&channel.unit).into(), (&month.month).into()];
            let figures = Column::ALL.map(|column| column.of(month));
            cells.extend(figures.map(|figure| figure.map_or(Cell::Empty, Cell::Open)));
            cells.push((&month.coverage).into());
            sheet.line(&cells)?;
        }
    }
    // Documents: the value, and the days that it covers.
    for row in &papers::rows(report) {
        let figures = [Cell::Open(&row.value), Cell::Count(row.day_count)];
        let head = [row.label.into(), (&row.value.unit).into(), (&row.days).into()];
        sheet.line(&head.into_iter().chain(figures).collect::<Vec<Cell<'_>>>())?;
    }
    Ok(())
}
