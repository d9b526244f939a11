//! Probes that a plugin carries: a tar archive of compressed programs behind the end of its executable.
//!
//! They are attached when both have been built. So neither build waits for the other, a probe that changed makes nobody
//! compile or link the plugin, and it does not matter which compiler made it, for which architecture. Systems load of an
//! executable only what its headers name.

use std::{
    env,
    fs::File,
    io::{self, Read, Seek, SeekFrom, Write},
};

use flate2::bufread::MultiGzDecoder;
use tar::{Archive, Builder};

use crate::{Architecture, layer::gzip, tree::anonymous_header};

/// What a plugin that carries something ends with, after the length of the archive.
const MARK: &[u8; 24] = b"kubectl-pods: probes v1\n";

/// Bytes of the length, in little-endian order, and of the mark.
const FOOTER: usize = 8 + MARK.len();

/// A probe as it is carried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Carried {
    /// What it runs on.
    pub architecture: Architecture,
    /// Its program as a gzip file.
    pub compressed: Vec<u8>,
}

impl Carried {
    /// Compresses `program`.
    ///
    /// # Errors
    ///
    /// Never in memory; what writers may say.
    pub fn new(architecture: Architecture, program: &[u8]) -> io::Result<Self> {
        Ok(Self { architecture, compressed: gzip(program)? })
    }

    /// The program.
    ///
    /// # Errors
    ///
    /// When it is damaged.
    pub fn program(&self) -> io::Result<Vec<u8>> {
        let mut program = Vec::new();
        MultiGzDecoder::new(self.compressed.as_slice()).read_to_end(&mut program)?;
        Ok(program)
    }
}

/// Writes `probes` behind the end of an executable.
///
/// # Errors
///
/// When it cannot be written.
pub fn attach(probes: &[Carried], executable: &mut impl Write) -> io::Result<()> {
    let mut archive = Builder::new(Vec::new());
    for probe in probes {
        let mut header = anonymous_header();
        header.set_mode(0o644);
        header.set_size(probe.compressed.len() as u64);
        let name = format!("{}.gz", probe.architecture);
        archive.append_data(&mut header, name, probe.compressed.as_slice())?;
    }
    let archive = archive.into_inner()?;
    executable.write_all(&archive)?;
    executable.write_all(&(archive.len() as u64).to_le_bytes())?;
    executable.write_all(MARK)
}

/// The probes behind the end of an executable; none when nothing was attached.
///
/// # Errors
///
/// When it cannot be read, or what was attached is damaged.
pub fn read(executable: &mut (impl Read + Seek)) -> io::Result<Vec<Carried>> {
    let Some(attached) = attached(executable)? else { return Ok(Vec::new()) };
    let mut archive = Archive::new(attached.as_slice());
    let mut probes = Vec::new();
    for entry in archive.entries()? {
        let mut entry = entry?;
        let name = entry.path()?.to_string_lossy().into_owned();
        let architecture = name.strip_suffix(".gz").and_then(Architecture::named);
        let architecture = architecture.ok_or_else(|| damaged(&format!("unknown part {name}")))?;
        let mut compressed = Vec::new();
        entry.read_to_end(&mut compressed)?;
        probes.push(Carried { architecture, compressed });
    }
    Ok(probes)
}

/// Those of the program that runs just now.
///
/// # Errors
///
/// As [`read`].
pub fn own() -> io::Result<Vec<Carried>> {
    read(&mut File::open(env::current_exe()?)?)
}

/// The archive behind the end of an executable.
fn attached(executable: &mut (impl Read + Seek)) -> io::Result<Option<Vec<u8>>> {
    let size = executable.seek(SeekFrom::End(0))?;
    let Some(end) = size.checked_sub(FOOTER as u64) else { return Ok(None) };
    let mut footer = [0; FOOTER];
    executable.seek(SeekFrom::Start(end))?;
    executable.read_exact(&mut footer)?;
    let Some((length, mark)) = footer.split_first_chunk() else { return Ok(None) };
    if mark != MARK {
        return Ok(None);
    }
    let length = u64::from_le_bytes(*length);
    let begin = end.checked_sub(length).ok_or_else(|| damaged("it is longer than the file"))?;
    executable.seek(SeekFrom::Start(begin))?;
    let mut archive = Vec::new();
    executable.take(length).read_to_end(&mut archive)?;
    Ok(Some(archive))
}

fn damaged(why: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("the carried probes are damaged: {why}"))
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    fn carrying(probes: &[Carried]) -> Vec<u8> {
        let mut executable = b"\x7fELF and all that".to_vec();
        attach(probes, &mut executable).unwrap();
        executable
    }

    #[test]
    fn what_was_attached_is_read() {
        let probe = |architecture, program: &[u8]| Carried::new(architecture, program).unwrap();
        let probes =
            [probe(Architecture::Amd64, &[1; 5000]), probe(Architecture::Arm64, b"another")];
        for probes in [&probes[..], &probes[..1], &[]] {
            let read = read(&mut Cursor::new(carrying(probes))).unwrap();
            assert_eq!(read, probes);
        }
        assert_eq!(probes[1].program().unwrap(), b"another");
    }

    #[test]
    fn a_plain_executable_carries_nothing() {
        for executable in [&b""[..], b"short", &[0; 100]] {
            assert_eq!(read(&mut Cursor::new(executable)).unwrap(), []);
        }
    }

    #[test]
    fn damage_is_told() {
        let whole = carrying(&[Carried::new(Architecture::Amd64, b"probe").unwrap()]);
        let footer = whole.len() - FOOTER;
        let mut longer = whole.clone();
        longer[footer..footer + 8].fill(0x7f);
        let mut renamed = whole.clone();
        let name = whole.windows(5).position(|bytes| bytes == b"amd64").unwrap();
        renamed[name..name + 5].copy_from_slice(b"mips!");
        for (damage, file) in [("longer", longer), ("renamed", renamed)] {
            assert!(read(&mut Cursor::new(file)).is_err(), "{damage}");
        }
    }
}
