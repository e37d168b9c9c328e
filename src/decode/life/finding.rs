//! Findings with their replies, and holds.

use super::period::{PeriodKey, State, shown};
use super::{Kept, Life, date, is_same_person, needs, refused};
use crate::decode::act::{
    ActError, Finding, FindingClose, FindingKind, FindingReply, Hold, HoldLift,
};
use crate::domain::id::{DeviceId, SiteId};
use crate::domain::time::Timestamp;

/// A finding of a third-party entity and what followed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FindingRecord {
    /// `CAR-1`: counted by kind over the project.
    pub name: String,
    pub kind: FindingKind,
    /// The period it was raised in.
    pub period: PeriodKey,
    pub opened: Kept<Finding>,
    pub replies: Vec<Kept<FindingReply>>,
    pub closed: Option<Kept<FindingClose>>,
}

impl FindingRecord {
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.closed.is_none()
    }

    /// True if no positive opinion can be recorded over it.
    #[must_use]
    pub fn blocks_opinion(&self) -> bool {
        self.is_open() && self.kind != FindingKind::Far
    }
}

/// A hold and whether it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HoldRecord {
    pub site: SiteId,
    pub device: DeviceId,
    /// From (inclusive) to (exclusive).
    pub from: Timestamp,
    pub to: Timestamp,
    pub placed: Kept<Hold>,
    pub lifted: Option<Kept<HoldLift>>,
}

impl Life {
    /// The finding of an act.
    #[must_use]
    pub fn finding(&self, act: u32) -> Option<&FindingRecord> {
        self.findings.iter().find(|finding| finding.opened.number == act)
    }

    /// The findings that a period's report shows: those raised in it, and forward action requests of
    /// earlier periods that are open.
    pub fn findings_of(&self, period: PeriodKey) -> impl Iterator<Item = &FindingRecord> {
        self.findings.iter().filter(move |finding| {
            let is_carried = finding.kind == FindingKind::Far
                && finding.is_open()
                && finding.period.1 < period.0;
            finding.period == period || is_carried
        })
    }

    pub(super) fn take_finding(&mut self, opened: Kept<Finding>) -> Result<(), ActError> {
        let act = &opened.act;
        let Some(kind) = FindingKind::parse(&act.kind) else {
            return refused(format!("{:?} is no finding; use CAR, CL or FAR", act.kind));
        };
        let texts = [("third-party entity", &*act.tpe), ("text", &act.text), ("date", &act.date)];
        needs(kind.as_str(), &texts)?;
        date(&act.date)?;
        let (period, version) = self.current(&act.from, &act.to, act.version)?;
        let state = version.state();
        let is_late = kind == FindingKind::Far && state == State::ReportRecorded;
        if state != State::UnderVerification && !is_late {
            return refused(format!(
                "version {} of {} is {}; findings are raised under verification: mrv period advance \
                 verification",
                act.version,
                shown(period),
                state.words()
            ));
        }
        for subject in &act.about {
            subject_of(subject)?;
        }
        let count = self.findings.iter().filter(|finding| finding.kind == kind).count();
        let name = format!("{}-{}", kind.as_str(), count + 1);
        let (replies, closed) = (Vec::new(), None);
        self.findings.push(FindingRecord { name, kind, period, opened, replies, closed });
        Ok(())
    }

    pub(super) fn take_reply(&mut self, reply: Kept<FindingReply>) -> Result<(), ActError> {
        let act = &reply.act;
        needs("reply", &[("post", &act.post), ("text", &act.text), ("date", &act.date)])?;
        date(&act.date)?;
        let finding = open(&mut self.findings, act.finding)?;
        if is_same_person(&act.author, &finding.opened.act.author) {
            return refused(format!(
                "{} raised {}; a reply is the participants'",
                act.author.trim(),
                finding.name
            ));
        }
        finding.replies.push(reply);
        Ok(())
    }

