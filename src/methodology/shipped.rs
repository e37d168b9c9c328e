//! The methodologies that come with the software.

/// A methodology file of `pipelines/methodologies`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shipped {
    /// The methodology's id, as plans name it.
    pub id: &'static str,
    /// Path below the crate's root.
    pub file: &'static str,
    pub text: &'static str,
}

macro_rules! shipped {
    ($($id:literal: $file:literal),* $(,)?) => {
        &[$(Shipped {
            id: $id,
            file: concat!("pipelines/methodologies/", $file),
            text: include_str!(concat!("../../pipelines/methodologies/", $file)),
        }),*]
    };
}

/// All shipped methodologies, by id.
#[must_use]
pub fn shipped() -> &'static [Shipped] {
    shipped![
        "MRV_CH_F2": "chiller-f2.toml",
        "MRV_PV_F1": "solar-pv-f1.toml",
    ]
}
