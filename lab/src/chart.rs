//! Line charts as SVG: readable in light and dark, by eye and by mouse, with nothing fetched from anywhere.

use std::fmt::Write as _;

const WIDTH: f64 = 960.0;
const HEIGHT: f64 = 420.0;
const LEFT: f64 = 64.0;
const RIGHT: f64 = 170.0;
const TOP: f64 = 40.0;
const BOTTOM: f64 = 52.0;

/// Colours that can be told apart on white and on black; when they are used up, dashes begin.
const COLOURS: [&str; 8] =
    ["#3b82f6", "#ef4444", "#10a37f", "#f59e0b", "#8b5cf6", "#ec4899", "#0ea5b7", "#84a017"];
const STRONG: [&str; 3] = ["#9a5b13", "#7d8490", "#b91c1c"];
const DASHES: [&str; 4] = ["none", "7 4", "2 3", "10 3 2 3"];

/// How numbers are spread along an axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scale {
    /// Evenly, from 0.
    Linear,
    /// By their logarithm.
    Log,
}

/// What numbers on an axis are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// 12,345 or 1.2 M.
    Count,
    /// Of 1024: 64 MiB.
    Bytes,
    /// Parts of 1, shown of 100.
    Percent,
}

/// A direction of a chart.
#[derive(Clone, Debug)]
pub struct Axis {
    /// What is shown.
    pub label: String,
    /// How it is spread.
    pub scale: Scale,
    /// What its numbers are.
    pub unit: Unit,
}

/// One line of a chart.
#[derive(Clone, Debug)]
pub struct Series {
    /// Whose it is.
    pub name: String,
    /// From left to right.
    pub points: Vec<(f64, f64)>,
    /// Drawn heavier than the others.
    pub strong: bool,
}

/// Lines over one another.
#[derive(Clone, Debug)]
pub struct Chart {
    /// What it shows.
    pub title: String,
    /// From left to right.
    pub x: Axis,
    /// From bottom to top.
    pub y: Axis,
    /// The lines; the legend has them in this order.
    pub series: Vec<Series>,
}

impl Axis {
    /// An axis.
    pub fn new(label: &str, scale: Scale, unit: Unit) -> Self {
        Self { label: label.to_owned(), scale, unit }
    }
}

impl Series {
    /// A line like the others.
    pub fn new(name: &str, points: Vec<(f64, f64)>) -> Self {
        Self { name: name.to_owned(), points, strong: false }
    }
}

/// The numbers between which an axis runs, and where it lies.
struct Range {
    from: f64,
    to: f64,
    start: f64,
    end: f64,
    scale: Scale,
}

impl Range {
    fn new(values: impl Iterator<Item = f64> + Clone, axis: &Axis, start: f64, end: f64) -> Self {
        let finite = values.filter(|value| value.is_finite());
        let high = finite.clone().fold(0.0, f64::max);
        let (from, to) = match axis.scale {
            Scale::Linear if axis.unit == Unit::Percent => (0.0, 1.0_f64.min(high * 1.05).max(0.01)),
            Scale::Linear => (0.0, if high > 0.0 { high * 1.05 } else { 1.0 }),
            Scale::Log => {
                let low = finite.filter(|value| *value > 0.0).fold(f64::INFINITY, f64::min);
                if low < high { (low, high) } else { (high.max(1.0) / 2.0, high.max(1.0) * 2.0) }
            }
        };
        Self { from, to, start, end, scale: axis.scale }
    }

    fn place(&self, value: f64) -> f64 {
        let part = match self.scale {
            Scale::Linear => (value - self.from) / (self.to - self.from),
            Scale::Log => (value.max(self.from) / self.from).ln() / (self.to / self.from).ln(),
        };
        self.start + (self.end - self.start) * part.clamp(0.0, 1.0)
    }

