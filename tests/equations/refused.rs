//! Wrong equations and files: the exact message, at its column.

use super::model::{read, text, with_er};

/// The finding inside equation `A`, its column counted from the equation's first character.
fn finding(unit: &str, equation: &str) -> String {
    let text = with_er(unit, equation);
    let line = text.lines().position(|line| line == format!("text = '{equation}'")).unwrap() + 1;
    let findings = read(&text).expect_err(equation);
    let first = &findings[0];
    assert_eq!(first.line as usize, line, "{equation}: {first}");
    let advice = first.advice.as_deref().unwrap_or_default();
    format!("{}: {}; {advice}", first.column as usize - "text = '".len(), first.message)
}

#[test]
fn a_wrong_equation_is_told_at_its_column() {
    for (unit, equation, expected) in [
        (
            "MWh",
            "EC + P",
            "6: cannot add kWh and kW; one is a rate and the other an amount: multiply the rate by its hours",
        ),
        (
            "tCO2e",
            "M",
            "1: the equation is in t, and its unit is declared as tCO2e; a mass becomes tCO2e only through a global warming potential in tCO2e/t",
        ),
        (
            "Nm3",
            "VN + V",
            "6: cannot add Nm3 and m3; volume at normal conditions (Nm3) and as measured (m3) do not convert by a number",
        ),
        (
            "degC",
            "T1 + T2",
            "6: two temperatures cannot be added (degC + degC); their difference can, in K; a temperature difference is declared in K",
        ),
        (
            "1",
            "T1 / T2",
            "1: a temperature in degC cannot be multiplied or divided; its zero is arbitrary: subtract another temperature first, or declare a difference in K",
        ),
        (
            "K",
            "TD - T1",
            "6: K - degC has no meaning; a temperature is subtracted from a temperature only",
        ),
        (
            "degC",
            "T1 + Q",
            "6: degC + GJ has no meaning; to a temperature only a temperature difference in K is added",
        ),
        ("1", "max(0, M)", "8: max compares 1 with t; only like adds to and compares with like"),
        (
            "MWh",
            "sum(i: EG)",
            "1: the sum over i uses no symbol with this index; write sum(i: EG[i])",
        ),
        (
            "MWh",
            "EG[i]",
            "1: index i of EG is not bound; write sum(i: ...) around it, or indices = [\"i\"] for the equation",
        ),
        ("MWh", "sum(i: EG[i, i])", "8: EG[i, i] is declared as EG[i]; write EG[i]"),
        ("MWh", "sum(g: EG[g])", "8: EG[g] is declared as EG[i]; write EG[i]"),
        ("MWh", "sum(k: EG[k])", "1: index k is unknown; declare it as an [[index]]"),
        (
            "MWh",
            "sum(i: sum(i: EG[i]))",
            "8: index i is already bound here; use another index for the inner sum",
        ),
        (
            "kWh",
            "EC + ec2",
            "6: symbol ec2 is unknown; declare it as a [[parameter]] or an [[equation]]",
        ),
        ("kWh", "EC + ec", "6: symbol ec is unknown; did you mean EC?"),
        (
            "kWh",
            "exp(EC)",
            "5: exp takes a number, not kWh; multiply a rate by its time: exp(-k * 1 [yr])",
        ),
        (
            "kWh",
            "floor(EC)",
            "1: function floor does not exist in this version of the language; the functions are sum, min, max, mean, exp, if",
        ),
        (
            "kWh",
            "EC * sin(x)",
            "6: function sin does not exist; the functions are sum, min, max, mean, exp, if",
        ),
        (
            "1",
            "if(x, y, z)",
            "5: a condition compares with <, <=, > or >=; write if(T >= 500 [degC], a, b)",
        ),
        (
            "1",
            "if(EC > T1, x, y)",
            "9: kWh is compared with degC; a temperature is no difference of temperatures (K) and no amount",
        ),
        (
            "kWh",
            "if(x > y, EC, P)",
            "15: if gives kWh or kW; one is a rate and the other an amount: multiply the rate by its hours",
        ),
        ("MWh", "mean(i: EG[i])", "14: a mean names its weight; write mean(i: w[i] by V[i])"),
        (
            "MWh",
            "sum(i <= i: EG[i])",
            "1: index i of the sum is not bound; write sum(i: ...) around it, or indices = [\"i\"] for the equation",
        ),
        ("1", "x * year", "5: no index is over years; declare an [[index]] with over = \"years\""),
        (
            "MWh",
            "sum(i: EG[i] * i)",
            "16: index i has no order of time and is no value; only an index over a calendar is a place in time",
        ),
        (
            "MWh",
            "EG[band(g: x <= y)]",
            "1: a member of g is chosen where EG has index i; choose a member of i",
        ),
        (
            "MWh",
            "EG[band(i: x <= y)]",
            "12: the edge is the same for every i; use a parameter with index i: from[i]",
        ),
        ("MWh", "EG[x]", "1: index x is unknown; declare it as an [[index]]"),
        (
            "MWh",
            "EG[EC[i]]",
            "1: EC names no member of i, an index of EG; declare it with category_of = \"i\"",
        ),
        (
            "1",
            "band(i: EG[i] <= EC)",
            "1: band chooses a member of an index and is no value; write it between brackets: SE[band(...)]",
        ),
        (
            "MWh",
            "EG[max(i: x)]",
            "4: max chooses no member of an index; write band(b: from[b] <= x) or lookup(c: from[c] <= x < to[c])",
        ),
        ("kWh", "EC * (x + y", "6: the parenthesis opened here is not closed; add ')'"),
        ("kWh", "EC * x)", "7: ')' stands where an operator is expected; it closes nothing"),
        ("kWh", "EC x", "4: 'x' stands where an operator is expected; write * between factors"),
        (
            "kWh",
            "EC * ",
            "6: the equation ends where a value is expected; add a symbol, a number or a parenthesis",
        ),
        (
            "kWh",
            "EC * 1,5",
            "7: ',' stands where an operator is expected; decimals have a point; a comma stands between arguments of min and max",
        ),
        ("kWh", "EC × x", "4: '×' stands where an operator is expected; write * to multiply"),
        (
            "kWh",
            "EC * 1.2.3",
            "6: \"1.2.3\" is no number; write digits with a point, and * between factors: 2 * EG[i]",
        ),
        ("kWh", "EC^1.5", "4: \"1.5\" is no exponent; powers are whole numbers from 0 to 9"),
        (
            "kWh",
            "EC + 1 [MWH]",
            "9: \"MWH\" is no unit: unit \"MWH\" is unknown; write a unit such as [tCO2e/MWh]",
        ),
        ("kWh", "EC + 1", "6: cannot add kWh and 1; only like adds to and compares with like"),
        (
            "kWh",
            "EC * if",
            "6: if is a word of the language and cannot be a symbol; choose another name",
        ),
        ("kWh", "sum(EC)", "5: a sum names its index first; write sum(i: EG[i])"),
        (
            "kWh",
            "-T1 + EC",
            "2: a temperature in degC has no negative; its zero is arbitrary: subtract another temperature first, or declare a difference in K",
        ),
        (
            "kWh",
            "",
            "1: the equation ends where a value is expected; add a symbol, a number or a parenthesis",
        ),
    ] {
        assert_eq!(finding(unit, equation), expected, "{equation}");
    }
}

