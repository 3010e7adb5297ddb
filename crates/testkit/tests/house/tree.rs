//! What the tree may contain: names, sizes, words.

use std::path::{Path, PathBuf};

/// At this length a file is split by meaning; tests do not count.
const LONGEST_FILE: usize = 600;

/// Directories with nothing in them that anyone wrote.
const NOT_OURS: &[&str] = &["target", ".git", "obol-data", "vendor", "node_modules", "__pycache__"];

/// Written in two pieces, so that this file does not break its own rules.
const ALLOW: &str = concat!("#[", "allow(");
const ALLOW_ALL: &str = concat!("#![", "allow(");
const UNFINISHED: [&str; 3] = [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("XX", "X:")];

#[test]
fn modules_are_named_after_themselves() {
    let offenders = files(|path| path.file_name().is_some_and(|name| name == "mod.rs"));
    assert!(offenders.is_empty(), "`x.rs` beside `x/`, not: {offenders:?}");
}

#[test]
fn lints_are_expected_with_a_reason_never_allowed() {
    let allows = |path: &Path| lines(path).any(|line| line.contains(ALLOW) || line.contains(ALLOW_ALL));
    let offenders = files(|path| is(path, &["rs"]) && allows(path));
    assert!(offenders.is_empty(), "use `#[expect(…, reason = \"…\")]` in {offenders:?}");
}

#[test]
fn errors_are_logged_with_their_causes() {
    let bare = |line: String| line.contains("tracing::") && line.contains(concat!("as &dyn", " "));
    let offenders = files(|path| is_source(path) && lines(path).any(bare));
    assert!(offenders.is_empty(), "a log in JSON drops what `with_causes` tells, in {offenders:?}");
}

#[test]
fn nothing_is_left_for_later_in_a_comment() {
    let later = |path: &Path| lines(path).any(|line| UNFINISHED.iter().any(|word| line.contains(word)));
    let written = ["rs", "md", "toml", "py", "sh", "sql", "html", "css", "js"];
    let offenders = files(|path| is(path, &written) && later(path));
    assert!(offenders.is_empty(), "finish it or open an issue: {offenders:?}");
}

#[test]
fn every_source_file_says_what_it_is() {
    let silent = |path: &Path| !lines(path).next().is_some_and(|line| line.starts_with("//!"));
    let offenders = files(|path| is_source(path) && silent(path));
    assert!(offenders.is_empty(), "begin with `//!` and say why it is so: {offenders:?}");
}

#[test]
fn source_files_stay_short_enough_to_read() {
    for path in files(is_source) {
        let name = path.file_stem().unwrap_or_default();
        if name == "tests" || path.components().any(|part| part.as_os_str() == "tests") {
            continue;
        }
        let length = shipped_lines(&crate::root().join(&path));
        assert!(length <= LONGEST_FILE, "{} has {length} lines before its tests", path.display());
    }
}

/// How many lines come before the tests at a file's end. What else is `#[cfg(test)]` stands among the code and counts.
fn shipped_lines(path: &Path) -> usize {
    let lines: Vec<String> = lines(path).collect();
    let tests = lines.windows(2).position(|pair| pair[0] == "#[cfg(test)]" && pair[1].starts_with("mod tests"));
    tests.unwrap_or(lines.len())
}

#[test]
fn decisions_are_numbered_without_a_gap() {
    let directory = crate::root().join("docs/adr");
    let entries = std::fs::read_dir(&directory).expect("docs/adr is there");
    let mut names: Vec<String> =
        entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    for (index, name) in names.iter().enumerate() {
        let number = format!("{:04}-", index + 1);
        assert!(
            name.starts_with(&number) && Path::new(name).extension().is_some_and(|extension| extension == "md"),
            "docs/adr/{name} should begin with {number}"
        );
    }
}

#[test]
fn links_between_documents_lead_somewhere() {
    for path in files(|path| is(path, &["md"])) {
        let file = crate::root().join(&path);
        let directory = file.parent().expect("a file is in a directory").to_path_buf();
        let text = std::fs::read_to_string(&file).expect("a document is UTF-8");
        for target in local_links(&text) {
            assert!(directory.join(&target).exists(), "{} links to {target}, which is not there", path.display());
        }
    }
}

