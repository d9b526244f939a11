//! Cases that wait more than they work.

use std::{
    iter, panic,
    sync::Mutex,
    thread::{self, ScopedJoinHandle},
};

/// How many cases of one test run at a time. Other tests run beside them.
const LANES: usize = 3;

/// Runs `case` with every case, some at a time, each lane with a `setting` of its own, such as a namespace; gives what
/// came of them, in any order.
pub fn side_by_side<S, C: Send, R: Send>(
    cases: impl IntoIterator<Item = C, IntoIter: Send>,
    setting: impl Fn() -> S + Sync,
    case: impl Fn(&S, C) -> R + Sync,
) -> Vec<R> {
    let cases = Mutex::new(cases.into_iter());
    let next = || cases.lock().expect("an iterator does not panic").next();
    let lane = || {
        let setting = setting();
        iter::from_fn(next).map(|one| case(&setting, one)).collect::<Vec<R>>()
    };
    thread::scope(|scope| {
        let lanes: Vec<_> = (0..LANES).map(|_| scope.spawn(lane)).collect();
        let results = lanes.into_iter().map(ScopedJoinHandle::join);
        // The panic of a case is that of the test.
        results.flat_map(|result| result.unwrap_or_else(|why| panic::resume_unwind(why))).collect()
    })
}
