//! A probe in somebody else's image, of which only the shell is used.
//!
//! The program travels in `ConfigMaps` that the run's Jobs own (or the standing probe's anchor), so that they go when those do,
//! whoever is still there to remove them. Until it runs, it is put together in memory of the pod; nothing stays on a node. `ConfigMaps` need one right
//! more than a Job alone, `create configmaps`; the other way, standard input through the kubelet, would need one too, and
//! a pod that runs before the program can be sent.

use std::collections::BTreeMap;

use cluster::{Cluster, look};
use data_encoding::HEXLOWER;
use k8s_openapi::{
    ByteString,
    api::{
        batch::v1::Job,
        core::v1::{
            ConfigMap, ConfigMapProjection, EmptyDirVolumeSource, PodSpec, ProjectedVolumeSource,
            Volume, VolumeMount, VolumeProjection,
        },
    },
    apimachinery::pkg::{
        api::resource::Quantity,
        apis::meta::v1::{ObjectMeta, OwnerReference},
    },
};
use oci::Carried;
use sha2::{Digest as _, Sha256};

use super::{
    probe_pod::{CONTAINER, ONE_SHOT, labels},
    processors::keep_to,
};

/// Bytes of a part: a ConfigMap holds 1 MiB, the names of what is in it included.
const PART: usize = (1 << 20) - 1024;

/// Names of the volumes with the parts and for the program.
const PARTS: &str = "probe-parts";
const PLACE: &str = "probe";

/// Room for the program; what it does not use is not taken.
const ROOM: &str = "32Mi";

/// Puts the program together and becomes it. Every image that has a shell has these, be they busybox's or GNU's.
const SCRIPT: &str = "\
case $(uname -m) in x86_64) is=amd64;; aarch64) is=arm64;; *) is=$(uname -m);; esac
cat /kubectl-pods/parts/$is.* | gzip -dc >/kubectl-pods/bin/probe &&
chmod 755 /kubectl-pods/bin/probe &&
exec /kubectl-pods/bin/probe \"$@\"";

/// The user in whose name the probe runs, unless the namespace has users of its own: many images say root, or a name, and a
/// kubelet starts neither where Pod Security `restricted` holds.
const NOBODY: i64 = 65532;

/// Annotation of a namespace that takes users of this range only (`OpenShift`): `1000650000/10000` or `1000650000-1000659999`.
const UID_RANGE: &str = "openshift.io/sa.scc.uid-range";

/// What carries the probe in place of its own image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Carrier {
    /// An image with a shell.
    pub image: String,
    /// The program, for each architecture that a node may have.
    pub probes: Vec<Carried>,
    /// The user that it runs as.
    pub user: i64,
}

/// A piece of a program.
struct Part<'a> {
    /// Its name among all of them, which are in order by it.
    key: String,
    bytes: &'a [u8],
}

impl Carrier {
    /// Has `image` carry the probes that this program carries.
    ///
    /// # Errors
    ///
    /// When this program carries none.
    pub(crate) fn new(image: &str) -> anyhow::Result<Self> {
        Ok(Self { image: image.to_owned(), probes: crate::carried::probes()?, user: NOBODY })
    }

    async fn within(self, cluster: &Cluster) -> Self {
        let namespace = look::namespace(cluster, &cluster.namespace).await.known();
        let annotations = namespace.and_then(|namespace| namespace.metadata.annotations);
        let range = annotations.and_then(|mut annotations| annotations.remove(UID_RANGE));
        let user = range.as_deref().and_then(first_user).unwrap_or(self.user);
        Self { user, ..self }
    }

    /// Tells these probes from those of other releases, as far as a name needs it.
    #[must_use]
    pub(crate) fn digest(&self) -> String {
        let mut sum = Sha256::new();
        self.probes.iter().for_each(|probe| sum.update(&probe.compressed));
        HEXLOWER.encode(&sum.finalize()[..5])
    }

