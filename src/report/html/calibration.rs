//! The page's section on meters and their calibration over the period.

use super::{Page, escape, figure, figure_or_dash};
use crate::report::model::{Meter, Report};

impl Page {
    pub(super) fn calibration(&mut self, report: &Report) {
        let calibration = &report.calibration;
        self.put(
            "<section aria-labelledby=\"meters\"><h2 id=\"meters\">Meters and calibration</h2>",
        );
        if calibration.devices.is_empty() {
            self.put(
                "<p>The plan declares no devices: whether its meters were in control is not known, and \
                 nothing is corrected.</p></section>",
            );
            return;
        }
        self.meters(report);
        self.states(report);
        self.corrections(report);
        self.put("</section>");
    }

    fn meters(&mut self, report: &Report) {
        let all = || {
            let devices = report.calibration.devices.iter();
            devices.flat_map(|device| device.meters.iter().map(move |meter| (device, meter)))
        };
        let rows = all().map(|(device, meter)| {
            vec![
                escape(&device.device),
                escape(&device.place),
                escape(&meter.serial),
                escape(&meter.class),
                escape(&permissible(meter)),
                escape(&ratio(meter)),
                escape(&meter.multiplier),
                escape(meter.digits.as_deref().unwrap_or("-")),
                escape(&meter.seals.join(", ")),
                escape(meter.from.as_deref().unwrap_or("-")),
                escape(meter.to.as_deref().unwrap_or("-")),
                escape(device.rule.as_deref().unwrap_or("not stated")),
            ]
        });
        self.table(
            "Meters",
            &[
                "Device",
                "Place",
                "Serial number",
                "Class",
                "Permissible error",
                "CT, VT",
                "#Multiplier",
                "Digits",
                "Seals",
                "From",
                "To (exclusive)",
                "Calibrated",
            ],
            rows,
        );
        let rows = all().flat_map(|(device, meter)| {
            meter.certificates.iter().map(move |one| {
                vec![
                    escape(&one.number),
                    escape(&format!("{}, meter {}", device.device, meter.serial)),
                    escape(&one.body),
                    escape(if one.scope.is_empty() { "none" } else { &one.scope }),
                    escape(&one.date),
                    escape(one.valid_until.as_deref().unwrap_or("-")),
                    escape(one.as_found.as_deref().unwrap_or("-")),
                    escape(one.as_left.as_deref().unwrap_or("-")),
                    if one.covers_ratio { "yes" } else { "no" }.to_owned(),
                    one.document.as_deref().map_or("none".to_owned(), |sha256| {
                        format!("<code>{}</code>", escape(sha256))
                    }),
                    escape(&one.stated_by),
                ]
            })
        });
        self.table(
            "Certificates",
            &[
                "Number",
                "Of",
                "Issued by",
                "Accreditation",
                "Date",
                "Valid until",
                "As found",
                "As left",
                "CT, VT, multiplier",
                "SHA-256",
                "Stated by",
            ],
            rows,
        );
    }

    fn states(&mut self, report: &Report) {
        let devices = report.calibration.devices.iter().enumerate();
        let rows = devices.flat_map(|(index, device)| {
            device.states.iter().enumerate().map(move |(row, state)| {
                let at = format!("/calibration/devices/{index}/states/{row}/hours");
                vec![
                    escape(&device.device),
                    escape(&state.serial),
                    escape(&state.from),
                    escape(&state.to),
                    figure(&at, &state.hours),
                    escape(&state.state),
                    escape(state.too_high.as_deref().unwrap_or("-")),
                    escape(state.too_low.as_deref().unwrap_or("-")),
                    escape(&state.why),
                ]
            })
        });
        self.table(
            "Whether each meter was in control, hour by hour",
            &[
                "Device",
                "Meter",
                "From",
                "To (exclusive)",
                "#Hours",
                "State",
                "Too high by",
                "Too low by",
                "Because",
            ],
            rows,
        );
    }

    fn corrections(&mut self, report: &Report) {
        let calibration = &report.calibration;
        if calibration.registers.is_empty() {
            self.put("<p>No register is corrected.</p>");
            return;
        }
        let rows = calibration.registers.iter().enumerate().map(|(index, one)| {
            let at = |name: &str| format!("/calibration/registers/{index}/{name}");
            let unit = one.low.as_ref().or(one.uncorrected.as_ref()).map_or("", |f| &f.unit);
            vec![
                escape(&one.label),
                escape(&one.channel),
                escape(&one.month),
                figure_or_dash(&at("uncorrected"), one.uncorrected.as_ref()),
                figure(&at("hours"), &one.hours),
                escape(&one.errors),
                escape(&one.side),
                figure_or_dash(&at("low"), one.low.as_ref()),
                figure_or_dash(&at("high"), one.high.as_ref()),
                escape(unit),
            ]
        });
        self.table(
            "Registers corrected for calibration, each apart, on the side where ER is lowest",
            &[
                "Parameter",
                "Register",
                "Month",
                "#Uncorrected",
                "#Hours",
                "Error",
                "Corrected",
                "#Lowest",
                "#Highest",
                "Units",
            ],
            rows,
        );
        let rows = calibration.effects.iter().enumerate().map(|(index, one)| {
            let at = |name: &str| format!("/calibration/effects/{index}/{name}");
            vec![
                escape(&format!("{} {}", one.methodology, one.year)),
                figure(&at("re_uncorrected"), &one.re_uncorrected),
                figure(&at("pe_uncorrected"), &one.pe_uncorrected),
                figure(&at("er_uncorrected"), &one.er_uncorrected),
                figure(&at("er"), &one.er),
                figure(&at("cost"), &one.cost),
            ]
        });
        self.table(
            "What the corrections alter, in tCO2e",
            &["Year", "#RE without", "#PE without", "#ER without", "#ER with", "#Difference"],
            rows,
        );
    }
}

fn permissible(meter: &Meter) -> String {
    match (&meter.permissible, &meter.permissible_source) {
        (Some(size), Some(source)) => format!("{size} ({source})"),
        _ => "not known".to_owned(),
    }
}

fn ratio(meter: &Meter) -> String {
    let parts = [("CT", &meter.ct), ("VT", &meter.vt)];
    let named = parts.iter().filter(|(_, ratio)| !ratio.is_empty());
    named.map(|(what, ratio)| format!("{what} {ratio}")).collect::<Vec<_>>().join(", ")
}
