//! The commands that take turns, and the cluster they do it on.

use std::{
    process::Stdio,
    time::{Duration, Instant},
};

use anyhow::bail;

use super::{
    Programs,
    timed::{self, Timed},
};
use crate::{
    bench::sample::Sample,
    command::{self, output},
    workspace::root,
};

/// How many targets many are.
const MANY: usize = 1000;

/// Who takes part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Who {
    /// `kubectl run curl … -it --rm`.
    Peer,
    /// `kubectl pods curl`, one target.
    Curl,
    /// `kubectl pods check`, one target.
    Check,
    /// The same, [`MANY`] targets.
    Many,
    /// A target that fails, for a user who is told the cause.
    Told,
    /// The same, for a user who may not read what it takes.
    Untold,
}

/// A command, and what came of it.
pub(super) struct Contestant {
    pub(super) who: Who,
    words: Vec<String>,
    /// What the output of each run must have.
    answer: String,
    code: i32,
    pub(super) to_answer: Sample,
    pub(super) to_end: Sample,
}

/// A cluster with the article's two pods, and who takes part.
pub(super) struct Contest<'a> {
    programs: &'a Programs,
    contestants: Vec<Contestant>,
}

impl Contestant {
    fn new(who: Who, words: &str, answer: &str, code: i32) -> Self {
        let words = words.split_whitespace().map(str::to_owned).collect();
        let (to_answer, to_end) = (Sample::default(), Sample::default());
        Self { who, words, answer: answer.to_owned(), code, to_answer, to_end }
    }

    /// The command for a table.
    pub(super) fn line(&self) -> String {
        match (self.who, self.words.as_slice()) {
            (Who::Many, [pods, check, first, .., last]) => {
                format!("kubectl {pods} {check} {first} … {last}")
            }
            (_, words) => format!("kubectl {}", words.join(" ")),
        }
    }
}

impl<'a> Contest<'a> {
    pub(super) fn prepare(programs: &'a Programs) -> anyhow::Result<Self> {
        let kubectl = |words: &str| output(&mut programs.kubectl(words.split_whitespace()));
        let root = root().display().to_string();
        kubectl(&format!("apply -f {root}/tests/fixtures/article.yaml"))?;
        kubectl(&format!("apply -f {root}/xtask/src/bench/check/users.yaml"))?;
        kubectl("wait --for=condition=Ready pod --all --timeout=60s")?;
        let pod = kubectl("get pod nginx-ser -o jsonpath={.status.podIP}")?;
        let service = kubectl("get service deserted -o jsonpath={.spec.clusterIP}")?;
        Ok(Self { programs, contestants: contestants(pod.trim(), service.trim()) })
    }

    /// Runs all in turn, after one of each that does not count.
    pub(super) fn measure(mut self, runs: u32) -> anyhow::Result<Vec<Contestant>> {
        for round in 0..=runs {
            for number in 0..self.contestants.len() {
                let timed = self.run(&self.contestants[number])?;
                if round > 0 {
                    let contestant = &mut self.contestants[number];
                    contestant.to_answer.add(timed.answer.unwrap_or(timed.end));
                    contestant.to_end.add(timed.end);
                }
            }
            eprintln!("round {round} of {runs}, load {}", load());
        }
        Ok(self.contestants)
    }

    /// One run. One that prints no answer, as kubectl's now and then, is said and run again.
    fn run(&self, contestant: &Contestant) -> anyhow::Result<Timed> {
        let words = || contestant.words.iter().map(String::as_str);
        for _ in 0..3 {
            let mut command = self.programs.kubectl(words());
            let timed = timed::run(&mut command, &contestant.answer)?;
            self.wait_gone()?;
            if timed.answer.is_some() && timed.status.code() == Some(contestant.code) {
                return Ok(timed);
            }
            eprintln!("{} of `{}`: {:?}", timed.status, contestant.line(), timed.output);
        }
        bail!("three times no {:?} from `{}`", contestant.answer, contestant.line())
    }

    /// The next run begins without pods of the last one.
    fn wait_gone(&self) -> anyhow::Result<()> {
        let deadline = Instant::now() + Duration::from_secs(30);
        loop {
            let mut list = self.programs.kubectl(["get", "pods", "-o", "name"]);
            if command::output(list.stdin(Stdio::null()))?.lines().count() <= 2 {
                return Ok(());
            }
            if Instant::now() > deadline {
                bail!("pods of the last run do not go away");
            }
        }
    }
}

/// Those who take part. The answer of a table is its last line, so that all of it is there.
fn contestants(pod: &str, service: &str) -> Vec<Contestant> {
    let run = format!(
        "run curl --image=docker.io/curlimages/curl:latest --image-pull-policy=IfNotPresent --restart=Never -it --rm \
         -- --silent http://{pod}"
    );
    let targets: Vec<String> =
        (1..=MANY).map(|number| format!("{pod}:80/?target={number}")).collect();
    let many = format!("pods check {}", targets.join(" "));
    let failing = |user: &str| format!("pods check {service}:80 --as {user}");
    let (page, last) = ("</html>", format!("{pod}:80/?target={MANY} "));
    vec![
        Contestant::new(Who::Curl, "pods curl nginx-ser", page, 0),
        Contestant::new(Who::Check, "pods check nginx-ser", " open ", 0),
        Contestant::new(Who::Peer, &run, page, 0),
        Contestant::new(Who::Many, &many, &last, 0),
        Contestant::new(Who::Told, &failing("told"), "svc/deserted selects app=nobody", 2),
        Contestant::new(Who::Untold, &failing("untold"), " rejected ", 2),
    ]
}

/// What else the machine does: its load over the last minute, as the kernel has it.
pub(super) fn load() -> String {
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    load.split_whitespace().next().unwrap_or("unknown").to_owned()
}
