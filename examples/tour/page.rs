//! What the tour prints, on standard output: text, with bold headings where that is a terminal.

use std::io::{self, IsTerminal, Stdout, Write};

/// The page that the tour is printed on.
pub(crate) struct Page {
    out: Stdout,
    bold: bool,
}

impl Page {
    pub(crate) fn stdout() -> Self {
        let out = io::stdout();
        let bold = out.is_terminal() && std::env::var_os("NO_COLOR").is_none();
        Self { out, bold }
    }

    pub(crate) fn title(&mut self, title: &str) -> io::Result<()> {
        self.strong(title)?;
        writeln!(self.out)
    }

    pub(crate) fn heading(&mut self, heading: &str) -> io::Result<()> {
        writeln!(self.out)?;
        self.strong(heading)?;
        writeln!(self.out)
    }

    /// Prints paragraphs, which have their line ends already.
    pub(crate) fn text(&mut self, text: &str) -> io::Result<()> {
        writeln!(self.out, "{}", text.trim_end())?;
        self.out.flush()
    }

    fn strong(&mut self, text: &str) -> io::Result<()> {
        if self.bold {
            writeln!(self.out, "\x1b[1m{text}\x1b[0m")
        } else {
            writeln!(self.out, "{text}\n{}", "─".repeat(text.chars().count()))
        }
    }
}
