//! Guests that write a document: CSV, HTML, `OpenMetrics`. Bytes instead of cells.

use std::cell::RefCell;

use crate::{
    About, Context, Failure, FromRow, Value,
    bindings::document::exports::kpods::guest::{about, document},
    host,
};

/// What kind of document it is.
#[derive(Debug, Clone, Copy)]
pub struct Media {
    /// Media type (RFC 6838). Only `text/*` may go to a terminal.
    pub media_type: &'static str,
    /// File name extension without the dot.
    pub extension: &'static str,
}

/// A format that turns rows into bytes.
pub trait Document: Sized + 'static {
    /// What it needs to know of each row; see [`row!`](crate::row!).
    type Row: FromRow;
    /// What it says about itself.
    const ABOUT: About;
    /// What kind of document it is.
    const MEDIA: Media;
    /// Rows per call, at most.
    const BATCH: u32 = 256;

    /// Begins a document.
    ///
    /// # Errors
    ///
    /// For instance when an option is not understood.
    fn open(context: &Context) -> Result<Self, Failure>;

    /// Takes some rows, gives the bytes that are ready.
    ///
    /// # Errors
    ///
    /// When a row makes no sense to it.
    fn push(&mut self, rows: Vec<Self::Row>) -> Result<Vec<u8>, Failure>;

    /// Gives the bytes that are left.
    ///
    /// # Errors
    ///
    /// As [`Document::push`].
    fn finish(self) -> Result<Vec<u8>, Failure> {
        Ok(Vec::new())
    }
}

/// A document in progress, as the host holds it.
#[doc(hidden)]
pub struct Opened<T>(RefCell<Option<T>>);

impl<T: Document> document::Guest for Opened<T> {
    type Session = Self;
}

impl<T: Document> about::Guest for Opened<T> {
    fn describe() -> about::Info {
        host::report_panics();
        (&T::ABOUT).into()
    }
}

impl<T: Document> document::GuestSession for Opened<T> {
    fn open(context: Context) -> Result<document::Session, Failure> {
        host::report_panics();
        let document = T::open(&context)?;
        Ok(document::Session::new(Self(RefCell::new(Some(document)))))
    }

    fn plan(&self) -> document::Plan {
        document::Plan {
            needs: T::Row::NEEDS.iter().map(ToString::to_string).collect(),
            media_type: T::MEDIA.media_type.into(),
            extension: T::MEDIA.extension.into(),
            batch: T::BATCH,
        }
    }

    fn push(&self, rows: Vec<Vec<Value>>) -> Result<Vec<u8>, Failure> {
        let rows = crate::row::read(rows)?;
        self.0.borrow_mut().as_mut().ok_or_else(finished)?.push(rows)
    }

    fn finish(&self) -> Result<Vec<u8>, Failure> {
        self.0.borrow_mut().take().ok_or_else(finished)?.finish()
    }
}

fn finished() -> Failure {
    Failure::new("finished", "the document was already finished")
}

/// Makes a [`Document`] the component's export. Does nothing in a native build, which has no component.
#[macro_export]
macro_rules! export_document {
    ($document:ty) => {
        #[cfg(target_arch = "wasm32")]
        const _: () = {
            type KpodsGuest = $crate::OpenedDocument<$document>;
            $crate::bindings::document::export!(KpodsGuest with_types_in $crate::bindings::document);
        };
    };
}
