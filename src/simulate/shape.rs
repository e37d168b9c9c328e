//! The shapes of simulated days, in whole numbers: sun, clouds, the load of a factory.
//!
//! Plausible, not physical: days near the equator, twelve hours long, brightest at noon.

use super::noise::Noise;

/// Quarter hours of a day.
pub const QUARTERS: i64 = 96;
/// Sunrise and sunset, quarters after midnight.
const SUNRISE: i64 = 24;
const SUNSET: i64 = 72;

/// Mean share of the clear noon's light in a quarter hour, in permille; 0 at night. `day` counts from
/// the first, `quarter` from local midnight.
#[must_use]
pub fn sun_permille(clouds: Noise, day: i64, quarter: i64) -> i64 {
    if !(SUNRISE..SUNSET).contains(&quarter) {
        return 0;
    }
    let length = SUNSET - SUNRISE;
    // Middle of the quarter, in halves of one.
    let (passed, left) = (2 * (quarter - SUNRISE) + 1, 2 * (SUNSET - quarter) - 1);
    let parabola = 1_000 * passed * left / (length * length);
    let clear = (parabola + parabola * parabola / 1_000) / 2;
    // Bright days and dull ones, and clouds that pass within the hour.
    let of_day = clouds.between(day, 420, 1_000);
    let passing = clouds.between(1_000_000 + day * QUARTERS + quarter, 800, 1_060);
    (clear * of_day / 1_000 * passing / 1_000).min(1_000)
}

/// Heat of the day in permille of its swing: least before sunrise, most in the afternoon.
#[must_use]
pub fn warmth_permille(quarter: i64) -> i64 {
    // A triangle with its top at 15:00, its foot at 05:00.
    let from_foot = (quarter - 20).rem_euclid(QUARTERS);
    if from_foot <= 40 { from_foot * 25 } else { (QUARTERS - from_foot) * 1_000 / 56 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sun_shines_by_day_alone_and_most_at_noon() {
        let clouds = Noise::new(7, 1);
        let mean_of =
            |quarter| (0..200).map(|day| sun_permille(clouds, day, quarter)).sum::<i64>() / 200;
        let means: Vec<i64> = (0..QUARTERS).map(mean_of).collect();
        assert!(means[..24].iter().chain(&means[72..]).all(|mean| *mean == 0), "{means:?}");
        assert!(means[24..72].iter().all(|mean| *mean > 0), "{means:?}");
        let noon = means[47].max(means[48]);
        assert!(means.iter().all(|mean| *mean <= noon + 40), "{means:?}");
    }

    #[test]
    fn warmth_is_continuous_and_within_its_swing() {
        for quarter in 0..QUARTERS {
            let (here, next) =
                (warmth_permille(quarter), warmth_permille((quarter + 1) % QUARTERS));
            assert!((0..=1_000).contains(&here), "{quarter}: {here}");
            assert!((here - next).abs() <= 26, "{quarter}: {here} then {next}");
        }
        assert_eq!((warmth_permille(20), warmth_permille(60)), (0, 1_000));
    }
}
