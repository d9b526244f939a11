//! One request after the other, as redirects lead. Each is an attempt of its own within the time of the whole; the last
//! counts.

use std::net::IpAddr;

use kubectl_pods_report::{Ask, Check, HttpRequest, NotFollowed, Redirects, Tls};
use tokio::time::Instant;

use super::redirect::{Place, redirected};
use super::{Http, send};
use crate::prober::failure::{Failure, ResolveFailure};
use crate::prober::resolve::is_metadata;
use crate::prober::{Context, Piece, Trace, tls};

/// Asks as `first` does, and follows redirects if its request wants that.
pub(super) async fn ask(
    first: &Http,
    context: Context<'_>,
    trace: &mut Trace,
) -> Result<String, Failure> {
    let begun = Instant::now();
    let mut route = Route::new(first, context.check);
    first.begin_hop(&route.place, begun, trace);
    let mut said = first.ask_once(context, trace).await?;
    let mut last = first.asked.clone();
    while let Some((status, place)) = route.next(trace) {
        let Some(redirects) = first.asked.redirects.as_deref() else { break };
        if let Some(hop) = trace.close_hop() {
            send(context.answer, Piece::Hop(hop)).await;
        }
        last = redirected(&last, status, (&first.asked, &route.origin), &place, redirects);
        let check = route.check(context.check, &place, &last, redirects);
        *trace = Trace { at: Some(Box::new(check.clone())), ..Trace::default() };
        refuse_metadata(&check, context.check)?;
        let next = hop(first, &check).map_err(|problem| unsendable(&problem))?;
        next.begin_hop(&place, begun, trace);
        route.place = place;
        let context = Context { check: &check, only: None, ..context };
        said = next.ask_once(context, trace).await?;
    }
    Ok(said)
}

/// Where the requests have led so far.
struct Route<'a> {
    origin: Place,
    place: Place,
    followed: u32,
    redirects: Option<&'a Redirects>,
}

impl<'a> Route<'a> {
    fn new(first: &'a Http, check: &Check) -> Self {
        let path = first.asked.path.clone();
        let (host, port) = (check.host.clone(), first.port);
        let origin = Place { tls: first.tls.is_some(), host, port, path };
        let redirects = first.asked.redirects.as_deref();
        Self { place: origin.clone(), origin, followed: 0, redirects }
    }

    /// Where the answer that just came leads, if that is to be followed; the hop is told in any case.
    fn next(&mut self, trace: &mut Trace) -> Option<(u16, Place)> {
        let (status, location) = trace.redirect.take()?;
        let next = self.place.next(&location);
        let (url, outcome) = match next {
            Ok(place) => (place.url(), self.allow(place)),
            Err(why) => (String::from_utf8_lossy(&location).into_owned(), Err(why)),
        };
        let hop = trace.hop.as_mut().map(|open| &mut open.hop);
        let followed = outcome.as_ref().ok().cloned();
        if let Some(hop) = hop {
            hop.redirect_url = Some(url);
            hop.not_followed = outcome.err().filter(|_| self.redirects.is_some());
        }
        self.followed += 1;
        self.redirects.and(followed).map(|place| (status, place))
    }

    fn allow(&self, place: Place) -> Result<Place, NotFollowed> {
        if self.redirects.is_some_and(|redirects| self.followed >= redirects.max) {
            return Err(NotFollowed::TooMany);
        }
        Ok(place)
    }

    /// `first` as a check of `place`.
    fn check(
        &self,
        first: &Check,
        place: &Place,
        request: &HttpRequest,
        redirects: &Redirects,
    ) -> Check {
        let known = redirects.tls.clone().unwrap_or_default();
        let tls = if place.host.eq_ignore_ascii_case(&self.origin.host) {
            known
        } else {
            Tls { insecure: known.insecure, ..Tls::default() }
        };
        let tls = place.tls.then_some(tls);
        let ask = Ask::Http { port: place.port, tls, request: request.clone() };
        let address = given(redirects, place);
        Check { host: place.host.clone(), address, ask, ..first.clone() }
    }
}

/// The address that the user gave for `place`.
fn given(redirects: &Redirects, place: &Place) -> Option<IpAddr> {
    let is_of = |(host, port, _): &&(String, u16, IpAddr)| {
        (host == "*" || host.eq_ignore_ascii_case(&place.host)) && *port == place.port
    };
    redirects.given.iter().rev().find(is_of).map(|(_, _, address)| *address)
}

/// A server must not lead us where only the user may send us: to addresses of which the first request named none.
fn refuse_metadata(check: &Check, first: &Check) -> Result<(), Failure> {
    match check.host.parse() {
        Ok(address) if is_metadata(address) && first.host.parse() != Ok(address) => {
            Err(Failure::Resolve(ResolveFailure::Forbidden(address)))
        }
        _ => Ok(()),
    }
}

/// What asks `check`, which `first` led to.
fn hop(first: &Http, check: &Check) -> Result<Http, String> {
    let Ask::Http { port, tls, request } = &check.ask else {
        return Err("a redirect leads to HTTP alone".to_owned());
    };
    let tls = tls.clone().map(|tls| tls::Client::new(tls, first.roots.clone()));
    Http::new(&check.host, *port, tls, first.roots.clone(), request)
}

fn unsendable(problem: &str) -> Failure {
    Failure::Answer {
        observation: kubectl_pods_report::Observation::NotRun,
        message: format!("the redirect leads to what cannot be asked for: {problem}"),
        error: None,
    }
}
