//! The doors: how messages come in.
//!
//! A source checks who brings a message and whither, never what it says: content is decoded later.
//! It acknowledges only what the journal has synced (ING-1), and journals all that is authentic,
//! what is sent twice too (ING-2). Knows nothing of plans or tables.

pub mod accounts;
pub mod mqtt;
