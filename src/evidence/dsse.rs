//! Envelopes: bytes signed with the log's key, in the form of DSSE 1 (secure-systems-lab/dsse).
//!
//! The signature is over the pre-authentication encoding `DSSEv1 <type length> <type> <length>
//! <bytes>`, so that it can be taken for no checkpoint. `keyid` is name and hash of the key as C2SP
//! signed-note writes them, `name+hash`: a hint, never trusted.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use serde::{Deserialize, Serialize};

/// Number of Ed25519 in C2SP signed-note, the first byte of a key.
const ED25519: u8 = 1;

/// Why an envelope shows nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DsseError {
    #[error("the key is not an Ed25519 key in the form of C2SP signed-note")]
    Key,
    #[error("not a DSSE envelope: {0}")]
    Form(String),
    #[error("the envelope holds {found:?}, not {expected:?}")]
    Type { expected: String, found: String },
    #[error("the envelope is not signed by the key {0}")]
    Signature(String),
}

/// An envelope as it is written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Envelope {
    #[serde(rename = "payloadType")]
    payload_type: String,
    /// Base64.
    payload: String,
    signatures: Vec<Signed>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Signed {
    keyid: String,
    /// Base64.
    sig: String,
}

/// Signs bytes of a type. The same bytes and key give the same envelope.
///
/// # Errors
/// When the key is none.
pub fn sign(private_key: &str, payload_type: &str, payload: &[u8]) -> Result<String, DsseError> {
    let key = private_key.trim().strip_prefix("PRIVATE+KEY+").ok_or(DsseError::Key)?;
    let (keyid, seed) = key_parts(key)?;
    let signature = SigningKey::from_bytes(&seed).sign(&encoded(payload_type, payload));
    let envelope = Envelope {
        payload_type: payload_type.to_owned(),
        payload: BASE64_STANDARD.encode(payload),
        signatures: vec![Signed { keyid, sig: BASE64_STANDARD.encode(signature.to_bytes()) }],
    };
    let text = serde_json::to_string_pretty(&envelope);
    Ok(text.map_err(|error| DsseError::Form(error.to_string()))? + "\n")
}

/// The bytes that this key signed as this type. One signature, in one form: an envelope with more or
/// in another form is refused.
///
/// # Errors
/// What does not fit.
pub fn open(envelope: &str, verifier_key: &str, expected: &str) -> Result<Vec<u8>, DsseError> {
    let (keyid, public) = key_parts(verifier_key.trim())?;
    let key = VerifyingKey::from_bytes(&public).map_err(|_| DsseError::Key)?;
    let form = |error: &dyn std::fmt::Display| DsseError::Form(error.to_string());
    let read: Envelope = serde_json::from_str(envelope).map_err(|error| form(&error))?;
    if read.payload_type != expected {
        let (expected, found) = (expected.to_owned(), read.payload_type);
        return Err(DsseError::Type { expected, found });
    }
    let payload = BASE64_STANDARD.decode(&read.payload).map_err(|error| form(&error))?;
    let [signed] = &read.signatures[..] else {
        return Err(form(&format!("{} signatures where one belongs", read.signatures.len())));
    };
    let bytes = BASE64_STANDARD.decode(&signed.sig).map_err(|error| form(&error))?;
    let signature = Signature::from_slice(&bytes).map_err(|error| form(&error))?;
    let is_signed = key.verify_strict(&encoded(expected, &payload), &signature).is_ok();
    if !is_signed || signed.keyid != keyid {
        return Err(DsseError::Signature(keyid));
    }
    let canonical = serde_json::to_string_pretty(&read).map_err(|error| form(&error))? + "\n";
    match canonical == envelope {
        true => Ok(payload),
        false => Err(form(&"it is not in the one form that is written")),
    }
}

/// DSSE's pre-authentication encoding.
fn encoded(payload_type: &str, payload: &[u8]) -> Vec<u8> {
    let mut bytes =
        format!("DSSEv1 {} {payload_type} {} ", payload_type.len(), payload.len()).into_bytes();
    bytes.extend_from_slice(payload);
    bytes
}

/// `name+hash` and the 32 bytes of a key in either form.
fn key_parts(key: &str) -> Result<(String, [u8; 32]), DsseError> {
    let mut parts = key.splitn(3, '+');
    let (Some(name), Some(hash), Some(key)) = (parts.next(), parts.next(), parts.next()) else {
        return Err(DsseError::Key);
    };
    let bytes = BASE64_STANDARD.decode(key).map_err(|_| DsseError::Key)?;
    match bytes.split_first() {
        Some((&ED25519, rest)) => {
            let bytes = rest.try_into().map_err(|_| DsseError::Key)?;
            Ok((format!("{name}+{hash}"), bytes))
        }
        _ => Err(DsseError::Key),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::checkpoint::key_pair;

    #[test]
    fn an_envelope_opens_with_its_key_and_type_alone() {
        let (private, public) = key_pair("mrv.example.org", &[9; 32]).unwrap();
        let (_, other) = key_pair("mrv.example.org", &[8; 32]).unwrap();
        let envelope = sign(&private, "text/plain", b"hello").unwrap();
        assert_eq!(open(&envelope, &public, "text/plain"), Ok(b"hello".to_vec()));
        assert_eq!(sign(&private, "text/plain", b"hello").unwrap(), envelope);
        assert!(matches!(open(&envelope, &other, "text/plain"), Err(DsseError::Signature(_))));
        assert!(matches!(open(&envelope, &public, "text/html"), Err(DsseError::Type { .. })));
        assert!(matches!(open("{}", &public, "text/plain"), Err(DsseError::Form(_))));
        assert!(matches!(open(&envelope, "x", "text/plain"), Err(DsseError::Key)));
    }

    #[test]
    fn every_altered_byte_of_an_envelope_is_found() {
        let (private, public) = key_pair("k", &[9; 32]).unwrap();
        let envelope = sign(&private, "text/plain", b"hello").unwrap();
        for place in 0..envelope.len() {
            let mut bytes = envelope.clone().into_bytes();
            bytes[place] ^= 1;
            let Ok(altered) = String::from_utf8(bytes) else { continue };
            assert!(open(&altered, &public, "text/plain").is_err(), "byte {place}");
        }
    }

    #[test]
    fn the_encoding_is_that_of_the_protocol_text() {
        let encoded = encoded("http://example.com/HelloWorld", b"hello world");
        assert_eq!(encoded, b"DSSEv1 29 http://example.com/HelloWorld 11 hello world");
    }
}
