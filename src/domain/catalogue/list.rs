//! The catalogue itself: a line per check, in the order of the codes.

use super::{Check, Setting, Stage};
use crate::domain::flag::Code;

/// All checks, in the order of their codes.
pub const CHECKS: &[Check] = &[
    check(Code::Schema, R, &[], "`[[reader]]`", "counted among the refused items"),
    check(
        Code::Channel,
        R,
        &[],
        "`[[channel]]` `installed`, `retired`",
        "counted among the refused items",
    ),
    check(
        Code::Unit,
        R,
        &[],
        "`[[channel]]` `unit`, `sent_unit`",
        "refused items; critical: a later plan states another sent unit",
    ),
    check(Code::Time, R, &[], "`[tolerances]` `future`", "counted among the refused items"),
    check(
        Code::Clock,
        SP,
        &[
            setting(
                "behind_minutes",
                "minutes",
                60,
                (1, 1_440),
                "all of a day's readings came later than this",
            ),
            setting(
                "readings",
                "readings",
                24,
                (2, 10_000),
                "fewest readings of a day that are judged",
            ),
        ],
        "`[tolerances]` `clock`",
        "flag on a reading ahead of receipt; minor: days whose readings all came late",
    ),
    check(
        Code::Missing,
        R,
        &[],
        "`[[reader]]` `missing`, `sentinels`",
        "counted among the refused items",
    ),
    check(Code::Dup, R, &[], "", "counted among the refused items"),
    check(Code::Conflict, R, &[], "", "critical"),
    check(Code::Range, R, &[], "`[[channel]]` `range`", "critical"),
    check(
        Code::Precision,
        R,
        &[],
        "`[[channel]]` `decimals`",
        "flag on a reading; minor: readings with more decimals than the meter can show",
    ),
    check(Code::Capacity, S, &[], "`capacity`, which includes its margin", "critical"),
    check(
        Code::Step,
        S,
        &[setting(
            "percent",
            "% of range or capacity",
            60,
            (1, 1_000),
            "least jump between neighbours",
        )],
        "",
        "info",
    ),
    check(
        Code::Spike,
        S,
        &[
            setting(
                "window",
                "readings",
                5,
                (3, 99),
                "readings whose median is taken, this one in their middle",
            ),
            setting(
                "k",
                "deviations",
                3,
                (1, 100),
                "scaled median absolute deviations from the median",
            ),
        ],
        "",
        "info",
    ),
    check(
        Code::Stuck,
        S,
        &[
            setting("window", "readings", 6, (2, 10_000), "equal values in a row"),
            setting(
                "tolerance_ppm",
                "ppm",
                10,
                (0, 100_000),
                "difference up to which values are equal",
            ),
        ],
        "`[[channel]]` `solar`, `clipping`",
        "minor",
    ),
    check(
        Code::Interpolated,
        S,
        &[
            setting(
                "window",
                "differences",
                6,
                (3, 10_000),
                "equal differences in a row, other than zero",
            ),
            setting("register_window", "differences", 24, (3, 10_000), "the same, of a register"),
        ],
        "",
        "minor",
    ),
    check(
        Code::Night,
        S,
        &[
            setting("elevation_deg", "degrees", -1, (-18, 10), "the sun stands below this"),
            setting(
                "least_ppm",
                "ppm of capacity",
                0,
                (0, 100_000),
                "generation up to this is none",
            ),
        ],
        "`[[site]]` `latitude`, `longitude`; `[[channel]]` `solar`",
        "critical",
    ),
    check(Code::Backward, S, &[], "", "minor"),
    check(Code::Rollover, S, &[], "`[[channel]]` `digits`", "minor"),
    check(Code::Reset, S, &[], "", "minor"),
    check(
        Code::Exchange,
        S,
        &[],
        "`[[channel.exchange]]`, exchanges as acts",
        "minor; critical: a final or start reading is missing",
    ),
    check(Code::Gap, S, &[], "`[[channel]]` `cadence`", "minor"),
    check(
        Code::Complete,
        SP,
        &[
            setting("percent", "%", 90, (1, 100), "share of the time in service, over the period"),
            setting("day_percent", "%", 90, (1, 100), "share of a day"),
        ],
        "",
        "critical: the period is below; minor: months below 100 %; info: days below",
    ),
    check(Code::Spacing, S, &[], "`[[channel]]` `cadence`", "minor"),
    check(
        Code::Shift,
        S,
        &[
            setting(
                "minutes",
                "minutes",
                45,
                (10, 720),
                "middle of a day's generation off the sun's noon",
            ),
            setting("days", "days", 10, (3, 365), "fewest days in a row"),
        ],
        "`[[site]]`; `[[channel]]` `solar`",
        "minor",
    ),
    check(
        Code::Dst,
        S,
        &[
            setting(
                "minutes",
                "minutes",
                45,
                (10, 90),
                "the noon of generation moves by at least this, and by at most two hours",
            ),
            setting("days", "days", 10, (3, 90), "days before and after that are compared"),
        ],
        "`[[site]]`; `[[channel]]` `solar`",
        "minor",
    ),
    check(
        Code::Level,
        S,
        &[
            setting("days", "days", 14, (3, 90), "days before and after that are compared"),
            setting("percent", "%", 50, (5, 1_000), "change of the median of a day"),
        ],
        "",
        "minor",
    ),
    check(
        Code::Sum,
        P,
        &[],
        "`[[registered.sum]]`, accuracy classes",
        "critical: beyond the tolerance; info: within",
    ),
    check(
        Code::CheckMeter,
        P,
        &[],
        "`[[registered.check_meter]]`, accuracy classes",
        "critical: beyond the tolerance, and then it fills no gap; info: within",
    ),
    check(
        Code::Sibling,
        P,
        &[setting("days", "days", 1, (1, 90), "fewest days of silence in a row")],
        "channels of one parameter are siblings",
        "minor",
    ),
    check(
        Code::Paths,
        P,
        &[setting("tolerance_ppm", "ppm", 1_000, (0, 100_000), "residual that is none")],
        "",
        "critical: beyond the tolerance; info: within",
    ),
    check(
        Code::Balance,
        P,
        &[],
        "`[[registered.balance]]` `low_percent`, `high_percent`",
        "critical: outside; info: inside",
    ),
    check(Code::Allocated, SP, &[], "", "minor"),
    check(Code::Corrected, S, &[], "", "critical"),
    check(Code::Decided, S, &[], "", "critical"),
    check(Code::Held, S, &[], "", "critical"),
    lasting(
        Code::Calibration,
        P,
        "`[[device]]` with certificates and calibration rule",
        "critical: a register that counts was not in control, or its state is not known; minor: another",
    ),
    check(Code::Class, P, &[], "`[[device]]` `class`", "critical"),
    lasting(Code::Plan, P, "", "critical"),
    check(
        Code::ExAnte,
        P,
        &[],
        "`[registered.ex_ante]`, `[ex_ante_reason]`",
        "critical: above, without a reason; minor: above, with one; info: not above",
    ),
    check(
        Code::History,
        P,
        &[setting(
            "percent",
            "%",
            50,
            (1, 10_000),
            "change against the same dates of the year before",
        )],
        "",
        "minor: beyond; info: within",
    ),
    check(
        Code::Subst,
        P,
        &[],
        "",
        "info: what substitutes counted, on which side; a value that no rule allows has no way into a claim",
    ),
    lasting(
        Code::GapPath,
        P,
        "`[[exclusion]]`",
        "critical: another path shows something in excluded hours; info: none does",
    ),
    lasting(Code::Year, P, "", "info"),
    check(Code::Contiguity, P, &[], "", "minor"),
    lasting(Code::Overlap, P, "", "fatal: the period is refused"),
    check(Code::Crediting, P, &[], "`crediting`", "fatal: the period is refused"),
    check(Code::Billing, P, &[], "", "minor"),
    check(Code::Document, P, &[], "", "critical or minor, by what is missing"),
    check(Code::MonthCheck, P, &[], "`monthly_check`", "minor"),
    check(Code::Eligibility, P, &[], "`[[registered.eligibility]]`", "critical"),
    check(
        Code::Sample,
        P,
        &[],
        "`sampled` of a parameter",
        "critical: not stated, or short of it; info: achieved",
    ),
    check(Code::Boundary, P, &[], "", "info"),
];

const R: &[Stage] = &[Stage::R];
const S: &[Stage] = &[Stage::S];
const P: &[Stage] = &[Stage::P];
const SP: &[Stage] = &[Stage::S, Stage::P];

const fn setting(
    name: &'static str,
    unit: &'static str,
    default: i64,
    range: (i64, i64),
    about: &'static str,
) -> Setting {
    Setting { name, unit, default, range, about }
}

const fn check(
    code: Code,
    stages: &'static [Stage],
    settings: &'static [Setting],
    plan: &'static str,
    severities: &'static str,
) -> Check {
    Check { code, stages, settings, plan, severities, is_closable: true }
}

/// A check that no response closes.
const fn lasting(
    code: Code,
    stages: &'static [Stage],
    plan: &'static str,
    severities: &'static str,
) -> Check {
    Check { is_closable: false, ..check(code, stages, &[], plan, severities) }
}