    /// Round numbers within the range.
    fn ticks(&self, binary: bool) -> Vec<f64> {
        match self.scale {
            Scale::Log if binary => powers(self, 4.0, &[1.0]),
            Scale::Log if self.to / self.from < 1500.0 => powers(self, 10.0, &[1.0, 2.0, 5.0]),
            Scale::Log => powers(self, 10.0, &[1.0]),
            Scale::Linear => {
                let rough = (self.to - self.from) / 5.0;
                let power = 10_f64.powf(rough.log10().floor());
                let step =
                    [1.0, 2.0, 5.0, 10.0].map(|digit| digit * power).into_iter().find(|step| *step >= rough);
                let step = step.unwrap_or(rough);
                (0..=6).map(|at| step * f64::from(at)).filter(|tick| *tick <= self.to * 1.0001).collect()
            }
        }
    }
}

fn powers(range: &Range, base: f64, digits: &[f64]) -> Vec<f64> {
    let first = range.from.log(base).floor() as i32;
    let last = range.to.log(base).ceil() as i32;
    let all = (first..=last).flat_map(|power| digits.iter().map(move |digit| digit * base.powi(power)));
    all.filter(|tick| *tick >= range.from * 0.999 && *tick <= range.to * 1.001).collect()
}

impl Chart {
    /// The chart as an SVG document, 960 wide.
    pub fn svg(&self) -> String {
        let values = |of: fn(&(f64, f64)) -> f64| self.series.iter().flat_map(|one| &one.points).map(of);
        let x = Range::new(values(|point| point.0), &self.x, LEFT, WIDTH - RIGHT);
        let y = Range::new(values(|point| point.1), &self.y, HEIGHT - BOTTOM, TOP);
        let mut svg = String::new();
        let _ = write!(
            svg,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"chart\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" \
             width=\"{WIDTH}\" height=\"{HEIGHT}\" role=\"img\" aria-label=\"{}\">\n<style>{STYLE}</style>\n\
             <rect class=\"paper\" width=\"{WIDTH}\" height=\"{HEIGHT}\"/>\n\
             <text class=\"title\" x=\"{LEFT}\" y=\"22\">{}</text>\n",
            escaped(&self.title),
            escaped(&self.title)
        );
        self.draw_axes(&mut svg, &x, &y);
        for (number, series) in self.series.iter().enumerate() {
            self.draw_series(&mut svg, number, series, (&x, &y));
        }
        svg.push_str("</svg>\n");
        svg
    }

    fn draw_axes(&self, svg: &mut String, x: &Range, y: &Range) {
        let (right, bottom) = (WIDTH - RIGHT, HEIGHT - BOTTOM);
        for tick in y.ticks(false) {
            let (at, label) = (y.place(tick), shown(tick, self.y.unit));
            let _ = writeln!(svg, "<path class=\"grid\" d=\"M{LEFT} {at:.1}H{right}\"/>");
            let (left, at) = (LEFT - 8.0, at + 4.0);
            let _ = writeln!(svg, "<text class=\"tick end\" x=\"{left}\" y=\"{at:.1}\">{label}</text>");
        }
        for tick in x.ticks(self.x.unit == Unit::Bytes) {
            let (at, label) = (x.place(tick), shown(tick, self.x.unit));
            let _ = writeln!(svg, "<path class=\"grid\" d=\"M{at:.1} {TOP}V{bottom}\"/>");
            let below = bottom + 18.0;
            let _ = writeln!(svg, "<text class=\"tick middle\" x=\"{at:.1}\" y=\"{below}\">{label}</text>");
        }
        let (middle, below) = (f64::midpoint(LEFT, right), HEIGHT - 12.0);
        let label = escaped(&self.x.label);
        let _ = writeln!(svg, "<text class=\"label middle\" x=\"{middle}\" y=\"{below}\">{label}</text>");
        let (centre, label) = (f64::midpoint(TOP, bottom), escaped(&self.y.label));
        let _ = writeln!(
            svg,
            "<text class=\"label middle\" transform=\"translate(16 {centre}) rotate(-90)\">{label}</text>"
        );
    }

