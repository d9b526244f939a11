//! `cargo xtask image`: images for tests and demo as OCI archives, made without Docker.

mod carried;
mod debian;
mod probe;
mod recipe;

use std::fs;
use std::io::{Write as _, stdout};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::{Subcommand, ValueEnum};

use crate::go::kubernetes_source;
use crate::{cache, host, workspace};
use debian::DebianFiles;
use oci::{Architecture, FileTree, ImageConfig, Layer, Packed};

pub(crate) use carried::{attach, carried};

/// Changes when a recipe does, so that the cache makes its images anew.
const RECIPES: &str = "2";

/// An image we make.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Image {
    /// What holds a pod's namespaces; every existing cluster has its own.
    Pause,
    /// Debian's nginx, named like the official image.
    Nginx,
    /// Debian's apache2, named like the official image.
    Httpd,
    /// Debian's curl, named like the official image.
    Curl,
    /// Our probe.
    Probe,
}

impl Image {
    /// What tests and demo need in a cluster they did not start.
    pub(crate) const FOR_ANY_CLUSTER: [Self; 4] =
        [Self::Nginx, Self::Httpd, Self::Curl, Self::Probe];

    /// What a node of our own cluster needs.
    pub(crate) const FOR_NODES: [Self; 5] =
        [Self::Pause, Self::Nginx, Self::Httpd, Self::Curl, Self::Probe];

    /// The name in pods, with registry and tag. `--image nginx` means `docker.io/library/nginx:latest`.
    pub(crate) fn reference(self) -> String {
        match self {
            Self::Pause => "localhost/kubectl-pods/pause:3.10".to_owned(),
            Self::Nginx => "docker.io/library/nginx:latest".to_owned(),
            Self::Httpd => "docker.io/library/httpd:latest".to_owned(),
            Self::Curl => "docker.io/curlimages/curl:latest".to_owned(),
            Self::Probe => format!("docker.io/kubectl-pods/probe:{}", workspace::VERSION),
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Pause => "pause",
            Self::Nginx => "nginx",
            Self::Httpd => "httpd",
            Self::Curl => "curl",
            Self::Probe => "probe",
        }
    }
}

#[derive(Debug, Subcommand)]
pub(crate) enum ImageVerb {
    /// Write images as OCI archives, which containerd, k3d, kind, podman, skopeo and Docker load.
    Build {
        /// Folder for the archives.
        #[arg(long, value_name = "DIR", default_value = "target/images")]
        out: PathBuf,
        /// Which; all but pause when none is named.
        #[arg(value_enum)]
        images: Vec<Image>,
    },
}

/// Runs a verb.
pub(crate) fn run(verb: ImageVerb) -> Result<()> {
    let ImageVerb::Build { out, images } = verb;
    let images = if images.is_empty() { Image::FOR_ANY_CLUSTER.to_vec() } else { images };
    for (image, archive) in images.iter().zip(build(&images, &out)?) {
        let name = image.reference();
        writeln!(stdout(), "{} {} {name}", archive.path.display(), archive.digest)?;
    }
    Ok(())
}

/// Writes `images` into `folder`, one `NAME.tar` each, and returns the archives in the same order.
///
/// # Errors
///
/// When an image cannot be made or written.
pub(crate) fn build(images: &[Image], folder: &Path) -> Result<Vec<Archive>> {
    fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))?;
    let copy = |image: &Image| {
        let Archive { digest, path: cached } = get(*image)?;
        let path = folder.join(format!("{}.tar", image.name()));
        fs::copy(cached, &path).with_context(|| format!("cannot write {}", path.display()))?;
        Ok(Archive { digest, path })
    };
    images.iter().map(copy).collect()
}

/// An image's archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Archive {
    /// The manifest's.
    pub(crate) digest: String,
    pub(crate) path: PathBuf,
}

/// The image's archive, made now if its inputs are new.
///
/// # Errors
///
/// When something it is made of is missing or cannot be built.
pub(crate) fn get(image: Image) -> Result<Archive> {
    let source = Source::of(image)?;
    let reference = image.reference();
    let fingerprint = oci::fingerprint([
        ("recipes", RECIPES.as_bytes()),
        ("embedded", recipe::EMBEDDED.concat().as_bytes()),
        ("reference", reference.as_bytes()),
        ("inputs", source.inputs.as_bytes()),
    ]);
    let folder = cache::folder("images", image.name(), &fingerprint, |folder| {
        let archive = source.pack(image)?;
        fs::write(folder.join("image.tar"), archive.bytes)?;
        Ok(fs::write(folder.join("digest"), archive.digest)?)
    })?;
    let digest = fs::read_to_string(folder.join("digest"))?;
    Ok(Archive { digest, path: folder.join("image.tar") })
}

/// The image made from its recipe, whether or not the cache has it.
///
/// # Errors
///
/// Those of [`get`].
pub(crate) fn make(image: Image) -> Result<Packed> {
    Source::of(image)?.pack(image)
}

/// How an image is made.
struct Source {
    /// What of it may change from one time to the next.
    inputs: String,
    recipe: Box<dyn FnOnce() -> Result<oci::Image>>,
}

impl Source {
    fn of(image: Image) -> Result<Self> {
        match image {
            Image::Pause => Self::pause(),
            Image::Nginx => Self::debian(recipe::nginx),
            Image::Httpd => Self::debian(recipe::httpd),
            Image::Curl => Self::debian(recipe::curl),
            Image::Probe => Self::probe(),
        }
    }

    fn pause() -> Result<Self> {
        let source = kubernetes_source()?.join("build/pause/linux/pause.c");
        let inputs = fs::read_to_string(&source)
            .with_context(|| format!("cannot read {}", source.display()))?;
        let recipe = move || {
            host::require(&[host::BUILD])?;
            recipe::pause(&source).and_then(for_this_machine)
        };
        Ok(Self { inputs, recipe: Box::new(recipe) })
    }

    fn debian(recipe: fn(&DebianFiles) -> Result<(ImageConfig, FileTree)>) -> Result<Self> {
        let files = DebianFiles::get()?;
        let inputs = files.versions().to_owned();
        Ok(Self { inputs, recipe: Box::new(move || recipe(&files).and_then(for_this_machine)) })
    }

    /// The image that a plugin with these probes makes: the same bytes.
    fn probe() -> Result<Self> {
        let probes = carried(&[Architecture::Amd64])?;
        let inputs = probes.iter().map(|probe| oci::sha256(&probe.compressed)).collect();
        Ok(Self { inputs, recipe: Box::new(move || Ok(oci::probe(&probes)?)) })
    }

    fn pack(self, image: Image) -> Result<Packed> {
        let what = || format!("cannot make image {}", image.reference());
        let made = (self.recipe)().with_context(what)?;
        oci::archive(&image.reference(), &made).with_context(what)
    }
}

/// What is made of Debian's packages and by gcc runs where it was made.
fn for_this_machine((config, files): (ImageConfig, FileTree)) -> Result<oci::Image> {
    Ok(oci::Image::new(&config, vec![(Architecture::Amd64, Layer::plain(&files)?)]))
}
