//! Figures opened, from a bundle and from the folder: the same tree, down to the bytes.

mod sealed;

use std::path::Path;
use std::process::Command;

use mrv::report::explain::{Kind, Node, Source, explain, render};

use sealed::{FROM, PROJECT, TO, sealed};

fn all<'a>(nodes: &'a [Node], found: &mut Vec<&'a Node>) {
    for node in nodes {
        found.push(node);
        all(&node.children, found);
    }
}

fn mrv(folder: &Path, arguments: &[&str]) -> (i32, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_mrv"))
        .args(arguments)
        .current_dir(folder)
        .output()
        .unwrap();
    let said = if output.status.success() { output.stdout } else { output.stderr };
    (output.status.code().unwrap(), String::from_utf8(said).unwrap())
}

#[test]
fn a_figure_opens_down_to_the_bytes_that_a_meter_sent() {
    let kept = sealed(40);
    let folder = kept.folder.path();
    let mut source = Source::of_folder(&kept.layout, &kept.id, Some(2026), None, folder).unwrap();
    let explanation = explain(&mut source, "ER.2025").unwrap();
    let mut nodes = Vec::new();
    all(&explanation.nodes, &mut nodes);
    let of = |kind: Kind| nodes.iter().filter(|node| node.kind == kind).count();
    for kind in [
        Kind::Figure,
        Kind::Equation,
        Kind::Fixed,
        Kind::Input,
        Kind::Channel,
        Kind::Interval,
        Kind::Reading,
        Kind::Document,
        Kind::Message,
        Kind::Proof,
    ] {
        assert!(of(kind) > 0, "{kind:?}");
    }
    // Both methodologies of the year, each with its equations and their numbers.
    assert_eq!(of(Kind::Figure), 2);
    let text = render::tree(&explanation);
    for part in [
        "MRV_PV_F1 2025",
        "EG[roof]",
        "bridged by the register (T)",
        "a photo of the display: 30.5",
        "hashes to the root",
        "more in doubt, counted above",
        "\"EG\":\"",
    ] {
        assert!(text.contains(part), "{part}\n{text}");
    }
    let page = render::page(&explanation);
    assert!(page.contains("<details open>") && !page.contains("http"), "it stands alone");
    // Every proof leads to the root that was sealed.
    assert_eq!(explanation.log_root, kept.seal.log_root);

    let (code, said) = mrv(folder, &["bundle", PROJECT, FROM, TO, "--out", "bundle.zip"]);
    assert_eq!(code, 0, "{said}");
    let (code, said) = mrv(folder, &["explain", "bundle.zip", "ER.2025", "--json"]);
    assert_eq!(code, 0, "{said}");
    let ours = serde_json::to_string_pretty(&explanation).unwrap();
    assert!(said.trim_end() == ours, "the bundle opens as the folder does");

    let (code, said) =
        mrv(folder, &["explain", PROJECT, "MRV_PV_F1:EG[roof].2026", "--html", "e.html"]);
    assert_eq!(code, 0, "{said}");
    assert!(std::fs::read_to_string(folder.join("e.html")).unwrap().contains("EG[roof]"));
    let (code, said) = mrv(folder, &["explain", "bundle.zip", "XX.2025"]);
    assert_eq!(code, 2, "{said}");
    assert!(said.contains("it has COP_PJ"), "{said}");
    let (code, said) = mrv(folder, &["explain", PROJECT, "ER.2031"]);
    assert_eq!(code, 2, "{said}");
    assert!(said.contains("--from"), "{said}");
}
