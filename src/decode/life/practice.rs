//! Monthly checks, evidence of eligibility, responses to flags.

use super::{Kept, Life, date, needs, refused};
use crate::config::plan::practice::Required;
use crate::decode::act::{ActError, Evidence, MonthlyCheck, Response, SampleResult, dates};
use crate::domain::flag::Code;
use crate::domain::id::DeviceId;
use crate::domain::time::Timestamp;

impl Life {
    pub(super) fn take_check(&mut self, check: Kept<MonthlyCheck>) -> Result<(), ActError> {
        let act = &check.act;
        let texts = [
            ("post", &*act.post),
            ("date", &act.date),
            ("subject", &act.what),
            ("findings", &act.findings),
        ];
        needs("monthly check", &texts)?;
        let first = date(&format!("{}-01", act.month))?;
        let day = date(&act.date)?;
        if day < first {
            return refused(format!("a check of {} was not done on {day}", act.month));
        }
        self.checks.push(check);
        Ok(())
    }

    pub(super) fn take_evidence(&mut self, evidence: Kept<Evidence>) -> Result<(), ActError> {
        let act = &evidence.act;
        let texts = [
            ("criterion", &*act.criterion),
            ("post", &act.post),
            ("text", &act.text),
            ("document", &act.document),
        ];
        needs("piece of evidence", &texts)?;
        date(&act.date)?;
        dates(&act.from, &act.to)?;
        self.evidence.push(evidence);
        Ok(())
    }

    pub(super) fn take_sample(&mut self, sample: Kept<SampleResult>) -> Result<(), ActError> {
        let act = &sample.act;
        let texts = [("post", &*act.post), ("document", &act.document)];
        needs("sample's result", &texts)?;
        date(&act.date)?;
        dates(&act.from, &act.to)?;
        if Required::parse(&act.achieved).is_none() {
            return refused(format!(
                "{:?} is no confidence and precision: write 90/8.7, both in percent",
                act.achieved
            ));
        }
        self.samples.push(sample);
        Ok(())
    }

    pub(super) fn take_response(&mut self, response: Kept<Response>) -> Result<(), ActError> {
        let act = &response.act;
        needs("response", &[("post", &act.post), ("reason", &act.reason)])?;
        date(&act.date)?;
        dates(&act.from, &act.to)?;
        if Code::parse(&act.code).is_none() {
            return refused(format!("{:?} is no flag, such as V-GAP", act.code));
        }
        let mut parts = act.channel.split('/');
        let is_channel = act.channel.is_empty()
            || act.channel.split('/').count() == 3
                && parts.all(|part| DeviceId::parse(part).is_ok());
        if !is_channel {
            let channel = &act.channel;
            return refused(format!("{channel:?} names no channel; write site/device/quantity"));
        }
        if !act.at.is_empty() {
            Timestamp::parse_rfc3339(&act.at).map_err(|e| ActError::Time(act.at.clone(), e))?;
        }
        self.responses.push(response);
        Ok(())
    }
}
