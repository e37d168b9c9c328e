//! Names that come from outside, checked before they become a name, an id or part of a path.
//!
//! One strict alphabet for all of them: 1 to 64 characters of `A-Z a-z 0-9 _ -`, beginning with a
//! letter or digit. No dot, slash, wildcard, space or NUL can therefore reach a topic match or a
//! path (SEC-1).

use std::fmt;
use std::sync::Arc;

/// Longest id, in bytes. An id is ASCII, so also in characters.
pub const ID_BYTES_MAX: usize = 64;

/// Why a text is no id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    #[error("an id must have at least one character")]
    Empty,
    #[error("an id has at most {ID_BYTES_MAX} characters, this one has {0}")]
    TooLong(usize),
    #[error(
        "character {character:?} at column {column} is not allowed in an id; use A-Z a-z 0-9 _ - \
         and begin with a letter or digit"
    )]
    Character { character: char, column: usize },
}

/// Checks `text` against the alphabet of ids.
///
/// # Errors
/// The first thing wrong with it, with its column (from 1).
pub fn check_id(text: &str) -> Result<(), IdError> {
    if text.is_empty() {
        return Err(IdError::Empty);
    }
    if text.len() > ID_BYTES_MAX {
        return Err(IdError::TooLong(text.chars().count()));
    }
    for (index, character) in text.chars().enumerate() {
        let is_word = character.is_ascii_alphanumeric();
        let is_mark = index > 0 && (character == '_' || character == '-');
        if !is_word && !is_mark {
            return Err(IdError::Character { character, column: index + 1 });
        }
    }
    Ok(())
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Arc<str>);

        impl $name {
            /// A checked id.
            ///
            /// # Errors
            /// When `text` is outside the alphabet of ids.
            pub fn parse(text: &str) -> Result<Self, IdError> {
                check_id(text)?;
                Ok(Self(Arc::from(text)))
            }

            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{:?}", &*self.0)
            }
        }
    };
}

id!(
    /// A project: the shard. Its log has one writer.
    ProjectId
);
id!(
    /// A site of a project.
    SiteId
);
id!(
    /// A device at a site: a meter, an inverter, a sensor.
    DeviceId
);
id!(
    /// What a device measures, in the plan's own name: `EG`, `T_chilled_out`.
    QuantityId
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_a_word_of_the_strict_alphabet() {
        for good in ["a", "0", "solar-1", "T_chilled_out", &"x".repeat(64)] {
            assert_eq!(check_id(good), Ok(()), "{good}");
        }
    }

    #[test]
    fn an_id_never_carries_what_a_path_or_topic_could_mistake() {
        let at = |character, column| Err(IdError::Character { character, column });
        assert_eq!(check_id(""), Err(IdError::Empty));
        assert_eq!(check_id(&"x".repeat(65)), Err(IdError::TooLong(65)));
        assert_eq!(check_id(".."), at('.', 1));
        assert_eq!(check_id("a/b"), at('/', 2));
        assert_eq!(check_id("a\0"), at('\0', 2));
        assert_eq!(check_id("+"), at('+', 1));
        assert_eq!(check_id("-a"), at('-', 1));
        assert_eq!(check_id("é"), at('é', 1));
    }
}
