//! Guests that fill a table.

use std::cell::RefCell;

use crate::{
    About, Column, Context, Failure, FromRow, Line, Value,
    bindings::table::exports::kpods::guest::{about, table},
    host,
};

/// A format that turns rows into lines of cells.
pub trait Table: Sized + 'static {
    /// What it needs to know of each row; see [`row!`](crate::row!).
    type Row: FromRow;
    /// What it says about itself.
    const ABOUT: About;
    /// Rows per call, at most.
    const BATCH: u32 = 256;
    /// Whether it gives lines only at the end, because it sorts or groups.
    const WHOLE_SET: bool = false;

    /// Begins a table.
    ///
    /// # Errors
    ///
    /// For instance when an option is not understood.
    fn open(context: &Context) -> Result<Self, Failure>;

    /// The columns of every line.
    fn columns(&self) -> Vec<Column>;

    /// Takes some rows, gives the lines that are ready.
    ///
    /// # Errors
    ///
    /// When a row makes no sense to it; the host then prints its own table.
    fn push(&mut self, rows: Vec<Self::Row>) -> Result<Vec<Line>, Failure>;

    /// Gives the lines that are left.
    ///
    /// # Errors
    ///
    /// As [`Table::push`].
    fn finish(self) -> Result<Vec<Line>, Failure> {
        Ok(Vec::new())
    }
}

/// A table in progress, as the host holds it.
#[doc(hidden)]
pub struct Opened<T>(RefCell<Option<T>>);

impl<T: Table> table::Guest for Opened<T> {
    type Session = Self;
}

impl<T: Table> about::Guest for Opened<T> {
    fn describe() -> about::Info {
        host::report_panics();
        (&T::ABOUT).into()
    }
}

impl<T: Table> table::GuestSession for Opened<T> {
    fn open(context: Context) -> Result<table::Session, Failure> {
        host::report_panics();
        let table = T::open(&context)?;
        Ok(table::Session::new(Self(RefCell::new(Some(table)))))
    }

    fn plan(&self) -> table::Plan {
        let table = self.0.borrow();
        table::Plan {
            needs: T::Row::NEEDS.iter().map(ToString::to_string).collect(),
            columns: table.as_ref().map(Table::columns).unwrap_or_default(),
            batch: T::BATCH,
            ordered: !T::WHOLE_SET,
            whole_set: T::WHOLE_SET,
        }
    }

    fn push(&self, rows: Vec<Vec<Value>>) -> Result<Vec<Line>, Failure> {
        let rows = crate::row::read(rows)?;
        self.0.borrow_mut().as_mut().ok_or_else(finished)?.push(rows)
    }

    fn finish(&self) -> Result<Vec<Line>, Failure> {
        self.0.borrow_mut().take().ok_or_else(finished)?.finish()
    }
}

fn finished() -> Failure {
    Failure::new("finished", "the table was already finished")
}

/// Makes a [`Table`] the component's export. Does nothing in a native build, which has no component.
#[macro_export]
macro_rules! export_table {
    ($table:ty) => {
        #[cfg(target_arch = "wasm32")]
        const _: () = {
            type KpodsGuest = $crate::OpenedTable<$table>;
    $crate::bindings::table::export!(KpodsGuest with_types_in $crate::bindings::table);
        };
    };
}
