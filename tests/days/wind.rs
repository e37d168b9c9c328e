//! The plant of vectors QA-CAL-1 and QA-CAL-2: one meter with two registers, what is fed in and what is
//! drawn.

use crate::office::{BEGIN, Dates, Office, factor, midnight, parameter, plan};

/// The first quarter of 2023.
pub const QUARTER: Dates = ("2023-01-01", "2023-03-31");

/// The meter, with a certificate of the first of February 2022.
pub const DEVICE: &str = r#"
[[device]]
id = "s/m"
place = "switch room"
serial = "S-1"
class = "0.5 S"
calibration = { interval = "12 months", option = "accredited-certificate", body = "Laboratory" }

[[device.certificate]]
number = "C-1"
body = "Laboratory"
scope = "KAN LK-001"
date = "2022-02-01"
as_left = "+0.1 %"
"#;

fn register(quantity: &str) -> String {
    format!(
        r#"
[[channel]]
id = "s/m/{quantity}"
kind = "register"
unit = "MWh"
cadence = "1 d"
capacity = "4 MW"
"#
    )
}

/// Everything of the plan but its head.
pub fn parts(device: &str) -> String {
    let parameters = parameter("EG_gross", 1, "\"s/m/EG\"", "")
        + &parameter("EC_import", 2, "\"s/m/EC\"", "")
        + &factor("0.533");
    parameters + device + &register("EG") + &register("EC")
}

pub fn wind_plan(device: &str) -> String {
    plan(1, BEGIN, "MRV_WP_F1", &parts(device))
}

/// Fed in 1000, 980, 1020 and drawn 3.0, 2.5, 2.8 MWh in the first months of 2023, read every midnight.
pub fn plant(device: &str) -> Office {
    let office = Office::new(&wind_plan(device));
    let mut readings = Vec::new();
    for (quantity, months) in
        [("EG", [1_000_000, 980_000, 1_020_000]), ("EC", [3_000, 2_500, 2_800])]
    {
        let mut stood: i64 = 0;
        readings.push((midnight(2023, 1, 1), "m", quantity, "0".to_owned()));
        for (month, (total, days)) in (1..).zip(months.into_iter().zip([31, 28, 31])) {
            for day in 1..=days {
                let shown = stood + total * i64::from(day) / i64::from(days);
                let shown = format!("{}.{:03}", shown / 1_000, shown % 1_000);
                readings.push((midnight(2023, month, day + 1), "m", quantity, shown));
            }
            stood += total;
        }
    }
    office.read("quarter.csv", &readings);
    office
}

/// Records a certificate of meter S-1 with its document.
pub fn certificate(office: &Office, number: &str, date: &str, as_found: &str) {
    let file = format!("{number}.pdf");
    office.write(&file, &format!("certificate {number} of {date}: {as_found}"));
    let meter = ["device", "certificate", "--project", "plant", "--device", "s/m"];
    let body = ["--serial", "S-1", "--body", "Laboratory", "--scope", "KAN LK-001"];
    let says = ["--number", number, "--date", date, "--as-found", as_found, "--as-left", "+0.1 %"];
    let by = ["--document", &file, "--by", "Ann"];
    office.done(&[&meter[..], &body[..], &says[..], &by[..]].concat());
}
