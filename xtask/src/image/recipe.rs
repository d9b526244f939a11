//! What is in each image.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

use oci::{FileTree, ImageConfig, Node};

use super::debian::DebianFiles;
use crate::command;

const PASSWD: &str = include_str!("../../../tests/cluster/images/passwd");
const GROUP: &str = include_str!("../../../tests/cluster/images/group");
const NGINX_CONF: &str = include_str!("../../../tests/cluster/images/nginx.conf");
const HTTPD_CONF: &str = include_str!("../../../tests/cluster/images/httpd.conf");
const HTTPD_INDEX: &str = include_str!("../../../tests/cluster/images/httpd-index.html");
const CURL_ENTRYPOINT: &str = include_str!("../../../tests/cluster/images/curl-entrypoint.sh");

/// All of these: what images are made of beside packages.
pub(crate) const EMBEDDED: [&str; 6] =
    [PASSWD, GROUP, NGINX_CONF, HTTPD_CONF, HTTPD_INDEX, CURL_ENTRYPOINT];

/// nginx with its welcome page.
pub(crate) fn nginx(debian: &DebianFiles) -> Result<(ImageConfig, FileTree)> {
    let mut tree = base(debian)?;
    debian.add_program(&mut tree, "usr/sbin/nginx")?;
    debian.add_file(&mut tree, "etc/nginx/mime.types")?;
    debian.add_file(&mut tree, "usr/share/nginx/html/index.html")?;
    tree.text("etc/nginx/nginx.conf", NGINX_CONF);
    // Compiled in: where it writes before it has read its configuration, and where bodies are kept.
    tree.add("var/log/nginx", Node::Folder(0o755));
    tree.add("var/lib/nginx", Node::Folder(0o755));
    let config = ImageConfig {
        title: "nginx",
        version: debian.version("nginx")?.to_owned(),
        licenses: "BSD-2-Clause AND LGPL-2.1-or-later AND GPL-2.0-only",
        entrypoint: words(&["/usr/sbin/nginx"]),
        user: "0:0",
        port: Some(80),
    };
    Ok((config, tree))
}

/// Apache with the page its own image has.
pub(crate) fn httpd(debian: &DebianFiles) -> Result<(ImageConfig, FileTree)> {
    let mut tree = base(debian)?;
    debian.add_program(&mut tree, "usr/sbin/apache2")?;
    for module in ["authz_core", "dir", "mime", "mpm_event"] {
        debian.add_program(&mut tree, &format!("usr/lib/apache2/modules/mod_{module}.so"))?;
    }
    // Loaded by the C library when a thread ends.
    debian.add_program(&mut tree, "lib/x86_64-linux-gnu/libgcc_s.so.1")?;
    tree.text("etc/apache2/httpd.conf", HTTPD_CONF);
    tree.text("usr/share/httpd/html/index.html", HTTPD_INDEX);
    let config = ImageConfig {
        title: "httpd",
        version: debian.version("apache2-bin")?.to_owned(),
        licenses: "Apache-2.0 AND LGPL-2.1-or-later AND GPL-2.0-only",
        entrypoint: words(&[
            "/usr/sbin/apache2",
            "-D",
            "FOREGROUND",
            "-f",
            "/etc/apache2/httpd.conf",
        ]),
        user: "0:0",
        port: Some(80),
    };
    Ok((config, tree))
}

/// curl, not as root.
pub(crate) fn curl(debian: &DebianFiles) -> Result<(ImageConfig, FileTree)> {
    let mut tree = base(debian)?;
    debian.add_program(&mut tree, "usr/bin/curl")?;
    tree.text("etc/ssl/certs/ca-certificates.crt", debian.authorities()?);
    tree.add("entrypoint.sh", Node::File(0o755, CURL_ENTRYPOINT.into()));
    tree.add("home/curl_user", Node::Folder(0o755));
    let config = ImageConfig {
        title: "curl",
        version: debian.version("curl")?.to_owned(),
        licenses: "curl AND LGPL-2.1-or-later AND GPL-2.0-only AND MPL-2.0",
        entrypoint: words(&["/entrypoint.sh"]),
        user: "100:101",
        port: None,
    };
    Ok((config, tree))
}

/// What holds a pod's namespaces: one small C program whose source is Kubernetes' own.
pub(crate) fn pause(source: &Path) -> Result<(ImageConfig, FileTree)> {
    let folder = tempfile::tempdir()?;
    let program = folder.path().join("pause");
    let mut gcc = Command::new("gcc");
    gcc.args(["-Os", "-static", "-s", "-DVERSION=3.10", "-o"]).arg(&program);
    command::run(gcc.arg(source)).context("cannot compile pause")?;
    let mut tree = FileTree::default();
    tree.add("pause", Node::File(0o755, fs::read(program)?));
    let config = ImageConfig {
        title: "pause",
        version: "3.10".to_owned(),
        licenses: "Apache-2.0 AND LGPL-2.1-or-later",
        entrypoint: words(&["/pause"]),
        user: "65535:65535",
        port: None,
    };
    Ok((config, tree))
}

/// Accounts, a place for temporary files, and a shell.
fn base(debian: &DebianFiles) -> Result<FileTree> {
    let mut tree = FileTree::default();
    tree.text("etc/passwd", PASSWD);
    tree.text("etc/group", GROUP);
    tree.text("etc/nsswitch.conf", "hosts: files dns\n");
    tree.add("tmp", Node::Folder(0o1777));
    tree.add("run", Node::Folder(0o755));
    debian.add_shell(&mut tree)?;
    Ok(tree)
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().copied().map(str::to_owned).collect()
}
