//! The checks on the real path: messages are published, decoded, judged, aggregated and reported, and
//! what the report says of them is read from its JSON.

mod catalogue;
mod days;
mod defects;
mod series;
mod site;
mod submissions;
