//! Where the sun stands: whether a place is in the dark, by the equations of NOAA's solar calculator
//! (after Meeus, Astronomical Algorithms, chapters 25 and 28), good to about 0.01 degree from 1950
//! to 2050.
//!
//! A figure hangs on the answer, so all of it is whole numbers: sines by their series in units of
//! 2^-60, angles in billionths of a degree. Any machine gives the same; a binary float's sine would
//! not. Refraction is not looked at: the threshold of V-NIGHT is below the horizon.

use std::collections::BTreeMap;

use crate::config::plan::watch::Place;
use crate::domain::time::{Interval, Timestamp, UtcDay};

/// One, in the units of sines and ratios.
const ONE: i128 = 1 << 60;
/// A degree in the units of angles.
const DEGREE: i128 = 1_000_000_000;
/// pi / 180e9, in units of 2^-100: angles to radians.
const RADIANS: i128 = 22_124_676_738_864_985_354;
/// 180e9 / pi: radians to angles.
const ANGLE: i128 = 57_295_779_513;
/// Terms of the series: of 90 degrees the next one is below 2^-60.
const TERMS: i128 = 11;
/// 2000-01-01T12:00:00Z.
const J2000_US: i64 = 946_728_000_000_000;
const CENTURY_US: i128 = 36_525 * 86_400_000_000;

/// The nights at a place, remembered by day.
#[derive(Debug)]
pub struct Nights {
    place: Place,
    /// Sine of the elevation below which it is night.
    below: i128,
    /// Per UTC day, a bit per interval: dark at both ends.
    days: BTreeMap<UtcDay, u128>,
}

impl Nights {
    /// The nights at `place`, when the sun stands below `elevation_deg` degrees.
    #[must_use]
    pub fn new(place: Place, elevation_deg: i64) -> Self {
        Self { place, below: sine(i128::from(elevation_deg) * DEGREE), days: BTreeMap::new() }
    }

    /// True if it is night in all of `[from, to)`: of every interval of 15 minutes that the time
    /// touches, both ends are dark. Never true of more than a day.
    #[must_use]
    pub fn cover(&mut self, from: Timestamp, to: Timestamp) -> bool {
        let last = Timestamp::from_us(to.us() - 1).interval();
        let first = from.interval();
        if from >= to || last.0 - first.0 > 96 {
            return false;
        }
        (first.0..=last.0).all(|number| self.is_dark(Interval(number)))
    }

    fn is_dark(&mut self, interval: Interval) -> bool {
        let day = interval.start().day();
        let (place, below) = (self.place, self.below);
        let bits = self.days.entry(day).or_insert_with(|| {
            let is_low = |at: Timestamp| elevation_sine(place, at) < below;
            let mut bits = 0;
            let mut before = is_low(day.start());
            for (place, one) in day.intervals().enumerate() {
                let after = is_low(one.end());
                if before && after {
                    bits |= 1 << place;
                }
                before = after;
            }
            bits
        });
        let first = day.start().interval().0;
        *bits & (1 << (interval.0 - first)) != 0
    }
}

/// When the sun stands highest on the UTC day that contains `near`, at most half a day from it.
#[must_use]
pub fn noon(place: Place, near: Timestamp) -> Timestamp {
    // Minutes of the day at which true solar time is 12 h, in billionths.
    let sun = Sun::at(near);
    let offset = sun.equation_of_time + longitude(place) * 4;
    let noon = 720 * DEGREE - offset;
    let day = i128::from(near.day().start().us());
    let mut us = day + noon * 60_000_000 / DEGREE;
    let half = i128::from(crate::domain::time::DAY_US) / 2;
    let target = i128::from(near.us());
    while us - target > half {
        us -= 2 * half;
    }
    while target - us > half {
        us += 2 * half;
    }
    Timestamp::from_us(us as i64)
}

