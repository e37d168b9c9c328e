//! What the standards forbid and rumqttc's codecs let through: flags, fields and properties of a
//! client's packets.
//!
//! Takes a whole packet as [`super::wire`] cut it, before the codec reads it. Gives nothing but the
//! reason why it is malformed. Chapter numbers are those of MQTT 5.

use super::wire::Version;

/// Looks at a CONNECT (3.1).
///
/// # Errors
/// What is forbidden in it.
pub fn connect(version: Version, packet: &[u8]) -> Result<(), &'static str> {
    let mut rest = body(packet)?;
    text(&mut rest)?;
    let [_level, flags, _, _] = take(&mut rest)?;
    if flags & 0x01 != 0 {
        return Err("the reserved connect flag is set");
    }
    let (has_will, will_options) = (flags & 0x04 != 0, flags & 0x38);
    if !has_will && will_options != 0 {
        return Err("will flags without a will");
    }
    if flags & 0x18 == 0x18 {
        return Err("a will of QoS 3");
    }
    let (has_user, has_password) = (flags & 0x80 != 0, flags & 0x40 != 0);
    if version == Version::V311 && has_password && !has_user {
        return Err("a password without a user name");
    }
    if version == Version::V5 {
        properties(&mut rest, Place::Connect)?;
    }
    text(&mut rest)?;
    if has_will {
        if version == Version::V5 {
            properties(&mut rest, Place::Will)?;
        }
        text(&mut rest)?;
        binary(&mut rest)?;
    }
    if has_user {
        text(&mut rest)?;
    }
    if has_password {
        binary(&mut rest)?;
    }
    if rest.is_empty() { Ok(()) } else { Err("bytes after the last field of CONNECT") }
}

/// Looks at a packet of a connected client.
///
/// # Errors
/// What is forbidden in it.
pub fn packet(version: Version, packet: &[u8]) -> Result<(), &'static str> {
    let mut rest = body(packet)?;
    let first = packet[0];
    match first >> 4 {
        3 => {
            let qos = first >> 1 & 3;
            if first & 0x08 != 0 && qos == 0 {
                return Err("DUP with QoS 0");
            }
            if version == Version::V5 {
                binary(&mut rest)?;
                if qos > 0 {
                    take::<2>(&mut rest)?;
                }
                properties(&mut rest, Place::Publish)?;
            }
        }
        6 if version == Version::V5 && rest.len() > 3 => {
            take::<3>(&mut rest)?;
            properties(&mut rest, Place::Acknowledgement)?;
        }
        6 if version == Version::V311 && rest.len() != 2 => {
            return Err("PUBREL is longer than it is");
        }
        8 | 10 => {
            let is_subscribe = first >> 4 == 8;
            take::<2>(&mut rest)?;
            if version == Version::V5 {
                let place = if is_subscribe { Place::Subscribe } else { Place::Unsubscribe };
                properties(&mut rest, place)?;
            }
            if rest.is_empty() {
                return Err("no topic filter");
            }
            while !rest.is_empty() {
                if text(&mut rest)?.is_empty() {
                    return Err("an empty topic filter");
                }
                if is_subscribe {
                    options(version, take(&mut rest)?)?;
                }
            }
        }
        12 if !rest.is_empty() => return Err("PINGREQ with a body"),
        14 if version == Version::V311 && !rest.is_empty() => return Err("DISCONNECT with a body"),
        14 if rest.len() > 1 => {
            take::<1>(&mut rest)?;
            properties(&mut rest, Place::Disconnect)?;
        }
        _ => {}
    }
    Ok(())
}

/// The options of a subscription (3.8.3.1).
fn options(version: Version, [options]: [u8; 1]) -> Result<(), &'static str> {
    let reserved = if version == Version::V5 { 0xc0 } else { 0xfc };
    let is_retain_handling = version == Version::V311 || options >> 4 & 3 < 3;
    if options & reserved != 0 || options & 3 == 3 || !is_retain_handling {
        return Err("subscription options that there are not");
    }
    Ok(())
}

