//! Tables over pages: widths from what the columns hold, the head again on every page, a row that is
//! higher than a page broken between its lines.

use super::flow::{Flow, Kind, LEADING, NodeId, SIDE, Shape, WIDTH};
use super::fonts::Face;
use super::paragraph::{Colour, INK, Line, Look, SOFT, Stretch, lines, stretches, widths};
use super::shape::Shaper;
use crate::report::chapter::block::{Span, Table};

const PAD: f32 = 3.0;
/// Behind a number, so that it keeps off the words of the next column.
const BEHIND_NUMBER: f32 = 7.0;
const HEAD: Colour = (0xe3, 0xeb, 0xf2);
const RULE: Colour = (0xd5, 0xdb, 0xe1);
/// No word asks for more of a row than this, in points; longer ones are broken.
const WORD_MAX: f32 = 96.0;

/// A table, below a node.
pub(super) fn table(flow: &mut Flow, shaper: &mut Shaper<'_>, table: &Table, parent: NodeId) {
    let size = match table.columns.len() {
        0..=5 => 8.5,
        6..=7 => 7.5,
        _ => 6.6,
    };
    let look = Look::new(Face::Plain, size, INK);
    let bold = Look { face: Face::Bold, ..look };
    let names: Vec<Vec<Stretch>> = table
        .columns
        .iter()
        .map(|column| stretches(shaper, &[Span::Text(column.name.clone())], bold))
        .collect();
    let cells: Vec<Vec<Vec<Stretch>>> = table
        .rows
        .iter()
        .map(|row| row.iter().map(|cell| stretches(shaper, cell, look)).collect())
        .collect();
    let is_number: Vec<bool> = table.columns.iter().map(|column| column.is_number).collect();
    let columns = columns(&names, &cells, &is_number);
    let mut set = |row: &[Vec<Stretch>]| -> Vec<Vec<Line>> {
        let cells = row.iter().zip(columns.iter().zip(&is_number));
        cells
            .map(|(cell, ((_, width), number))| lines(shaper, cell, width - PAD - behind(*number)))
            .collect()
    };
    let head = set(&names);
    let rows: Vec<Vec<Vec<Line>>> = cells.iter().map(|row| set(row)).collect();
    let mut writer = Writer { is_number, columns, head, size };
    let node = flow.node(parent, Kind::Table);
    let first = rows.first().map_or(0.0, |row| writer.height(row));
    let start = size * LEADING * 2.0 + writer.height(&writer.head) + first.min(120.0);
    flow.need(start);
    let caption = flow.node(node, Kind::Caption);
    let words = [Span::Text(table.caption.clone())];
    flow.text(shaper, &words, Look::new(Face::Plain, 8.5, SOFT), caption);
    flow.skip(1.0);
    let head_node = flow.node(node, Kind::Head);
    let row_node = flow.node(head_node, Kind::Row);
    writer.head(flow, Some(row_node));
    let body = flow.node(node, Kind::Body);
    for row in &rows {
        writer.row(flow, row, body);
    }
    flow.skip(10.0);
}

struct Writer {
    /// Left edge and width of each column.
    columns: Vec<(f32, f32)>,
    is_number: Vec<bool>,
    head: Vec<Vec<Line>>,
    size: f32,
}

impl Writer {
    fn height(&self, row: &[Vec<Line>]) -> f32 {
        let most = row.iter().map(Vec::len).max().unwrap_or(1).max(1);
        most as f32 * self.size * LEADING + 2.0 * PAD
    }

    /// The head; without a node where it is a repetition.
    fn head(&self, flow: &mut Flow, node: Option<NodeId>) {
        let height = self.height(&self.head);
        let size = (WIDTH, height);
        let y = flow.y;
        flow.mark((SIDE, y), None, Shape::Box { size, fill: Some(HEAD), stroke: None });
        for (column, lines) in self.head.iter().enumerate() {
            let cell = node.map(|row| flow.node(row, Kind::ColumnHead));
            self.cell(flow, column, lines, cell);
        }
        flow.skip(height);
    }

