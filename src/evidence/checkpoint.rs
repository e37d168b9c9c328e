//! Checkpoints: size and root of a project's log, signed (C2SP tlog-checkpoint, signed-note).
//!
//! The origin, the note's first line, is `<key name>/<project>`: unique to the log. The key name is
//! chosen when the key is made, for instance `mrv.example.org`. Keys are in the text forms of
//! C2SP signed-note: `PRIVATE+KEY+name+hash+base64` and `name+hash+base64`.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use signed_note::{Note, StandardSigner, StandardVerifier, Verifier, VerifierList};

use super::Hash;
use crate::domain::digest::Sha256Digest;
use crate::domain::id::ProjectId;

/// Why a checkpoint or key cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CheckpointError {
    #[error("the key is not in the form of C2SP signed-note: {0}")]
    Key(String),
    #[error("key name {0:?} must not be empty or hold spaces or plus signs")]
    KeyName(String),
    #[error("sign the checkpoint: {0}")]
    Sign(String),
    #[error("not a signed note: {0}")]
    Note(String),
    #[error("the note is no checkpoint: {0}")]
    Form(&'static str),
    #[error("the checkpoint is not signed by the given key: {0}")]
    Signature(String),
    #[error("the checkpoint is that of {found:?}, not of {expected:?}")]
    Origin { expected: String, found: String },
    #[error(
        "refused to sign: the log had {old} leaves in the last checkpoint and would have {new}; \
         a log never shrinks or changes. Was a backup restored over newer data?"
    )]
    Shrunk { old: u64, new: u64 },
}

/// What a checkpoint says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    pub origin: String,
    pub size: u64,
    pub root: Hash,
}

/// A new key pair from 32 random bytes: private and verifier key as texts.
///
/// # Errors
/// When the name cannot be a key's name.
pub fn key_pair(name: &str, seed: &[u8; 32]) -> Result<(String, String), CheckpointError> {
    if !signed_note::is_key_name_valid(name) {
        return Err(CheckpointError::KeyName(name.to_owned()));
    }
    let public = ed25519_dalek::SigningKey::from_bytes(seed).verifying_key();
    let verifier = signed_note::new_ed25519_verifier_key(name, &public);
    // `name+hash+base64`: the private form shares name and hash, and 1 is Ed25519's number.
    let hash = verifier.split('+').nth(1).unwrap_or_default();
    let secret = BASE64_STANDARD.encode([&[1], &seed[..]].concat());
    Ok((format!("PRIVATE+KEY+{name}+{hash}+{secret}"), verifier))
}

/// The first line of a project's checkpoints under a key of this name.
#[must_use]
pub fn origin(key_name: &str, project: &ProjectId) -> String {
    format!("{key_name}/{project}")
}

/// The name in a key of either form.
///
/// # Errors
/// When it is no key.
pub fn key_name(key: &str) -> Result<&str, CheckpointError> {
    let public = key.trim().strip_prefix("PRIVATE+KEY+").unwrap_or(key.trim());
    public
        .split('+')
        .next()
        .filter(|name| !name.is_empty())
        .ok_or_else(|| CheckpointError::Key("it names no owner".to_owned()))
}

/// A short form of a verifier key that people can compare: SHA-256 of its text, in groups.
#[must_use]
pub fn fingerprint(verifier_key: &str) -> String {
    let digest = Sha256Digest::of(verifier_key.trim().as_bytes()).to_string();
    let groups: Vec<&str> = (0..8).map(|group| &digest[group * 4..group * 4 + 4]).collect();
    groups.join(" ")
}

/// Signs the checkpoint of a log, unless it contradicts the one before.
///
/// # Errors
/// When the log is smaller than `last` says or another one of the same size, or the key is none.
pub fn sign(
    private_key: &str,
    checkpoint: &Checkpoint,
    last: Option<&Checkpoint>,
) -> Result<String, CheckpointError> {
    if let Some(last) = last {
        let is_changed = last.size == checkpoint.size && last.root != checkpoint.root;
        if last.size > checkpoint.size || is_changed {
            return Err(CheckpointError::Shrunk { old: last.size, new: checkpoint.size });
        }
    }
    let signer = StandardSigner::new(private_key.trim())
        .map_err(|error| CheckpointError::Key(error.to_string()))?;
    let Checkpoint { origin, size, root } = checkpoint;
    let text = format!("{origin}\n{size}\n{}\n", BASE64_STANDARD.encode(root));
    let mut note = Note::new(text.as_bytes(), &[])
        .map_err(|error| CheckpointError::Sign(error.to_string()))?;
    note.add_sigs(&[&signer]).map_err(|error| CheckpointError::Sign(error.to_string()))?;
    String::from_utf8(note.to_bytes()).map_err(|error| CheckpointError::Sign(error.to_string()))
}

