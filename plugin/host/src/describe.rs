//! Asks a guest what it is, and holds its use against that, before anything is fetched for it.

use super::{
    about::About,
    exports::Exports,
    failure::{GuestFailure, Stage},
    load::{Guest, LoadError},
    runner::Runner,
};

impl Guest {
    /// Asks it what it is, at the beginning of time: that depends on nothing.
    ///
    /// # Errors
    ///
    /// When it fails.
    pub fn about(&self) -> Result<About, GuestFailure> {
        let mut runner = Runner::new(self, 0);
        match &Exports::start(self, &mut runner)? {
            Exports::Table(guest) => {
                let about = guest.kpods_guest_about();
                runner.call(Stage::Describe, |store| about.call_describe(store)).map(Into::into)
            }
            Exports::Document(guest) => {
                let about = guest.kpods_guest_about();
                runner.call(Stage::Describe, |store| about.call_describe(store)).map(Into::into)
            }
        }
    }

    /// The same with the defaults of the options that were not given, if it takes rows of the kind `input` with these options.
    ///
    /// # Errors
    ///
    /// [`LoadError`]: it is not for this, or could not even say so.
    pub fn fit(self, input: &str) -> Result<Self, LoadError> {
        let about = self.about()?;
        let fitting = about.check(input).and_then(|()| about.options(&self.options));
        match fitting {
            Ok(options) => Ok(Self { options, ..self }),
            Err(why) => Err(LoadError::Misuse { guest: self.label, why }),
        }
    }
}
