//! What Prometheus says: in its log, and to queries.

use std::{collections::BTreeMap, net::SocketAddr};

use anyhow::Context as _;
use serde::Deserialize;

/// One series of an instant query, and its value.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample {
    /// Its labels, `__name__` among them.
    pub labels: BTreeMap<String, String>,
    /// Its value at the time of the query.
    pub value: f64,
}

/// The address in the line `Listening on` of a log in JSON, as soon as that is written whole.
pub(crate) fn listening(log: &str) -> Option<SocketAddr> {
    #[derive(Deserialize)]
    struct Line {
        msg: String,
        address: SocketAddr,
    }
    let mut lines = log.lines().filter_map(|line| serde_json::from_str::<Line>(line).ok());
    lines.find(|line| line.msg == "Listening on").map(|line| line.address)
}

/// The samples in the answer to an instant query.
pub(crate) fn samples(answer: &str) -> anyhow::Result<Vec<Sample>> {
    #[derive(Deserialize)]
    struct Answer {
        data: Data,
    }
    #[derive(Deserialize)]
    struct Data {
        result: Vec<Series>,
    }
    #[derive(Deserialize)]
    struct Series {
        metric: BTreeMap<String, String>,
        value: (f64, String),
    }
    let answer: Answer = serde_json::from_str(answer)
        .with_context(|| format!("no answer to an instant query: {answer}"))?;
    let sample = |series: Series| {
        let (_time, value) = series.value;
        Ok(Sample { labels: series.metric, value: value.parse()? })
    };
    answer.data.result.into_iter().map(sample).collect()
}

#[cfg(test)]
mod tests {
    use super::{listening, samples};

    #[test]
    fn the_port_is_in_the_log() {
        let start = r#"{"address":"127.0.0.1:0","msg":"Start listening for connections"}"#;
        let whole = r#"{"address":"127.0.0.1:43777","component":"web","msg":"Listening on"}"#;
        let cases = [
            (format!("{start}\n"), None),
            (format!("{start}\n{}", &whole[..30]), None),
            (format!("{start}\n{whole}\n{{}}\n"), Some("127.0.0.1:43777")),
        ];
        for (log, expected) in cases {
            let found = listening(&log).map(|address| address.to_string());
            assert_eq!(found.as_deref(), expected, "{log}");
        }
    }

    #[test]
    fn an_answer_is_samples() {
        let answer = r#"{"status":"success","data":{"resultType":"vector","result":[
            {"metric":{"__name__":"up","job":"a"},"value":[1435781451.781,"1"]},
            {"metric":{},"value":[1435781451.781,"+Inf"]}]}}"#;
        let found = samples(answer).expect("a vector");
        assert_eq!(found[0].labels["job"], "a");
        assert_eq!(found.iter().map(|one| one.value).collect::<Vec<_>>(), [1.0, f64::INFINITY]);
        let error = samples(r#"{"status":"error","error":"parse error"}"#).unwrap_err();
        assert!(error.to_string().contains("parse error"), "{error}");
    }
}