#[test]
fn cited_sections_of_the_contracts_are_named() {
    let document =
        std::fs::read_to_string(crate::root().join("docs/contracts.md")).expect("docs/contracts.md is there");
    let (identity, analytics) = document.split_once("\n## Analytics\n").expect("a chapter for each contract");
    for path in files(|path| is(path, &["rs", "md", "py", "sql", "html"])) {
        let text = std::fs::read_to_string(crate::root().join(&path)).expect("a source is UTF-8");
        for (contract, named) in [("identity", identity), ("analytics", analytics)] {
            for section in cited_sections(&text, contract) {
                let row = format!("\n| {section} |");
                assert!(named.contains(&row), "{} cites contract {contract} {section}", path.display());
            }
        }
    }
}

#[test]
fn every_check_stands_in_the_list_of_errors() {
    let document = std::fs::read_to_string(crate::root().join("docs/errors.md")).expect("docs/errors.md is there");
    let mut found = 0;
    for path in files(|path| is_source(path) && path.file_stem().is_some_and(|name| name != "tests")) {
        let text = lines(&crate::root().join(&path)).collect::<Vec<_>>().join("\n");
        let code = text.split("#[cfg(test)]\nmod tests").next().unwrap_or_default();
        for arguments in code.split("Explanation::new(").skip(1) {
            // Where the first argument is no text of its own, the checks are named somewhere else.
            let Some(check) = arguments.trim_start().strip_prefix('"').and_then(|rest| rest.split('"').next()) else {
                continue;
            };
            assert!(document.contains(&format!("`{check}`")), "{check} of {} is not in docs/errors.md", path.display());
            found += 1;
        }
    }
    assert!(found > 50, "the search finds what is there, not {found}");
}

/// What follows a contract's name, where it is a number such as 2.6.
fn cited_sections(text: &str, contract: &str) -> Vec<String> {
    let citations = [format!("contract {contract} "), format!("Contract {contract} ")];
    let after = citations.iter().flat_map(|citation| text.split(citation.as_str()).skip(1));
    let numbers = after.map(|rest| rest.split(|c: char| !c.is_ascii_digit() && c != '.').next().unwrap_or_default());
    numbers.map(|number| number.trim_end_matches('.').to_owned()).filter(|number| !number.is_empty()).collect()
}

/// The targets of `[text](target)` that are files of ours.
fn local_links(text: &str) -> Vec<String> {
    let targets = text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    let files = targets.map(|target| target.split('#').next().unwrap_or_default());
    files.filter(|target| !target.is_empty() && !target.contains("://")).map(str::to_owned).collect()
}

fn is(path: &Path, extensions: &[&str]) -> bool {
    path.extension().is_some_and(|found| extensions.iter().any(|extension| found == *extension))
}

/// Rust that ships, or measures and builds what ships: under `crates/*/src`, `bench/src` or `xtask/src`.
fn is_source(path: &Path) -> bool {
    let path = path.strip_prefix(crate::root()).unwrap_or(path);
    let parts: Vec<_> = path.components().map(|part| part.as_os_str().to_string_lossy()).collect();
    let ships = matches!(parts.as_slice(), [a, _, b, ..] if a == "crates" && b == "src")
        || matches!(parts.as_slice(), [a, b, ..] if (a == "bench" || a == "xtask") && b == "src");
    ships && is(path, &["rs"])
}

/// The files of the tree that `wanted` picks, relative to its root.
fn files(wanted: impl Fn(&Path) -> bool) -> Vec<PathBuf> {
    let root = crate::root();
    let mut found = Vec::new();
    let mut directories = vec![root.clone()];
    while let Some(directory) = directories.pop() {
        for entry in std::fs::read_dir(&directory).expect("a directory can be read") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                let name = path.file_name().unwrap_or_default();
                if !NOT_OURS.iter().any(|not_ours| name == *not_ours) {
                    directories.push(path);
                }
            } else if wanted(&path) {
                found.push(path.strip_prefix(&root).expect("under the root").to_path_buf());
            }
        }
    }
    found.sort();
    found
}

/// A text file's lines; what is not text has none.
fn lines(path: &Path) -> impl Iterator<Item = String> {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    text.lines().map(str::to_owned).collect::<Vec<_>>().into_iter()
}
