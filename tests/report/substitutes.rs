//! A submission was sent back for a substitute on the wrong side: what stands for a missing value lies
//! where ER is lowest, whichever way the value enters.

use mrv::domain::flag::{Code, Severity};

use crate::fixture::{ENGINE_PLAN, Project};
use crate::methodologies::ENGINE_METHODOLOGY;

/// The engine with a day of one of its meters missing.
fn without(missing: &str) -> mrv::period::Statement {
    let mut project = Project::new(ENGINE_PLAN, ENGINE_METHODOLOGY);
    for channel in ["s/engine/EG", "s/engine/EC"] {
        let mut rows = project.whole(channel, "2022-01-01", "2022-02-01", 310_000_000_000);
        if channel == missing {
            rows.drain(96 * 10..96 * 11);
        }
        project.measure(channel, rows);
    }
    project.state("2022-01-01", "2022-01-31").unwrap()
}

#[test]
fn substitute_on_the_wrong_side() {
    // 1 MW for 24 hours on either side of what was measured.
    for (missing, label, side, counts) in
        [("s/engine/EG", "EG", "lowest", "300"), ("s/engine/EC", "EC", "highest", "324")]
    {
        let statement = without(missing);
        let year = &statement.years[0];
        let input = year.inputs.iter().find(|one| one.symbol == label).unwrap();
        assert_eq!((input.side(), input.chosen.to_string().as_str()), (side, counts), "{label}");
        let found = statement.findings.iter().filter(|one| one.code == Code::Subst);
        let found: Vec<_> = found.collect();
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!(found[0].severity, Severity::Info);
        let message = &found[0].message;
        assert!(message.starts_with(&format!("{label} 2022: 24.00 h Z")), "{message}");
        assert!(
            message.contains(&format!("taken at {counts} MWh between 300 and 324")),
            "{message}"
        );
        // The other side would have claimed more, and the log of gaps says by how much.
        let doubt = &statement.doubts[0];
        assert_eq!(doubt.cost.to_string(), "12");
        let gaps: Vec<_> = statement.gaps.iter().filter(|gap| gap.label == label).collect();
        assert_eq!(gaps.len(), 1);
        assert_eq!(gaps[0].cost.map(|cost| cost.to_string()).as_deref(), Some("12"));
    }
}

#[test]
fn nothing_missing_needs_no_substitute() {
    let statement = without("none");
    assert!(statement.gaps.is_empty());
    assert!(statement.findings.iter().all(|one| one.code != Code::Subst));
}
