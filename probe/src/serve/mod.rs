//! The standing probe: carries out its checks on schedule, answers HTTP, and says over UDP who it is.
//!
//! | request | answer |
//! |---|---|
//! | `GET /metrics` | every metric, in Prometheus's text format |
//! | `GET /results` | the latest attempt and the counts of each check, and what its standby said, as JSON ([`kubectl_pods_report::Results`]) |
//! | `GET /healthz` | 200 while the process works |
//! | `GET /readyz` | 200; 503 from the moment it is told to stop |
//!
//! `HEAD` works like `GET`. Any other path is 404, any other method 405. Nothing that is asked makes it probe something.
//! Over UDP the questions of other probes are answered (`crate::echo`), and nothing else.

mod answer;
mod app;
mod board;
mod config;
mod echo;
mod listen;
mod process;
mod schedule;

use std::convert::Infallible;
use std::future::pending;
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{sleep, timeout};

pub use app::App;
pub use config::{Config, ConfigError, ConfigFile};
pub use echo::echo;
pub use listen::{listen, listen_to_datagrams};
pub use schedule::keep_checking;

/// How long `/readyz` says 503 before the listener closes.
const DRAIN: Duration = Duration::from_secs(1);

/// Connections held at once: Prometheus needs one, a person another.
const CONNECTIONS: usize = 64;

/// Limit for the head of a request to arrive, the wait for it on a kept connection included.
const HEAD_TIMEOUT: Duration = Duration::from_secs(15);

/// Limit for a connection as a whole: a reader that does not read must not keep its place for ever.
const CONNECTION_TIMEOUT: Duration = Duration::from_mins(2);

/// Answers on `listener` until `shutdown` completes; is then not ready for a second, closes the listener, and gives
/// open connections `grace` to finish.
pub async fn serve(listener: TcpListener, app: Arc<App>, shutdown: impl Future, grace: Duration) {
    let connections = GracefulShutdown::new();
    let mut stop = pin!(async {
        shutdown.await;
        app.drain();
        sleep(DRAIN).await;
    });
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    loop {
        let (stream, place) = tokio::select! {
            () = &mut stop => break,
            accepted = accept(&listener, &places) => accepted,
        };
        spawn(&connections, stream, place, &app);
    }
    drop(listener);
    // Whoever is slower than this is cut off; it has been told by /readyz.
    let _ = timeout(grace, connections.shutdown()).await;
}

/// The next connection, once there is a place for it.
async fn accept(
    listener: &TcpListener,
    places: &Arc<Semaphore>,
) -> (TcpStream, OwnedSemaphorePermit) {
    // Closed it would have no place ever; nobody closes it.
    let Ok(place) = Arc::clone(places).acquire_owned().await else { return pending().await };
    loop {
        match listener.accept().await {
            Ok((stream, _)) => return (stream, place),
            Err(error) => {
                // Out of descriptors, most likely: that passes.
                warn(&format!("cannot accept a connection: {error}"));
                sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

fn spawn(
    connections: &GracefulShutdown,
    stream: TcpStream,
    place: OwnedSemaphorePermit,
    app: &Arc<App>,
) {
    let app = Arc::clone(app);
    let service = service_fn(move |request| {
        let answer = answer::answer(&app, &request);
        async { Ok::<_, Infallible>(answer) }
    });
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(HEAD_TIMEOUT).max_buf_size(16 * 1024);
    let connection = connections.watch(http.serve_connection(TokioIo::new(stream), service));
    tokio::spawn(async move {
        // A peer that hangs up early is not news.
        let _ = timeout(CONNECTION_TIMEOUT, connection).await;
        drop(place);
    });
}

/// One line on standard error: the pod's log.
fn warn(text: &str) {
    use io::Write;
    let _ = writeln!(io::stderr(), "warning: {text}");
}
