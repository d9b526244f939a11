//! The words of a datagram to a port of which nothing is known, and of a standing probe's answer to it.
//!
//! The question is `kubectl-pods NONCE`, blanks and a line feed: [`LENGTH`] bytes. The answer is
//! `kubectl-pods-echo NONCE NAME NODE` and a line feed. It is never longer than its question, so that nobody can make us send
//! more to another than they sent themselves; and it is no question, so that no two probes talk to each other for ever.

use std::time::{SystemTime, UNIX_EPOCH};

use kubectl_pods_report::Backend;

const QUESTION: &str = "kubectl-pods ";
const ANSWER: &str = "kubectl-pods-echo ";
/// Length of a question, in bytes: no network has to fragment it, old servers have room for so much (as of DNS, RFC 1035,
/// section 4.2.1), and an answer with the longest name of a node and of a DaemonSet's pod (63) is shorter.
pub(crate) const LENGTH: usize = 512;
/// 64 bits in hexadecimal.
const MAX_NONCE: usize = 16;
/// The longest name of a pod or a node (RFC 1123, as Kubernetes reads it).
const MAX_NAME: usize = 253;

/// Words that nobody else sends, by which an echo and an answer are known.
pub(crate) fn question() -> Vec<u8> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let nonce = u64::try_from(now.as_nanos()).unwrap_or_default();
    let words = format!("{QUESTION}{nonce:x}");
    format!("{words:<width$}\n", width = LENGTH - 1).into_bytes()
}

/// What `backend` says to `datagram`; nothing to what is no question, or leaves no room for an answer.
#[cfg(feature = "serve")]
pub(crate) fn answer(datagram: &[u8], backend: &Backend) -> Option<Vec<u8>> {
    let Backend { name, node } = backend;
    let answer = format!("{ANSWER}{} {name} {node}\n", nonce(datagram)?);
    (answer.len() <= datagram.len()).then(|| answer.into_bytes())
}

/// Who says it, if `answer` is that of a standing probe to `question`.
pub(crate) fn answered_by(answer: &[u8], question: &[u8]) -> Option<Backend> {
    let answer = str::from_utf8(answer).ok()?.strip_prefix(ANSWER)?.strip_suffix('\n')?;
    let mut words = answer.split(' ');
    let is_answered = words.next()? == nonce(question)?;
    let (name, node) = (words.next()?, words.next()?);
    let is_whole = is_answered && is_name(name) && is_name(node) && words.next().is_none();
    is_whole.then(|| Backend { name: name.to_owned(), node: node.to_owned() })
}

fn nonce(question: &[u8]) -> Option<&str> {
    let words = str::from_utf8(question).ok()?.strip_prefix(QUESTION)?;
    let nonce = words.split_ascii_whitespace().next()?;
    let is_nonce = nonce.len() <= MAX_NONCE && nonce.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_nonce.then_some(nonce)
}

/// Whether it can be a name in Kubernetes: what is shown of an answer is no more than that.
fn is_name(word: &str) -> bool {
    let fits =
        |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-.".contains(&byte);
    (1..=MAX_NAME).contains(&word.len()) && word.bytes().all(fits)
}

#[cfg(all(test, feature = "serve"))]
mod tests {
    use super::*;

    fn backend(name: &str, node: &str) -> Backend {
        Backend { name: name.to_owned(), node: node.to_owned() }
    }

    #[test]
    fn an_answer_says_who_gave_it_and_is_never_longer_than_the_question() {
        let question = question();
        assert_eq!(question.len(), LENGTH);
        let [pod, node] = [63, MAX_NAME].map(|length| "x".repeat(length));
        for backend in [backend("monitor-x1", "node1.local"), backend(&pod, &node)] {
            let answer = answer(&question, &backend).expect("an answer");
            assert!(answer.len() <= question.len(), "{} bytes", answer.len());
            assert_eq!(answered_by(&answer, &question), Some(backend));
        }
    }

    #[test]
    fn only_our_own_question_is_answered() {
        let question = question();
        let us = backend("a", "n1");
        let mut long_nonce = question.clone();
        long_nonce[13..45].fill(b'a');
        let ours = answer(&question, &us).expect("an answer");
        let cases: [(&str, &[u8]); 8] = [
            ("nothing", b""),
            ("somebody else's words", &[b'x'; LENGTH]),
            ("our own answer", &ours),
            ("bytes that are no text", &[&question[..], b"\xff"].concat()),
            ("no nonce", &[b"kubectl-pods ".to_vec(), vec![b' '; LENGTH]].concat()),
            ("a nonce that is none", &[b"kubectl-pods xyz".to_vec(), vec![b' '; LENGTH]].concat()),
            ("a nonce that is too long", &long_nonce),
            ("no room for the answer", b"kubectl-pods 1\n"),
        ];
        for (name, datagram) in cases {
            assert_eq!(answer(datagram, &us), None, "{name}");
        }
    }

    #[test]
    fn what_is_no_answer_to_this_question_names_nobody() {
        let question = b"kubectl-pods 1f \n";
        assert_eq!(answered_by(b"kubectl-pods-echo 1f a n1\n", question), Some(backend("a", "n1")));
        let cases: [(&str, &[u8]); 7] = [
            ("an echo", question),
            ("another's answer", b"kubectl-pods-echo 1e a n1\n"),
            ("no node", b"kubectl-pods-echo 1f a\n"),
            ("one word more", b"kubectl-pods-echo 1f a n1 b\n"),
            ("no name", b"kubectl-pods-echo 1f  n1\n"),
            ("no name of Kubernetes'", b"kubectl-pods-echo 1f \x1b[31m n1\n"),
            ("cut off", b"kubectl-pods-echo 1f a n1"),
        ];
        for (name, answer) in cases {
            assert_eq!(answered_by(answer, question), None, "{name}");
        }
        assert_eq!(answered_by(b"kubectl-pods-echo 1f a n1\n", b"a DNS question"), None);
    }
}
