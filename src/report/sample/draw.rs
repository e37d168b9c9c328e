//! Which units a probability sample consists of: a function of the population and a seed alone.
//!
//! Each unit's rank is SHA-256(seed, line feed, name of the unit); the units of lowest rank are
//! drawn. Every unit is as likely as any other, nobody can steer who does not choose the seed, and
//! `printf 'seed\nunit' | sha256sum` recomputes it without this software. Pure.

use crate::domain::digest::Sha256Digest;

/// A unit that was drawn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Drawn {
    /// Its name in the population.
    pub unit: String,
    /// Its rank: lower is drawn earlier.
    pub rank: Sha256Digest,
}

/// Draws `size` units, in order of rank. A larger sample of the same seed contains a smaller one, so
/// that a sample can be extended.
#[must_use]
pub fn draw(units: &[String], seed: &str, size: usize) -> Vec<Drawn> {
    let ranked = |unit: &String| Drawn { unit: unit.clone(), rank: rank(seed, unit) };
    let mut all: Vec<Drawn> = units.iter().map(ranked).collect();
    all.sort_by(|a, b| (&a.rank.0, &a.unit).cmp(&(&b.rank.0, &b.unit)));
    all.truncate(size);
    all
}

fn rank(seed: &str, unit: &str) -> Sha256Digest {
    Sha256Digest::of(format!("{seed}\n{unit}").as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(count: usize) -> Vec<String> {
        (0..count).map(|number| format!("site-{number}")).collect()
    }

    #[test]
    fn a_rank_is_what_any_tool_computes() {
        // printf '2026\nsite-0' | sha256sum
        let expected = "17943a6cc6e6881e1f4b6066412c19306f9164d2f589c9cc978a8575aaf961f5";
        assert_eq!(rank("2026", "site-0").to_string(), expected);
    }

    #[test]
    fn the_same_seed_draws_the_same_and_a_larger_sample_contains_the_smaller() {
        let units = names(100);
        let (small, large) = (draw(&units, "7", 10), draw(&units, "7", 30));
        assert_eq!(small, large[..10]);
        let mut reversed = units.clone();
        reversed.reverse();
        assert_eq!(draw(&reversed, "7", 10), small);
        assert_ne!(draw(&units, "8", 10), small);
        assert_eq!(draw(&units, "7", 1_000).len(), 100);
    }

    #[test]
    fn every_unit_is_drawn_about_as_often() {
        let units = names(10);
        let mut counts = [0u32; 10];
        for seed in 0..2_000 {
            for drawn in draw(&units, &seed.to_string(), 3) {
                counts[units.iter().position(|unit| *unit == drawn.unit).unwrap()] += 1;
            }
        }
        // 600 expected of 2,000 draws of 3 of 10; the seeds are fixed, so this never varies.
        assert!(counts.iter().all(|count| (530..=670).contains(count)), "{counts:?}");
    }
}
