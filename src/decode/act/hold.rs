//! Holds: what a device delivered over a stretch counts by its bounds until the hold is lifted.

use serde::{Deserialize, Serialize};

use super::{ActError, id_error, time_error};
use crate::domain::id::{DeviceId, SiteId};
use crate::domain::time::Timestamp;

/// A hold on everything that a device delivers over a stretch.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hold {
    pub site: String,
    pub device: String,
    /// The last reading that was shown right, RFC 3339: what follows is held.
    pub from: String,
    /// The first moment that is right again, RFC 3339; empty while nobody knows.
    #[serde(default)]
    pub to: String,
    pub author: String,
    #[serde(default)]
    pub post: String,
    pub reason: String,
    /// The act of the finding that it follows from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finding: Option<u32>,
    #[serde(default)]
    pub document: String,
}

/// A hold is lifted: the values count again.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HoldLift {
    /// The act of the hold.
    pub hold: u32,
    pub author: String,
    #[serde(default)]
    pub post: String,
    pub reason: String,
    #[serde(default)]
    pub document: String,
}

impl Hold {
    /// Site and device, and the stretch: from (exclusive for readings, inclusive for time) to (exclusive);
    /// without an end, to the end of all times.
    ///
    /// # Errors
    /// When a name or time is none, or the stretch ends before it begins.
    pub fn stretch(&self) -> Result<(SiteId, DeviceId, Timestamp, Timestamp), ActError> {
        let site = SiteId::parse(&self.site).map_err(id_error(&self.site))?;
        let device = DeviceId::parse(&self.device).map_err(id_error(&self.device))?;
        let time = |text: &str| Timestamp::parse_rfc3339(text).map_err(time_error(text));
        let from = time(&self.from)?;
        let to = match self.to.as_str() {
            "" => Timestamp::from_us(i64::MAX),
            text => time(text)?,
        };
        if to <= from {
            return Err(ActError::Other("a hold ends after it begins".to_owned()));
        }
        Ok((site, device, from, to))
    }
}
