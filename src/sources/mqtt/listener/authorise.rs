//! Who may publish whither. Takes a grant and a topic, gives the project or a refusal; knows nothing
//! of connections. SEC-1: a gateway writes only below its own project and site.

use super::packet::Refusal;
use crate::domain::id::{ProjectId, check_id};
use crate::domain::message::NAME_BYTES_MAX;
use crate::sources::accounts::Account;

/// The root of all topics.
const ROOT: &str = "mrv/v1/";

/// What a connection may do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Grant {
    /// Publish below its project and site.
    Account(Account),
    /// Publish below any project that the daemon knows; on loopback only.
    Anonymous,
}

impl Grant {
    /// Who brings its messages, as `messages` names the client.
    #[must_use]
    pub fn client(&self) -> std::sync::Arc<str> {
        match self {
            Self::Account(account) => std::sync::Arc::clone(&account.name),
            Self::Anonymous => "anonymous".into(),
        }
    }
}

/// What no topic of a publish may hold, of whatever client (MQTT 5, 1.5.4 and 3.3.2.1); the
/// connection is closed for it.
#[must_use]
pub fn malformed(topic: &str) -> Option<&'static str> {
    if topic.is_empty() {
        return Some("the topic is empty");
    }
    topic.bytes().find_map(|byte| match byte {
        0 => Some("NUL in the topic"),
        b'+' | b'#' => Some("a wildcard in the topic of a publish"),
        _ => None,
    })
}

/// The project that a message on `topic` belongs to: `mrv/v1/{project}/{site}/{device}`, with further
/// levels where a gateway has them, each an id.
///
/// # Errors
/// When the client may not publish there, or the topic is not of the alphabet.
pub fn project_of(
    grant: &Grant,
    topic: &str,
    knows: impl Fn(&ProjectId) -> bool,
) -> Result<ProjectId, Refusal> {
    if topic.len() > NAME_BYTES_MAX {
        return Err(Refusal::TopicName);
    }
    let below = topic.strip_prefix(ROOT).ok_or(Refusal::NotAuthorised)?;
    let mut levels = below.split('/');
    let (project, site) = (levels.next(), levels.next());
    let project = match grant {
        Grant::Account(account) => {
            let own = (Some(account.project.as_str()), Some(account.site.as_str()));
            if (project, site) != own {
                return Err(Refusal::NotAuthorised);
            }
            account.project.clone()
        }
        Grant::Anonymous => {
            let project = ProjectId::parse(project.unwrap_or_default());
            let project = project.map_err(|_| Refusal::TopicName)?;
            if !knows(&project) {
                return Err(Refusal::NotAuthorised);
            }
            check_id(site.unwrap_or_default()).map_err(|_| Refusal::TopicName)?;
            project
        }
    };
    let device = levels.next().ok_or(Refusal::TopicName)?;
    let is_ids = std::iter::once(device).chain(levels).all(|level| check_id(level).is_ok());
    if is_ids { Ok(project) } else { Err(Refusal::TopicName) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::id::SiteId;
    use crate::domain::time::Timestamp;

    fn account() -> Grant {
        Grant::Account(Account {
            name: "gw".into(),
            project: ProjectId::parse("p").unwrap(),
            site: SiteId::parse("s").unwrap(),
            created_at: Timestamp::from_us(0),
        })
    }

    #[test]
    fn a_gateway_publishes_below_its_own_site_alone() {
        let long = format!("mrv/v1/p/s/{}", "d/".repeat(NAME_BYTES_MAX));
        for (topic, expected) in [
            ("mrv/v1/p/s/d", Ok("p")),
            ("mrv/v1/p/s/d/phase-1", Ok("p")),
            ("mrv/v1/p/s", Err(Refusal::TopicName)),
            ("mrv/v1/p/s/", Err(Refusal::TopicName)),
            ("mrv/v1/p/s/d/", Err(Refusal::TopicName)),
            ("mrv/v1/p/s//d", Err(Refusal::TopicName)),
            ("mrv/v1/p/s/..", Err(Refusal::TopicName)),
            ("mrv/v1/p/s/d e", Err(Refusal::TopicName)),
            ("mrv/v1/p/s/é", Err(Refusal::TopicName)),
            (&long, Err(Refusal::TopicName)),
            ("mrv/v1/p/s2/d", Err(Refusal::NotAuthorised)),
            ("mrv/v1/p2/s/d", Err(Refusal::NotAuthorised)),
            ("mrv/v1/P/s/d", Err(Refusal::NotAuthorised)),
            ("mrv/v1/p//d", Err(Refusal::NotAuthorised)),
            ("mrv/v1/p", Err(Refusal::NotAuthorised)),
            ("/mrv/v1/p/s/d", Err(Refusal::NotAuthorised)),
            ("mrv/v2/p/s/d", Err(Refusal::NotAuthorised)),
            ("$SYS/x", Err(Refusal::NotAuthorised)),
        ] {
            let found = project_of(&account(), topic, |_| true);
            assert_eq!(found.as_ref().map(ProjectId::as_str).map_err(|r| *r), expected, "{topic}");
        }
    }

    #[test]
    fn an_anonymous_client_publishes_below_known_projects() {
        for (topic, expected) in [
            ("mrv/v1/known/any/d", Ok("known")),
            ("mrv/v1/other/any/d", Err(Refusal::NotAuthorised)),
            ("mrv/v1/kn own/any/d", Err(Refusal::TopicName)),
            ("mrv/v1/known/a ny/d", Err(Refusal::TopicName)),
            ("mrv/v1/known/any", Err(Refusal::TopicName)),
            ("mrv/v1/", Err(Refusal::TopicName)),
        ] {
            let found = project_of(&Grant::Anonymous, topic, |id| id.as_str() == "known");
            assert_eq!(found.as_ref().map(ProjectId::as_str).map_err(|r| *r), expected, "{topic}");
        }
    }

    #[test]
    fn no_topic_of_a_publish_holds_nul_or_a_wildcard() {
        for topic in ["", "a\0b", "mrv/v1/p/s/+", "mrv/v1/p/s/#", "a#"] {
            assert!(malformed(topic).is_some(), "{topic:?}");
        }
        assert_eq!(malformed("mrv/v1/p/s/d"), None);
    }
}
