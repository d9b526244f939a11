//! `wasm-guests/prebuilt`: the modules, their sums, and the compiler that made them.

use std::{collections::BTreeSet, fs, path::PathBuf};

use anyhow::{Context as _, Result, bail};

use super::build::Module;
use crate::workspace;

/// Guests in languages whose tools give other bytes each time: made by hand, with the line in `docs/guests.md`.
const MADE_ELSEWHERE: [&str; 1] = ["images-js.wasm"];

fn path(file: &str) -> PathBuf {
    workspace::root().join("wasm-guests/prebuilt").join(file)
}

fn read(file: &str) -> Result<Vec<u8>> {
    fs::read(path(file)).with_context(|| format!("cannot read wasm-guests/prebuilt/{file}"))
}

/// The compiler and linker that made the modules.
///
/// # Errors
///
/// When it is not recorded.
pub(super) fn toolchain() -> Result<String> {
    Ok(String::from_utf8(read("TOOLCHAIN")?)?.trim().to_owned())
}

/// Checks the modules against `SHA256SUMS`.
///
/// # Errors
///
/// When a file is missing, is not the one recorded, or is not recorded.
pub(super) fn verify_sums() -> Result<()> {
    let sums = String::from_utf8(read("SHA256SUMS")?)?;
    let modules = workspace::files("wasm-guests/prebuilt", "wasm")?;
    let modules = modules.iter().map(|path| path.rsplit('/').next().unwrap_or_default());
    verify(&sums, modules.collect(), read)
}

/// Holds `sums` against the modules that are there: each is recorded, and is what was recorded.
fn verify(
    sums: &str,
    mut unrecorded: BTreeSet<&str>,
    read: impl Fn(&str) -> Result<Vec<u8>>,
) -> Result<()> {
    for line in sums.lines() {
        let (sum, file) =
            line.split_once("  ").context("SHA256SUMS has a line that is not SUM  FILE")?;
        if oci::sha256(&read(file)?) != sum {
            bail!(
                "wasm-guests/prebuilt/{file} is not the file whose SHA-256 is recorded: cargo xtask guests"
            );
        }
        unrecorded.remove(file);
    }
    match unrecorded.first() {
        Some(file) => bail!("wasm-guests/prebuilt/{file} is not in SHA256SUMS: cargo xtask guests"),
        None if sums.is_empty() => bail!("wasm-guests/prebuilt/SHA256SUMS is empty"),
        None => Ok(()),
    }
}

/// Compares freshly built modules with those checked in.
///
/// # Errors
///
/// When one differs.
pub(super) fn compare(modules: &[Module]) -> Result<()> {
    let mut stale = Vec::new();
    for module in modules {
        if read(&module.file).ok().as_ref() != Some(&module.bytes) {
            stale.push(module.file.as_str());
        }
    }
    if !stale.is_empty() {
        bail!(
            "not what the sources give now: {}; run cargo xtask guests and commit wasm-guests/prebuilt",
            stale.join(", ")
        );
    }
    Ok(())
}

/// Writes modules, sums and the name of the compiler.
///
/// # Errors
///
/// When a file cannot be written.
pub(super) fn write(modules: &[Module], toolchain: &str) -> Result<()> {
    let sum = |file: &str, bytes: &[u8]| format!("{}  {file}\n", oci::sha256(bytes));
    let mut sums: String = modules.iter().map(|module| sum(&module.file, &module.bytes)).collect();
    for file in MADE_ELSEWHERE {
        sums += &sum(file, &read(file)?);
    }
    let texts = [("SHA256SUMS", sums), ("TOOLCHAIN", format!("{toolchain}\n"))];
    let texts = texts.iter().map(|(file, text)| (*file, text.as_bytes()));
    let modules = modules.iter().map(|module| (module.file.as_str(), module.bytes.as_slice()));
    for (file, bytes) in modules.chain(texts) {
        fs::write(path(file), bytes)
            .with_context(|| format!("cannot write wasm-guests/prebuilt/{file}"))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_module_is_recorded_and_is_what_was_recorded() {
        let sum = |file: &str| format!("{}  {file}\n", oci::sha256(file.as_bytes()));
        let both = sum("a.wasm") + &sum("b.wasm");
        let cases = [
            ("both", both.clone(), vec!["a.wasm", "b.wasm"], None),
            ("nothing recorded", String::new(), vec!["a.wasm"], Some("a.wasm is not in")),
            ("nothing at all", String::new(), vec![], Some("is empty")),
            ("one not recorded", sum("a.wasm"), vec!["a.wasm", "b.wasm"], Some("b.wasm is not in")),
            ("one missing", both, vec!["a.wasm"], Some("b.wasm is missing")),
            ("changed", sum("a.wasm").replace("  a", "  c"), vec!["c.wasm"], Some("SHA-256")),
            ("no sums", "a.wasm\n".to_owned(), vec!["a.wasm"], Some("not SUM  FILE")),
        ];
        for (name, sums, there, complaint) in cases {
            let read = |file: &str| {
                anyhow::ensure!(there.contains(&file), "{file} is missing");
                Ok(file.as_bytes().to_vec())
            };
            let got = verify(&sums, there.iter().copied().collect(), read);
            match (got, complaint) {
                (Ok(()), None) => {}
                (Err(error), Some(text)) => {
                    assert!(error.to_string().contains(text), "{name}: {error}");
                }
                (got, _) => panic!("{name}: {got:?}"),
            }
        }
    }
}
