//! An image as registries and runtimes keep it: blobs, and manifests that name them.

use serde_json::{Value, json};

use crate::{Architecture, Layer, sha256};

/// Images carry no time of their own: it would be the only thing that changes between two builds.
const CREATED: &str = "1970-01-01T00:00:00Z";

/// How containers of an image start, and what it says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageConfig {
    /// For people.
    pub title: &'static str,
    /// Of what is in it.
    pub version: String,
    /// As an SPDX expression.
    pub licenses: &'static str,
    /// Program and first arguments.
    pub entrypoint: Vec<String>,
    /// User and group, by name or number.
    pub user: &'static str,
    /// The TCP port it listens on.
    pub port: Option<u16>,
}

/// Something that is known by its digest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Blob {
    /// `application/vnd.oci.image.…`.
    pub media_type: String,
    /// `sha256:…`.
    pub digest: String,
    /// The content.
    pub bytes: Vec<u8>,
}

/// An image for one or several architectures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Image {
    /// Configuration and layer of each architecture, in this order.
    pub blobs: Vec<Blob>,
    /// What names the blobs: a manifest for each architecture and, if there are several, an index of these. A registry
    /// wants what is named before what names it.
    pub manifests: Vec<Blob>,
}

impl Blob {
    fn new(kind: &str, bytes: Vec<u8>) -> Self {
        let media_type = format!("application/vnd.oci.image.{kind}");
        Self { media_type, digest: format!("sha256:{}", sha256(&bytes)), bytes }
    }

    fn of_json(kind: &str, value: &Value) -> Self {
        Self::new(kind, value.to_string().into_bytes())
    }

    /// How others name it.
    pub(crate) fn descriptor(&self) -> Value {
        json!({ "mediaType": self.media_type, "digest": self.digest, "size": self.bytes.len() })
    }
}

impl Image {
    /// The image of these layers, one for each architecture.
    #[must_use]
    pub fn new(config: &ImageConfig, layers: Vec<(Architecture, Layer)>) -> Self {
        let (mut blobs, mut manifests, mut listed) = (Vec::new(), Vec::new(), Vec::new());
        for (architecture, layer) in layers {
            let json = config_json(config, architecture, &layer.diff_id);
            let config = Blob::of_json("config.v1+json", &json);
            let layer = Blob::new(layer.kind, layer.blob);
            let manifest = Blob::of_json(
                "manifest.v1+json",
                &json!({
                    "schemaVersion": 2,
                    "mediaType": "application/vnd.oci.image.manifest.v1+json",
                    "config": config.descriptor(),
                    "layers": [layer.descriptor()],
                }),
            );
            let mut descriptor = manifest.descriptor();
            descriptor["platform"] = json!({ "architecture": architecture.name(), "os": "linux" });
            listed.push(descriptor);
            blobs.extend([config, layer]);
            manifests.push(manifest);
        }
        if listed.len() > 1 {
            manifests.push(index(&listed));
        }
        Self { blobs, manifests }
    }

    /// What a tag names.
    ///
    /// # Panics
    ///
    /// When the image has no architecture.
    #[must_use]
    pub fn top(&self) -> &Blob {
        self.manifests.last().expect("an image has an architecture")
    }
}

/// What lists manifests.
pub(crate) fn index(listed: &[Value]) -> Blob {
    Blob::of_json(
        "index.v1+json",
        &json!({
            "schemaVersion": 2,
            "mediaType": "application/vnd.oci.image.index.v1+json",
            "manifests": listed,
        }),
    )
}

fn config_json(config: &ImageConfig, architecture: Architecture, diff_id: &str) -> Value {
    let mut running = json!({
        "Entrypoint": config.entrypoint,
        "User": config.user,
        "Env": ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],
        "WorkingDir": "/",
        "Labels": {
            "org.opencontainers.image.title": config.title,
            "org.opencontainers.image.version": config.version,
            "org.opencontainers.image.licenses": config.licenses,
        },
    });
    if let Some(port) = config.port {
        running["ExposedPorts"] = json!({ format!("{port}/tcp"): {} });
    }
    json!({
        "created": CREATED,
        "architecture": architecture.name(),
        "os": "linux",
        "config": running,
        "rootfs": { "type": "layers", "diff_ids": [format!("sha256:{diff_id}")] },
        "history": [{ "created": CREATED, "created_by": "kubectl-pods" }],
    })
}
