//! `kubectl pods curl --from-here` beside Debian's curl, against the same server: what they print, what they say, and how
//! they end.

mod malformed;
mod tls;

use std::{
    fs,
    io::{Read, Write as _},
    net::{SocketAddr, TcpListener, TcpStream},
    thread,
    time::Duration,
};

use harness::{Command, Plugin, Run};
use nix::sys::socket::{setsockopt, sockopt::Linger};

/// Starts a server on a port of its own, whose answer the path names. It ends with the test process.
fn server() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("an address");
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            thread::spawn(move || serve(stream));
        }
    });
    address
}

fn serve(mut stream: TcpStream) {
    let request = read(&mut stream);
    let first = request.split(|byte| *byte == b'\r').next().unwrap_or_default();
    let first = String::from_utf8_lossy(first).into_owned();
    let mut words = first.split(' ');
    let (is_head, path) = (words.next() == Some("HEAD"), words.next().unwrap_or_default());
    let mut parts = path.splitn(4, '/').skip(1);
    let (what, which, rest) =
        (parts.next().unwrap_or_default(), parts.next().unwrap_or_default(), parts.next());
    let answer = match what {
        "to" => page(
            &format!("{which} Elsewhere\r\nLocation: {}", rest.unwrap_or_default()),
            b"moved\n",
        ),
        "status" => page(&format!("{which} As wanted"), b"a page\n"),
        "loop" => page("302 Found\r\nLocation: /loop", b"moved\n"),
        "short" => b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort".to_vec(),
        "chunk" => b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nshort\r\n".to_vec(),
        "no-chunk" => b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n".to_vec(),
        "mail" => b"220 mail.example ESMTP\r\n".to_vec(),
        "status-line" => b"HTTP/1.1 abc\r\n\r\n".to_vec(),
        "nothing" => Vec::new(),
        "reset" => {
            let now = nix::libc::linger { l_onoff: 1, l_linger: 0 };
            return setsockopt(&stream, Linger, &now).expect("a socket");
        }
        "silence" => return thread::sleep(Duration::from_secs(20)),
        "begun" => {
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nbegun");
            return thread::sleep(Duration::from_secs(20));
        }
        _ => page("200 OK\r\nContent-Type: text/x-request\r\nx-Twice: 1\r\nX-twice: 2", &request),
    };
    let end = answer.windows(4).position(|end| end == b"\r\n\r\n").map(|at| at + 4);
    let sent = if is_head { &answer[..end.unwrap_or(answer.len())] } else { &answer };
    let _ = stream.write_all(sent);
}

