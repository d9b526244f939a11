//! What the standard library finds where there is WASI: nothing, and the same nothing in every run.

use std::{
    collections::HashMap,
    env, fs,
    io::{self, Read as _},
    net::TcpStream,
    process, thread,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use kpods_guest::{Cell, Line};

/// The deeds that this file does.
pub(crate) const DEEDS: [&str; 4] = ["ask", "print", "exit", "complain"];

/// Does one of them.
pub(crate) fn ask(deed: &str) -> Vec<Line> {
    match deed {
        "print" => {
            println!("to \u{1b}[31mstdout");
            eprint!("to stderr, without an end");
        }
        "exit" => process::exit(3),
        "complain" => {
            eprintln!("Traceback:\n  in push\nValueError: no \u{1b}[2Jnode");
            process::abort();
        }
        _ => return found().into_iter().map(|text| Line::new([Cell::from(text)])).collect(),
    }
    Vec::new()
}

fn found() -> Vec<String> {
    let mut input = String::new();
    let read = io::stdin().read_to_string(&mut input);
    // In the order of a hash that is seeded by the surroundings.
    let map: HashMap<u32, ()> = (0..10).map(|number| (number, ())).collect();
    let order: Vec<String> = map.keys().map(ToString::to_string).collect();
    let began = Instant::now();
    thread::sleep(Duration::from_secs(3_600));
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let kind = |error: io::Error| error.kind().to_string();
    vec![
        format!("words {:?}, variables {}", env::args().skip(1).count(), env::vars().count()),
        format!("read {read:?}"),
        format!("order {}", order.join(" ")),
        format!("now {}, slept {:?}", now.as_millis(), began.elapsed()),
        format!("file {:?}", fs::read("/etc/passwd").map_err(kind)),
        format!("made {:?}", fs::write("here", "x").map_err(kind)),
        format!("socket {:?}", TcpStream::connect(("127.0.0.1", 1)).map(drop).map_err(kind)),
    ]
}
