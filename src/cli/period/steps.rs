//! `mrv period submit|advance|tpe-report|materiality`: the way of a sealed version to issuance.

use anyhow::Result;

use super::Which;
use crate::cli::context::{UsageError, author, project_id};
use crate::cli::record::{document, record};
use crate::cli::{Context, Ended};
use crate::daemon::request::Stated;
use crate::decode::act::{Content, Materiality, StatedYear, Step, StepKind, TpeReport};
use crate::publish::registry;

/// Who takes a step, and when.
#[derive(Debug, clap::Args)]
struct Taken {
    /// The post of whoever answers for it.
    #[arg(long)]
    post: String,
    /// Local date on which it was taken.
    #[arg(long, value_name = "DATE")]
    date: String,
    /// A document's file, which is kept in the log; or the SHA-256 of one that is there.
    #[arg(long, value_name = "FILE", default_value = "")]
    document: String,
    /// What else is to be said.
    #[arg(long, default_value = "")]
    note: String,
}

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  mrv period submit --project P --from 2020-01-01 --to 2020-12-31 \\\n    \
    --approved-by \"C. Nguyen\" --post \"Plant director\" --date 2021-02-15"
)]
pub struct SubmitArguments {
    #[command(flatten)]
    which: Which,
    /// Who approves: neither who prepared nor who reviewed.
    #[arg(long, value_name = "NAME")]
    approved_by: String,
    #[command(flatten)]
    taken: Taken,
}

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  mrv period advance verification --project P --from 2020-01-01 --to \
    2020-12-31 \\\n    --reference \"LRQA\" --post \"Plant director\" --date 2021-03-01"
)]
pub struct AdvanceArguments {
    /// verification, issuance-request, jc-decision or withdrawal.
    step: String,
    #[command(flatten)]
    which: Which,
    /// The third-party entity that takes it up, or the number of the decision.
    #[arg(long, default_value = "")]
    reference: String,
    /// Who records it; the user's name where not given.
    #[arg(long, value_name = "NAME")]
    by: Option<String>,
    #[command(flatten)]
    taken: Taken,
}

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  mrv period tpe-report --project P --from 2020-01-01 --to 2020-12-31 --tpe \
    LRQA \\\n    --number VR-7 --date 2021-05-03 --opinion positive --conclusion unqualified \\\n    \
    --document report.pdf --amount 2020:371.476:0.000:371"
)]
pub struct ReportArguments {
    #[command(flatten)]
    which: Which,
    /// The third-party entity.
    #[arg(long)]
    tpe: String,
    /// The number of its report.
    #[arg(long)]
    number: String,
    /// The date of its report.
    #[arg(long, value_name = "DATE")]
    date: String,
    /// positive or negative.
    #[arg(long)]
    opinion: String,
    /// unqualified, qualified, adverse or disclaimer.
    #[arg(long)]
    conclusion: String,
    /// Why, where it is not unqualified.
    #[arg(long, default_value = "")]
    reasons: String,
    /// The report's file.
    #[arg(long, value_name = "FILE")]
    document: String,
    /// The statement's file, where it is a document of its own.
    #[arg(long, value_name = "FILE", default_value = "")]
    statement: String,
    /// YEAR:RE:PE:ER in tCO2e, as the report states them; METHODOLOGY@YEAR:RE:PE:ER where it tells
    /// methodologies apart.
    #[arg(long, value_name = "AMOUNT", num_args = 1..)]
    amount: Vec<String>,
    /// Who records it; the user's name where not given.
    #[arg(long, value_name = "NAME")]
    by: Option<String>,
    /// The post of whoever records it.
    #[arg(long, default_value = "")]
    post: String,
    /// Record it although it states more than the version claims.
    #[arg(long)]
    sure: bool,
}

#[derive(Debug, clap::Args)]
pub struct MaterialityArguments {
    #[command(flatten)]
    which: Which,
    /// The third-party entity.
    #[arg(long)]
    tpe: String,
    /// As it states it: 5 %, or an amount.
    #[arg(long)]
    threshold: String,
    /// When it did.
    #[arg(long, value_name = "DATE")]
    date: String,
    /// Where it did: a file.
    #[arg(long, value_name = "FILE", default_value = "")]
    document: String,
    /// Who records it; the user's name where not given.
    #[arg(long, value_name = "NAME")]
    by: Option<String>,
}

