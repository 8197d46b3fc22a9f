//! One chart as a file of its own.

use std::path::PathBuf;

use clap::Args;
use larder_lab::chart::Chart;
use resvg::{tiny_skia, usvg};

use crate::failure::Failure;
use crate::output::Output;

/// Twice as many dots as the chart is wide, for sharp text.
const ZOOM: f32 = 2.0;

/// Where to draw the chart to.
#[derive(Args, Clone, Debug)]
pub(crate) struct Pictures {
    /// Write the chart as SVG
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
    /// Write the chart as PNG
    #[arg(long, value_name = "FILE")]
    png: Option<PathBuf>,
}

/// The files, begun before the work so that a path that can't be written is known at once.
pub(crate) struct Begun {
    svg: Option<Output>,
    png: Option<Output>,
}

impl Pictures {
    pub(crate) fn begin(&self) -> Result<Begun, Failure> {
        let begin = |path: &Option<PathBuf>| path.as_deref().map(Output::create).transpose();
        Ok(Begun { svg: begin(&self.svg)?, png: begin(&self.png)? })
    }
}

impl Begun {
    pub(crate) fn finish(self, chart: &Chart) -> Result<(), Failure> {
        let svg = chart.svg();
        if let Some(png) = self.png {
            let bytes = rastered(&svg).ok_or_else(|| Failure::data("the chart can't be drawn as PNG"))?;
            png.write(&bytes)?;
        }
        self.svg.map_or(Ok(()), |output| output.write(svg.as_bytes()))
    }
}

/// Letters come from the system's fonts; where there are none, the lines have to do.
fn rastered(svg: &str) -> Option<Vec<u8>> {
    let mut options = usvg::Options::default();
    options.fontdb_mut().load_system_fonts();
    let tree = usvg::Tree::from_str(svg, &options).ok()?;
    let size = tree.size().to_int_size().scale_by(ZOOM)?;
    let mut dots = tiny_skia::Pixmap::new(size.width(), size.height())?;
    resvg::render(&tree, tiny_skia::Transform::from_scale(ZOOM, ZOOM), &mut dots.as_mut());
    dots.encode_png().ok()
}
