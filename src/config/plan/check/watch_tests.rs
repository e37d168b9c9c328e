//! What a plan says for the checks, right and wrong, each with its place and advice.

use crate::config::plan::Plan;
use crate::domain::flag::Code;

const RIGHT: &str = r#"mrv_plan = 1
project = "demo"
number = 1
valid_from = "2025-01-01T00:00:00+07:00"

[registered]
title = "t"
country = "TH"
pdd_version = "1"
methodology = "M"
zone = "Asia/Bangkok"
crediting = { from = "2025-01-01", to = "2034-12-31" }

[[registered.check_meter]]
main = "roof/m1/EG"
check = "roof/m2/EG"

[[registered.sum]]
main = "roof/m1/EG"
parts = ["roof/m2/EG", "roof/m3/EG"]
tolerance_percent = "1.5"

[[registered.balance]]
name = "engine"
output = ["roof/m1/EG"]
input = ["roof/gas/V"]
per_input = "9.97"
low_percent = "25"
high_percent = "45"

[checks.V-SPIKE]
k = 4

[[site]]
id = "roof"
latitude = "13.75"
longitude = "100.5"

[[exclusion]]
channel = "roof/m1/EG"
from = "2025-02-01T00:00:00+07:00"
to = "2025-02-02T00:00:00+07:00"
reason = "fuse"

[ex_ante_reason]
2025 = "a second array"

[[channel]]
id = "roof/m1/EG"
kind = "register"
unit = "kWh"
class = "0.5S"
solar = true
decimals = 1
clipping = "99 kWh"
[channel.checks.V-SPIKE]
window = 9

[[channel]]
id = "roof/m2/EG"
kind = "register"
unit = "MWh"
class = "C"

[[channel]]
id = "roof/m3/EG"
kind = "register"
unit = "kWh"

[[channel]]
id = "roof/gas/V"
kind = "register"
unit = "m3"
"#;

fn found(text: &str) -> Vec<String> {
    match Plan::parse("p.toml", text) {
        Ok(_) => Vec::new(),
        Err(found) => found.iter().map(ToString::to_string).collect(),
    }
}

#[test]
fn a_right_plan_says_what_it_says() {
    let plan = Plan::parse("p.toml", RIGHT).unwrap();
    let meter = plan.channels.iter().find(|one| one.key.to_string() == "roof/m1/EG").unwrap();
    let settings = &meter.watch.settings;
    assert_eq!(settings.number(Code::Spike, "k"), 4, "the plan's, for all");
    assert_eq!(settings.number(Code::Spike, "window"), 9, "its own");
    assert_eq!(settings.number(Code::Stuck, "window"), 6, "the catalogue's");
    assert_eq!(meter.watch.sun.map(|place| place.latitude_micro), Some(13_750_000));
    assert_eq!(
        (meter.watch.decimals, meter.watch.clipping.map(|v| v.micro())),
        (Some(1), Some(99_000_000))
    );
    let checks = &plan.registered.cross_checks;
    // 0.5 and 0.5 %: the root of both squares.
    assert_eq!(checks.check_meters[0].tolerance_ppm, 7_071);
    assert_eq!((checks.sums[0].tolerance_ppm, checks.balances.len()), (15_000, 1));
    assert_eq!((plan.exclusions.len(), plan.ex_ante_reasons.len()), (1, 1));
}

#[test]
fn what_is_wrong_is_told() {
    for (from, to, expected) in [
        ("[checks.V-SPIKE]", "[checks.V-SPYKE]", "there is no check \"V-SPYKE\"; mrv checks list"),
        ("\nk = 4", "\nkk = 4", "V-SPIKE has no number \"kk\"; use one of window, k"),
        ("\nk = 4", "\nk = 0", "V-SPIKE k is outside 1 to 100; the default is 3"),
        ("window = 9", "window = 100", "V-SPIKE window is outside 3 to 99"),
        ("id = \"roof\"\nlat", "id = \"yard\"\nlat", "a solar channel needs the place of its site"),
        ("\"13.75\"", "\"113.75\"", "beyond 90 degrees"),
        ("class = \"C\"", "class = \"good\"", "what these meters may differ by is not known"),
        ("check = \"roof/m2/EG\"", "check = \"roof/m1/EG\"", "a meter is not its own check meter"),
        ("check = \"roof/m2/EG\"", "check = \"roof/m9/EG\"", "channel roof/m9/EG is not declared"),
        ("check = \"roof/m2/EG\"", "check = \"roof/gas/V\"", "do not add up to one thing"),
        ("[\"roof/m2/EG\", \"roof/m3/EG\"]", "[\"roof/m2/EG\"]", "a sum of fewer than two"),
        ("\"1.5\"", "\"0\"", "a tolerance is more than nothing"),
        ("low_percent = \"25\"", "low_percent = \"55\"", "a balance that nothing can meet"),
        ("output = [\"roof/m1/EG\"]", "output = []", "a balance without output or input"),
        ("to = \"2025-02-02", "to = \"2025-01-02", "ends before it begins"),
        ("reason = \"fuse\"", "reason = \" \"", "an exclusion without a reason"),
        ("2025 = \"a second", "year = \"a second", "not a year"),
        ("decimals = 1", "decimals = 7", "a meter shows 0 to 6 decimals"),
        ("\"99 kWh\"", "\"99 kg\"", "kg cannot be converted to kWh"),
    ] {
        assert_eq!(RIGHT.matches(from).count(), 1, "{from:?} must stand once");
        let told = found(&RIGHT.replacen(from, to, 1));
        // A place that is none is missed by the channel that needs it, too.
        let most = if expected.starts_with("beyond") { 2 } else { 1 };
        let is_told = (1..=most).contains(&told.len()) && told[0].contains(expected);
        assert!(is_told, "{to:?}: {told:#?}\n{expected}");
    }
}
