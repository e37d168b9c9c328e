//! The schema of `report.json`: made from the model's types, kept in `schemas/`, compared here, and
//! held against the golden report.

use serde_json::{Value, json};

use super::model::{FORMAT, INDICATIVE, Report};

/// Set to rewrite the schema instead of comparing it.
const REWRITE: &str = "MRV_GOLDEN_REWRITE";

fn path(inside: &str) -> std::path::PathBuf {
    std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(inside)
}

fn schema() -> Value {
    let mut schema = schemars::schema_for!(Report).to_value();
    schema["$id"] = json!("urn:mrv:schema:report:1");
    schema["title"] = json!("Monitoring report");
    schema["properties"]["format"]["const"] = json!(FORMAT);
    schema["properties"]["notice"]["const"] = json!(INDICATIVE);
    // Every figure is a decimal text, never a number; what a public version hides is a block.
    schema["$defs"]["Figure"]["properties"]["value"]["pattern"] =
        json!("^(-?(0|[1-9][0-9]*)(\\.[0-9]+)?(e-?[0-9]+)?|█+)$");
    schema
}

#[test]
fn the_schema_in_the_repository_is_that_of_the_model() {
    let written = serde_json::to_string_pretty(&schema()).unwrap() + "\n";
    let path = path("schemas/report.schema.json");
    if std::env::var_os(REWRITE).is_some() {
        std::fs::write(&path, &written).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        written == kept,
        "schemas/report.schema.json is not that of the model; set {REWRITE}=1"
    );
}

/// The other JSON forms: file, title and schema.
fn others() -> [(&'static str, &'static str, schemars::Schema); 3] {
    [
        ("bundle", "What a bundle is of", schemars::schema_for!(super::bundle::Facts)),
        ("recheck", "What a recheck found", schemars::schema_for!(super::recheck::Outcome)),
        ("explain", "A figure opened", schemars::schema_for!(super::explain::Explanation)),
    ]
}

#[test]
fn the_schemas_of_bundles_rechecks_and_explanations_are_those_of_the_code() {
    for (name, title, schema) in others() {
        let mut schema = schema.to_value();
        schema["$id"] = json!(format!("urn:mrv:schema:{name}:1"));
        schema["title"] = json!(title);
        let written = serde_json::to_string_pretty(&schema).unwrap() + "\n";
        let path = path(&format!("schemas/{name}.schema.json"));
        if std::env::var_os(REWRITE).is_some() {
            std::fs::write(&path, &written).unwrap();
        }
        let kept = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(written == kept, "{} is not that of the code; set {REWRITE}=1", path.display());
    }
}

/// The report of the golden file, for tests of the forms.
pub(super) fn golden_report() -> Report {
    let text = std::fs::read_to_string(path("tests/golden/report_pv/report.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

#[test]
fn the_golden_report_is_valid() {
    let schema = schema();
    let text = std::fs::read_to_string(path("tests/golden/report_pv/report.json")).unwrap();
    let report: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(faults(&schema, &schema, &report, String::new()), Vec::<String>::new());
    // What the check must find.
    for (pointer, wrong) in [
        ("/years/0/re/value", json!(764.2)),
        ("/years/0/re/value", json!("1,000")),
        ("/notice", json!("certain")),
        ("/period/days", json!("366")),
        ("/claimed", json!({"value": "1", "shown": "1"})),
        ("/provenance", json!(null)),
    ] {
        let mut report = report.clone();
        *report.pointer_mut(pointer).unwrap() = wrong;
        assert_eq!(faults(&schema, &schema, &report, String::new()).len(), 1, "{pointer}");
    }
    let mut report = report;
    report["colour"] = json!("red");
    assert_eq!(faults(&schema, &schema, &report, String::new()).len(), 1);
}

/// What is wrong with `value` by the keywords that the schema uses; an unknown keyword is a fault.
fn faults(root: &Value, schema: &Value, value: &Value, at: String) -> Vec<String> {
    let mut found = Vec::new();
    let Some(keywords) = schema.as_object() else { return found };
    for (keyword, rule) in keywords {
        let is_right = match keyword.as_str() {
            "$schema"
            | "$id"
            | "$defs"
            | "title"
            | "description"
            | "format"
            | "additionalProperties" => true,
            "$ref" => {
                let target = root.pointer(rule.as_str().unwrap().trim_start_matches('#')).unwrap();
                found.extend(faults(root, target, value, at.clone()));
                true
            }
            "anyOf" => {
                let mut options = rule.as_array().unwrap().iter();
                options.any(|option| faults(root, option, value, at.clone()).is_empty())
            }
            "type" => match rule {
                Value::Array(names) => names.iter().any(|name| is_of(name, value)),
                name => is_of(name, value),
            },
            "const" => value == rule,
            "pattern" => value.as_str().is_none_or(is_decimal),
            "minimum" => value.as_i64().is_none_or(|value| Some(value) >= rule.as_i64()),
            "maximum" => value.as_i64().is_none_or(|value| Some(value) <= rule.as_i64()),
            "minItems" => {
                value.as_array().is_none_or(|items| items.len() as u64 >= rule.as_u64().unwrap())
            }
            "maxItems" => {
                value.as_array().is_none_or(|items| items.len() as u64 <= rule.as_u64().unwrap())
            }
            "items" => {
                for (index, item) in value.as_array().into_iter().flatten().enumerate() {
                    found.extend(faults(root, rule, item, format!("{at}/{index}")));
                }
                true
            }
            "properties" => {
                for (name, field) in value.as_object().into_iter().flatten() {
                    match rule.get(name) {
                        Some(rule) => {
                            found.extend(faults(root, rule, field, format!("{at}/{name}")))
                        }
                        None => found.push(format!("{at}/{name}: unknown property")),
                    }
                }
                true
            }
            "required" => {
                let names = rule.as_array().unwrap().iter().filter_map(Value::as_str);
                value
                    .as_object()
                    .is_none_or(|fields| names.into_iter().all(|name| fields.contains_key(name)))
            }
            _ => false,
        };
        if !is_right {
            found.push(format!("{at}: {keyword} {rule} does not hold"));
        }
    }
    found
}

fn is_of(name: &Value, value: &Value) -> bool {
    match name.as_str() {
        Some("object") => value.is_object(),
        Some("array") => value.is_array(),
        Some("string") => value.is_string(),
        Some("boolean") => value.is_boolean(),
        Some("integer") => value.is_i64() || value.is_u64(),
        Some("null") => value.is_null(),
        _ => false,
    }
}

/// The one pattern of the schema.
fn is_decimal(text: &str) -> bool {
    crate::domain::decimal::Decimal::parse(text).is_ok_and(|value| value.to_string() == text)
}