    fn parts(&self) -> impl Iterator<Item = Part<'_>> {
        self.probes.iter().flat_map(|probe| {
            let pieces = probe.compressed.chunks(PART).enumerate();
            pieces.map(move |(number, bytes)| Part {
                key: format!("{}.{number:03}", probe.architecture),
                bytes,
            })
        })
    }

    /// The `ConfigMaps` of a run, which `jobs` own: all of them, and when the last is gone they go.
    pub(super) fn owned_by(&self, run: &str, jobs: &[Job]) -> Vec<ConfigMap> {
        let owners: Vec<OwnerReference> = jobs.iter().filter_map(owner).collect();
        let mut maps = self.config_maps(run, &labels(ONE_SHOT, run));
        for map in &mut maps {
            map.metadata.owner_references = Some(owners.clone());
        }
        maps
    }

    /// The `ConfigMaps` whose names begin with `name`, which nobody owns yet.
    #[must_use]
    pub(crate) fn config_maps(
        &self,
        name: &str,
        labels: &BTreeMap<String, String>,
    ) -> Vec<ConfigMap> {
        let config_map = |part: Part<'_>| ConfigMap {
            metadata: ObjectMeta {
                name: Some(format!("{name}-{}", part.key)),
                labels: Some(labels.clone()),
                ..ObjectMeta::default()
            },
            binary_data: Some([(part.key, ByteString(part.bytes.to_vec()))].into()),
            // So no kubelet watches it.
            immutable: Some(true),
            ..ConfigMap::default()
        };
        self.parts().map(config_map).collect()
    }

    /// Makes a pod carry the probe in this image, from the `ConfigMaps` of this name.
    pub(crate) fn apply(&self, name: &str, pod: &mut PodSpec) {
        let architectures: Vec<_> = self.probes.iter().map(|probe| probe.architecture).collect();
        keep_to(&architectures, pod);
        let Some(container) = pod.containers.iter_mut().find(|one| one.name == CONTAINER) else {
            return;
        };
        container.image = Some(self.image.clone());
        let command = ["/bin/sh", "-c", SCRIPT, CONTAINER].map(str::to_owned);
        container.command = Some(command.into());
        let mount = |name: &str, folder: &str, read_only| VolumeMount {
            name: name.to_owned(),
            mount_path: format!("/kubectl-pods/{folder}"),
            read_only: Some(read_only),
            ..VolumeMount::default()
        };
        let mounts = container.volume_mounts.get_or_insert_default();
        mounts.extend([mount(PARTS, "parts", true), mount(PLACE, "bin", false)]);
        pod.volumes.get_or_insert_default().extend([self.parts_volume(name), place()]);
        let security = pod.security_context.get_or_insert_default();
        security.run_as_user = Some(self.user);
        security.run_as_group = Some(self.user);
    }

    fn parts_volume(&self, name: &str) -> Volume {
        let source = |part: Part<'_>| VolumeProjection {
            config_map: Some(ConfigMapProjection {
                name: format!("{name}-{}", part.key),
                ..ConfigMapProjection::default()
            }),
            ..VolumeProjection::default()
        };
        Volume {
            name: PARTS.to_owned(),
            projected: Some(ProjectedVolumeSource {
                sources: Some(self.parts().map(source).collect()),
                ..ProjectedVolumeSource::default()
            }),
            ..Volume::default()
        }
    }
}

/// The carrier for pods in the namespace of `cluster`: where that has users of its own, the probe is one of them. A namespace
/// that may not be read is like most.
pub(crate) async fn within(carrier: Option<Carrier>, cluster: &Cluster) -> Option<Carrier> {
    match carrier {
        Some(carrier) => Some(carrier.within(cluster).await),
        None => None,
    }
}

/// Names of the `ConfigMaps` in which a pod finds its program.
pub(crate) fn carried_in(pod: &PodSpec) -> impl Iterator<Item = &str> {
    let parts = pod.volumes.iter().flatten().filter(|volume| volume.name == PARTS);
    let sources = parts.flat_map(|volume| &volume.projected).flat_map(|all| &all.sources).flatten();
    sources.filter_map(|source| Some(source.config_map.as_ref()?.name.as_str()))
}

/// The first user of a range. Root is none.
fn first_user(range: &str) -> Option<i64> {
    let (first, _) = range.split_once(['/', '-'])?;
    first.trim().parse().ok().filter(|user| *user > 0)
}

/// Where the program is put together: in memory, which ends with the pod.
fn place() -> Volume {
    Volume {
        name: PLACE.to_owned(),
        empty_dir: Some(EmptyDirVolumeSource {
            medium: Some("Memory".to_owned()),
            size_limit: Some(Quantity(ROOM.to_owned())),
        }),
        ..Volume::default()
    }
}

/// A Job as what it owns knows it. One without a UID was not made.
fn owner(job: &Job) -> Option<OwnerReference> {
    Some(OwnerReference {
        api_version: "batch/v1".to_owned(),
        kind: "Job".to_owned(),
        name: job.metadata.name.clone()?,
        uid: job.metadata.uid.clone()?,
        ..OwnerReference::default()
    })
}

#[cfg(test)]
mod tests {
    use std::{
        fs,
        process::{Command, Stdio},
    };

    use oci::Architecture;
    use serde_json::json;

