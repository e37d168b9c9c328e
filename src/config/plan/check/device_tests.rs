//! What the checks must find of devices, their certificates and the channels that come from them.

use crate::config::plan::device::{Basis, ErrorSize};
use crate::config::plan::{ChannelKind, Plan};

const RIGHT: &str = r#"mrv_plan = 1
project = "demo"
number = 1
valid_from = "2025-01-01T00:00:00Z"

[registered]
title = "t"
country = "TH"
pdd_version = "1"
methodology = "MRV_PV_F1"
zone = "Asia/Bangkok"
crediting = { from = "2025-01-01", to = "2034-12-31" }

[[registered.parameter]]
symbol = "EG"
point = "(1)"
option = "C"
channels = ["roof/m1/EG"]
unit = "MWh"
calibration = { interval = "1 year", option = "own-calibration", body = "utility" }

[[device]]
id = "roof/m1"
place = "switch room, panel 2"
maker = "Maker"
model = "E-1"
serial = "S-100"
class = "0.5 S"
ct = "200/5"
multiplier = "40"
digits = [5, 1]
seals = ["A-1", "A-2"]
installed = "2025-01-01T00:00:00Z"
moved = [{ at = "2025-06-01T00:00:00Z", place = "panel 3" }]

[[device.certificate]]
number = "C-1"
body = "Laboratory"
scope = "KAN LK-001"
date = "2024-12-01"
valid_until = "2026-11-30"
as_left = "+0.1 %"
covers_ratio = true
document = "0000000000000000000000000000000000000000000000000000000000000000"

[[channel]]
id = "roof/m1/EG"
kind = "register"
unit = "kWh"
capacity = "80 kW"
cadence = "15 min"
values = "display"

[[channel]]
id = "roof/w/T"
kind = "gauge"
rule = "hold"
step_max = "20 min"
unit = "degC"
"#;

fn found(text: &str) -> Vec<String> {
    match Plan::parse("p.toml", text) {
        Ok(_) => Vec::new(),
        Err(found) => found.iter().map(ToString::to_string).collect(),
    }
}

#[test]
fn a_channel_takes_from_its_device_what_it_does_not_say_itself() {
    let plan = Plan::parse("p.toml", RIGHT).unwrap_or_else(|found| panic!("{found:?}"));
    let channel = &plan.channels[0];
    let device = plan.device(channel.device.as_ref().unwrap()).unwrap();
    assert_eq!((channel.serial.as_str(), channel.class.as_str()), ("S-100", "0.5 S"));
    assert_eq!(channel.installed, device.installed);
    assert!(channel.dial.is_display && channel.dial.multiplier.to_string() == "40.000000");
    let modulus = |plan: &Plan| match plan.channels[0].kind {
        ChannelKind::Register { modulus } => modulus.unwrap().to_string(),
        other => panic!("{other:?}"),
    };
    // The display starts again at 100,000; what is multiplied already at 4,000,000.
    assert_eq!(modulus(&plan), "100000.000000");
    let primary = RIGHT.replace("values = \"display\"", "values = \"primary\"");
    assert_eq!(modulus(&Plan::parse("p.toml", &primary).unwrap()), "4000000.000000");
    let rule = device.rule.as_ref().unwrap();
    assert_eq!((rule.months, rule.basis, rule.body.as_str()), (12, Basis::Own, "utility"));
    let permissible = device.plate.permissible.as_ref().unwrap();
    assert_eq!(permissible.size, ErrorSize::parse("0.5 %").unwrap());
    assert_eq!(permissible.source, "IEC 62053-22, class 0.5 S");
    assert_eq!(plan.channels[1].device, None);
}

#[test]
fn what_is_wrong_with_devices_is_told_with_its_place() {
    let mut missed = Vec::new();
    for (from, to, expected) in CASES {
        assert_eq!(RIGHT.matches(from).count(), 1, "{from:?} must stand once in the plan");
        let found = found(&RIGHT.replacen(from, to, 1));
        if !found.iter().any(|one| one.contains(expected)) {
            missed.push(format!("{to:?}\n  expected {expected}\n  found {found:#?}"));
        }
    }
    assert!(missed.is_empty(), "{} cases\n{}", missed.len(), missed.join("\n"));
}

const CASES: &[(&str, &str, &str)] = &[
    ("id = \"roof/m1\"", "id = \"roof\"", "p.toml:23:6: \"roof\" names no device; write site/dev"),
    ("id = \"roof/m1\"", "id = \"roof/m2\"", "no channel comes from this device"),
    ("serial = \"S-100\"", "serial = \"\"", "a device without serial number"),
    ("class = \"0.5 S\"", "class = \"B\"", "class \"B\" has no permissible error here; add mpe"),
    ("class = \"0.5 S\"\n", "", "no class and no permissible error are given"),
    ("class = \"0.5 S\"", "mpe = \"half\"", "\"half\" is no permissible error"),
    ("class = \"0.5 S\"", "mpe = \"0.5 K\"", "an error of 0.5 K is none of channel roof/m1/EG"),
    ("ct = \"200/5\"", "ct = \"200\"", "\"200\" is no transformer's ratio"),
    ("ct = \"200/5\"", "ct = \"300/5\"", "multiplier 40 is not the ratio of its transformers"),
    ("multiplier = \"40\"", "multiplier = \"0\"", "a multiplier is more than nothing"),
    ("digits = [5, 1]", "digits = [0, 1]", "no digits of a display"),
    ("at = \"2025-06-01T", "at = \"2024-06-01T", "moved before it was installed"),
    ("installed = ", "retired = \"2024-12-31T00:00:00Z\"\ninstalled = ", "retired before it was"),
    ("interval = \"1 year\"", "interval = \"yearly\"", "is no interval of calibrations"),
    (
        "option = \"own-calibration\"",
        "option = \"none\"",
        "use one of accredited-certificate, own-",
    ),
    ("date = \"2024-12-01\"", "date = \"1 Dec\"", "p.toml:40:8: "),
    ("valid_until = \"2026", "valid_until = \"2023", "valid until a day before the calibration"),
    ("as_left = \"+0.1 %\"", "as_left = \"fine\"", "\"fine\" is no error of a meter"),
    ("as_left = \"+0.1 %\"\n", "", "a certificate without its result"),
    ("document = \"0000", "document = \"x000", "not a SHA-256 in 64 hexadecimal digits"),
    ("values = \"display\"\n", "", "its device multiplies by 40, and whether its values are"),
    ("values = \"display\"", "values = \"shown\"", "use one of display, primary"),
    (
        "values = \"display\"",
        "values = \"display\"\nserial = \"S-9\"",
        "serial \"S-9\", its device",
    ),
    ("values = \"display\"", "values = \"display\"\ndigits = 6", "6 digits, its device has 5"),
    (
        "values = \"display\"",
        "values = \"display\"\ninstalled = \"2024-01-01T00:00:00Z\"",
        "serves before its device was installed",
    ),
    (
        "step_max = \"20 min\"",
        "step_max = \"20 min\"\nvalues = \"display\"",
        "only a register has a",
    ),
    (
        "step_max = \"20 min\"",
        "step_max = \"20 min\"\ndevice = \"roof/x\"",
        "\"roof/x\" is not decl",
    ),
    (
        "step_max = \"20 min\"",
        "step_max = \"20 min\"\ndevice = \"roof/m1\"",
        "an error of 0.5 % is none of channel roof/w/T",
    ),
    (
        "calibration = {",
        "every = \"5 min\"\ncalibration = {",
        "p.toml:15:10: channel roof/m1/EG records every 900 s, less often than every 5 min",
    ),
];
