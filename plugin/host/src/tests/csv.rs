//! The built-in guest `csv`: a document, not a table.

use super::load;
use table::columns::Value;

use crate::{Context, GuestKind, Output, Planned};

#[test]
fn writes_bytes_of_its_media_type() {
    let guest = load("csv").expect("csv is built in");
    assert_eq!(guest.kind(), GuestKind::Document);
    let mut session = guest.open(&Context::default()).expect("csv opens");
    assert_eq!(session.plan().output, Planned::Document("text/csv".into()));
    let text = |text: &str| Value::Text(text.into());
    let whole = Value::Whole;
    let row = |name: &str| {
        vec![
            text(name),
            whole(1),
            whole(2),
            text("Init:0/1, waiting"),
            whole(3),
            Value::Millis(90_000),
            Value::Missing,
            text("node1"),
        ]
    };
    session.push([row("web-0"), row("say \"hi\"")]).expect("csv takes rows");
    session.finish().expect("csv finishes");
    let finished = session.into_made();
    let expected = "name,ready,total,status,restarts,age_seconds,ip,node\r\n\
         web-0,1,2,\"Init:0/1, waiting\",3,90,,node1\r\n\
         \"say \"\"hi\"\"\",1,2,\"Init:0/1, waiting\",3,90,,node1\r\n";
    assert_eq!(
        finished.output,
        Output::Document { media_type: "text/csv".into(), bytes: expected.into() }
    );
}

#[test]
fn no_pods_only_a_header() {
    let guest = load("csv").expect("csv is built in");
    let mut session = guest.open(&Context::default()).expect("csv opens");
    session.finish().expect("csv finishes");
    let finished = session.into_made();
    let expected = "name,ready,total,status,restarts,age_seconds,ip,node\r\n";
    assert_eq!(
        finished.output,
        Output::Document { media_type: "text/csv".into(), bytes: expected.into() }
    );
}
