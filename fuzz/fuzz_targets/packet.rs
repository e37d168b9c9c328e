//! What a gateway may send: opening, length, packets of both versions.
#![no_main]

use bytes::BytesMut;
use libfuzzer_sys::fuzz_target;
use mrv::sources::mqtt::listener::packet::{Packet, Reply, read, read_connect, write};
use mrv::sources::mqtt::listener::wire::{Opening, Version, opening, packet_len};

fuzz_target!(|data: &[u8]| {
    if let Opening::Connect(version) = opening(data)
        && let Ok(Some(len)) = packet_len(data)
        && len <= data.len()
    {
        let _ = read_connect(version, BytesMut::from(&data[..len]));
    }
    let mut rest = data;
    while let Ok(Some(len)) = packet_len(rest) {
        if len > rest.len() {
            return;
        }
        let (whole, next) = rest.split_at(len);
        rest = next;
        for version in [Version::V311, Version::V5] {
            let _ = read_connect(version, BytesMut::from(whole));
            let Ok(packet) = read(version, BytesMut::from(whole)) else { continue };
            let reply = match packet {
                Packet::Publish(publish) if publish.packet_id > 0 => {
                    Reply::PubAck { packet_id: publish.packet_id, refusal: None }
                }
                Packet::Subscribe { packet_id, filter_count } => {
                    Reply::SubAck { packet_id, filter_count }
                }
                Packet::Unsubscribe { packet_id, filter_count } => {
                    Reply::UnsubAck { packet_id, filter_count }
                }
                _ => continue,
            };
            let mut out = BytesMut::new();
            write(version, &reply, &mut out);
            assert_eq!(packet_len(&out), Ok(Some(out.len())), "{reply:?}");
        }
    }
});
