//! Laid out pages as the bytes of a PDF: drawn, tagged, with outline and links.

use std::collections::BTreeMap;
use std::num::NonZeroU16;

use krilla::Document;
use krilla::SerializeSettings;
use krilla::annotation::{Annotation, LinkAnnotation, Target};
use krilla::color::rgb;
use krilla::destination::{Destination, XyzDestination};
use krilla::geom::{PathBuilder, Point, Rect};
use krilla::metadata::Metadata;
use krilla::num::NormalizedF32;
use krilla::outline::{Outline, OutlineNode};
use krilla::page::PageSettings;
use krilla::paint::{Fill, Stroke};
use krilla::surface::Surface;
use krilla::tagging::{
    Artifact, ArtifactType, ContentTag, Identifier, SpanTag, TableHeaderScope, Tag, TagGroup,
    TagKind, TagTree,
};

use super::PdfFault;
use super::flow::{Entry, Kind, Mark, Node, NodeId, PAGE, Shape, Sheet};
use super::fonts::Fonts;
use super::paragraph::Colour;

/// A document that is laid out.
pub(super) struct Laid {
    pub title: String,
    pub subject: String,
    /// BCP 47.
    pub language: &'static str,
    pub sheets: Vec<Sheet>,
    pub nodes: Vec<Node>,
    pub entries: Vec<Entry>,
}

/// The bytes of the document: the same for the same layout and fonts.
pub(super) fn emit(laid: Laid, fonts: &Fonts) -> Result<Vec<u8>, PdfFault> {
    let mut document = Document::new_with(SerializeSettings::default());
    let mut identifiers: BTreeMap<NodeId, Vec<Identifier>> = BTreeMap::new();
    let settings =
        PageSettings::from_wh(PAGE.0, PAGE.1).ok_or(PdfFault::Write("page size".to_owned()))?;
    for sheet in &laid.sheets {
        let mut page = document.start_page_with(settings.clone());
        for ([x, y, width, height], target, target_y) in &sheet.links {
            if let Some(area) = Rect::from_xywh(*x, *y, *width, *height) {
                let place = XyzDestination::new(*target, Point::from_xy(0.0, *target_y));
                let target = Target::Destination(Destination::Xyz(place));
                page.add_annotation(Annotation::from(LinkAnnotation::new(area, target)));
            }
        }
        let mut surface = page.surface();
        for marks in sheet.marks.chunk_by(|one, next| one.node == next.node) {
            match marks[0].node {
                Some(node) => {
                    let identifier = surface.start_tagged(ContentTag::Span(SpanTag::empty()));
                    identifiers.entry(node).or_default().push(identifier);
                }
                None => {
                    let artifact = Artifact::with_kind(ArtifactType::Other);
                    surface.start_tagged(ContentTag::Artifact(artifact));
                }
            }
            marks.iter().for_each(|mark| draw(&mut surface, mark, fonts));
            surface.end_tagged();
        }
        surface.finish();
        page.finish();
    }
    document.set_outline(outline(&laid.entries));
    let mut tree = TagTree::new().with_lang(Some(laid.language.to_owned()));
    for child in laid.nodes.first().map_or(&[][..], |root| &root.children) {
        tree.push(group(&laid.nodes, *child, &mut identifiers));
    }
    document.set_tag_tree(tree);
    let metadata = Metadata::new()
        .title(laid.title)
        .description(laid.subject)
        .language(laid.language.to_owned())
        .creator("mrv".to_owned());
    document.set_metadata(metadata);
    document.finish().map_err(|error| PdfFault::Write(error.to_string()))
}

fn paint(colour: Colour) -> rgb::Color {
    rgb::Color::new(colour.0, colour.1, colour.2)
}

fn fill(colour: Colour) -> Fill {
    Fill { paint: paint(colour).into(), opacity: NormalizedF32::ONE, ..Fill::default() }
}

