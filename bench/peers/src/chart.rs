//! A chart of the hits: bars by cache, one panel a scenario and number of threads.

use std::fmt::Write;

use crate::peers::limits;
use crate::table::Row;

const WIDTH: u32 = 760;
const LABEL: u32 = 190;
const BAR: u32 = 15;
const STEP: u32 = 20;
const HEAD: u32 = 46;
const TOP: u32 = 54;

/// An image that is readable on light and on dark ground.
pub fn svg(rows: &[Row]) -> String {
    let mut panels: Vec<Vec<&Row>> = Vec::new();
    for row in rows.iter().filter(|row| row.scenario.starts_with("hit-")) {
        match panels.last_mut() {
            Some(panel) if panel[0].scenario == row.scenario && panel[0].threads == row.threads => {
                panel.push(row)
            }
            _ => panels.push(vec![row]),
        }
    }
    let height = TOP + panels.iter().map(|panel| HEAD + STEP * panel.len() as u32).sum::<u32>() + 10;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{WIDTH}\" height=\"{height}\" \
         viewBox=\"0 0 {WIDTH} {height}\" font-family=\"system-ui, sans-serif\" font-size=\"12\">\n{STYLE}\
         <rect class=\"ground\" width=\"{WIDTH}\" height=\"{height}\"/>\n\
         <text class=\"ink\" x=\"16\" y=\"28\" font-size=\"16\" font-weight=\"600\">\
         Hits, in million operations a second (longer is better)</text>\n"
    );
    let mut top = TOP;
    for panel in &panels {
        draw_panel(&mut svg, panel, top);
        top += HEAD + STEP * panel.len() as u32;
    }
    svg.push_str("</svg>\n");
    svg
}

const STYLE: &str = "<style>\
    .ground{fill:#fff}.ink{fill:#1f2328}.faint{fill:#59636e}.ours{fill:#1a7f37}.rival{fill:#8c959f}.limit{fill:#d0d7de}\
    @media(prefers-color-scheme:dark){.ground{fill:#0d1117}.ink{fill:#e6edf3}.faint{fill:#9198a1}.ours{fill:#3fb950}\
    .rival{fill:#6e7681}.limit{fill:#343b44}}</style>\n";

fn draw_panel(svg: &mut String, panel: &[&Row], top: u32) {
    let mut sorted = panel.to_vec();
    sorted.sort_by(|one, other| other.mops.unwrap_or(0.0).total_cmp(&one.mops.unwrap_or(0.0)));
    let most = sorted.first().and_then(|row| row.mops).unwrap_or(1.0);
    let Row { scenario, threads, .. } = panel[0];
    let plural = if *threads == 1 { "" } else { "s" };
    let _ = writeln!(
        svg,
        "<text class=\"ink\" x=\"16\" y=\"{}\" font-weight=\"600\">{scenario}, {threads} thread{plural}</text>",
        top + 20
    );
    for (index, row) in sorted.iter().enumerate() {
        let y = top + 30 + STEP * index as u32;
        let mops = row.mops.unwrap_or(0.0);
        let width = f64::from(WIDTH - LABEL - 80) * mops / most;
        let kind = match row.contestant.as_str() {
            name if name.starts_with("larder") => "ours",
            name if limits::is_limit(name) => "limit",
            _ => "rival",
        };
        let _ = writeln!(
            svg,
            "<text class=\"{ink}\" x=\"{}\" y=\"{}\" text-anchor=\"end\">{}</text>\
             <rect class=\"{kind}\" x=\"{LABEL}\" y=\"{y}\" width=\"{width:.1}\" height=\"{BAR}\" rx=\"2\"/>\
             <text class=\"faint\" x=\"{:.1}\" y=\"{}\">{mops:.1}</text>",
            LABEL - 8,
            y + 12,
            row.contestant,
            f64::from(LABEL) + width + 6.0,
            y + 12,
            ink = if kind == "ours" { "ink" } else { "faint" },
        );
    }
}