    use super::*;
    use crate::launch::probe_pod::restricted_pod;

    fn carrier(program: &[u8]) -> Carrier {
        let probes = Architecture::ALL.map(|architecture| {
            Carried::new(architecture, &[program, architecture.machine().as_bytes()].concat())
                .expect("in memory")
        });
        Carrier { image: "busybox".to_owned(), probes: probes.into(), user: NOBODY }
    }

    #[test]
    fn a_range_begins_with_its_first_user() {
        let cases = [
            ("1000650000/10000", Some(1_000_650_000)),
            ("1000650000-1000659999", Some(1_000_650_000)),
            ("0/10", None),
            ("1000650000", None),
            ("a/b", None),
        ];
        for (range, first) in cases {
            assert_eq!(first_user(range), first, "{range}");
        }
    }

    /// What cannot be compressed, so that there are several parts.
    fn noise(length: usize) -> Vec<u8> {
        let mut state = 1_u32;
        let mut next = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            state.to_be_bytes()[0]
        };
        (0..length).map(|_| next()).collect()
    }

    #[test]
    fn every_part_fits_and_goes_with_the_jobs() {
        let job = |name: &str, uid: Option<&str>| Job {
            metadata: ObjectMeta {
                name: Some(name.to_owned()),
                uid: uid.map(str::to_owned),
                ..ObjectMeta::default()
            },
            ..Job::default()
        };
        let jobs = [job("x-0", Some("1")), job("x-1", None), job("x-2", Some("3"))];
        let maps = carrier(&noise(5 << 19)).owned_by("x", &jobs);
        let names: Vec<_> = maps.iter().filter_map(|map| map.metadata.name.as_deref()).collect();
        let expected = [
            "x-amd64.000",
            "x-amd64.001",
            "x-amd64.002",
            "x-arm64.000",
            "x-arm64.001",
            "x-arm64.002",
        ];
        assert_eq!(names, expected);
        for map in &maps {
            let data: usize =
                map.binary_data.iter().flatten().map(|(key, part)| key.len() + part.0.len()).sum();
            assert!(data < 1 << 20, "{data}");
            let map = serde_json::to_value(map).expect("JSON");
            let owners = map["metadata"]["ownerReferences"].as_array().expect("owners");
            let owners: Vec<_> = owners.iter().map(|owner| &owner["name"]).collect();
            assert_eq!(owners, ["x-0", "x-2"], "one that was refused owns nothing");
        }
    }

    #[test]
    fn the_pod_finds_all_parts_and_is_nobody() {
        let mut pod = restricted_pod();
        let container = json!({"name": CONTAINER, "args": ["run"]});
        pod.containers = vec![serde_json::from_value(container).expect("a container")];
        let carrier = carrier(b"short");
        carrier.apply("x", &mut pod);
        let named: Vec<_> = carried_in(&pod).map(str::to_owned).collect();
        let pod = serde_json::to_value(&pod).expect("JSON");
        assert_eq!(pod["securityContext"]["runAsUser"], NOBODY);
        let container = &pod["containers"][0];
        assert_eq!(container["image"], "busybox");
        assert_eq!(container["args"], json!(["run"]));
        let made = carrier.owned_by("x", &[]);
        let made: Vec<_> = made.iter().filter_map(|map| map.metadata.name.as_deref()).collect();
        assert_eq!(named, made);
    }

    /// The script where it stands in a pod, in a folder of the test's instead.
    #[test]
    fn a_shell_puts_the_program_together() {
        let folder = tempfile::tempdir().expect("a folder");
        for part in ["parts", "bin"] {
            fs::create_dir(folder.path().join(part)).expect("a folder");
        }
        // A program that shows its arguments, of several parts.
        let program = [b"#!/bin/sh\necho \"$@\"\nexit 0\n".as_slice(), &noise(5 << 18)].concat();
        let carrier = carrier(&program);
        for part in carrier.parts() {
            fs::write(folder.path().join("parts").join(part.key), part.bytes).expect("a file");
        }
        let script = SCRIPT.replace("/kubectl-pods", &folder.path().display().to_string());
        let mut shell = Command::new("/bin/sh");
        let output =
            shell.args(["-c", &script, CONTAINER, "run", "a b"]).stdin(Stdio::null()).output();
        let output = output.expect("a shell");
        assert_eq!(String::from_utf8_lossy(&output.stdout), "run a b\n", "{output:?}");
        let made = fs::read(folder.path().join("bin/probe")).expect("it was put together");
        let ours = carrier.probes.iter().map(|probe| probe.program().expect("it is whole"));
        assert!(ours.into_iter().any(|program| program == made));
    }
}
