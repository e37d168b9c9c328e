//! Days in the life of a plant, each in one run through the commands: from what a meter or a person sends to
//! the sealed report, its bundle, and what a recheck of it says. Beside them what verifiers sent real
//! submissions back for.
//!
//! | day | test |
//! | --- | --- |
//! | 1, 2, 3, 4 | `meters.rs` |
//! | 5, 6 | `papers.rs` |
//! | 7 | `../recheck.rs` |
//! | 8 | `calibration.rs` |
//! | 9, 10 | `../life.rs` |

#[path = "../office/mod.rs"]
mod office;
#[path = "../support/recalculate.rs"]
mod recalculate;

mod borders;
mod calibration;
mod cut;
mod meters;
mod papers;
mod public;
mod public_parts;
mod samples;
mod submissions;
mod wind;
