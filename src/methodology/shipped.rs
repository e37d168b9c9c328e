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
        "MRV_BG_F1": "biogas-wastewater-f1.toml",
        "MRV_BG_F1_FLARE": "biogas-flare-f1.toml",
        "MRV_BG_F6": "biogas-solid-waste-f6.toml",
        "MRV_BO_F2": "boiler-f2.toml",
        "MRV_BO_F3": "boiler-f3.toml",
        "MRV_BT_F1": "base-station-f1.toml",
        "MRV_BU_F4": "bus-f4.toml",
        "MRV_CG_F3": "cogeneration-f3.toml",
        "MRV_CH_F2": "chiller-f2.toml",
        "MRV_CH_F2_MIX": "chiller-mixed-f2.toml",
        "MRV_CS_F2": "convenience-store-f2.toml",
        "MRV_CS_F2_SITES": "convenience-store-sites-f2.toml",
        "MRV_FG_F7": "fluorocarbons-f7.toml",
        "MRV_GE_F1": "geothermal-f1.toml",
        "MRV_HY_F1": "hydro-f1.toml",
        "MRV_HY_F1_RES": "hydro-reservoir-f1.toml",
        "MRV_PV_F1": "solar-pv-f1.toml",
        "MRV_PV_F1_CAPTIVE": "solar-pv-f1-captive.toml",
        "MRV_PV_F1_DAY": "solar-pv-f1-day.toml",
        "MRV_RD_F8": "redd-f8.toml",
        "MRV_RF_F2": "refrigerator-f2.toml",
        "MRV_RO_F4": "refinery-f4.toml",
        "MRV_RO_F4_DAY": "refinery-day-f4.toml",
        "MRV_TR_F5": "transformer-f5.toml",
        "MRV_WP_F1": "wind-power-f1.toml",
        "MRV_WT_F6": "waste-to-energy-f6.toml",
        "MRV_WT_F6_MONTH": "waste-to-energy-monthly-f6.toml",
    ]
}
