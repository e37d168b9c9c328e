//! What a bundle may be, at most: a bundle is opened by whoever receives it, from whomever.

/// A bound with what it bounds and why; `docs/LIMITS.md` shows the same table.
pub struct Limit {
    pub of: &'static str,
    pub max: u64,
    pub unit: &'static str,
    pub why: &'static str,
}

/// Entries of the zip.
pub const ENTRIES_MAX: u64 = 100_000;
/// Bytes of all entries together.
pub const BYTES_MAX: u64 = 256 << 30;
/// Bytes of an entry's name.
pub const NAME_BYTES_MAX: u64 = 240;
/// Bytes of an entry that is read into memory: everything but messages, blobs and leaves.
pub const TEXT_BYTES_MAX: u64 = 256 << 20;
/// Bytes of a file of messages: its rows are decoded by lots of 16,384.
pub const MESSAGES_FILE_BYTES_MAX: u64 = 1 << 30;
/// Leaves of the log.
pub const LEAVES_MAX: u64 = 1 << 32;

/// All of them.
pub const LIMITS: [Limit; 6] = [
    Limit {
        of: "entries of a bundle",
        max: ENTRIES_MAX,
        unit: "",
        why: "their list is held in memory: some 30 MB",
    },
    Limit {
        of: "a bundle",
        max: BYTES_MAX,
        unit: "bytes",
        why: "entries are stored, never compressed, so that it unpacks to what it is; scratch space",
    },
    Limit {
        of: "an entry's name",
        max: NAME_BYTES_MAX,
        unit: "bytes",
        why: "it becomes a path below a scratch folder",
    },
    Limit {
        of: "an entry read into memory",
        max: TEXT_BYTES_MAX,
        unit: "bytes",
        why: "reports, documents to compare, manifests",
    },
    Limit {
        of: "a file of messages",
        max: MESSAGES_FILE_BYTES_MAX,
        unit: "bytes",
        why: "mrv writes files of some 32 MiB; one row group is read at a time",
    },
    Limit {
        of: "leaves of a log",
        max: LEAVES_MAX,
        unit: "",
        why: "their hashes pass by; a tree of this size has proofs of 32 hashes",
    },
];
