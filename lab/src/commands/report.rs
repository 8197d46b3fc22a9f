//! `larder report`: one page that says which policy wins where.

use std::path::{Path, PathBuf};

use clap::Args;
use larder_lab::contender::Contender;
use larder_lab::simulator::Weighing;

use crate::arguments::{Reading, policies};
use crate::curves::{Effort, curve_chart};
use crate::failure::Failure;
use crate::output::Output;
use crate::page::Page;
use crate::picture::Pictures;
use crate::progress::{NOTHING, stopped};
use crate::story::{Study, study};

/// Write a page with curves, tables and charts of traces
#[derive(Args)]
pub(crate) struct Report {
    /// Traces
    #[arg(required = true)]
    traces: Vec<PathBuf>,
    #[command(flatten)]
    reading: Reading,
    /// Policies, or all; Belady's bound is always there
    #[arg(short, long, value_delimiter = ',', default_value = "all")]
    policy: Vec<String>,
    /// At so many capacities
    #[arg(long, default_value = "12", value_parser = clap::value_parser!(u16).range(2..=200))]
    points: u16,
    /// Entries weigh their sizes
    #[arg(long)]
    sizes: bool,
    /// Replay every request for every point, however long it takes
    #[arg(long)]
    exact: bool,
    /// Where to
    #[arg(short, long, default_value = "report.html")]
    output: PathBuf,
    /// The first trace's curves as a picture of their own
    #[command(flatten)]
    pictures: Pictures,
}

impl Report {
    pub(crate) fn run(self) -> Result<(), Failure> {
        let mut contenders = policies(&self.policy)?;
        if contenders.iter().all(|one| one.name() != "belady") {
            contenders.push(Contender::Belady);
        }
        if !self.sizes {
            contenders.retain(|one| !matches!(one, Contender::BeladySize));
        }
        let output = Output::create(&self.output)?;
        let pictures = self.pictures.begin()?;
        let mut page = Page::default();
        page.heading(1, "Which cache policy, and how large?");
        page.paragraph(
            "Every policy replayed the same requests through the code that runs in production. Lower is better: a miss is \
             a load from the origin. Point at a chart to read its numbers; click a name to hide its line.",
        );
        let mut first = None;
        for path in &self.traces {
            let study = self.study(path, &contenders)?;
            study.tell(&mut page);
            stopped(|| NOTHING.to_owned())?;
            first.get_or_insert(study);
        }
        let chart = first.map(|study| curve_chart(&study.name, &study.curves, study.weighing));
        let title = self.traces.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(", ");
        output.write(page.html(&format!("Larder: {title}")).as_bytes())?;
        chart.map_or(Ok(()), |chart| pictures.finish(&chart))
    }

    fn study(&self, path: &Path, contenders: &[Contender]) -> Result<Study, Failure> {
        let weighing = if self.sizes { Weighing::Sizes } else { Weighing::Objects };
        let effort = if self.exact { Effort::Exact } else { Effort::Auto };
        study(path, &self.reading, contenders, (weighing, effort, self.points.into()))
    }
}
