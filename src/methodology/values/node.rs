//! Values as written: a leaf, or members with what each has.

use serde_json::{Map, Value};

/// What may stand beside a value.
const KEYS: [&str; 8] =
    ["value", "low", "high", "unit", "permissible", "expanded", "factor", "cause"];

/// A value or members, in the order written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Node {
    Leaf(Leaf),
    Members(Vec<(String, Node)>),
}

/// A value as written: numbers and their unit, or the name of a member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Leaf {
    pub low: String,
    /// Equal to `low` where there is no doubt.
    pub high: String,
    pub unit: Option<String>,
    pub spread: Option<Spread>,
}

/// What is said of a value's uncertainty, as fractions of the value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Spread {
    /// Maximum permissible error or class, or else the expanded uncertainty of a certificate.
    pub size: String,
    /// The certificate's coverage factor; `None` for a permissible error.
    pub factor: Option<String>,
    /// What errs together, such as a meter.
    pub cause: Option<String>,
}

impl Node {
    /// Reads what a parameter is given; `name` is its symbol with the members so far, for people.
    pub(super) fn read(name: &str, value: &Value) -> Result<Self, String> {
        match value {
            Value::Object(object) if is_leaf(object) => leaf(name, object).map(Self::Leaf),
            Value::Object(object) if object.is_empty() => Err(format!("{name} has no members")),
            Value::Object(object) => {
                let mut members = Vec::new();
                for (member, value) in object {
                    let inner = Self::read(&format!("{name}[{member}]"), value)?;
                    members.push((member.clone(), inner));
                }
                let depth = members[0].1.depth();
                match members.iter().all(|(_, inner)| inner.depth() == depth) {
                    true => Ok(Self::Members(members)),
                    false => Err(format!("the members of {name} have unlike numbers of levels")),
                }
            }
            bare => {
                let text = scalar(name, bare)?;
                Ok(Self::Leaf(Leaf { low: text.clone(), high: text, unit: None, spread: None }))
            }
        }
    }

    /// Levels of members: 0 for a value.
    pub(super) fn depth(&self) -> usize {
        match self {
            Self::Leaf(_) => 0,
            Self::Members(members) => 1 + members.first().map_or(0, |(_, inner)| inner.depth()),
        }
    }

    /// The members of the outermost level.
    pub(super) fn members(&self) -> impl Iterator<Item = &str> {
        let members = match self {
            Self::Leaf(_) => &[][..],
            Self::Members(members) => members.as_slice(),
        };
        members.iter().map(|(member, _)| member.as_str())
    }

    /// What a member of the outermost level has.
    pub(super) fn member(&self, name: &str) -> Option<&Self> {
        let Self::Members(members) = self else { return None };
        members.iter().find(|(member, _)| member == name).map(|(_, inner)| inner)
    }

    /// Every value with its members, outermost first.
    pub(super) fn leaves(&self) -> Vec<(Vec<String>, &Leaf)> {
        match self {
            Self::Leaf(leaf) => vec![(Vec::new(), leaf)],
            Self::Members(members) => members
                .iter()
                .flat_map(|(member, inner)| {
                    inner.leaves().into_iter().map(move |(mut path, leaf)| {
                        path.insert(0, member.clone());
                        (path, leaf)
                    })
                })
                .collect(),
        }
    }
}

/// A value is told from members by its keys. Bands may be called low and high: bounds have a unit.
fn is_leaf(object: &Map<String, Value>) -> bool {
    let is_value = object.get("value").is_some_and(|value| !value.is_object());
    let is_bounds = object.contains_key("unit")
        && ["low", "high"].iter().all(|end| object.get(*end).is_some_and(|v| !v.is_object()));
    is_value || is_bounds
}

