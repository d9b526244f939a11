//! One file with an image in it.

use std::io;

use serde_json::{Value, json};
use tar::Builder;

use crate::{Blob, Image, image::index, tree::anonymous_header};

/// A packed image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Packed {
    /// The digest of what the name names, `sha256:…`: what a registry and a pod's `imageID` show.
    pub digest: String,
    /// The archive.
    pub bytes: Vec<u8>,
}

/// Packs `image` into an archive that containerd, k3d, kind, podman and skopeo load as an OCI layout, and Docker by its
/// own `manifest.json` over the same blobs, which knows one architecture: the first.
///
/// `name` is the full one with registry and tag: runtimes look images up by nothing less.
///
/// # Errors
///
/// Never in memory; what writers may say.
pub fn archive(name: &str, image: &Image) -> io::Result<Packed> {
    let digest = image.top().digest.clone();
    let mut files = vec![
        ("oci-layout".to_owned(), br#"{"imageLayoutVersion":"1.0.0"}"#.to_vec()),
        ("index.json".to_owned(), index(&[named(name, image.top())]).bytes),
        ("manifest.json".to_owned(), dockers_manifest(name, image).to_string().into_bytes()),
    ];
    let blobs = image.blobs.iter().rev().chain(&image.manifests);
    files.extend(blobs.map(|blob| (path(blob), blob.bytes.clone())));
    Ok(Packed { digest, bytes: tar(&files)? })
}

/// The entry of the layout's index.
fn named(name: &str, top: &Blob) -> Value {
    let tag = name.rsplit_once(':').map_or("latest", |(_, tag)| tag);
    let mut listed = top.descriptor();
    listed["annotations"] = json!({
        "io.containerd.image.name": name,
        "org.opencontainers.image.ref.name": tag,
    });
    listed
}

fn dockers_manifest(name: &str, image: &Image) -> Value {
    let first: Vec<String> = image.blobs.iter().take(2).map(path).collect();
    let [config, layer] = &first[..] else { return json!([]) };
    json!([{ "Config": config, "RepoTags": [name], "Layers": [layer] }])
}

fn tar(files: &[(String, Vec<u8>)]) -> io::Result<Vec<u8>> {
    let mut archive = Builder::new(Vec::new());
    for (path, content) in files {
        let mut header = anonymous_header();
        header.set_mode(0o644);
        header.set_size(content.len() as u64);
        archive.append_data(&mut header, path, content.as_slice())?;
    }
    archive.into_inner()
}

fn path(blob: &Blob) -> String {
    format!("blobs/{}", blob.digest.replace(':', "/"))
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeMap, io::Read as _};

    use super::*;
    use crate::{Architecture, Carried, FileTree, ImageConfig, Layer, Node, probe, sha256};

    const NAME: &str = "example.test/demo:1";

    fn pack(files: &FileTree) -> Packed {
        let config = ImageConfig {
            title: "demo",
            version: "1".to_owned(),
            licenses: "Apache-2.0",
            entrypoint: vec!["/demo".to_owned()],
            user: "65532:65532",
            port: Some(80),
        };
        let layer = Layer::plain(files).unwrap();
        archive(NAME, &Image::new(&config, vec![(Architecture::Amd64, layer)])).unwrap()
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

    /// The blob that a descriptor names, which must be as large as it says.
    fn blob<'a>(archive: &'a BTreeMap<String, Vec<u8>>, descriptor: &Value) -> &'a [u8] {
        let digest = descriptor["digest"].as_str().unwrap();
        let blob = &archive[&format!("blobs/{}", digest.replace(':', "/"))];
        assert_eq!(blob.len() as u64, descriptor["size"].as_u64().unwrap());
        assert_eq!(digest, format!("sha256:{}", sha256(blob)));
        blob
    }

    fn parsed(bytes: &[u8]) -> Value {
        serde_json::from_slice(bytes).unwrap()
    }

    #[test]
    fn order_of_adding_does_not_matter() {
        let mut other = FileTree::default();
        other.text("etc/passwd", "root:x:0:0::/:/sbin/nologin\n");
        other.add("bin", Node::Link("usr/bin".to_owned()));
        other.add("/usr/bin/demo", Node::File(0o755, b"program".to_vec()));
        assert_eq!(pack(&files()), pack(&other));
    }

    #[test]
    fn digest_is_pinned() {
        // Fails when the packing changes: every digest published so far would change with it.
        let expected = "sha256:554835e3d494061c0a453f82126cdc8081db49e51f1dfbe4640b6680180c66d3";
        assert_eq!(pack(&files()).digest, expected);
    }

    #[test]
    fn a_change_of_content_changes_the_digest() {
        let mut other = files();
        other.text("etc/passwd", "root:x:0:0::/root:/sbin/nologin\n");
        assert_ne!(pack(&files()).digest, pack(&other).digest);
    }

    #[test]
    fn every_blob_is_where_the_index_says() {
        let archive = entries(&pack(&files()).bytes);
        let index = parsed(&archive["index.json"]);
        let manifest = parsed(blob(&archive, &index["manifests"][0]));
        let config = parsed(blob(&archive, &manifest["config"]));
        let layer = blob(&archive, &manifest["layers"][0]);
        let diff_id = config["rootfs"]["diff_ids"][0].as_str().unwrap();
        assert_eq!(diff_id, format!("sha256:{}", sha256(layer)));
        let dockers = &parsed(&archive["manifest.json"])[0];
        assert_eq!(dockers["RepoTags"], json!([NAME]));
        assert_eq!(archive[dockers["Layers"][0].as_str().unwrap()], layer);
        let inside: Vec<_> = entries(layer).into_keys().collect();
        let expected = ["bin", "etc/", "etc/passwd", "usr/", "usr/bin/", "usr/bin/demo"];
        assert_eq!(inside, expected);
    }

    #[test]
    fn probes_of_two_architectures_are_one_image() {
        let probes = Architecture::ALL.map(|architecture| {
            Carried::new(architecture, architecture.name().as_bytes()).unwrap()
        });
        let packed = super::archive(NAME, &probe(&probes).unwrap()).unwrap();
        let archive = entries(&packed.bytes);
        let top = &parsed(&archive["index.json"])["manifests"][0];
        assert_eq!(top["digest"], json!(packed.digest));
        let index = parsed(blob(&archive, top));
        for (entry, architecture) in
            index["manifests"].as_array().unwrap().iter().zip(Architecture::ALL)
        {
            let platform = json!({"architecture": architecture.name(), "os": "linux"});
            assert_eq!(entry["platform"], platform);
            let manifest = parsed(blob(&archive, entry));
            assert_eq!(
                parsed(blob(&archive, &manifest["config"]))["architecture"],
                platform["architecture"]
            );
            let mut layer = Vec::new();
            let compressed = blob(&archive, &manifest["layers"][0]);
            flate2::read::MultiGzDecoder::new(compressed).read_to_end(&mut layer).unwrap();
            assert_eq!(entries(&layer)["kubectl-pods-probe"], architecture.name().as_bytes());
        }
    }
}