#[test]
fn lengths_and_depths_are_limited() {
    use mrv::methodology::limits::{DEPTH_MAX, EQUATION_BYTES_MAX, NODES_MAX};
    let deep = |depth| format!("{}x{}", "(".repeat(depth), ")".repeat(depth));
    assert!(read(&with_er("1", &deep(DEPTH_MAX))).is_ok());
    assert!(finding("1", &deep(DEPTH_MAX + 1)).starts_with("33: nested more than 32 deep"));
    assert!(finding("1", &format!("{}x", "-".repeat(DEPTH_MAX + 1))).contains("nested more than"));
    // n operands and n - 1 operators
    let wide = |operands: usize| vec!["x"; operands].join("+");
    assert!(read(&with_er("1", &wide(NODES_MAX / 2))).is_ok());
    assert!(finding("1", &wide(NODES_MAX / 2 + 1)).contains("at most 512 operations"));
    let long = format!("x{}", " ".repeat(EQUATION_BYTES_MAX));
    assert!(finding("1", &long).starts_with("1: an equation has at most 4096 bytes"));
}

/// Everything found in a file, one a line.
fn findings(text: &str) -> String {
    let findings = read(text).expect_err("a wrong file");
    findings.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

#[test]
fn a_wrong_file_is_told_with_all_its_findings() {
    let good = with_er("kWh", "EC");
    let check = |from: &str, to: &str, expected: &str| {
        let text = good.replacen(from, to, 1);
        assert_ne!(text, good, "{from}");
        assert_eq!(findings(&text), expected, "{to}");
    };
    check(
        "id = \"TEST\"",
        "id = \"a b\"\nsurely = 1",
        "m.toml:3:1: unknown field `surely`, expected one of `mrv_methodology`, `id`, `title`, \
         `version`, `scope`, `source`, `status`, `sure`, `gwp`, `year_split`, `rounding`, `eligibility`, `index`, `parameter`, `equation`, `vector`",
    );
    check(
        "kind = \"fixed\"",
        "kind = \"fixed\"\nfrequency = \"daily\"",
        "m.toml:19:13: a fixed parameter has no options, aggregation or frequency; remove it, or \
         write kind = \"monitored\"",
    );
    check(
        "kind = \"fixed\"",
        "kind = \"monitored\"\noptions = [\"D\"]\naggregation = \"total\"",
        "m.toml:16:10: a monitored parameter needs options, aggregation and frequency; such as \
         options = [\"C\"], aggregation = \"sum\", frequency = \"continuous\"",
    );
    check(
        "unit = \"kWh\"",
        "unit = \"KWH\"",
        "m.toml:19:8: \"KWH\" is no unit: unit \"KWH\" is unknown; write units such as MWh, tCO2e/MWh, kJ/kg/K or 1",
    );
    check(
        "symbol = \"PE\"",
        "symbol = \"PX\"",
        "m.toml: there is no equation for PE; every methodology has RE, PE and ER, in tCO2e",
    );
    check(
        "text = '0 [tCO2e]'",
        "text = '0 [tCO2e] + ER - ER'",
        "m.toml:38:10: PE depends on itself: PE uses ER uses PE; equations cannot form a circle",
    );
    check(
        "symbol = \"A\"",
        "symbol = \"EC\"",
        "m.toml:24:10: EC is declared twice; keep one, or rename it",
    );
    check(
        "sure = \"D\"",
        "sure = \"sure\"",
        "m.toml:8:8: sure = \"sure\" says nothing; use S, C, D, K or K?",
    );
    check(
        "text = 'EC'",
        "text = '2 [kWh]'",
        "m.toml:16:10: no equation uses EC; remove the parameter",
    );
    check(
        "kind = \"fixed\"\nunit = \"kWh\"\nabout = \"\"\nsource = \"\"\nsure = \"D\"",
        "kind = \"fixed\"\ndefault = \"1.5\"\nunit = \"kWh\"\nabout = \"\"\nsource = \"\"\nsure = \"K?\"",
        "m.toml:19:11: a default of low confidence (sure = \"K?\"); write sample instead: the plan must give \
         such a value",
    );
    check(
        "kind = \"fixed\"\nunit = \"kWh\"",
        "kind = \"monitored\"\noptions = [\"C\"]\naggregation = \"sum\"\nfrequency = \"\"\nunit = \"degC\"",
        "m.toml:20:15: temperatures do not add up; write aggregation = \"mean\"",
    );
    let per_part = text(&[
        ("RE[i]", "tCO2e", "EG[i] * EF"),
        ("PE", "tCO2e", "0 [t]"),
        ("ER", "t", "sum(i: RE[i]) - PE"),
    ]);
    assert_eq!(
        findings(&per_part),
        "m.toml:33:12: RE has one value, without index; write a sum over the index\n\
         m.toml:48:8: ER is in tCO2e, not in t; write unit = \"tCO2e\""
    );
}

#[test]
fn a_column_is_right_inside_every_kind_of_toml_string() {
    for (source, expected) in [
        ("text = \"EC + P\"", "14"),
        ("text = 'EC + P'", "14"),
        ("text = \"\"\"EC + P\"\"\"", "16"),
        ("text = \"\"\"\nEC +\n  P\"\"\"", "3"),
        ("text = \"\\u0045C + P\"", "19"),
        ("text = \"\"\"EC \\\n   + P\"\"\"", "6"),
    ] {
        let text = with_er("kWh", "EC + P").replace("text = 'EC + P'", source);
        let findings = read(&text).expect_err(source);
        assert!(findings[0].message.starts_with("cannot add"), "{source}: {}", findings[0]);
        assert_eq!(findings[0].column.to_string(), expected, "{source}");
    }
}

#[test]
fn the_weight_of_a_mean_is_another_monitored_parameter() {
    let file = mrv::methodology::shipped().iter().find(|file| file.id == "MRV_BG_F1").unwrap();
    for weight in ["V_biogass", "rho_CH4", "w_CH4"] {
        let text = file.text.replace("mean by V_biogas", &format!("mean by {weight}"));
        let findings = read(&text).unwrap_err();
        assert_eq!(findings.len(), 1, "{findings:?}");
        let expected = format!("{weight} is no other monitored parameter; weigh by");
        assert!(findings[0].to_string().contains(&expected), "{}", findings[0]);
    }
}
