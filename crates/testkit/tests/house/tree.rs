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
        let length = lines(&crate::root().join(&path)).take_while(|line| line.trim() != "#[cfg(test)]").count();
        assert!(length <= LONGEST_FILE, "{} has {length} lines before its tests", path.display());
    }
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

/// The targets of `[text](target)` that are files of ours.
fn local_links(text: &str) -> Vec<String> {
    let targets = text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    let files = targets.map(|target| target.split('#').next().unwrap_or_default());
    files.filter(|target| !target.is_empty() && !target.contains("://")).map(str::to_owned).collect()
}

fn is(path: &Path, extensions: &[&str]) -> bool {
    path.extension().is_some_and(|found| extensions.iter().any(|extension| found == *extension))
}

/// Rust that ships: under `crates/*/src` or `xtask/src`.
fn is_source(path: &Path) -> bool {
    let path = path.strip_prefix(crate::root()).unwrap_or(path);
    let parts: Vec<_> = path.components().map(|part| part.as_os_str().to_string_lossy()).collect();
    let ships = matches!(parts.as_slice(), [a, _, b, ..] if a == "crates" && b == "src")
        || matches!(parts.as_slice(), [a, b, ..] if a == "xtask" && b == "src");
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
