//! From the name of a guest to the bytes of its file.

use std::{
    env, fmt,
    fs::File,
    io::Read as _,
    path::{Path, PathBuf},
};

use super::builtin;

/// Largest file that is read.
const LARGEST: u64 = 64 * 1024 * 1024;

/// The folders in which guests are looked for. Never the current one: a name must not mean something else after `cd`.
#[derive(Debug, Clone, Default)]
pub struct Places {
    /// Folders that hold `NAME.wasm`, first one first.
    pub folders: Vec<PathBuf>,
    /// Where compiled guests are kept, and the key that proves we put them there; `None`: compile every time.
    pub cache: Option<CachePlaces>,
}

/// Where compiled guests are kept.
#[derive(Debug, Clone)]
pub struct CachePlaces {
    /// `$XDG_CACHE_HOME/kubectl-pods/guests`: may be saved, restored and deleted by anyone.
    pub folder: PathBuf,
    /// `$XDG_STATE_HOME/kubectl-pods/guests.key`: stays on this machine.
    pub key: PathBuf,
}

impl Places {
    /// `$KUBECTL_PODS_GUEST_PATH`, then `$XDG_DATA_HOME/kubectl-pods/guests`.
    #[must_use]
    pub fn from_environment() -> Self {
        let home = env::var_os("HOME").filter(|home| !home.is_empty()).map(PathBuf::from);
        let base = |variable: &str, below_home: &str| {
            let set = env::var_os(variable).map(PathBuf::from).filter(|path| path.is_absolute());
            let base = set.or_else(|| home.as_ref().map(|home| home.join(below_home)));
            base.map(|base| base.join("kubectl-pods"))
        };
        let path = env::var_os("KUBECTL_PODS_GUEST_PATH").unwrap_or_default();
        // An empty or relative entry would mean the current folder.
        let mut folders: Vec<_> =
            env::split_paths(&path).filter(|path| path.is_absolute()).collect();
        folders.extend(base("XDG_DATA_HOME", ".local/share").map(|data| data.join("guests")));
        let cache = base("XDG_CACHE_HOME", ".cache").zip(base("XDG_STATE_HOME", ".local/state"));
        let cache = cache.map(|(cache, state)| CachePlaces {
            folder: cache.join("guests"),
            key: state.join("guests.key"),
        });
        Self { folders, cache }
    }
}

/// A guest's file.
pub(super) struct GuestFile {
    /// What to call it in messages: its name or its path.
    pub(super) label: String,
    pub(super) bytes: Vec<u8>,
}

/// Why there are no bytes.
#[derive(Debug, thiserror::Error)]
pub enum NotFound {
    /// Nowhere.
    #[error("{}", Searched(name, folders))]
    Nowhere {
        /// Name that was looked for.
        name: String,
        /// Where it was looked for.
        folders: Vec<PathBuf>,
    },
    /// Found, but not a regular file.
    #[error("guest {} is {what}, not a file", shown(.path))]
    NotAFile {
        /// Where.
        path: PathBuf,
        /// What it is instead.
        what: &'static str,
    },
    /// Found, but too large.
    #[error("guest {} has {} MiB, the limit is {} MiB", shown(.path), .size / 1024 / 1024, LARGEST / 1024 / 1024)]
    TooLarge {
        /// Where.
        path: PathBuf,
        /// Its size in bytes.
        size: u64,
    },
    /// Found, but not readable.
    #[error("cannot read guest {}", shown(.path))]
    Unreadable {
        /// Where.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
}

/// A path without what could steer a terminal: it may be pasted from anywhere.
fn shown(path: &Path) -> String {
    path.display().to_string().escape_debug().to_string()
}

/// "no guest ... looked in ...; built in: ..."
struct Searched<'a>(&'a str, &'a [PathBuf]);

impl fmt::Display for Searched<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(name, folders) = self;
        write!(formatter, "no guest named {name:?}: there is no {}.wasm in ", name.escape_debug())?;
        if folders.is_empty() {
            write!(formatter, "any folder (KUBECTL_PODS_GUEST_PATH and HOME are not set)")?;
        }
        for (index, folder) in folders.iter().enumerate() {
            write!(formatter, "{}{}", if index == 0 { "" } else { " or " }, shown(folder))?;
        }
        write!(formatter, "; built in: {}", builtin::names().collect::<Vec<_>>().join(", "))
    }
}

/// Finds a guest by path, if `name` looks like one, else by name in `places`, else among those built in.
pub(super) fn find(name: &str, places: &Places) -> Result<GuestFile, NotFound> {
    let label = name.escape_debug().to_string();
    let is_wasm = Path::new(name).extension().is_some_and(|extension| extension == "wasm");
    if name.contains('/') || is_wasm {
        return Ok(GuestFile { label, bytes: read(Path::new(name))? });
    }
    for folder in &places.folders {
        let path = folder.join(format!("{name}.wasm"));
        if path.exists() {
            return Ok(GuestFile { label, bytes: read(&path)? });
        }
    }
    match builtin::find(name) {
        Some(bytes) => Ok(GuestFile { label, bytes: bytes.to_vec() }),
        None => Err(NotFound::Nowhere { name: name.to_owned(), folders: places.folders.clone() }),
    }
}

/// Reads a regular file of bearable size. What it is gets asked before it is opened: opening a FIFO would wait forever.
fn read(path: &Path) -> Result<Vec<u8>, NotFound> {
    let unreadable = |source| NotFound::Unreadable { path: path.to_owned(), source };
    let metadata = path.metadata().map_err(unreadable)?;
    if !metadata.is_file() {
        let what = if metadata.is_dir() { "a folder" } else { "a device or a pipe" };
        return Err(NotFound::NotAFile { path: path.to_owned(), what });
    }
    if metadata.len() > LARGEST {
        return Err(NotFound::TooLarge { path: path.to_owned(), size: metadata.len() });
    }
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(unreadable)?;
    // One byte more than allowed tells a file that grew meanwhile.
    file.take(LARGEST + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    let size = bytes.len() as u64;
    if size > LARGEST {
        return Err(NotFound::TooLarge { path: path.to_owned(), size });
    }
    Ok(bytes)
}
