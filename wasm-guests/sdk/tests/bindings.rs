//! The checked-in bindings are what wit-bindgen makes of `../wit` today.
//!
//! They are generated here and not by a macro in the guest's own build: a guest then compiles in two seconds and is a
//! quarter of the size. `UPDATE_BINDINGS=1 cargo test -p kpods-guest --test bindings` rewrites them, as `cargo xtask guests` does.

use std::{fs, path::Path};

use wit_bindgen_core::{Files, WorldGenerator as _, wit_parser::Resolve};
use wit_bindgen_rust::{Opts, WithOption};

/// Module of the bindings that own the shared types; the other worlds refer to it.
const OWNER: &str = "crate::bindings::table::kpods::guest";

#[test]
fn checked_in_bindings_are_current() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for (world, shared) in [("table-guest", false), ("document-guest", true)] {
        let generated = generate(&root.join("../wit"), world, shared);
        let path = root.join(format!("src/bindings/{}.rs", world.trim_end_matches("-guest")));
        if std::env::var_os("UPDATE_BINDINGS").is_some() {
            fs::write(&path, &generated).expect("the source folder is writable");
        }
        let checked_in = fs::read_to_string(&path).unwrap_or_default();
        assert!(checked_in == generated, "{} is stale: cargo xtask guests", path.display());
    }
}

/// Bindings of one world; with `shared`, types and host come from those of [`OWNER`].
fn generate(wit: &Path, world: &str, shared: bool) -> String {
    let mut resolve = Resolve::default();
    let (package, _) = resolve.push_path(wit).expect("the contract parses");
    let world = resolve.select_world(&[package], Some(world)).expect("the contract has this world");
    let with = ["types", "host"].map(|name| {
        (format!("kpods:guest/{name}@0.1.0"), WithOption::Path(format!("{OWNER}::{name}")))
    });
    let options = Opts {
        format: true,
        generate_all: true,
        pub_export_macro: true,
        with: if shared { with.to_vec() } else { Vec::new() },
        ..Opts::default()
    };
    let mut files = Files::default();
    options.build().generate(&mut resolve, world, &mut files).expect("the world can be generated");
    let (_, contents) = files.iter().next().expect("one file per world");
    let generated = String::from_utf8(contents.to_vec()).expect("generated Rust is UTF-8");
    // Exported macros share one namespace per crate, and every world exports `about`.
    if shared {
        generated.replace("__export_kpods_guest_about", "__export_document_about")
    } else {
        generated
    }
}
