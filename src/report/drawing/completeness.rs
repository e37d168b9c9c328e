//! Completeness of each channel on each local day of a year.

use super::{Anchor, Drawing, WIDTH};
use crate::report::model::{Channel, Year};

/// Classes of completeness, worst first: lowest percent that is still in it, colour, name. Told apart by
/// lightness too, so that they survive print and colour blindness.
const CLASSES: [(f64, &str, &str); 5] = [
    (0.0, "#7f1d1d", "nothing measured"),
    (0.01, "#dc6a4a", "below 50 %"),
    (50.0, "#f2b872", "50 to below 90 %"),
    (90.0, "#a9cfe8", "90 to below 100 %"),
    (100.0, "#2f7fb8", "whole"),
];

/// Colour of days on which a device does not serve.
const IDLE: &str = "#f1f3f5";

const ROW: f64 = 20.0;
const NAME: f64 = 14.0;

/// The colours of the drawing, and what they mean.
#[must_use]
pub fn classes() -> Vec<(&'static str, &'static str)> {
    let classes = CLASSES.iter().map(|(_, colour, name)| (*colour, *name));
    classes.chain([(IDLE, "not in service")]).collect()
}

/// Completeness by channel and local day of a year.
#[must_use]
pub fn completeness(channels: &[Channel], year: &Year) -> Drawing {
    let height = channels.len() as f64 * (ROW + NAME) + 30.0;
    let title = format!(
        "Completeness by channel and local day, {}: {}",
        year.year,
        CLASSES.map(|(_, _, name)| name).join(", ")
    );
    let mut drawing = Drawing::new(title, height);
    let step = WIDTH / f64::from(year.days.max(1));
    for (row, channel) in channels.iter().enumerate() {
        let top = row as f64 * (ROW + NAME) + NAME;
        drawing.words((0.0, top - 3.0), Anchor::Start, channel.channel.as_str());
        let days: Vec<Option<usize>> = channel
            .days
            .iter()
            .filter(|day| (&year.from..=&year.to).contains(&&day.date))
            .map(|day| day.coverage.as_deref().map(class_of))
            .collect();
        let mut first = 0;
        for run in days.chunk_by(|a, b| a == b) {
            let fill = run[0].map_or(IDLE, |class| CLASSES[class].1);
            let size = (run.len() as f64 * step, ROW - 4.0);
            drawing.rectangle((first as f64 * step, top), size, fill, String::new());
            first += run.len();
        }
    }
    let mut last_month = "";
    let dates = channels.first().map_or(&[][..], |channel| &channel.days[..]);
    let dates = dates.iter().filter(|day| (&year.from..=&year.to).contains(&&day.date));
    for (index, day) in dates.enumerate() {
        let month = day.date.get(5..7).unwrap_or("");
        if month != last_month {
            last_month = month;
            let x = index as f64 * step;
            drawing.line(&[(x, height - 30.0), (x, height - 22.0)], "#666677");
            drawing.words((x + 2.0, height - 12.0), Anchor::Start, month);
        }
    }
    drawing
}

fn class_of(coverage: &str) -> usize {
    let percent = coverage.parse::<f64>().unwrap_or(0.0);
    CLASSES.iter().rposition(|(least, _, _)| percent >= *least).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_whole_only_at_100_percent() {
        for (coverage, name) in [
            ("0", "nothing measured"),
            ("0.01", "below 50 %"),
            ("49.99", "below 50 %"),
            ("50", "50 to below 90 %"),
            ("99.99", "90 to below 100 %"),
            ("100", "whole"),
        ] {
            assert_eq!(CLASSES[class_of(coverage)].2, name, "{coverage}");
        }
    }
}