/// Reads a checkpoint without looking at its signature.
///
/// # Errors
/// When it is none.
pub fn parse(note: &str) -> Result<Checkpoint, CheckpointError> {
    let note = Note::from_bytes(note.as_bytes())
        .map_err(|error| CheckpointError::Note(error.to_string()))?;
    let text = std::str::from_utf8(note.text()).map_err(|_| CheckpointError::Form("not UTF-8"))?;
    let mut lines = text.lines();
    let (Some(origin), Some(size), Some(root)) = (lines.next(), lines.next(), lines.next()) else {
        return Err(CheckpointError::Form("fewer than three lines"));
    };
    let is_canonical = size == "0" || !size.starts_with(['0', '+']);
    let size: u64 = size.parse().map_err(|_| CheckpointError::Form("size is no number"))?;
    if !is_canonical {
        return Err(CheckpointError::Form("size is not in its one form"));
    }
    let root =
        BASE64_STANDARD.decode(root).map_err(|_| CheckpointError::Form("root is no base64"))?;
    let root = root.try_into().map_err(|_| CheckpointError::Form("root has not 32 bytes"))?;
    Ok(Checkpoint { origin: origin.to_owned(), size, root })
}

/// Reads a checkpoint and checks that this key signed it for this origin.
///
/// # Errors
/// What does not fit.
pub fn open(
    note: &str,
    verifier_key: &str,
    expected_origin: &str,
) -> Result<Checkpoint, CheckpointError> {
    let checkpoint = parse(note)?;
    if checkpoint.origin != expected_origin {
        let expected = expected_origin.to_owned();
        return Err(CheckpointError::Origin { expected, found: checkpoint.origin });
    }
    let verifier = StandardVerifier::new(verifier_key.trim())
        .map_err(|error| CheckpointError::Key(error.to_string()))?;
    let known = VerifierList::new(vec![Box::new(verifier) as Box<dyn Verifier>]);
    let note = Note::from_bytes(note.as_bytes())
        .map_err(|error| CheckpointError::Note(error.to_string()))?;
    note.verify(&known).map_err(|error| CheckpointError::Signature(error.to_string()))?;
    Ok(checkpoint)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checkpoint(size: u64, root: u8) -> Checkpoint {
        Checkpoint { origin: "mrv.example.org/p".to_owned(), size, root: [root; 32] }
    }

    #[test]
    fn a_signed_checkpoint_opens_with_its_key_and_origin_alone() {
        let (private, verifier) = key_pair("mrv.example.org", &[9; 32]).unwrap();
        let note = sign(&private, &checkpoint(7, 1), None).unwrap();
        let origin = origin("mrv.example.org", &ProjectId::parse("p").unwrap());
        assert_eq!(open(&note, &verifier, &origin), Ok(checkpoint(7, 1)));
        assert!(matches!(open(&note, &verifier, "x/p"), Err(CheckpointError::Origin { .. })));
        let (_, other) = key_pair("mrv.example.org", &[8; 32]).unwrap();
        assert!(matches!(open(&note, &other, &origin), Err(CheckpointError::Signature(_))));
        let altered = note.replacen("\n7\n", "\n8\n", 1);
        assert!(matches!(open(&altered, &verifier, &origin), Err(CheckpointError::Signature(_))));
    }

    #[test]
    fn a_smaller_or_different_log_is_never_signed() {
        let (private, _) = key_pair("k", &[9; 32]).unwrap();
        let last = checkpoint(7, 1);
        for (size, root, is_signed) in [(7, 1, true), (8, 2, true), (7, 2, false), (6, 1, false)] {
            let signed = sign(&private, &checkpoint(size, root), Some(&last));
            assert_eq!(signed.is_ok(), is_signed, "size {size} root {root}");
        }
    }

    #[test]
    fn the_checkpoint_of_this_form_opens_for_ever() {
        let verifier = "mrv.example.org+d453887c+Af0XJDhaoMdbZPt4zWAvodmR/ev3axPFjtcC6sg16fYY";
        let note = "mrv.example.org/p\n7\nAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=\n\n\u{2014} \
                    mrv.example.org 1FOIfHYqWSrmFur0g7iFAnYlCpvkBxE8OUtjsznNMFUunIVf3CN13xbRk6ozsbbf\
                    dQPzmdMz0Er4rjKVE98Uq8aYogo=\n";
        assert_eq!(open(note, verifier, "mrv.example.org/p"), Ok(checkpoint(7, 1)));
    }

    #[test]
    fn keys_are_in_their_c2sp_forms() {
        let (private, verifier) = key_pair("mrv.example.org", &[9; 32]).unwrap();
        assert!(private.starts_with("PRIVATE+KEY+mrv.example.org+"));
        assert_eq!(key_name(&private), Ok("mrv.example.org"));
        assert_eq!(key_name(&verifier), Ok("mrv.example.org"));
        assert_eq!(fingerprint(&verifier).len(), 39);
        assert!(matches!(key_pair("a b", &[0; 32]), Err(CheckpointError::KeyName(_))));
    }

    #[test]
    fn what_is_no_checkpoint_is_told() {
        for text in ["", "a\nb\n", "o\n01\nAAAA\n\n\u{2014} k AAAAAAA=\n"] {
            assert!(parse(text).is_err(), "{text:?}");
        }
    }
}