    /// Strong lines are solid and have colours of their own.
    fn look(&self, number: usize) -> (&'static str, &'static str) {
        let strong = self.series.get(number).is_some_and(|series| series.strong);
        let like = self.series.iter().take(number).filter(|series| series.strong == strong).count();
        if strong {
            return (STRONG[like % STRONG.len()], DASHES[0]);
        }
        (COLOURS[like % COLOURS.len()], DASHES[like / COLOURS.len() % DASHES.len()])
    }

    fn draw_series(&self, svg: &mut String, number: usize, series: &Series, (x, y): (&Range, &Range)) {
        let (colour, dash) = self.look(number);
        let name = escaped(&series.name);
        let width = if series.strong { 3.0 } else { 1.6 };
        let _ = writeln!(svg, "<g class=\"series\" data-name=\"{name}\"><title>{name}</title>");
        let mut path = String::new();
        for (at, point) in series.points.iter().enumerate() {
            let letter = if at == 0 { 'M' } else { 'L' };
            let _ = write!(path, "{letter}{:.1} {:.1}", x.place(point.0), y.place(point.1));
        }
        let _ = writeln!(
            svg,
            "<path d=\"{path}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"{width}\" stroke-dasharray=\"{dash}\"/>"
        );
        for point in &series.points {
            let (across, up) = (x.place(point.0), y.place(point.1));
            let _ = writeln!(
                svg,
                "<circle cx=\"{across:.1}\" cy=\"{up:.1}\" r=\"5\" fill=\"{colour}\" fill-opacity=\"0\">\
                 <title>{name}: {} at {}</title></circle>",
                shown(point.1, self.y.unit),
                shown(point.0, self.x.unit)
            );
        }
        let spacing = ((HEIGHT - TOP - 20.0) / self.series.len().max(1) as f64).min(18.0);
        let (left, at) = (WIDTH - RIGHT + 14.0, TOP + 8.0 + spacing * number as f64);
        let (line_end, text) = (left + 24.0, left + 30.0);
        let _ = writeln!(
            svg,
            "<path d=\"M{left} {at:.1}H{line_end}\" stroke=\"{colour}\" stroke-width=\"{width}\" \
             stroke-dasharray=\"{dash}\"/><text class=\"legend\" x=\"{text}\" y=\"{:.1}\">{name}</text></g>",
            at + 4.0
        );
    }
}

/// Plain rules first: who knows no media queries draws in light.
pub(crate) const STYLE: &str = ".chart .paper{fill:#ffffff}.chart text{font-family:system-ui,'DejaVu Sans',Helvetica,Arial,sans-serif;\
font-size:12px;fill:#444444}.chart .title{font-size:15px;font-weight:600;fill:#111111}.chart .legend{font-size:12px}\
.chart .grid{stroke:#dddddd;stroke-width:1;fill:none}.chart .middle{text-anchor:middle}.chart .end{text-anchor:end}\
@media (prefers-color-scheme:dark){.chart .paper{fill:#16181d}.chart text{fill:#b9bec8}.chart .title{fill:#f2f3f5}\
.chart .grid{stroke:#2d313a}}\
.chart .series:hover path{stroke-width:4}.chart .series:hover text{font-weight:700}\
.chart circle:hover{fill-opacity:1}";

/// Text for a document.
pub fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&#39;")
}

/// A number as people read it.
pub fn shown(value: f64, unit: Unit) -> String {
    match unit {
        Unit::Percent if value.abs() < 0.1 && value != 0.0 => format!("{:.2}%", value * 100.0),
        Unit::Percent => format!("{}%", trimmed(value * 100.0, 1)),
        Unit::Bytes => crate::capacity::human(value.max(0.0) as u64),
        Unit::Count if value >= 1e9 => format!("{} G", trimmed(value / 1e9, 1)),
        Unit::Count if value >= 1e6 => format!("{} M", trimmed(value / 1e6, 1)),
        Unit::Count if value >= 10_000.0 => format!("{} k", trimmed(value / 1e3, 1)),
        Unit::Count if value >= 1000.0 => trimmed(value, 0),
        Unit::Count => trimmed(value, 2),
    }
}

fn trimmed(value: f64, digits: usize) -> String {
    let text = format!("{value:.digits$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}
