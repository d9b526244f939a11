//! One-layer OCI image archives, a pure function of their input: same files, same digest.

use std::io::{self, Cursor};

use serde_json::{Value, json};
use tar::Builder;

use super::tree::{FileTree, anonymous_header};
use crate::digest::sha256;

/// Images carry no time of their own: it would be the only thing that changes between two builds.
const CREATED: &str = "1970-01-01T00:00:00Z";

/// How containers of an image start, and what it says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ImageConfig {
    /// Full name with registry and tag: runtimes look images up by nothing less.
    pub(crate) name: String,
    pub(crate) title: &'static str,
    pub(crate) version: String,
    pub(crate) licenses: &'static str,
    pub(crate) entrypoint: Vec<String>,
    /// User and group, by name or number.
    pub(crate) user: &'static str,
    pub(crate) port: Option<u16>,
}

/// A packed image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Packed {
    /// The manifest's digest, `sha256:…`: what a registry and a pod's `imageID` show.
    pub(crate) digest: String,
    pub(crate) bytes: Vec<u8>,
}

/// Packs `files` into an archive that containerd, k3d, kind, podman and skopeo load as an OCI layout,
/// and Docker by its own `manifest.json` over the same blobs.
///
/// # Errors
///
/// When a path is too long for tar.
pub(crate) fn pack(config: &ImageConfig, files: &FileTree) -> io::Result<Packed> {
    let layer = files.layer()?;
    let config_json = config_json(config, &sha256(&layer));
    let manifest = to_bytes(&json!({
        "schemaVersion": 2,
        "mediaType": media_type("manifest.v1+json"),
        "config": descriptor("config.v1+json", &config_json),
        "layers": [descriptor("layer.v1.tar", &layer)],
    }));
    let digest = format!("sha256:{}", sha256(&manifest));
    let tag = config.name.rsplit_once(':').map_or("latest", |(_, tag)| tag);
    let mut listed = descriptor("manifest.v1+json", &manifest);
    listed["annotations"] = json!({
        "io.containerd.image.name": config.name,
        "org.opencontainers.image.ref.name": tag,
    });
    let index = to_bytes(&json!({
        "schemaVersion": 2,
        "mediaType": media_type("index.v1+json"),
        "manifests": [listed],
    }));
    let docker = to_bytes(&json!([{
        "Config": blob_path(&config_json),
        "RepoTags": [config.name],
        "Layers": [blob_path(&layer)],
    }]));
    let mut files = vec![
        ("oci-layout".to_owned(), br#"{"imageLayoutVersion":"1.0.0"}"#.to_vec()),
        ("index.json".to_owned(), index),
        ("manifest.json".to_owned(), docker),
    ];
    files.extend([layer, config_json, manifest].map(|blob| (blob_path(&blob), blob)));
    Ok(Packed { digest, bytes: archive(&files)? })
}

fn config_json(config: &ImageConfig, layer_digest: &str) -> Vec<u8> {
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
    to_bytes(&json!({
        "created": CREATED,
        "architecture": "amd64",
        "os": "linux",
        "config": running,
        "rootfs": { "type": "layers", "diff_ids": [format!("sha256:{layer_digest}")] },
        "history": [{ "created": CREATED, "created_by": "cargo xtask image build" }],
    }))
}

fn archive(files: &[(String, Vec<u8>)]) -> io::Result<Vec<u8>> {
    let mut archive = Builder::new(Vec::new());
    for (path, content) in files {
        let mut header = anonymous_header();
        header.set_mode(0o644);
        header.set_size(content.len() as u64);
        archive.append_data(&mut header, path, Cursor::new(content))?;
    }
    archive.into_inner()
}

fn media_type(kind: &str) -> String {
    format!("application/vnd.oci.image.{kind}")
}

fn descriptor(kind: &str, blob: &[u8]) -> Value {
    json!({
        "mediaType": media_type(kind),
        "digest": format!("sha256:{}", sha256(blob)),
        "size": blob.len(),
    })
}

fn blob_path(blob: &[u8]) -> String {
    format!("blobs/sha256/{}", sha256(blob))
}

fn to_bytes(value: &Value) -> Vec<u8> {
    value.to_string().into_bytes()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::io::Read as _;

    use super::super::tree::Node;
    use super::*;

    fn config() -> ImageConfig {
        ImageConfig {
            name: "example.test/demo:1".to_owned(),
            title: "demo",
            version: "1".to_owned(),
            licenses: "Apache-2.0",
            entrypoint: vec!["/demo".to_owned()],
            user: "65532:65532",
            port: Some(80),
        }
    }

    fn files() -> FileTree {
        let mut files = FileTree::default();
        files.add("usr/bin/demo", Node::File(0o755, b"program".to_vec()));
        files.add("bin", Node::Link("usr/bin".to_owned()));
        files.text("/etc/passwd", "root:x:0:0::/:/sbin/nologin\n");
        files
    }

    fn entries(tar: &[u8]) -> BTreeMap<String, Vec<u8>> {
        let mut archive = tar::Archive::new(tar);
        let read = archive.entries().unwrap().map(|entry| {
            let mut entry = entry.unwrap();
            let mut content = Vec::new();
            entry.read_to_end(&mut content).unwrap();
            (entry.path().unwrap().to_str().unwrap().to_owned(), content)
        });
        read.collect()
    }

    #[test]
    fn order_of_adding_does_not_matter() {
        let mut other = FileTree::default();
        other.text("etc/passwd", "root:x:0:0::/:/sbin/nologin\n");
        other.add("bin", Node::Link("usr/bin".to_owned()));
        other.add("/usr/bin/demo", Node::File(0o755, b"program".to_vec()));
        assert_eq!(pack(&config(), &files()).unwrap(), pack(&config(), &other).unwrap());
    }

    #[test]
    fn digest_is_pinned() {
        // Fails when the packing changes: every digest published so far would change with it.
        let digest = pack(&config(), &files()).unwrap().digest;
        let expected = "sha256:dca9057b9f0cb8af9e9ce7d27f1e847d576b06c6cfcebeb1682dee7d50e25bd6";
        assert_eq!(digest, expected);
    }

    #[test]
    fn a_change_of_content_changes_the_digest() {
        let mut other = files();
        other.text("etc/passwd", "root:x:0:0::/root:/sbin/nologin\n");
        let (one, two) = (pack(&config(), &files()).unwrap(), pack(&config(), &other).unwrap());
        assert_ne!(one.digest, two.digest);
    }

    #[test]
    fn every_blob_is_where_the_index_says() {
        let archive = entries(&pack(&config(), &files()).unwrap().bytes);
        let parse = |path: &str| serde_json::from_slice::<Value>(&archive[path]).unwrap();
        let path = |descriptor: &Value| {
            let digest = descriptor["digest"].as_str().unwrap();
            let path = format!("blobs/{}", digest.replace(':', "/"));
            assert_eq!(archive[&path].len() as u64, descriptor["size"].as_u64().unwrap());
            path
        };
        let index = parse("index.json");
        let manifest = parse(&path(&index["manifests"][0]));
        let config = parse(&path(&manifest["config"]));
        let layer = path(&manifest["layers"][0]);
        assert_eq!(
            config["rootfs"]["diff_ids"][0].as_str().unwrap(),
            format!("sha256:{}", sha256(&archive[&layer])),
        );
        assert_eq!(parse("manifest.json")[0]["Layers"][0], json!(layer));
        let inside: Vec<_> = entries(&archive[&layer]).into_keys().collect();
        let expected = ["bin", "etc/", "etc/passwd", "usr/", "usr/bin/", "usr/bin/demo"];
        assert_eq!(inside, expected);
    }
}