/// Sine of the sun's elevation above the horizon, without refraction.
fn elevation_sine(place: Place, at: Timestamp) -> i128 {
    let sun = Sun::at(at);
    let latitude = i128::from(place.latitude_micro) * (DEGREE / 1_000_000);
    // Minutes since midnight UTC, in billionths; four minutes of time are a degree.
    let minutes = i128::from(at.us() - at.day().start().us()) * DEGREE / 60_000_000;
    let true_solar = minutes + sun.equation_of_time + longitude(place) * 4;
    let hour_angle = true_solar / 4 - 180 * DEGREE;
    let declination_cosine = root(ONE - times(sun.declination_sine, sun.declination_sine));
    times(sine(latitude), sun.declination_sine)
        + times(times(cosine(latitude), declination_cosine), cosine(hour_angle))
}

fn longitude(place: Place) -> i128 {
    i128::from(place.longitude_micro) * (DEGREE / 1_000_000)
}

/// What does not depend on the place.
struct Sun {
    declination_sine: i128,
    /// Minutes, in billionths.
    equation_of_time: i128,
}

impl Sun {
    fn at(at: Timestamp) -> Self {
        let since = i128::from(at.us() - J2000_US);
        // `rate` billionths of a degree per century.
        let linear = |rate: i128| rate * since / CENTURY_US;
        let centuries = since * 1_000_000_000_000 / CENTURY_US;
        let square =
            |rate: i128| rate * centuries / 1_000_000_000_000 * centuries / 1_000_000_000_000;
        let mean_longitude = 280_466_460_000 + linear(36_000_769_830_000) + square(303_200);
        let anomaly = 357_529_110_000 + linear(35_999_050_290_000) - square(153_700);
        let centre = times(sine(anomaly), 1_914_602_000 - linear(4_817_000) - square(14_000))
            + times(sine(2 * anomaly), 19_993_000 - linear(101_000))
            + times(sine(3 * anomaly), 289_000);
        let node = 125_040_000_000 - linear(1_934_136_000_000);
        let apparent = mean_longitude + centre - 5_690_000 - times(sine(node), 4_780_000);
        // 23 degrees 26' 21.448" less 46.815" a century.
        let obliquity = 23_439_291_111 - linear(13_004_167) + times(cosine(node), 2_560_000);
        let declination_sine = times(sine(obliquity), sine(apparent));
        // Eccentricity 0.016708634 - 0.000042037 a century, in units of 2^-60.
        let eccentricity = (16_708_634_000 - linear(42_037_000)) * (ONE / 1_000_000_000_000);
        let tilt = cosine(obliquity);
        let y = ((ONE - tilt) << 60) / (ONE + tilt);
        let twice = 2 * mean_longitude;
        let sum = times(y, sine(twice)) - 2 * times(eccentricity, sine(anomaly))
            + 4 * times(times(eccentricity, y), times(sine(anomaly), cosine(twice)))
            - times(times(y, y), sine(2 * twice)) / 2
            - 5 * times(times(eccentricity, eccentricity), sine(2 * anomaly)) / 4;
        Self { declination_sine, equation_of_time: times(sum, 4 * ANGLE) }
    }
}

/// A product of which at least one factor is in units of 2^-60.
fn times(a: i128, b: i128) -> i128 {
    (a * b) >> 60
}

fn cosine(angle: i128) -> i128 {
    sine(angle + 90 * DEGREE)
}

/// Sine by its series, after the angle is brought between -90 and 90 degrees.
fn sine(angle: i128) -> i128 {
    let turned = (angle + 180 * DEGREE).rem_euclid(360 * DEGREE) - 180 * DEGREE;
    let acute = match turned {
        over if over > 90 * DEGREE => 180 * DEGREE - over,
        under if under < -90 * DEGREE => -180 * DEGREE - under,
        acute => acute,
    };
    let x = (acute * RADIANS) >> 40;
    let square = times(x, x);
    let (mut term, mut sum) = (x, x);
    for number in 1..TERMS {
        term = -times(term, square) / (2 * number * (2 * number + 1));
        sum += term;
    }
    sum
}

