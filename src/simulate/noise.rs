//! Noise without state: the same seed, stream and index give the same number on any machine.
//!
//! SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014) over a
//! key, so that a value does not depend on how many were drawn before it.

/// A source of numbers for one quantity of one simulation.
#[derive(Debug, Clone, Copy)]
pub struct Noise {
    key: u64,
}

impl Noise {
    /// `stream` tells the quantities of one seed apart.
    #[must_use]
    pub fn new(seed: u64, stream: u64) -> Self {
        Self { key: mix(seed ^ mix(stream)) }
    }

    /// A number from `low` to `high`, both inclusive, evenly spread. `low` where `high` is below it.
    #[must_use]
    pub fn between(self, index: i64, low: i64, high: i64) -> i64 {
        let span = high.saturating_sub(low).max(0).unsigned_abs() + 1;
        // Both below 2^63: the remainder of a span fits.
        low + i64::try_from(mix(self.key ^ index.unsigned_abs()) % span).unwrap_or(0)
    }
}

fn mix(value: u64) -> u64 {
    let mut mixed = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_stay_between_their_ends_and_reach_both() {
        let noise = Noise::new(7, 1);
        let drawn: Vec<i64> = (0..1_000).map(|index| noise.between(index, -3, 3)).collect();
        assert_eq!(drawn.iter().min(), Some(&-3));
        assert_eq!(drawn.iter().max(), Some(&3));
        let mean_permille = drawn.iter().sum::<i64>();
        assert!(mean_permille.abs() < 250, "mean of 1,000 numbers is {mean_permille} / 1,000");
    }

    #[test]
    fn seed_and_stream_tell_numbers_apart() {
        let of = |seed, stream| {
            (0..20).map(|index| Noise::new(seed, stream).between(index, 0, 999)).collect::<Vec<_>>()
        };
        assert_eq!(of(7, 1), of(7, 1));
        assert_ne!(of(7, 1), of(8, 1));
        assert_ne!(of(7, 1), of(7, 2));
    }
}
