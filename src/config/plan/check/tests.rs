//! What the checks of a plan must find, each case with its place and advice.

use crate::config::plan::Plan;

/// A plan with every kind of entry, right as it stands.
const RIGHT: &str = r#"mrv_plan = 1
project = "demo"
number = 1
valid_from = "2025-01-01T00:00:00+07:00"

[registered]
title = "t"
country = "TH"
pdd_version = "1"
methodology = "MRV_PV_F1"
zone = "Asia/Bangkok"
crediting = { from = "2025-01-01", to = "2034-12-31" }

[registered.indices]
i = ["a"]

[registered.ex_ante]
2025 = "92.5"

[[registered.parameter]]
symbol = "EG"
members = ["a"]
point = "(1)"
option = "C"
channels = ["roof/m1/EG"]
unit = "MWh"

[[registered.parameter]]
symbol = "T"
point = "(2)"
option = "A"
channels = ["roof/w/T"]
unit = "degC"

[[registered.fixed]]
symbol = "EF_RE"
members = ["a"]
value = "0.533"
unit = "tCO2/MWh"
source = "s"

[tolerances]
clock = "60 s"

[[channel]]
id = "roof/m1/EG"
kind = "register"
unit = "kWh"
digits = 6
capacity = "80 kW"

[[channel]]
id = "roof/w/T"
kind = "gauge"
rule = "hold"
cadence = "15 min"
step_max = "20 min"
unit = "degC"
range = [-5, "45.5"]
installed = "2025-01-01T00:00:00Z"

[[reader]]
name = "gateways"
topic = "mrv/v1/demo/#"
format = "json"

[[reader]]
name = "files"
file = "*.csv"
format = "csv"
stamp_column = "t"
stamp = "%d/%m/%Y %H:%M"
zone = "Asia/Bangkok"
order = "oldest-first"
repeated = "order"

[[reader.column]]
column = "kWh"
channel = "roof/m1/EG"
unit = "kWh"
"#;

fn found(text: &str) -> Vec<String> {
    match Plan::parse("p.toml", text) {
        Ok(_) => Vec::new(),
        Err(found) => found.iter().map(ToString::to_string).collect(),
    }
}

/// Changes one thing in the right plan and tells what is found.
fn with(from: &str, to: &str) -> Vec<String> {
    assert_eq!(RIGHT.matches(from).count(), 1, "{from:?} must stand once in the plan");
    found(&RIGHT.replacen(from, to, 1))
}

#[test]
fn the_right_plan_is_right() {
    assert_eq!(found(RIGHT), Vec::<String>::new());
}

#[test]
fn what_is_wrong_is_told_with_its_place_and_advice() {
    let mut missed = Vec::new();
    for (from, to, expected) in CASES {
        let found = with(from, to);
        if found != *expected {
            missed.push(format!("{to:?}\n  expected {expected:#?}\n  found    {found:#?}"));
        }
    }
    assert!(missed.is_empty(), "{} cases\n{}", missed.len(), missed.join("\n"));
}

