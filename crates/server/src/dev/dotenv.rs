//! `dev.env`: shell exports, written and read back.

/// Writes `export NAME='value'` lines.
pub(crate) fn write<'a>(pairs: impl IntoIterator<Item = (&'static str, &'a str)>) -> String {
    let lines = pairs.into_iter().map(|(name, value)| format!("export {name}='{}'\n", value.replace('\'', "'\\''")));
    lines.collect()
}

/// Reads the value of a name, as [`write`] spelled it.
pub(crate) fn read(text: &str, name: &str) -> Option<String> {
    let value = text.lines().find_map(|line| line.strip_prefix("export ")?.strip_prefix(name)?.strip_prefix('='))?;
    let value = value.strip_prefix('\'')?.strip_suffix('\'')?;
    Some(value.replace("'\\''", "'"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_come_back_as_they_went() {
        let text = write([("OBOL_A", "it's $HOME"), ("OBOL_AB", "x")]);
        assert_eq!(text, "export OBOL_A='it'\\''s $HOME'\nexport OBOL_AB='x'\n");
        assert_eq!(read(&text, "OBOL_A").as_deref(), Some("it's $HOME"));
        assert_eq!(read(&text, "OBOL_AB").as_deref(), Some("x"));
        assert_eq!(read(&text, "OBOL_B"), None);
    }
}