    fn cell(&self, flow: &mut Flow, column: usize, lines: &[Line], node: Option<NodeId>) {
        let (left, width) = self.columns[column];
        let top = flow.y + PAD;
        for (index, line) in lines.iter().enumerate() {
            let x = match self.is_number[column] {
                true => left + width - BEHIND_NUMBER - line.width,
                false => left + PAD,
            };
            let y = top + index as f32 * self.size * LEADING;
            flow.line((x, y), self.size, line, node);
        }
    }

    fn row(&mut self, flow: &mut Flow, row: &[Vec<Line>], body: NodeId) {
        let node = flow.node(body, Kind::Row);
        let nodes: Vec<NodeId> = (0..row.len())
            .map(|index| flow.node(node, if index == 0 { Kind::RowHead } else { Kind::Cell }))
            .collect();
        let line = self.size * LEADING;
        let most = row.iter().map(Vec::len).max().unwrap_or(1).max(1);
        let mut done = 0;
        while done < most {
            let left = most - done;
            let fitting = ((flow.room() - 2.0 * PAD) / line).floor().max(0.0) as usize;
            // A row stays together where a page can hold it.
            let page = super::flow::PAGE.1 - super::flow::TOP - super::flow::BOTTOM;
            let holds = left as f32 * line + 2.0 * PAD + self.height(&self.head) <= page;
            if fitting < left && (holds || fitting == 0) {
                flow.new_page();
                self.head(flow, None);
                continue;
            }
            let count = left.min(fitting);
            for (column, lines) in row.iter().enumerate() {
                let from = done.min(lines.len());
                let to = (done + count).min(lines.len());
                self.cell(flow, column, &lines[from..to], Some(nodes[column]));
            }
            done += count;
            flow.skip(count as f32 * line + 2.0 * PAD);
        }
        let y = flow.y;
        flow.rule((SIDE, y), (SIDE + WIDTH, y), RULE, 0.5);
    }
}

fn behind(is_number: bool) -> f32 {
    if is_number { BEHIND_NUMBER } else { PAD }
}

/// Left edge and width of each column: every word whole where there is room, the rest shared by what the
/// columns would take on one line.
fn columns(
    names: &[Vec<Stretch>],
    rows: &[Vec<Vec<Stretch>>],
    is_number: &[bool],
) -> Vec<(f32, f32)> {
    let mut least = vec![0.0_f32; names.len()];
    let mut most = vec![0.0_f32; names.len()];
    for row in std::iter::once(names).chain(rows.iter().map(Vec::as_slice)) {
        for (column, cell) in row.iter().enumerate().take(names.len()) {
            let (narrow, wide) = widths(cell);
            let pad = PAD + behind(is_number[column]) + 0.5;
            least[column] = least[column].max(narrow.min(WORD_MAX) + pad);
            most[column] = most[column].max(wide.min(3.0 * WIDTH) + pad);
        }
    }
    let (least_sum, most_sum): (f32, f32) = (least.iter().sum(), most.iter().sum());
    let mut widths: Vec<f32> = if most_sum <= WIDTH {
        most.clone()
    } else if least_sum >= WIDTH {
        least.iter().map(|one| one * WIDTH / least_sum).collect()
    } else {
        // By the root, so that one long text does not starve the others.
        let wish: Vec<f32> =
            least.iter().zip(&most).map(|(least, most)| (most - least).max(0.0).sqrt()).collect();
        let wishes = wish.iter().sum::<f32>().max(f32::EPSILON);
        let rest = WIDTH - least_sum;
        least.iter().zip(&wish).map(|(least, wish)| least + rest * wish / wishes).collect()
    };
    // What is left over goes to the columns of words where there are several, else to all.
    let rest = WIDTH - widths.iter().sum::<f32>();
    let words: Vec<usize> = (0..widths.len()).filter(|one| !is_number[*one]).collect();
    let takers = if words.len() < 2 { (0..widths.len()).collect() } else { words };
    for taker in &takers {
        widths[*taker] += rest / takers.len() as f32;
    }
    let mut left = SIDE;
    let mut columns = Vec::new();
    for width in widths {
        columns.push((left, width));
        left += width;
    }
    columns
}