pub fn submit(context: &Context, arguments: SubmitArguments) -> Result<Ended> {
    let SubmitArguments { which, approved_by, taken } = arguments;
    take(context, which, StepKind::Submission, approved_by, String::new(), taken)
}

pub fn advance(context: &Context, arguments: AdvanceArguments) -> Result<Ended> {
    let AdvanceArguments { step, which, reference, by, taken } = arguments;
    let kind = match StepKind::parse(&step) {
        Some(StepKind::Submission) => {
            return Err(UsageError("a period is submitted by mrv period submit".to_owned()).into());
        }
        Some(kind) => kind,
        None => {
            let words = "verification, issuance-request, jc-decision or withdrawal";
            return Err(UsageError(format!("{step:?} is none of {words}")).into());
        }
    };
    take(context, which, kind, author(by), reference, taken)
}

fn take(
    context: &Context,
    which: Which,
    kind: StepKind,
    author: String,
    reference: String,
    taken: Taken,
) -> Result<Ended> {
    let version = standing(context, &which)?;
    let mut documents = Vec::new();
    let step = Step {
        from: which.from,
        to: which.to,
        version,
        step: kind.as_str().to_owned(),
        author,
        post: taken.post,
        date: taken.date,
        reference,
        document: document(&taken.document, &mut documents)?,
        note: taken.note,
    };
    let stated = Stated { documents, ..Stated::new(Content::Step(step)) };
    record(context, which.project, vec![stated])
}

pub fn tpe_report(context: &Context, arguments: ReportArguments) -> Result<Ended> {
    let version = standing(context, &arguments.which)?;
    let mut documents = Vec::new();
    let amounts = arguments.amount.iter().map(|text| amount(text)).collect::<Result<_>>()?;
    let report = TpeReport {
        from: arguments.which.from,
        to: arguments.which.to,
        version,
        tpe: arguments.tpe,
        report_number: arguments.number,
        date: arguments.date,
        opinion: arguments.opinion,
        conclusion: arguments.conclusion,
        reasons: arguments.reasons,
        document: document(&arguments.document, &mut documents)?,
        statement: document(&arguments.statement, &mut documents)?,
        amounts,
        author: author(arguments.by),
        post: arguments.post,
    };
    let act = Content::TpeReport(report);
    let stated = Stated { documents, is_sure: arguments.sure, ..Stated::new(act) };
    record(context, arguments.which.project, vec![stated])
}

pub fn materiality(context: &Context, arguments: MaterialityArguments) -> Result<Ended> {
    let mut documents = Vec::new();
    let said = Materiality {
        from: arguments.which.from,
        to: arguments.which.to,
        tpe: arguments.tpe,
        threshold: arguments.threshold,
        date: arguments.date,
        document: document(&arguments.document, &mut documents)?,
        author: author(arguments.by),
    };
    let stated = Stated { documents, ..Stated::new(Content::Materiality(said)) };
    record(context, arguments.which.project, vec![stated])
}

/// The version that stands, which a step is taken by; 1 where nothing is sealed, which is refused.
pub fn standing(context: &Context, which: &Which) -> Result<u32> {
    let key = which.dates()?;
    let (_, layout) = context.open()?;
    let (_, registry) = registry::read(&layout, &project_id(&which.project)?)?;
    Ok(registry.life().latest(key).map_or(1, crate::decode::life::Version::number))
}

/// `2020:371.476:0:371`, or `MRV_PV_F1@2020:371.476:0:371`.
fn amount(text: &str) -> Result<StatedYear> {
    let usage = || UsageError(format!("{text:?} is no amount; write YEAR:RE:PE:ER"));
    let (methodology, rest) = text.rsplit_once('@').unwrap_or(("", text));
    let parts: Vec<&str> = rest.split(':').collect();
    let [year, re, pe, er] = parts.as_slice() else { return Err(usage().into()) };
    Ok(StatedYear {
        methodology: methodology.to_owned(),
        year: year.parse().map_err(|_| usage())?,
        re: (*re).to_owned(),
        pe: (*pe).to_owned(),
        er: (*er).to_owned(),
    })
}
