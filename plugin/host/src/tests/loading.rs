//! What is refused before any of it runs, and in which words.

use std::fs;

use wit_component::{ComponentEncoder, StringEncoding, dummy_module, embed_component_metadata};
use wit_parser::{ManglingAndAbi, Resolve};

use super::{complaint, load, whole};
use crate::{Choice, Context, Guest, Limits, Places};

pub(super) const CONTRACT: &str = include_str!("../../../../wasm-guests/wit/kpods.wit");
const BY_NODE: &[u8] = include_bytes!("../../../../wasm-guests/prebuilt/by-node.wasm");

/// A component made from a contract alone, whose every export gives up.
pub(super) fn dummy(contract: &str, world: &str) -> Vec<u8> {
    let mut resolve = Resolve::default();
    let package = resolve.push_str("contract.wit", contract).expect("the contract parses");
    let world = resolve.select_world(&[package], Some(world)).expect("the world exists");
    let mut module = dummy_module(&resolve, world, ManglingAndAbi::Standard32);
    embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8)
        .expect("metadata fits");
    let encoder = ComponentEncoder::default().validate(true).module(&module);
    encoder.and_then(|mut encoder| encoder.encode()).expect("a dummy is a component")
}

fn wat(text: &str) -> Vec<u8> {
    wat::parse_str(text).expect("the fixture is well formed")
}

#[test]
fn files_that_are_no_guest() {
    let engine = wasmtime::Engine::default();
    let component =
        wasmtime::component::Component::new(&engine, wat("(component)")).expect("it compiles");
    let precompiled = component.serialize().expect("it serializes");
    let cases = [
        ("nothing", Vec::new(), "it is empty"),
        (
            "precompiled",
            precompiled,
            "it is a precompiled artifact, which is never run; give the .wasm it was made from",
        ),
        ("a script", b"#!/bin/sh\n".to_vec(), "it is a text file, not WebAssembly"),
        ("WebAssembly text", b"  (module)".to_vec(), "it is WebAssembly text, not WebAssembly"),
        ("a program", b"\x7fELF\x02\x01".to_vec(), "it is a native program, not WebAssembly"),
        ("an archive", vec![0x1f, 0x8b, 8, 0], "it is a gzip archive, not WebAssembly"),
        ("noise", vec![0xff, 0xfe, 0, 1], "it is a file of unknown kind, not WebAssembly"),
        ("only the magic number", b"\0asm".to_vec(), "it is damaged or cut short: "),
        ("cut short", BY_NODE[..BY_NODE.len() / 2].to_vec(), "it is damaged or cut short: "),
        (
            "component cut short",
            dummy(CONTRACT, "table-guest")[..999].to_vec(),
            "it is damaged or cut short: ",
        ),
        (
            "a core module",
            wat("(module (func (export \"run\")))"),
            "it is a core WebAssembly module that does not say what it exports; build it with the kpods-guest SDK",
        ),
    ];
    for (name, bytes, expected) in cases {
        let complaint = complaint(&bytes);
        let expected = format!("guest FOLDER/guest.wasm cannot be used: {expected}");
        assert!(complaint.starts_with(&expected), "{name}: {complaint}");
    }
}

