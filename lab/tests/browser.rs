//! The report in a real browser: it opens, its script runs to the end, and the console stays empty.

use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

const FLAGS: &[&str] = &[
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--enable-logging=stderr",
    "--virtual-time-budget=5000",
    "--window-size=1000,1400",
    "--dump-dom",
];

/// The page as the browser has it in the end, and what its console says. `None` without a browser, which is said.
fn opened(page: &Path, folder: &TempDir) -> Option<(String, Vec<String>)> {
    let profile = format!("--user-data-dir={}", folder.path().join("profile").display());
    let address = format!("file://{}", page.display());
    let output = Command::new("chromium").args(FLAGS).arg(profile).arg(address).output();
    let Ok(output) = output else {
        println!("skipped: there is no chromium here");
        return None;
    };
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let console = said.lines().filter(|line| line.contains("CONSOLE")).map(str::to_owned).collect();
    Some((String::from_utf8_lossy(&output.stdout).into_owned(), console))
}

fn larder(arguments: &[&str]) {
    let output = Command::new(env!("CARGO_BIN_EXE_larder")).args(arguments).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn a_report_opens_without_a_word_on_the_console() {
    let folder = tempfile::tempdir().unwrap();
    let [trace, report] = ["<b>&\".keys", "report.html"].map(|name| folder.path().join(name));
    let [trace, report] = [&trace, &report].map(|path| path.display().to_string());
    larder(&["generate", "mix", "-n", "20000", "-o", &trace]);
    larder(&["report", &trace, "-o", &report]);
    let Some((page, console)) = opened(Path::new(&report), &folder) else { return };
    assert_eq!(console, Vec::<String>::new());
    assert!(page.contains("data-ready=\"yes\""), "the script did not reach its end");
    assert_eq!(page.matches("<svg").count(), 6, "charts");
    assert!(
        page.contains("&lt;b&gt;&amp;") && !page.contains("<b>&amp;"),
        "a trace's name is text, not markup"
    );
    for word in
        ["Belady", "S3-FIFO", "One-hit wonders", "runner-up", "Working set over time", "Reuse distance"]
    {
        assert!(page.contains(word), "{word} is missing");
    }
    let text = std::fs::read_to_string(&report).unwrap();
    let outside = text.replace("http://www.w3.org/2000/svg", "");
    assert!(!outside.contains("http") && !outside.contains("src="), "nothing is fetched");
}

/// Points at a third of the first chart's width, and keeps what is told of it.
const HOVER: &str = "<script>{\
    const chart = document.querySelector('svg.chart'), box = chart.getBoundingClientRect();\
    const at = { clientX: box.left + box.width / 3, clientY: box.top + box.height / 2 };\
    chart.dispatchEvent(new PointerEvent('pointermove', at));\
    const tip = document.getElementById('tip'), root = document.documentElement;\
    root.dataset.told = tip.hidden ? 'nothing' : tip.textContent;\
    chart.dispatchEvent(new PointerEvent('pointerleave'));\
    root.dataset.left = tip.hidden ? 'hidden' : 'still there';\
    }</script>";

#[test]
fn a_chart_tells_the_values_where_somebody_points() {
    let folder = tempfile::tempdir().unwrap();
    let [trace, report] =
        ["t.keys", "report.html"].map(|name| folder.path().join(name).display().to_string());
    larder(&["generate", "zipf", "-n", "20000", "--keys", "2000", "-o", &trace]);
    larder(&["report", &trace, "-p", "lru,s3-fifo", "-o", &report]);
    let page = std::fs::read_to_string(&report).unwrap();
    std::fs::write(&report, page + HOVER).unwrap();
    let Some((page, console)) = opened(Path::new(&report), &folder) else { return };
    assert_eq!(console, Vec::<String>::new());
    let told = page.split("data-told=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap();
    assert!(told.contains("LRU") && told.contains("S3-FIFO") && told.contains('%'), "{told:?}");
    assert!(page.contains("data-left=\"hidden\""), "it goes when nobody points");
}

#[test]
fn an_error_on_the_console_would_be_noticed() {
    let folder = tempfile::tempdir().unwrap();
    let page = folder.path().join("wrong.html");
    std::fs::write(&page, "<!DOCTYPE html><title>x</title><script>nobody.knows();</script>").unwrap();
    let Some((_, console)) = opened(&page, &folder) else { return };
    assert_eq!(console.len(), 1, "{console:?}");
}
