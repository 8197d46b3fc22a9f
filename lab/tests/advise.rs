//! Advice: what it says, and that what it tells to paste is what `tests/pasted` has, which is compiled and run.

use std::process::Command;

use larder_lab::contender::Contender;

fn larder(arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_larder")).args(arguments).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// The lines of a function's body, without its last, which gives the result.
fn body(source: &str) -> String {
    let inner = source.lines().skip_while(|line| !line.ends_with('{')).skip(1);
    let lines: Vec<&str> = inner.take_while(|line| *line != "    Ok(cache)").collect();
    assert!(lines.len() > 5, "there is something to paste");
    lines.iter().map(|line| line.strip_prefix("    ").unwrap_or(line).to_owned() + "\n").collect()
}

fn has(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "{part:?} is missing:\n{text}");
    }
}

#[test]
fn advice_in_objects() {
    let folder = tempfile::tempdir().unwrap();
    let trace = folder.path().join("t.larder").display().to_string();
    larder(&["generate", "mix", "-n", "100000", "-o", &trace]);
    let advice = larder(&["advise", &trace, "--budget", "5000", "-p", "lru,s3-fifo"]);
    let said = [
        "policy     S3-FIFO:",
        "runner-up  LRU:",
        "loads in a million",
        "capacity   5000 objects.",
        "no times are told",
    ];
    has(&advice, &said);
    assert!(advice.ends_with(&body(include_str!("pasted/objects.rs"))), "{advice}");
}

#[test]
fn advice_in_bytes_with_times() {
    let folder = tempfile::tempdir().unwrap();
    let trace = folder.path().join("t.csv").display().to_string();
    let request = |at: u64| format!("{},{},{at}\n", at * at % 5000, 1000 + at * at % 5000 % 9 * 100);
    let rows: String = (0..60_000).map(request).collect();
    std::fs::write(&trace, "key,size,time\n".to_owned() + &rows).unwrap();
    let advice = larder(&["advise", &trace, "--budget", "512KiB", "-p", "lru"]);
    has(&advice, &["policy     LRU:", "of values (about 96 bytes an entry", "99 of 100 returns come within"]);
    assert!(advice.ends_with(&body(include_str!("pasted/sizes.rs"))), "{advice}");
}

#[test]
fn advice_tells_how_long_loads_take_where_the_trace_does() {
    let folder = tempfile::tempdir().unwrap();
    let trace = folder.path().join("t.csv").display().to_string();
    std::fs::write(&trace, "key,cost\n".to_owned() + &"1,0.5\n2,1.5\n3,1\n".repeat(1_000)).unwrap();
    let advice = larder(&["advise", &trace, "--budget", "2", "-p", "lru,mru"]);
    has(&advice, &["policy     MRU:", "\nloads      a million requests wait ", "(with LRU 1000000.0)."]);
    let advice = larder(&["advise", &trace, "--budget", "2", "-p", "lru"]);
    has(&advice, &["\nloads      a million requests wait 1000000.0 seconds for them."]);
}

#[test]
fn every_policy_has_its_name_in_rust() {
    macro_rules! names {
        ($($policy:ident)*) => {
            [$({ let _ = larder_policies::$policy::new(1); stringify!($policy) }),*]
        };
    }
    let known = names!(Fifo Lru Lfu LfuDa Gdsf Mru Random Clock Slru TwoQ LruK Arc Car Lirs ClockPro Sieve S3Fifo QdLpFifo QdClock
                       WTinyLfu LeCaR Cacheus Lhd Hyperbolic);
    for contender in Contender::all().into_iter().filter(|one| one.is_online()) {
        let name = contender.type_name().unwrap_or_else(|| panic!("{} has none", contender.name()));
        assert!(known.contains(&name), "{name} is not compiled here");
    }
    assert!(Contender::named("belady").unwrap().type_name().is_none());
}
