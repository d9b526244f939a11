//! A guest's plan: asked for once, and checked before anything is fetched for it.

use std::collections::HashSet;

use wasmtime::component::ResourceAny;

use super::{
    bindings::{
        document::exports::kpods::guest::document::Plan as DocumentPlan,
        table::exports::kpods::guest::table::Plan as TablePlan,
    },
    convert,
    exports::Exports,
    failure::{GuestFailure, Stage, Why},
    runner::Runner,
    shape::{Plan, Planned},
};
use table::{columns::PodColumn, sanitize};

/// Rows per call when the guest does not care, and at most.
const BATCH: u32 = 256;
const LARGEST_BATCH: u32 = 4_096;
/// Columns that a guest may ask for, and show.
const MOST_COLUMNS: usize = 1_000;

/// Asks for the plan and checks it.
pub(super) fn ask(
    runner: &mut Runner,
    exports: &Exports,
    session: ResourceAny,
) -> Result<Plan, GuestFailure> {
    let planned = match exports {
        Exports::Table(guest) => {
            let guest = guest.kpods_guest_table().session();
            table_plan(&runner.call(Stage::Plan, |store| guest.call_plan(store, session))?)
        }
        Exports::Document(guest) => {
            let guest = guest.kpods_guest_document().session();
            document_plan(&runner.call(Stage::Plan, |store| guest.call_plan(store, session))?)
        }
    };
    planned.map_err(|wrong| runner.failure(Stage::Plan, Why::Contract(wrong)))
}

fn table_plan(plan: &TablePlan) -> Result<Plan, String> {
    let mut ids = HashSet::new();
    if let Some(twice) = plan.columns.iter().find(|column| !ids.insert(column.id.as_str())) {
        return Err(format!("its plan has two columns {:?}", sanitize::line(&twice.id)));
    }
    if plan.columns.is_empty() || plan.columns.len() > MOST_COLUMNS {
        return Err(format!(
            "its plan has {} columns, it must be 1 to {MOST_COLUMNS}",
            plan.columns.len()
        ));
    }
    let columns = plan.columns.iter().map(convert::column).collect();
    Ok(Plan {
        needs: needs(&plan.needs)?,
        batch: batch(plan.batch),
        whole_set: plan.whole_set,
        output: Planned::Table(columns),
    })
}

fn document_plan(plan: &DocumentPlan) -> Result<Plan, String> {
    let media_type = sanitize::line(&plan.media_type).into_owned();
    Ok(Plan {
        needs: needs(&plan.needs)?,
        batch: batch(plan.batch),
        whole_set: false,
        output: Planned::Document(media_type),
    })
}

fn needs(paths: &[String]) -> Result<Vec<PodColumn>, String> {
    if paths.len() > MOST_COLUMNS {
        return Err(format!("it needs {} columns, the limit is {MOST_COLUMNS}", paths.len()));
    }
    let columns: Result<_, _> = paths.iter().map(|path| PodColumn::parse(path)).collect();
    columns.map_err(|unknown| format!("it needs an {}", sanitize::line(&unknown.to_string())))
}

fn batch(rows: u32) -> usize {
    let rows = if rows == 0 { BATCH } else { rows.min(LARGEST_BATCH) };
    usize::try_from(rows).expect("a usize holds at least 32 bits here")
}
