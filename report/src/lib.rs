//! The words that `kubectl-pods` and its probe exchange.
//!
//! - [`plan`]: what to check, handed to the probe (JSON); [`ask`]: what to ask of one target.
//! - [`attempt`]: one try; its [`facts`], with the kernel's [`evidence`] and the [`details`] of its steps.
//! - [`observation`]: the closed set of what can be seen; [`expectation`]: whether that is right; [`verdict`]: both in
//!   one word.
//! - [`hop`]: one request of an attempt, where every step counts.
//! - [`record`]: the numbered NDJSON lines that a one-shot probe writes to its log.
//! - [`summary`]: many attempts at one check, where they are too many for a log; [`latency`]: how long they took; [`shares`]: who
//!   answered them.
//! - [`report`]: what several attempts from several sources say together; [`cause`]: why a target is not as expected.
//! - [`standing`]: what a standing probe answers at `/results`.
//!
//! Times are seconds (`f64`, field names end in `_seconds`), sizes are bytes.
//! Unknown fields are ignored, so that an older reader understands a newer writer.

pub mod ask;
pub mod attempt;
pub mod cause;
pub mod details;
pub mod evidence;
pub mod expectation;
pub mod facts;
pub mod hop;
pub mod latency;
pub mod observation;
pub mod plan;
pub mod record;
pub mod report;
pub mod shares;
pub mod standing;
pub mod summary;
pub mod verdict;

pub use ask::{Ask, HttpRequest, Payload, PayloadData, Protocol, Redirects, Tls, Transport};
pub use attempt::Attempt;
pub use cause::{Cause, CauseKind, Link, LinkKind, LinkState, ObjectRef};
pub use details::{
    Asked, Backend, Certificate, Details, GrpcDetails, HttpDetails, HttpFault, NameAnswer,
    NameDetails, Spoken, TlsDetails, TlsFault,
};
pub use evidence::{Evidence, IcmpError, Starvation, TcpInfo};
pub use expectation::{Counts, Expectation, Judgement};
pub use facts::{Facts, Phase, Phases};
pub use hop::{Hop, NotFollowed};
pub use latency::{Latency, Spread};
pub use observation::Observation;
pub use plan::{
    CONCURRENT_CHECKS, Check, Family, Limits, MAX_ADDRESSES, Plan, STANDBY_LIMIT, STANDBY_PAUSE,
    Standby,
};
pub use record::{Numbered, Record};
pub use report::{Report, Source, TargetReport};
pub use shares::{MAX_BACKENDS, Share};
pub use standing::{CheckResults, Results};
pub use summary::{AttemptKind, Summary, Tally};
pub use verdict::Verdict;

/// Version of the wire format. A reader refuses a plan or a stream of another version.
pub const WIRE_VERSION: u32 = 1;

/// Environment variable that hands a one-shot probe its [`Plan`], as `probe::pack` writes it.
pub const PLAN_VARIABLE: &str = "KUBECTL_PODS_PLAN";

/// Where the plugin mounts the certificate of the cluster's own authority into a probe's pod, for [`Tls::ca_file`].
pub const CLUSTER_CA_FILE: &str = "/run/kubectl-pods/cluster-ca/ca.crt";

/// Environment variable that names a file in which a one-shot probe leaves its records once more, if they are few: as
/// `probe::LastWords` packs them, at most [`MAX_RESULT_FILE_BYTES`].
pub const RESULT_FILE_VARIABLE: &str = "KUBECTL_PODS_RESULT_FILE";

/// What a kubelet takes from a container for its status (`MaxContainerTerminationMessageLength`).
pub const MAX_RESULT_FILE_BYTES: usize = 4096;

/// Environment variable that tells a standing probe the name of its node.
pub const NODE_VARIABLE: &str = "KUBECTL_PODS_NODE";

/// Environment variable that tells a standing probe the name of its pod.
pub const POD_VARIABLE: &str = "KUBECTL_PODS_POD";

/// Port on which a standing probe serves its metrics and results over TCP, and over UDP says who it is.
pub const STANDING_PORT: u16 = 9475;
