//! What a fixed value, a parameter or the factors of a channel were in one plan.

use super::RecordedPlan;
use crate::config::plan::{CorrectionFactor, FixedValue, Parameter, Registered};
use crate::domain::reading::ChannelKey;

/// What it is a version of, by methodology, symbol and members; of a factor by name and channel.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Key {
    Fixed(String, String, Vec<String>),
    Parameter(String, String, Vec<String>),
    Factor(String, ChannelKey),
}

#[derive(Clone)]
pub(super) enum Version {
    Fixed(FixedValue),
    Parameter(Parameter),
    /// All factors of one name and channel: maybe none.
    Factors(String, ChannelKey, Vec<CorrectionFactor>),
}

impl Key {
    /// True if it can alter what a methodology comes to: of a factor, if some plan makes a parameter of
    /// it of the channel, or of one that it checks.
    pub(super) fn is_of(&self, methodology: &str, plans: &[RecordedPlan]) -> bool {
        let channel = match self {
            Self::Fixed(of, ..) | Self::Parameter(of, ..) => return of == methodology,
            Self::Factor(_, channel) => channel,
        };
        plans.iter().map(|one| &one.plan.registered).any(|registered| {
            let checked = registered.cross_checks.check_meters.iter();
            let checked: Vec<_> = checked.filter(|pair| pair.check == *channel).collect();
            let is_meant =
                |key: &ChannelKey| key == channel || checked.iter().any(|pair| pair.main == *key);
            let mut parameters = registered.parameters.iter();
            parameters.any(|p| p.methodology == methodology && p.channels.iter().any(is_meant))
        })
    }
}

impl Version {
    pub(super) fn key(&self) -> Key {
        match self {
            Self::Fixed(f) => {
                Key::Fixed(f.methodology.clone(), f.symbol.clone(), f.members.clone())
            }
            Self::Parameter(p) => {
                Key::Parameter(p.methodology.clone(), p.symbol.clone(), p.members.clone())
            }
            Self::Factors(name, channel, _) => Key::Factor(name.clone(), channel.clone()),
        }
    }

    /// Takes the place of the value of the same name.
    pub(super) fn put(&self, registered: &mut Registered) {
        match self {
            Self::Fixed(value) => {
                let is_it = |one: &&mut FixedValue| {
                    one.methodology == value.methodology
                        && one.symbol == value.symbol
                        && one.members == value.members
                };
                if let Some(one) = registered.fixed.iter_mut().find(is_it) {
                    one.clone_from(value);
                }
            }
            Self::Parameter(value) => {
                let is_it = |one: &&mut Parameter| {
                    one.methodology == value.methodology
                        && one.symbol == value.symbol
                        && one.members == value.members
                };
                if let Some(one) = registered.parameters.iter_mut().find(is_it) {
                    one.clone_from(value);
                }
            }
            Self::Factors(name, channel, factors) => {
                registered.factors.retain(|one| (&one.name, &one.channel) != (name, channel));
                registered.factors.extend(factors.iter().cloned());
            }
        }
    }
}
