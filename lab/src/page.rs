//! A page that stands alone: its style, its script, and what is put into it.

use std::fmt::Write as _;

use larder_lab::chart::escaped;

/// A page under construction.
#[derive(Debug, Default)]
pub(crate) struct Page(String);

/// A cell of a table.
#[derive(Clone, Debug, Default)]
pub(crate) struct Cell {
    pub(crate) text: String,
    /// The best of its column.
    pub(crate) best: bool,
    /// How bad it is, from 0 to 1.
    pub(crate) heat: f64,
}

impl Cell {
    pub(crate) fn plain(text: impl Into<String>) -> Self {
        Self { text: text.into(), ..Self::default() }
    }
}

impl Page {
    pub(crate) fn heading(&mut self, level: u8, text: &str) {
        let _ = writeln!(self.0, "<h{level}>{}</h{level}>", escaped(text));
    }

    pub(crate) fn paragraph(&mut self, text: &str) {
        let _ = writeln!(self.0, "<p>{}</p>", escaped(text));
    }

    /// Numbers that tell most at a glance.
    pub(crate) fn facts(&mut self, facts: &[(String, &str)]) {
        self.0.push_str("<div class=\"facts\">\n");
        for (number, what) in facts {
            let _ = writeln!(self.0, "<div><b>{}</b><span>{}</span></div>", escaped(number), escaped(what));
        }
        self.0.push_str("</div>\n");
    }

    pub(crate) fn chart(&mut self, svg: &str) {
        let _ = writeln!(self.0, "<figure>{svg}</figure>");
    }

    pub(crate) fn table(&mut self, titles: &[String], rows: &[Vec<Cell>]) {
        self.0.push_str("<div class=\"scroll\"><table>\n<thead><tr>");
        for title in titles {
            let _ = write!(self.0, "<th>{}</th>", escaped(title));
        }
        self.0.push_str("</tr></thead>\n<tbody>\n");
        for row in rows {
            self.0.push_str("<tr>");
            for cell in row {
                let class = if cell.best { " class=\"best\"" } else { "" };
                let heat = (cell.heat.clamp(0.0, 1.0) * 45.0).round();
                let _ = write!(self.0, "<td{class} style=\"--heat:{heat}%\">{}</td>", escaped(&cell.text));
            }
            self.0.push_str("</tr>\n");
        }
        self.0.push_str("</tbody></table></div>\n");
    }

    /// The document.
    pub(crate) fn html(&self, title: &str) -> String {
        let title = escaped(title);
        format!(
            "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <link rel=\"icon\" href=\"data:,\">\n<title>{title}</title>\n<style>{STYLE}</style>\n</head>\n\
             <body>\n<main>\n{}</main>\n<div id=\"tip\" hidden></div>\n<script>{SCRIPT}</script>\n</body>\n</html>\n",
            self.0
        )
    }
}

const STYLE: &str = include_str!("page/page.css");
const SCRIPT: &str = include_str!("page/page.js");
