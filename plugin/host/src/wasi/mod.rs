//! Stand-ins for WASI 0.2, which the standard libraries of most languages import, whether a guest uses it or not.
//!
//! They keep a guest's output a function of its inputs: the clock stands still at the time of the run, randomness is the same
//! in every run, the environment is empty, standard input is closed, nothing is waited for. What is printed is kept as notes.
//! There is no file and no socket: asking for one is answered as an operating system would that forbids it, and where a function
//! has no such answer, calling it ends the guest.
//!
//! The functions are those of <https://github.com/WebAssembly/WASI> 0.2; they are the same in all of its 0.2.x.

mod denied;
mod io;
mod random;
mod world;

use wasmtime::{
    Engine,
    component::{Component, LinkerInstance, ResourceType, types::ComponentItem},
};

use super::state::GuestState;

/// One for all resources: what tells them apart is their number.
struct Stand;

/// A resource that a guest holds.
type Held = wasmtime::component::Resource<Stand>;

/// Numbers of resources.
const STDIN: u32 = 0;
const STDOUT: u32 = 1;
const STDERR: u32 = 2;
/// Whatever else there is: a thing to wait for, a network, an error.
const OTHER: u32 = 3;

/// Defines everything that `component` imports of WASI.
///
/// # Errors
///
/// When it imports something that is no function, resource or type.
pub(super) fn define(
    linker: &mut wasmtime::component::Linker<GuestState>,
    component: &Component,
    engine: &Engine,
) -> wasmtime::Result<()> {
    for (name, import) in component.component_type().imports(engine) {
        if let ComponentItem::ComponentInstance(instance) = import.ty
            && name.starts_with("wasi:")
        {
            let interface = name.split_once('@').map_or(name, |(interface, _)| interface);
            let mut inside = linker.instance(name)?;
            for (item, export) in instance.exports(engine) {
                match export.ty {
                    ComponentItem::Resource(_) => {
                        inside.resource(item, ResourceType::host::<Stand>(), |_, _| Ok(()))?;
                    }
                    ComponentItem::ComponentFunc(_) => function(&mut inside, interface, item)?,
                    _ => {}
                }
            }
        }
    }
    Ok(())
}

/// Defines the function `name` of `interface`.
fn function(
    inside: &mut LinkerInstance<'_, GuestState>,
    interface: &str,
    name: &str,
) -> wasmtime::Result<()> {
    if world::define(inside, interface, name)?
        || io::define(inside, interface, name)?
        || random::define(inside, interface, name)?
    {
        return Ok(());
    }
    denied::define(inside, interface, name)
}