    pub(super) fn take_close(&mut self, close: Kept<FindingClose>) -> Result<(), ActError> {
        let act = &close.act;
        needs("closing", &[("text", &act.text), ("date", &act.date)])?;
        date(&act.date)?;
        let versions: Vec<(PeriodKey, u32)> = self
            .periods
            .iter()
            .flat_map(|(key, all)| all.iter().map(|version| (*key, version.number())))
            .collect();
        let finding = open(&mut self.findings, act.finding)?;
        let name = &finding.name;
        if !is_same_person(&act.tpe, &finding.opened.act.tpe) {
            return refused(format!(
                "{name} was raised by {}, who closes it",
                finding.opened.act.tpe
            ));
        }
        if finding.kind != FindingKind::Far && finding.replies.is_empty() {
            return refused(format!("nobody has replied to {name}: mrv finding reply"));
        }
        let mut replies = finding.replies.iter();
        if replies.any(|reply| is_same_person(&reply.act.author, &act.author)) {
            let who = act.author.trim();
            return refused(format!(
                "{who} replied to {name}; the entity that raised it closes it"
            ));
        }
        if let Some(version) = act.version
            && !versions.contains(&(finding.period, version))
        {
            return refused(format!(
                "{} has no version {version} that could solve {name}",
                shown(finding.period)
            ));
        }
        finding.closed = Some(close);
        Ok(())
    }

    pub(super) fn take_hold(&mut self, placed: Kept<Hold>) -> Result<(), ActError> {
        needs("hold", &[("reason", &placed.act.reason)])?;
        let (site, device, from, to) = placed.act.stretch()?;
        if let Some(act) = placed.act.finding
            && self.finding(act).is_none()
        {
            return refused(format!("act {act} is no finding; see mrv finding list"));
        }
        self.holds.push(HoldRecord { site, device, from, to, placed, lifted: None });
        Ok(())
    }

    pub(super) fn take_lift(&mut self, lift: Kept<HoldLift>) -> Result<(), ActError> {
        needs("lifting", &[("reason", &lift.act.reason)])?;
        let act = lift.act.hold;
        match self.holds.iter_mut().find(|hold| hold.placed.number == act) {
            None => refused(format!("act {act} is no hold; see mrv hold list")),
            Some(hold) if hold.lifted.is_some() => {
                refused(format!("the hold of act {act} is lifted already"))
            }
            Some(hold) => {
                hold.lifted = Some(lift);
                Ok(())
            }
        }
    }
}

/// A finding that is open.
fn open(findings: &mut [FindingRecord], act: u32) -> Result<&mut FindingRecord, ActError> {
    match findings.iter_mut().find(|finding| finding.opened.number == act) {
        None => refused(format!("act {act} is no finding; see mrv finding list")),
        Some(finding) if !finding.is_open() => refused(format!("{} is closed", finding.name)),
        Some(finding) => Ok(finding),
    }
}

/// What a finding is about, checked by its form.
fn subject_of(subject: &str) -> Result<(), ActError> {
    let form = || {
        refused(format!(
            "{subject:?} names nothing: write figure:ER.2020, device:SITE/DEVICE, \
             channel:SITE/DEVICE/QUANTITY, interval:CHANNEL@TIME or reading:CHANNEL@TIME"
        ))
    };
    let Some((kind, what)) = subject.split_once(':') else { return form() };
    let parts = |text: &str, count: usize| {
        let parts: Vec<&str> = text.split('/').collect();
        parts.len() == count && parts.iter().all(|part| DeviceId::parse(part).is_ok())
    };
    let is_right = match kind {
        "figure" => !what.trim().is_empty(),
        "device" => parts(what, 2),
        "channel" => parts(what, 3),
        "interval" | "reading" => what
            .split_once('@')
            .is_some_and(|(channel, at)| parts(channel, 3) && Timestamp::parse_rfc3339(at).is_ok()),
        _ => false,
    };
    if is_right { Ok(()) } else { form() }
}
