//! Horizontal bars as SVG, in the style of the other charts.

use std::fmt::Write as _;

use crate::chart::{STYLE, Unit, escaped, shown};

const WIDTH: f64 = 960.0;
const LEFT: f64 = 150.0;
const RIGHT: f64 = 90.0;
const TOP: f64 = 36.0;
const ROW: f64 = 20.0;

/// A bar for each row, from the top: its name and how long it is.
pub fn bars(title: &str, rows: &[(String, f64)], unit: Unit) -> String {
    let height = TOP + ROW * rows.len() as f64 + 12.0;
    let longest = rows.iter().map(|row| row.1).fold(f64::MIN_POSITIVE, f64::max);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"chart\" viewBox=\"0 0 {WIDTH} {height}\" width=\"{WIDTH}\" \
         height=\"{height}\" role=\"img\" aria-label=\"{0}\">\n<style>{STYLE}</style>\n\
         <rect class=\"paper\" width=\"{WIDTH}\" height=\"{height}\"/>\n<text class=\"title\" x=\"16\" y=\"22\">{0}</text>\n",
        escaped(title)
    );
    for (at, (name, value)) in rows.iter().enumerate() {
        let top = TOP + ROW * at as f64;
        let length = ((WIDTH - LEFT - RIGHT) * (value / longest).clamp(0.0, 1.0)).max(1.0);
        let text = match unit {
            Unit::Percent if *value >= 0.1 => format!("{:.1}%", value * 100.0),
            _ => shown(*value, unit),
        };
        let name = escaped(name);
        let (base, label, after) = (top + 14.0, LEFT - 8.0, LEFT + length + 6.0);
        let (bar, thick) = (top + 3.0, ROW - 6.0);
        let _ = writeln!(
            svg,
            "<g><title>{name}: {text}</title><text class=\"end\" x=\"{label}\" y=\"{base}\">{name}</text>\
             <rect x=\"{LEFT}\" y=\"{bar}\" width=\"{length:.1}\" height=\"{thick}\" rx=\"2\" fill=\"#3b82f6\"/>\
             <text x=\"{after:.1}\" y=\"{base}\">{text}</text></g>"
        );
    }
    svg.push_str("</svg>\n");
    svg
}