/// What stands in the right plan, what a person wrote instead, and what tells it.
const CASES: &[(&str, &str, &[&str])] = &[
    ("mrv_plan = 1", "mrv_plan = 2", &["p.toml:1:12: unknown plan format; write mrv_plan = 1"]),
    (
        "mrv_plan = 1",
        "mrv_plan = 1\ncolour = 1",
        &[
            "p.toml:2:1: unknown field `colour`, expected one of `mrv_plan`, `project`, `number`, `valid_from`, `registered`, `tolerances`, `checks`, `site`, `exclusion`, `ex_ante_reason`, `change`, `device`, `channel`, `reader`",
        ],
    ),
    (
        "project = \"demo\"",
        "project = \"de mo\"",
        &[
            "p.toml:2:11: character ' ' at column 3 is not allowed in an id; use A-Z a-z 0-9 _ - and begin with a letter or digit",
        ],
    ),
    ("number = 1", "number = 0", &["p.toml:3:10: plans are numbered 1, 2, 3, ..."]),
    (
        "2025-01-01T00:00:00+07:00",
        "2025-01-01T00:00:00",
        &[
            "p.toml:4:14: not a time with an offset: 2025-01-01T00:00:00; write 2026-11-23T00:15:00Z or ...+07:00",
        ],
    ),
    (
        "title = \"t\"",
        "titel = \"t\"",
        &[
            "p.toml:7:1: unknown field `titel`, expected one of `title`, `reference`, `country`, `participants`, `pdd_version`, `methodology`, `methodologies`, `zone`, `crediting`, `indices`, `indices_of`, `ex_ante`, `ex_ante_of`, `post`, `parameter`, `fixed`, `check_meter`, `sum`, `balance`, `filing`, `share`, `monthly_check`, `eligibility`, `confidential`",
        ],
    ),
    (
        "zone = \"Asia/Bangkok\"\ncrediting",
        "zone = \"Asia/Bankok\"\ncrediting",
        &["p.toml:11:8: time zone \"Asia/Bankok\" is unknown; use a name such as Asia/Bangkok"],
    ),
    (
        "from = \"2025-01-01\"",
        "from = \"2025-02-30\"",
        &["p.toml:12:22: not a date: 2025-02-30; write 2026-11-23"],
    ),
    (
        "to = \"2034-12-31\"",
        "to = \"2024-12-31\"",
        &[
            "p.toml:12:22: the crediting period ends before it begins; both dates are inclusive; the first must not be after the last",
        ],
    ),
    (
        "i = [\"a\"]",
        "i = [\"a\", \"b/c\"]",
        &[
            "p.toml:15:11: character '/' at column 2 is not allowed in an id; use A-Z a-z 0-9 _ - and begin with a letter or digit",
        ],
    ),
    ("2025 = \"92.5\"", "next = \"92.5\"", &["p.toml:18:1: not a year; write 2026 = \"123\""]),
    (
        "2025 = \"92.5\"",
        "2025 = \"much\"",
        &[
            "p.toml:18:8: \"much\": not a decimal number; write digits with an optional sign, point and exponent",
        ],
    ),
    (
        "option = \"C\"",
        "option = \"D\"",
        &["p.toml:24:10: \"D\" is none of the choices; use one of A, B, C"],
    ),
    (
        "channels = [\"roof/m1/EG\"]",
        "channels = [\"roof/m2/EG\"]",
        &["p.toml:25:13: channel roof/m2/EG is not declared; add a [[channel]]"],
    ),
    (
        "channels = [\"roof/m1/EG\"]",
        "channels = [\"m1/EG\"]",
        &["p.toml:25:13: \"m1/EG\" names no channel; write site/device/quantity"],
    ),
    (
        "unit = \"MWh\"",
        "unit = \"mwh\"",
        &[
            "p.toml:26:8: unit \"mwh\" is unknown; use one of Wh kWh MWh GWh J kJ MJ GJ TJ W kW MW GW g kg t g/h kg/h t/h kg/s L m3 L/h L/min L/s m3/h m3/s NL Nm3 Nm3/h degC K degF Pa hPa kPa MPa bar mV V kV mA A Hz 1 % s min h W/m2 varh kvarh var kvar VA kVA count",
        ],
    ),
    (
        "unit = \"MWh\"",
        "unit = \"t\"",
        &[
            "p.toml:25:13: channel roof/m1/EG gives kWh, the parameter is in t; one of both units is wrong",
        ],
    ),
    (
        "symbol = \"T\"\n",
        "symbol = \"EG\"\nmembers = [\"a\"]\n",
        &["p.toml:29:10: this parameter is declared twice; keep one"],
    ),
    (
        "capacity = \"80 kW\"\n",
        "",
        &[
            "p.toml:21:10: a gap of this parameter has no upper bound; add capacity = \"250 kW\" here or to each of its channels",
        ],
    ),
    (
        "range = [-5, \"45.5\"]\n",
        "",
        &[
            "p.toml:29:10: a gap of this parameter has no bounds; add range = [\"5 degC\", \"40 degC\"] here or to each of its channels",
        ],
    ),
    (
        "value = \"0.533\"",
        "value = \"0,533\"",
        &[
            "p.toml:38:9: \"0,533\": not a decimal number; write digits with an optional sign, point and exponent",
        ],
    ),
    (
        "clock = \"60 s\"",
        "clock = \"60\"",
        &[
            "p.toml:43:9: \"60\" is no duration; write a whole number and s, min, h or d: \"15 min\"",
        ],
    ),
    (
        "clock = \"60 s\"",
        "clock = \"0 s\"",
        &[
            "p.toml:43:9: \"0 s\" is no duration; write a whole number and s, min, h or d: \"15 min\"",
        ],
    ),
    (
        "id = \"roof/w/T\"",
        "id = \"roof/w/T\"\nsent_unit = \"kWh\"",
        &[
            "p.toml:53:6: kWh cannot be converted to degC; unit and sent_unit must measure the same thing",
        ],
    ),
    (
        "kind = \"register\"",
        "kind = \"counter\"",
        &["p.toml:47:8: \"counter\" is none of the choices; use one of register, delta, gauge"],
    ),
    (
        "kind = \"register\"",
        "kind = \"delta\"",
        &["p.toml:47:8: a delta needs its cadence; add cadence = \"15 min\""],
    ),
    (
        "kind = \"register\"",
        "kind = \"gauge\"",
        &["p.toml:47:8: a gauge needs its rule; add rule = \"mean\" or \"hold\""],
    ),
    (
        "kind = \"gauge\"",
        "kind = \"register\"",
        &["p.toml:54:8: degC is no amount; a register or delta counts one"],
    ),
    (
        "rule = \"hold\"\ncadence = \"15 min\"\n",
        "rule = \"mean\"\n",
        &["p.toml:55:8: a mean needs its cadence; add cadence = \"15 min\""],
    ),
    (
        "step_max = \"20 min\"\n",
        "",
        &[
            "p.toml:55:8: a held value needs its longest step; add step_max = \"1 h\": how long a value may stand",
        ],
    ),
    (
        "step_max = \"20 min\"",
        "step_max = \"30 min\"",
        &[
            "p.toml:57:12: step_max is two cadences or more; a missing reading would go unseen; make it smaller",
        ],
    ),
    ("digits = 6", "digits = 0", &["p.toml:49:10: a display has 1 to 12 digits before the point"]),
    (
        "digits = 6\ncapacity = \"80 kW\"",
        "capacity = \"80kW\"",
        &[
            "p.toml:21:10: a gap of this parameter has no upper bound; add capacity = \"250 kW\" here or to each of its channels",
            "p.toml:49:12: \"80kW\" is no quantity; write a number and a unit: \"250 kW\"",
        ],
    ),
    (
        "capacity = \"80 kW\"",
        "capacity = \"80 kWh\"",
        &[
            "p.toml:21:10: a gap of this parameter has no upper bound; add capacity = \"250 kW\" here or to each of its channels",
            "p.toml:50:12: kWh cannot be converted to kW",
        ],
    ),
    (
        "unit = \"degC\"\nrange",
        "unit = \"degC\"\ncapacity = \"1 kW\"\nrange",
        &["p.toml:59:12: a state has no capacity; give it a range"],
    ),
    (
        "range = [-5, \"45.5\"]",
        "range = [50, \"45.5\"]",
        &["p.toml:53:6: range has its low end above its high end; swap the ends"],
    ),
    (
        "range = [-5, \"45.5\"]",
        "range = [-5, \"45.1234567\"]",
        &["p.toml:59:14: more than six decimals"],
    ),
    (
        "installed =",
        "retired = \"2024-01-01T00:00:00Z\"\ninstalled =",
        &["p.toml:53:6: retired before it was installed; check both times"],
    ),
    (
        "range = [-5, \"45.5\"]",
        "exchange = [{ at = \"2025-06-01T00:00:00Z\", final = 1, start = 0 }]\n\
         range = [-5, \"45.5\"]",
        &[
            "p.toml:59:20: an exchange of a meter that is no register; only a register goes on where \
           the old meter stopped; leave it out",
        ],
    ),
    (
        "capacity = \"80 kW\"",
        "exchange = [{ at = \"2025-06-01T00:00:00Z\", final = 1, start = 0 },\n\
         { at = \"2025-05-01T00:00:00Z\", final = 1, start = 0 }]\ncapacity = \"80 kW\"",
        &["p.toml:51:8: not after the exchange before it; write them in the order of time"],
    ),
    (
        "[[reader]]\nname = \"gateways\"",
        "[[reader]]\nname = \"files\"",
        &["p.toml:68:8: two readers have this name; rename one"],
    ),
    (
        "topic = \"mrv/v1/demo/#\"\n",
        "",
        &[
            "p.toml:63:8: a reader reads either a topic or files; write topic = \"mrv/v1/...\" or file = \"*.csv\"",
        ],
    ),
    (
        "format = \"json\"",
        "format = \"xml\"",
        &["p.toml:65:10: \"xml\" is none of the choices; use one of json, jsonl, csv"],
    ),
    (
        "stamp_column = \"t\"\n",
        "",
        &[
            "p.toml:68:8: the stamp's column is not named; add stamp_column with the column's name, or its number without a header",
        ],
    ),
    (
        "stamp = \"%d/%m/%Y %H:%M\"\n",
        "",
        &[
            "p.toml:68:8: how the stamp is written is not said; write rfc3339, epoch-s, epoch-ms or a pattern such as %d/%m/%Y %H:%M",
        ],
    ),
    (
        "stamp = \"%d/%m/%Y %H:%M\"",
        "stamp = \"%d/%m %H:%M\"",
        &["p.toml:72:9: the pattern has no year, month and day"],
    ),
    (
        "stamp = \"%d/%m/%Y %H:%M\"",
        "stamp = \"%d/%m/%Y %I:%M\"",
        &["p.toml:72:9: %I and %p belong together"],
    ),
    (
        "stamp = \"%d/%m/%Y %H:%M\"",
        "stamp = \"%d/%m/%Y %Q\"",
        &["p.toml:72:9: %Q is no part of a stamp"],
    ),
    (
        "zone = \"Asia/Bangkok\"\norder",
        "order",
        &[
            "p.toml:72:9: a stamp without offset needs its zone; add zone = \"Asia/Bangkok\", or \"UTC\"",
        ],
    ),
    (
        "order = \"oldest-first\"\n",
        "",
        &[
            "p.toml:68:8: repeated = \"order\" needs the order of rows; add order = \"oldest-first\" or \"newest-first\"",
        ],
    ),
    (
        "repeated = \"order\"",
        "repeated = \"order\"\ndelimiter = \"; \"",
        &["p.toml:76:13: one character is expected"],
    ),
    (
        "repeated = \"order\"",
        "repeated = \"order\"\ndelimiter = \"\u{ff1b}\"",
        &["p.toml:68:8: the delimiter must be an ASCII character; use , ; or a tab"],
    ),
    (
        "repeated = \"order\"",
        "repeated = \"order\"\nencoding = \"latin-1\"",
        &[
            "p.toml:76:12: \"latin-1\" is none of the choices; use one of utf-8, utf-16, gbk, cp932, windows-874",
        ],
    ),
    (
        "repeated = \"order\"",
        "repeated = \"order\"\nlayout = \"long\"\nsite = \"s\"",
        &[
            "p.toml:68:8: where the device comes from is not clear; write device = \"...\" or device_column = \"...\"",
            "p.toml:68:8: where the quantity comes from is not clear; write quantity = \"...\" or quantity_column = \"...\"",
            "p.toml:68:8: the value's column is not named; add value_column",
        ],
    ),
    (
        "channel = \"roof/m1/EG\"\nunit = \"kWh\"",
        "channel = \"roof/m1/EG\"\nunit = \"kwh\"",
        &[
            "p.toml:80:8: unit \"kwh\" is unknown; use one of Wh kWh MWh GWh J kJ MJ GJ TJ W kW MW GW g kg t g/h kg/h t/h kg/s L m3 L/h L/min L/s m3/h m3/s NL Nm3 Nm3/h degC K degF Pa hPa kPa MPa bar mV V kV mA A Hz 1 % s min h W/m2 varh kvarh var kvar VA kVA count",
        ],
    ),
    (
        "channel = \"roof/m1/EG\"\n",
        "channel = \"roof/m1\"\n",
        &["p.toml:79:11: \"roof/m1\" names no channel; write site/device/quantity"],
    ),
];

#[test]
fn everything_wrong_is_told_at_once() {
    let text = RIGHT.replacen("number = 1", "number = -1", 1).replacen("\"C\"", "\"X\"", 1);
    let places: Vec<String> =
        found(&text).iter().map(|line| line.split(": ").next().unwrap().to_owned()).collect();
    assert_eq!(places, ["p.toml:3:10", "p.toml:24:10"]);
}

#[test]
fn a_channel_that_is_declared_twice_is_told_at_the_second() {
    let channel = "[[channel]]\nid = \"roof/m1/EG\"\nkind = \"register\"\nunit = \"kWh\"\ncapacity = \"80 kW\"\n\n";
    let text = RIGHT.replacen("[[reader]]", &format!("{channel}[[reader]]"), 1);
    assert_eq!(found(&text), ["p.toml:63:6: channel roof/m1/EG is declared twice; keep one"]);
}