fn page(head: &str, body: &[u8]) -> Vec<u8> {
    let head =
        format!("HTTP/1.1 {head}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len());
    [head.as_bytes(), body].concat()
}

/// A whole request, with its body if its length is announced.
fn read(stream: &mut impl Read) -> Vec<u8> {
    let mut request = Vec::new();
    let mut piece = [0; 4096];
    loop {
        let end = request.windows(4).position(|end| end == b"\r\n\r\n").map(|at| at + 4);
        if let Some(end) = end {
            let head = String::from_utf8_lossy(&request[..end]);
            let length = head.lines().find_map(|line| line.strip_prefix("Content-Length: "));
            let length = length.map_or(0, |length| length.parse().expect("a length"));
            if request.len() >= end + length {
                return request;
            }
        }
        match stream.read(&mut piece) {
            Ok(0) | Err(_) => return request,
            Ok(count) => request.extend_from_slice(&piece[..count]),
        }
    }
}

/// The same words for both. What curl says without `-s` is how far it has come.
fn both(words: &[&str]) -> [Run; 2] {
    let as_whom = ["-A", "test"];
    let last = ["-s", "-S"];
    let ours = Plugin::args(["curl", "--from-here"]).args(words.iter().copied()).args(as_whom);
    let curls = Command::new("/usr/bin/curl").args(words.iter().copied()).args(as_whom);
    [ours.args(["--"]).args(last).run(), curls.args(last).run()]
}

/// The lines of stderr, but for those that lead to curl's own manual: below our complaint stands what was seen.
fn lines(run: &Run) -> Vec<String> {
    let said = run.stderr.split("More details here: https://curl.se/").next().unwrap_or_default();
    said.lines().map(without_version).map(|line| without_times(&line)).collect()
}

/// Debian's curl puts a version before what OpenSSL says.
fn without_version(line: &str) -> String {
    match line.split_once("OpenSSL/") {
        Some((before, after)) => {
            format!("{before}{}", after.split_once(": ").map_or(after, |(_, words)| words))
        }
        None => line.to_owned(),
    }
}

/// Numbers of milliseconds differ from run to run.
fn without_times(line: &str) -> String {
    let words: Vec<&str> = line.split(' ').collect();
    let is_time = |at: usize| {
        let unit =
            words.get(at + 1).is_some_and(|unit| unit.starts_with("ms") || *unit == "milliseconds");
        unit && words[at].parse::<u32>().is_ok()
    };
    let words = words.iter().enumerate().map(|(at, word)| if is_time(at) { "N" } else { word });
    words.collect::<Vec<_>>().join(" ")
}

/// Asserts that both printed the same bytes, ended with the same code, and complained in the same words, below which ours
/// may say what else is known.
#[track_caller]
fn same(words: &[&str]) {
    let [ours, curls] = both(words);
    let story = format!("--- ours\n{}\n--- curl's\n{}", ours.story(), curls.story());
    assert_eq!(ours.code, curls.code, "{story}");
    assert!(ours.stdout_bytes == curls.stdout_bytes, "{story}");
    let (ours, curls) = (lines(&ours), lines(&curls));
    assert!(ours.starts_with(&curls), "{story}");
    // What was seen, and its cause.
    assert!(ours.len() <= curls.len() + 2 && (!curls.is_empty() || ours.is_empty()), "{story}");
}

#[test]
fn redirects_are_followed_as_curl_does() {
    let (address, other) = (server(), server());
    let url = |path: &str| format!("http://{address}{path}");
    let elsewhere = url(&format!("/to/302/http://{other}/echo"));
    let secrets: [&str; 8] =
        ["-u", "me:secret", "-H", "Cookie: a=b", "-H", "Host: web.shop", "-H", "x-API-key: k"];
    for code in ["301", "302", "303", "307", "308"] {
        let to = url(&format!("/to/{code}//echo"));
        for more in [&[][..], &["-d", "a=1"], &["-X", "PUT", "-d", "a=1"], &["-I"], &["-i"]] {
            same(&[&[&to, "-L"], more].concat());
        }
        same(&[&to]);
    }
    for to in ["echo", "../../echo?x=y", "?x", "/a/./b/../c", "/echo#part"] {
        same(&[&url(&format!("/to/302/{to}")), "-L", "--max-redirs", "1"]);
    }
    same(&[&[&*elsewhere, "-L"], &secrets[..]].concat());
    same(&[&[&*elsewhere, "--location-trusted"], &secrets[..]].concat());
    same(&[&[&*url("/to/302//echo"), "-L"], &secrets[..]].concat());
    same(&[&url("/loop"), "-L"]);
    same(&[&url("/loop"), "-L", "--max-redirs", "3", "-i"]);
    same(&[&url("/loop"), "-L", "--max-redirs", "0"]);
    same(&[&url("/to/302/gopher://web/"), "-L"]);
    same(&[&url("/to/302//status/404"), "-L", "-f"]);
}

/// Nothing is sent there: the address is refused before anybody connects.
#[test]
fn a_redirect_to_a_metadata_address_is_refused() {
    let url = format!("http://{}/to/302/http://169.254.169.254/latest/meta-data/", server());
    let run = Plugin::args(["curl", "--from-here", &url, "-L"]).run().exits(3).prints("");
    run.complains(
        "refused: the redirect leads to 169.254.169.254, a link-local or metadata address",
    );
    Plugin::args(["curl", "--from-here", &url]).run().success().prints("moved\n");
}

#[test]
fn requests_are_those_of_curl_byte_for_byte() {
    let address = server();
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("data");
    fs::write(&file, b"a\r\n\0\xff\xfe b\n").expect("written");
    // Without a NUL, which only later versions of curl pass over as its manual says.
    let lines = folder.path().join("lines");
    fs::write(&lines, b"a\r\n\xff b\n").expect("written");
    let lines = format!("@{}", lines.display());
    let at = |prefix: &str| format!("{prefix}@{}", file.display());
    let (file, named) = (at(""), at("n"));
    let cases: &[&[&str]] = &[
        &[],
        &["-u", "me:pass word", "-e", "http://from/", "-b", "a=b; c=d"],
        &["-H", "x-api-KEY: 1", "-H", "Accept: a/b", "-H", "X-Empty;", "-H", "User-Agent: me"],
        &["-H", "Accept:", "-H", "user-agent:"],
        &["-d", "a=1", "--data-raw", "@b", "--data-binary", &file, "-d", &lines],
        &["--data-binary", &file, "-H", "Content-Type:"],
        &["--data-urlencode", "a=b c&d/~", "--data-urlencode", "é", "--data-urlencode", &named],
        &["--json", "{\"a\":", "--json", "1}", "-H", "X-Other: 1"],
        &["-d", ""],
        &["-d", "a=1", "-X", "PUT", "-H", "content-type: text/plain"],
        &["-G", "-d", "a=1", "--data-urlencode", "b=c d"],
        &["-I"],
        &["-X", "DELETE"],
    ];
    for words in cases {
        for path in ["", "/", "/echo?x=y"] {
            let url = format!("http://{address}{path}");
            same(&[&[&*url], *words].concat());
        }
    }
}

/// Where nothing listens. A port that was free a moment ago may be that of another test by now.
const CLOSED: &str = "127.0.0.1:1";

#[test]
fn failures_are_told_as_by_curl() {
    let address = server();
    let closed = format!("http://{CLOSED}/");
    let url = |path: &str| format!("http://{address}/{path}");
    let cases: &[(&str, &[&str])] = &[
        (&url("status/404"), &["-f"]),
        (&url("status/404"), &[]),
        (&url("status/404"), &["-f", "-i"]),
        (&url("short"), &[]),
        (&url("chunk"), &[]),
        (&url("no-chunk"), &[]),
        (&url("mail"), &[]),
        (&url("status-line"), &[]),
        (&url("nothing"), &[]),
        (&url("reset"), &[]),
        (&url("silence"), &["-m", "1"]),
        (&url("begun"), &["-m", "1"]),
        (&url("echo"), &["--max-filesize", "4"]),
        (&url("echo"), &["-o", "/nowhere/file", "-w", "%{exitcode} %{errormsg}"]),
        ("http://nowhere.invalid/", &[]),
        (&closed, &[]),
        (&closed, &["-w", "%{exitcode} %{http_code} %{remote_ip}|%{scheme}|%{num_connects}\\n"]),
    ];
    for (url, words) in cases {
        same(&[&[*url], *words].concat());
    }
    let silent = Plugin::args(["curl", "--from-here", &closed, "--", "-s"]).run().exits(7);
    assert_eq!(silent.stderr, "", "-s is to say nothing");
}

#[test]
fn what_is_written_out_is_what_curl_writes() {
    let address = server();
    // No times, no port of ours, no speed.
    let names = [
        "certs",
        "content_type",
        "errormsg",
        "exitcode",
        "filename_effective",
        "ftp_entry_path",
        "http_code",
        "http_connect",
        "http_version",
        "local_ip",
        "method",
        "num_certs",
        "num_connects",
        "num_headers",
        "num_redirects",
        "proxy_ssl_verify_result",
        "redirect_url",
        "referer",
        "remote_ip",
        "remote_port",
        "response_code",
        "scheme",
        "size_download",
        "size_header",
        "size_request",
        "size_upload",
        "ssl_verify_result",
        "url",
        "url_effective",
        "urlnum",
        "nonsense",
        "",
    ];
    let all = names.map(|name| format!("{name}=%{{{name}}}\\n")).concat();
    for (path, words) in [
        ("echo", &[][..]),
        ("status/404", &["-f"]),
        ("to/302//echo", &[]),
        ("to/302//echo", &["-L", "-e", "http://from/"]),
        ("to/303//echo", &["-L", "-d", "a=1"]),
        ("loop", &["-L", "--max-redirs", "2"]),
        ("echo", &["-d", "some data", "-w", "%{header_json}"]),
        ("echo", &["-d", "some data"]),
        ("echo", &["-I"]),
        ("short", &[]),
    ] {
        let url = format!("http://{address}/{path}");
        same(&[&[&*url, "-w", &all], words].concat());
    }
    let url = format!("http://{address}/echo");
    let formats = [
        "a%b%%c\\td\\\\n\\q%{http_code",
        "%header{X-TWICE}|%header{none}|%header{",
        "50% \\",
        "%{onerror}not shown",
        "%{stderr}to stderr%{stdout}to stdout\\n",
    ];
    for format in formats {
        let [ours, curls] = both(&[&url, "-w", format]);
        ours.same_as(&curls);
    }
    let folder = tempfile::tempdir().expect("a folder");
    let format = folder.path().join("format");
    fs::write(&format, "%{http_code} from a file\n").expect("written");
    same(&[&url, "-w", &format!("@{}", format.display())]);
}

/// Names and their order are curl's; of the values, times, speeds and who it is may differ.
#[test]
fn the_json_that_is_written_out_has_curls_fields() {
    let url = format!("http://{}/echo", server());
    let [ours, curls] = both(&[&url, "-o", "/dev/null", "-w", "%{json}"]);
    let fields = |run: &Run| {
        let text = run.stdout.trim_start_matches('{').trim_end_matches('}').to_owned();
        let is_ours = |field: &&str| {
            ["\"time_", "\"speed_", "\"local_port", "\"curl_version"]
                .iter()
                .any(|begin| field.starts_with(begin))
        };
        let parts: Vec<String> = text
            .split(",\"")
            .map(|part| part.trim_start_matches('"'))
            .map(|part| format!("\"{part}"))
            .collect();
        parts
            .iter()
            .map(|part| {
                if is_ours(&part.as_str()) {
                    part.split(':').next().expect("a name").to_owned()
                } else {
                    part.clone()
                }
            })
            .collect::<Vec<_>>()
    };
    assert_eq!(fields(&ours), fields(&curls), "{}\n{}", ours.story(), curls.story());
    let json: serde_json::Value = serde_json::from_str(&ours.stdout).expect("JSON");
    let seconds = |name: &str| json[name].as_f64().expect(name);
    assert!(seconds("time_connect") > 0.0 && seconds("time_connect") <= seconds("time_total"));
    assert!(seconds("time_connect") <= seconds("time_pretransfer"));
    assert!(seconds("time_pretransfer") <= seconds("time_starttransfer"));
    assert!(seconds("time_starttransfer") <= seconds("time_total"));
}

#[test]
fn what_is_sent_and_received_is_shown_as_by_curl() {
    let (address, other) = (server(), server());
    let url = |path: &str| format!("http://{address}/{path}");
    let elsewhere = url(&format!("to/301/http://{other}/echo"));
    for words in [
        &[&*url("echo"), "-H", "x-API-key: k"][..],
        &[&url("echo"), "-u", "me:secret", "-d", "a=1"],
        &[&elsewhere, "-L", "-d", "a=1", "-u", "me:secret"],
        &[&url("to/303//echo"), "-L", "-d", "a=1"],
        &[&url("loop"), "-L", "--max-redirs", "1"],
        &[&url("short")],
        &[&url("nothing")],
        &[&url("silence"), "-m", "1"],
        &[&format!("http://{CLOSED}/")],
        &["http://nowhere.invalid/"],
        &[&url("echo"), "-I"],
    ] {
        same_verbose(words, |line| Some(line.to_owned()));
    }
}

/// Asserts that both end in the same way, and that ours says with `-v` what curl says, and after that what it likes. Of
/// what curl says, `alike` leaves what ours is to say too.
#[track_caller]
fn same_verbose(words: &[&str], alike: impl Fn(&str) -> Option<String>) {
    let [ours, curls] = both(&[words, &["-v"]].concat());
    // How many bytes passed, what it remembers of names, and what it does with a body that is not asked for again.
    let is_curls_own = |line: &String| {
        let begins = ["{ [", "} [", "* Hostname ", "* Please rewind"];
        begins.iter().any(|begin| line.starts_with(begin))
    };
    let lines = |run: &Run| {
        let lines = lines(run).into_iter().filter(|line| !is_curls_own(line));
        let mut lines = lines.filter_map(|line| alike(&line)).collect::<Vec<_>>();
        // That a name has no address curl says once or twice, as its threads come along.
        lines.dedup();
        lines
    };
    let story = format!("--- ours\n{}\n--- curl's\n{}", ours.story(), curls.story());
    assert_eq!((ours.code, &ours.stdout_bytes), (curls.code, &curls.stdout_bytes), "{story}");
    let (ours, curls) = (lines(&ours), lines(&curls));
    let differs = ours.iter().zip(&curls).find(|(ours, curls)| ours != curls);
    assert!(ours.starts_with(&curls), "{differs:#?}\n{story}");
}

#[test]
fn answers_go_into_files() {
    let url = format!("http://{}/status/200/page.html?x", server());
    let folder = tempfile::tempdir().expect("a folder");
    let run = |words: &[&str]| {
        let command = Plugin::args(["curl", "--from-here", &url]).args(words.iter().copied());
        command.current_dir(folder.path()).run().success()
    };
    let saved = |name: &str| fs::read_to_string(folder.path().join(name)).expect(name);
    run(&["-o", "body", "-w", "%{filename_effective}"]).prints("body");
    assert_eq!(saved("body"), "a page\n");
    run(&["-O"]).prints("");
    assert_eq!(saved("page.html"), "a page\n");
    run(&["-o", "-"]).prints("a page\n");
    let refused = Plugin::args(["curl", "--from-here", "10.0.0.7", "-O"]).run().exits(1);
    assert!(refused.stderr.contains("use -o FILE"), "{}", refused.story());
}