/// Where properties stand.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Connect,
    Will,
    Publish,
    Acknowledgement,
    Subscribe,
    Unsubscribe,
    Disconnect,
}

/// Looks at the properties that begin `rest` (2.2.2): each of its place, at most once, of its form.
fn properties(rest: &mut &[u8], place: Place) -> Result<(), &'static str> {
    let len = number(rest)?;
    let Some((mut list, after)) = rest.split_at_checked(len) else {
        return Err("properties longer than the packet");
    };
    *rest = after;
    // Bit n: property n was met.
    let mut met = 0_u64;
    while !list.is_empty() {
        let id = number(&mut list)?;
        if id > 42 {
            return Err("an unknown property");
        }
        if id != 38 && met >> id & 1 != 0 {
            return Err("a property that stands twice");
        }
        met |= 1 << id;
        property(&mut list, id, place)?;
    }
    if met >> 22 & 1 != 0 && met >> 21 & 1 == 0 {
        return Err("authentication data without a method");
    }
    Ok(())
}

fn property(list: &mut &[u8], id: usize, place: Place) -> Result<(), &'static str> {
    use Place::{Acknowledgement, Connect, Disconnect, Publish, Subscribe, Will};
    let is_here = match id {
        1..=3 | 8 | 9 => matches!(place, Publish | Will),
        11 => place == Subscribe,
        17 => matches!(place, Connect | Disconnect),
        21..=23 | 25 | 33 | 34 | 39 => place == Connect,
        24 => place == Will,
        31 => matches!(place, Acknowledgement | Disconnect),
        35 => place == Publish,
        38 => true,
        _ => false,
    };
    if !is_here {
        return Err("a property of another packet");
    }
    let is_right = match id {
        1 | 23 | 25 => take::<1>(list)?[0] <= 1,
        2 | 17 | 24 => take::<4>(list).is_ok(),
        34 => take::<2>(list).is_ok(),
        33 | 35 => take::<2>(list)? != [0; 2],
        39 => take::<4>(list)? != [0; 4],
        11 => number(list)? > 0,
        8 => !text(list)?.contains(['#', '+']),
        9 | 22 => binary(list).is_ok(),
        38 => text(list).is_ok() && text(list).is_ok(),
        _ => text(list).is_ok(),
    };
    if is_right { Ok(()) } else { Err("a property with a value that it cannot have") }
}

/// What follows the fixed header.
fn body(packet: &[u8]) -> Result<&[u8], &'static str> {
    let mut rest = packet.get(1..).unwrap_or_default();
    number(&mut rest)?;
    Ok(rest)
}

/// A variable byte integer (1.5.5).
fn number(rest: &mut &[u8]) -> Result<usize, &'static str> {
    let mut number = 0;
    for place in 0..4 {
        let [byte] = take(rest)?;
        number |= usize::from(byte & 0x7f) << (7 * place);
        if byte & 0x80 == 0 {
            return Ok(number);
        }
    }
    Err("a variable byte integer of more than four bytes")
}

fn take<const COUNT: usize>(rest: &mut &[u8]) -> Result<[u8; COUNT], &'static str> {
    let (taken, after) = rest.split_first_chunk().ok_or("a field goes beyond the packet")?;
    *rest = after;
    Ok(*taken)
}

fn binary<'a>(rest: &mut &'a [u8]) -> Result<&'a [u8], &'static str> {
    let len = u16::from_be_bytes(take(rest)?);
    let cut = rest.split_at_checked(len.into());
    let (taken, after) = cut.ok_or("a field goes beyond the packet")?;
    *rest = after;
    Ok(taken)
}

/// A text (1.5.4): UTF-8 without surrogates and NUL.
fn text<'a>(rest: &mut &'a [u8]) -> Result<&'a str, &'static str> {
    let text = std::str::from_utf8(binary(rest)?).map_err(|_| "a text is not UTF-8")?;
    if text.contains('\0') { Err("NUL in a text") } else { Ok(text) }
}