fn stroke(colour: Colour, width: f32) -> Stroke {
    Stroke { paint: paint(colour).into(), width, ..Stroke::default() }
}

fn draw(surface: &mut Surface<'_>, mark: &Mark, fonts: &Fonts) {
    let (x, y) = mark.at;
    match &mark.shape {
        Shape::Text { piece, look } => {
            surface.set_stroke(None);
            surface.set_fill(Some(fill(look.colour)));
            let mut x = x;
            for run in &piece.runs {
                if let Some(loaded) = fonts.loaded(run.font) {
                    let (at, font) = (Point::from_xy(x, y), loaded.font.clone());
                    surface.draw_glyphs(at, &run.glyphs, font, &run.text, look.size, false);
                }
                x += run.width * look.size;
            }
        }
        Shape::Box { size, fill: inside, stroke: edge } => {
            let Some(area) = Rect::from_xywh(x, y, size.0.max(0.01), size.1.max(0.01)) else {
                return;
            };
            let mut path = PathBuilder::new();
            path.push_rect(area);
            surface.set_fill(inside.map(fill));
            surface.set_stroke(edge.map(|colour| stroke(colour, 0.7)));
            if let Some(path) = path.finish() {
                surface.draw_path(&path);
            }
        }
        Shape::Line { points, stroke: colour, width } => {
            let mut path = PathBuilder::new();
            for (index, (dx, dy)) in points.iter().enumerate() {
                match index {
                    0 => path.move_to(x + dx, y + dy),
                    _ => path.line_to(x + dx, y + dy),
                }
            }
            surface.set_fill(None);
            surface.set_stroke(Some(stroke(*colour, *width)));
            if let Some(path) = path.finish() {
                surface.draw_path(&path);
            }
        }
    }
}

fn outline(entries: &[Entry]) -> Outline {
    let node = |entry: &Entry| {
        let place = XyzDestination::new(entry.page, Point::from_xy(0.0, (entry.y - 8.0).max(0.0)));
        OutlineNode::new(entry.title.clone(), place)
    };
    let mut outline = Outline::new();
    let mut open: Option<OutlineNode> = None;
    for entry in entries {
        match (&mut open, entry.level) {
            (Some(chapter), 2) => chapter.push_child(node(entry)),
            _ => {
                if let Some(done) = open.replace(node(entry)) {
                    outline.push_child(done);
                }
            }
        }
    }
    if let Some(last) = open {
        outline.push_child(last);
    }
    outline
}

fn group(
    nodes: &[Node],
    id: NodeId,
    identifiers: &mut BTreeMap<NodeId, Vec<Identifier>>,
) -> TagGroup {
    let node = &nodes[id];
    let mut group = TagGroup::new(tag(&node.kind));
    for identifier in identifiers.remove(&id).unwrap_or_default() {
        group.push(identifier);
    }
    for child in &node.children {
        group.push(self::group(nodes, *child, identifiers));
    }
    group
}

fn tag(kind: &Kind) -> TagKind {
    match kind {
        Kind::Root | Kind::Section => Tag::Section.into(),
        Kind::Heading(level, title) => {
            let level = NonZeroU16::new(*level).unwrap_or(NonZeroU16::MIN);
            Tag::Hn(level, Some(title.clone())).into()
        }
        Kind::Paragraph => Tag::P.into(),
        Kind::Table => Tag::Table.into(),
        Kind::Caption => Tag::Caption.into(),
        Kind::Head => Tag::THead.into(),
        Kind::Body => Tag::TBody.into(),
        Kind::Row => Tag::TR.into(),
        Kind::ColumnHead => Tag::TH(TableHeaderScope::Column).into(),
        Kind::RowHead => Tag::TH(TableHeaderScope::Row).into(),
        Kind::Cell => Tag::TD.into(),
        Kind::Figure(title) => Tag::Figure(Some(title.clone())).into(),
    }
}