fn leaf(name: &str, object: &Map<String, Value>) -> Result<Leaf, String> {
    for key in object.keys() {
        if !KEYS.contains(&key.as_str()) {
            return Err(format!("{name}: {key:?} is unknown beside a value; write value and unit"));
        }
    }
    let number = |key: &str| object.get(key).map(|value| scalar(name, value)).transpose();
    let (low, high) = match (number("value")?, number("low")?, number("high")?) {
        (Some(value), None, None) => (value.clone(), value),
        (None, Some(low), Some(high)) => (low, high),
        _ => return Err(format!("{name} has either a value, or low and high")),
    };
    let unit = match object.get("unit") {
        None => None,
        Some(Value::String(unit)) => Some(unit.clone()),
        Some(_) => return Err(format!("{name}: its unit is a text, such as \"MWh\"")),
    };
    let spread = match (number("permissible")?, number("expanded")?) {
        (None, None) => None,
        (Some(size), None) => Some(Spread { size, factor: None, cause: number("cause")? }),
        (None, Some(size)) => {
            let factor = Some(number("factor")?.unwrap_or_else(|| "2".to_owned()));
            Some(Spread { size, factor, cause: number("cause")? })
        }
        _ => return Err(format!("{name} has either a permissible or an expanded uncertainty")),
    };
    Ok(Leaf { low, high, unit, spread })
}

/// A number as text, or a name.
fn scalar(name: &str, value: &Value) -> Result<String, String> {
    match value {
        Value::String(text) => Ok(text.clone()),
        Value::Bool(truth) => Ok(if *truth { "1" } else { "0" }.to_owned()),
        Value::Number(number) if number.is_i64() || number.is_u64() => Ok(number.to_string()),
        Value::Number(number) => Err(format!(
            "{name} is {number}: write numbers with a point as text, \"{number}\", so that no digit \
             is lost"
        )),
        Value::Null => Err(format!("{name} is null, which is no value")),
        _ => Err(format!("{name} is a list; name its members: {{\"1\": ..., \"2\": ...}}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Node, String> {
        Node::read("X", &serde_json::from_str(text).unwrap())
    }

    #[test]
    fn values_are_told_from_members() {
        for (text, depth, leaves) in [
            (r#""1.5""#, 0, 1),
            ("12", 0, 1),
            ("true", 0, 1),
            (r#"{"value": "1", "unit": "MWh"}"#, 0, 1),
            (r#"{"low": "1", "high": "2", "unit": "MWh"}"#, 0, 1),
            (r#"{"low": "1", "high": "2"}"#, 1, 2),
            (r#"{"low": {"value": "1"}, "high": {"value": "2"}}"#, 1, 2),
            (r#"{"a": {"low": {"value": "1", "unit": "t"}, "high": "2"}, "b": {"x": 1}}"#, 2, 3),
        ] {
            let node = read(text).unwrap();
            assert_eq!((node.depth(), node.leaves().len()), (depth, leaves), "{text}");
        }
        let node = read(r#"{"b": {"y": "2"}, "a": {"x": "1"}}"#).unwrap();
        let paths: Vec<String> = node.leaves().iter().map(|(path, _)| path.join("/")).collect();
        assert_eq!(paths, ["b/y", "a/x"]);
    }

    #[test]
    fn what_is_no_value_is_told() {
        for (text, told) in [
            (
                "0.5",
                "X is 0.5: write numbers with a point as text, \"0.5\", so that no digit is lost",
            ),
            ("null", "X is null, which is no value"),
            ("{}", "X has no members"),
            ("[1, 2]", "X is a list; name its members: {\"1\": ..., \"2\": ...}"),
            (r#"{"a": "1", "b": {"c": "1"}}"#, "the members of X have unlike numbers of levels"),
            (
                r#"{"value": "1", "units": "t"}"#,
                "X: \"units\" is unknown beside a value; write value and unit",
            ),
            (r#"{"value": "1", "low": "0"}"#, "X has either a value, or low and high"),
            (r#"{"value": "1", "unit": 3}"#, "X: its unit is a text, such as \"MWh\""),
        ] {
            assert_eq!(read(text).unwrap_err(), told, "{text}");
        }
    }
}
