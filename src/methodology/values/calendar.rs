//! Members of a calendar from the keys that values have: in the order of time, without a hole.

use crate::domain::time::Date;
use crate::methodology::model::IndexSet;

/// Most members that a hole is filled to; beyond it the keys are taken as they stand.
const MEMBERS_MAX: usize = 20_000;

/// The members between the first and the last key, both with it, and the place at which the evaluated
/// part starts. Keys are dates, or whole numbers that count steps.
pub(super) fn members(
    set: &IndexSet,
    mut keys: Vec<String>,
    year: Option<&str>,
) -> Result<(Vec<String>, usize), String> {
    let is_counted = keys.iter().chain(year.map(str::to_owned).as_ref()).all(|key| {
        !key.is_empty() && key.len() < 9 && key.chars().all(|digit| digit.is_ascii_digit())
    });
    let is_years = *set == IndexSet::Years;
    if is_years && let Some(year) = year {
        keys.push(year.to_owned());
    }
    if keys.is_empty() {
        return Ok((vec![year.unwrap_or("1").to_owned()], 0));
    }
    match is_counted && keys.iter().all(|key| key.parse::<u64>().is_ok()) {
        true => keys.sort_by_key(|key| key.parse::<u64>().unwrap_or_default()),
        false => keys.sort(),
    }
    keys.dedup();
    let mut members = filled(set, &keys);
    if is_years {
        let last = year.unwrap_or(&keys[keys.len() - 1]);
        let at = members.iter().position(|member| member == last);
        let at = at.ok_or_else(|| format!("year {last} is none of {}", keys.join(", ")))?;
        members.truncate(at + 1);
        return Ok((members, at));
    }
    let is_dated = members.iter().all(|member| member.len() > 4 && member.contains('-'));
    if !is_dated {
        return Ok((members, 0));
    }
    let year_of = |member: &String| member.chars().take(4).collect::<String>();
    let (first, last) = (year_of(&members[0]), year_of(&members[members.len() - 1]));
    let year = match year {
        Some(year) => year.to_owned(),
        None if first == last => first,
        None => {
            return Err(format!(
                "values from {first} to {last} are given: say which year is evaluated, such as \
                 \"year\": {last}"
            ));
        }
    };
    let start = members.iter().position(|member| year_of(member) == year);
    let start = start.ok_or_else(|| format!("nothing is given for year {year}"))?;
    members.retain(|member| year_of(member) <= year);
    Ok((members, start))
}

/// Every step from the first key to the last; the keys as they are where steps cannot be counted.
fn filled(set: &IndexSet, keys: &[String]) -> Vec<String> {
    let (first, last) = (&keys[0], &keys[keys.len() - 1]);
    let mut members = vec![first.clone()];
    let mut at = first.clone();
    while at != *last {
        match next(set, &at) {
            Some(step) if members.len() < MEMBERS_MAX => at = step,
            _ => return keys.to_vec(),
        }
        members.push(at.clone());
    }
    members
}

fn next(set: &IndexSet, member: &str) -> Option<String> {
    if let Ok(number) = member.parse::<u64>() {
        return Some((number + 1).to_string());
    }
    match set {
        IndexSet::Months => {
            let (year, month) = member.split_once('-')?;
            let (year, month): (u16, u8) = (year.parse().ok()?, month.parse().ok()?);
            Some(if month < 12 {
                format!("{year:04}-{:02}", month + 1)
            } else {
                format!("{:04}-01", year + 1)
            })
        }
        IndexSet::Days => Date::parse(member).ok().map(|day| day.next().to_string()),
        IndexSet::Hours => {
            let (day, hour) = member.split_once('T')?;
            let hour: u8 = hour.parse().ok()?;
            if hour < 23 {
                return Some(format!("{day}T{:02}", hour + 1));
            }
            Some(format!("{}T00", Date::parse(day).ok()?.next()))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(set: IndexSet, keys: &[&str], year: Option<&str>) -> (String, usize) {
        let keys = keys.iter().map(|key| (*key).to_owned()).collect();
        let (members, first) = members(&set, keys, year).unwrap();
        (members.join(" "), first)
    }

    #[test]
    fn keys_are_put_in_the_order_of_time_without_a_hole() {
        let years = IndexSet::Years;
        assert_eq!(run(years.clone(), &["10", "9"], None), ("9 10".into(), 1));
        assert_eq!(run(years.clone(), &["1", "2", "3"], Some("2")), ("1 2".into(), 1));
        assert_eq!(run(years.clone(), &["2021", "2023"], None), ("2021 2022 2023".into(), 2));
        assert_eq!(run(years.clone(), &["1"], Some("3")), ("1 2 3".into(), 2));
        assert_eq!(run(years, &[], None), ("1".into(), 0));
        let months = run(IndexSet::Months, &["2025-02", "2024-11"], Some("2025"));
        assert_eq!(months, ("2024-11 2024-12 2025-01 2025-02".into(), 2));
        assert_eq!(run(IndexSet::Days, &["1", "2"], None), ("1 2".into(), 0));
        let days = run(IndexSet::Days, &["2024-02-28", "2024-03-01"], None);
        assert_eq!(days, ("2024-02-28 2024-02-29 2024-03-01".into(), 0));
        let hours = run(IndexSet::Hours, &["2025-03-01T23", "2025-03-02T00"], None);
        assert_eq!(hours, ("2025-03-01T23 2025-03-02T00".into(), 0));
    }

    #[test]
    fn several_years_of_months_need_to_know_which_is_evaluated() {
        let keys = vec!["2024-12".to_owned(), "2025-01".to_owned()];
        let error = members(&IndexSet::Months, keys, None).unwrap_err();
        assert!(error.contains("say which year is evaluated"), "{error}");
    }
}