#[test]
fn imports_that_guests_do_not_get() {
    let newer = CONTRACT.replace("@0.1.0", "@0.4.0");
    let older = CONTRACT.replace("@0.1.0", "@0.0.9");
    let changed =
        CONTRACT.replace("record span { text: string,", "record span { text: string, bold: bool,");
    let cases = [
        (
            wat(r#"(module (import "env" "system" (func)))"#),
            "it imports env.system, which guests do not get; allowed are kpods:guest/host and kpods:guest/types only",
        ),
        (
            wat(r#"(component (import "evil:host/steal" (instance)))"#),
            "it imports evil:host/steal, which guests do not get; allowed are kpods:guest/host and kpods:guest/types only",
        ),
        (
            wat(r#"(component (import "kpods:guest/network@0.1.0" (instance)))"#),
            "it imports kpods:guest/network@0.1.0, which this kubectl pods does not offer; upgrade kubectl pods",
        ),
        (
            dummy(&newer, "table-guest"),
            "it speaks kpods:guest 0.4.0, this kubectl pods speaks 0.1; upgrade kubectl pods",
        ),
        (
            dummy(&older, "table-guest"),
            "it speaks kpods:guest 0.0.9, this kubectl pods speaks 0.1; rebuild the guest with a newer SDK",
        ),
        (
            dummy(CONTRACT, "raw-guest"),
            "it exports kpods:guest/raw-objects, which this version of kubectl pods does not run yet; use the table world",
        ),
        (
            dummy(CONTRACT, "base"),
            "it exports neither kpods:guest/table nor kpods:guest/document, so there is nothing to call",
        ),
        (
            wat("(component)"),
            "it exports neither kpods:guest/table nor kpods:guest/document, so there is nothing to call",
        ),
    ];
    for (bytes, expected) in cases {
        assert_eq!(
            complaint(&bytes),
            format!("guest FOLDER/guest.wasm cannot be used: {expected}")
        );
    }
    // Same version, other types: only the order of checks differs, it never runs.
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("guest.wasm");
    fs::write(&path, dummy(&changed, "table-guest")).expect("the folder is writable");
    let refused = match load(&path.display().to_string()) {
        Err(error) => whole(error, folder.path()),
        Ok(guest) => guest.open(&Context::default()).err().expect("types differ").to_string(),
    };
    assert!(
        refused.contains("expected record of 3 fields, found 2")
            || refused.contains("expected record of 2 fields"),
        "{refused}"
    );
}

#[test]
fn dummies_load_and_trap() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("guest.wasm");
    for world in ["table-guest", "document-guest"] {
        fs::write(&path, dummy(CONTRACT, world)).expect("the folder is writable");
        let guest =
            load(&path.display().to_string()).unwrap_or_else(|error| panic!("{world}: {error}"));
        let failure = guest.open(&Context::default()).err().expect("a dummy gives up");
        let failure = failure.to_string();
        assert!(
            failure.ends_with("failed in open: it gave up without a word (a panic or an abort)"),
            "{failure}"
        );
    }
}

#[test]
fn what_is_not_a_file() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let at = |name: &str| folder.path().join(name).display().to_string();
    fs::create_dir(at("folder.wasm")).expect("writable");
    nix::unistd::mkfifo(at("pipe.wasm").as_str(), nix::sys::stat::Mode::S_IRWXU)
        .expect("a pipe can be made");
    let large = fs::File::create(at("large.wasm")).expect("writable");
    large.set_len((64 << 20) + 1).expect("a sparse file");
    let cases = [
        ("folder.wasm", "guest FOLDER/folder.wasm is a folder, not a file"),
        ("pipe.wasm", "guest FOLDER/pipe.wasm is a device or a pipe, not a file"),
        ("large.wasm", "guest FOLDER/large.wasm has 64 MiB, the limit is 64 MiB"),
        (
            "absent.wasm",
            "cannot read guest FOLDER/absent.wasm: No such file or directory (os error 2)",
        ),
    ];
    for (name, expected) in cases {
        let error = load(&at(name)).err().expect(name);
        assert_eq!(whole(error, folder.path()), expected);
    }
}

#[test]
fn names_are_looked_for_in_order() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let [first, second] = ["first", "second"].map(|name| folder.path().join(name));
    let places = Places { folders: vec![first.clone(), second.clone()], cache: None };
    let find = |name: &str| {
        let choice: Choice = name.parse().expect("a name");
        Guest::load(&choice, &places, Limits::default())
            .map(drop)
            .map_err(|error| whole(error, folder.path()))
    };
    let nowhere = r#"no guest named "mine": there is no mine.wasm in FOLDER/first or FOLDER/second; built in: by-node, csv"#;
    assert_eq!(find("mine"), Err(nowhere.to_owned()));
    assert_eq!(find("by-node"), Ok(()), "built in");
    fs::create_dir(&second).expect("writable");
    fs::write(second.join("mine.wasm"), BY_NODE).expect("writable");
    assert_eq!(find("mine"), Ok(()));
    fs::create_dir(&first).expect("writable");
    fs::write(first.join("mine.wasm"), "").expect("writable");
    assert_eq!(
        find("mine"),
        Err("guest mine cannot be used: it is empty".to_owned()),
        "the first folder counts"
    );
    fs::write(first.join("by-node.wasm"), "").expect("writable");
    assert!(find("by-node").is_err(), "folders come before what is built in");
}