/// The square root of a ratio, rounded down.
fn root(ratio: i128) -> i128 {
    ((ratio.max(0) as u128) << 60).isqrt() as i128
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp::parse_rfc3339(text).unwrap()
    }

    fn place(latitude: i64, longitude: i64) -> Place {
        Place { latitude_micro: latitude, longitude_micro: longitude }
    }

    /// Thousandths of a degree of a sine, by looking for the angle.
    fn degrees_milli(value: i128) -> i128 {
        let (mut low, mut high) = (-90 * DEGREE, 90 * DEGREE);
        while high - low > 1 {
            let middle = (low + high).div_euclid(2);
            if sine(middle) < value { low = middle } else { high = middle }
        }
        crate::domain::decimal::divide_half_even(low, DEGREE / 1_000)
    }

    #[test]
    fn sines_are_those_of_the_tables() {
        for (degrees, expected) in [
            (0, 0),
            (30, ONE / 2),
            (90, ONE),
            (150, ONE / 2),
            (180, 0),
            (270, -ONE),
            (-30, -ONE / 2),
        ] {
            assert!((sine(degrees * DEGREE) - expected).abs() < ONE >> 45, "{degrees}");
        }
        assert!((cosine(60 * DEGREE) - ONE / 2).abs() < ONE >> 45);
    }

    #[test]
    fn the_sun_stands_where_published_examples_have_it() {
        // Reda and Andreas, NREL/TP-560-34302, appendix A.5: 39.872046 degrees without refraction,
        // 17 October 2003, 12:30:30 at UTC-7.
        let golden = place(39_742_476, -105_178_600);
        let milli = degrees_milli(elevation_sine(golden, at("2003-10-17T19:30:30Z")));
        assert!((39_870..=39_874).contains(&milli), "{milli}");
        // At the equinox the sun stands in the zenith of the equator, near noon.
        let noon = noon(place(0, 0), at("2024-03-20T12:00:00Z"));
        assert!(degrees_milli(elevation_sine(place(0, 0), noon)) > 89_700);
        assert!((noon.us() - at("2024-03-20T12:07:30Z").us()).abs() < 30_000_000, "{noon}");
        // At the solstice of June it is above the polar circle at midnight, in December below at noon.
        let north = place(69_650_000, 18_960_000);
        assert!(elevation_sine(north, at("2024-06-21T22:45:00Z")) > 0);
        assert!(elevation_sine(north, at("2024-12-21T10:45:00Z")) < 0);
    }

    #[test]
    fn night_begins_and_ends_at_the_place_and_never_lasts_for_days() {
        // Bangkok, 1 January 2025: sunrise 06:41, sunset 18:01 local time.
        let mut nights = Nights::new(place(13_756_300, 100_501_800), -1);
        let mut is_night = |from: &str, to: &str| nights.cover(at(from), at(to));
        for (from, to, expected) in [
            ("2025-01-01T18:15:00+07:00", "2025-01-01T18:30:00+07:00", true),
            ("2025-01-01T18:00:00+07:00", "2025-01-01T18:15:00+07:00", false),
            ("2025-01-02T00:00:00+07:00", "2025-01-02T06:15:00+07:00", true),
            ("2025-01-02T06:15:00+07:00", "2025-01-02T06:45:00+07:00", false),
            ("2025-01-02T12:00:00+07:00", "2025-01-02T12:15:00+07:00", false),
            ("2025-01-01T18:30:00+07:00", "2025-01-02T07:00:00+07:00", false),
            ("2025-01-02T00:00:00+07:00", "2025-01-02T00:00:00+07:00", false),
            ("2025-01-01T19:00:00+07:00", "2025-01-03T01:00:00+07:00", false),
        ] {
            assert_eq!(is_night(from, to), expected, "{from} to {to}");
        }
    }
}
