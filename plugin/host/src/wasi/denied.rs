//! What guests do not get: files, sockets, other programs.

use wasmtime::{
    bail,
    component::{LinkerInstance, Type, Val},
};

use crate::state::GuestState;

/// How WASI calls it that something is forbidden, in files and sockets and in HTTP.
const DENIALS: [&str; 3] = ["access-denied", "access", "HTTP-request-denied"];

/// Answers that it is forbidden; where there is no such answer, calling it ends the guest.
pub(super) fn define(
    inside: &mut LinkerInstance<'_, GuestState>,
    interface: &str,
    name: &str,
) -> wasmtime::Result<()> {
    let what = format!("{interface}.{}", name.rsplit(']').next().unwrap_or(name));
    inside.func_new(name, move |_, function, _, results| {
        let denial = function.results().next().and_then(|result| denial(&result));
        match (denial, results) {
            (Some(denial), [result]) => *result = denial,
            _ => bail!("it called {what}, which guests do not get"),
        }
        Ok(())
    })
}

/// The value of a type that says that something is forbidden, if it has one.
fn denial(ty: &Type) -> Option<Val> {
    let Type::Result(result) = ty else { return None };
    let error = match result.err()? {
        Type::Enum(codes) => {
            let mut names = codes.names();
            names.find(|name| DENIALS.contains(name)).map(|name| Val::Enum(name.to_owned()))
        }
        Type::Variant(cases) => {
            let mut cases = cases.cases().filter(|case| case.ty.is_none());
            let case = cases.find(|case| DENIALS.contains(&case.name));
            case.map(|case| Val::Variant(case.name.to_owned(), None))
        }
        _ => None,
    }?;
    Some(Val::Result(Err(Some(Box::new(error)))))
}
