//! What every request must be, and what every answer carries.
//!
//! On loopback only loopback's names are answered: a site in a person's browser may point its own
//! name at 127.0.0.1 (DNS rebinding), but its requests still carry that name. A listener on
//! another address was opened to the network on purpose, where it has names we do not know.

use std::net::IpAddr;

use axum::extract::{Request, State};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_LENGTH, CONTENT_SECURITY_POLICY, HOST, REFERRER_POLICY,
    TRANSFER_ENCODING, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::App;

/// The longest path and query: a pipeline's name, escaped, with room to spare.
const TARGET_BYTES_MAX: usize = 2048;

const HEADERS: [(HeaderName, &str); 6] = [
    (
        CONTENT_SECURITY_POLICY,
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
         connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    ),
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (X_FRAME_OPTIONS, "DENY"),
    (REFERRER_POLICY, "no-referrer"),
    (CACHE_CONTROL, "no-store"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
];

/// Refuses what is not a small read from a name of ours; adds the headers.
pub async fn guard(State(app): State<App>, request: Request, next: Next) -> Response {
    let mut response = match refusal(&request, app.address) {
        Some(refused) => refused.into_response(),
        None => next.run(request).await,
    };
    for (name, value) in HEADERS {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

fn refusal(request: &Request, address: IpAddr) -> Option<(StatusCode, &'static str)> {
    let target = request.uri().path_and_query().map_or(0, |target| target.as_str().len());
    if target > TARGET_BYTES_MAX {
        return Some((StatusCode::URI_TOO_LONG, "the path is too long\n"));
    }
    if has_body(request.headers()) {
        return Some((StatusCode::PAYLOAD_TOO_LARGE, "nothing here takes a body\n"));
    }
    let host = request.headers().get(HOST).map(HeaderValue::to_str);
    // Only a browser can be rebound, and browsers always send the header.
    let ours = host.is_none_or(|host| host.is_ok_and(|host| is_ours(host, address)));
    (!ours).then_some((
        StatusCode::MISDIRECTED_REQUEST,
        "this name is not ours: ask for localhost or the address the worker listens on\n",
    ))
}

fn has_body(headers: &HeaderMap) -> bool {
    let length = headers.get(CONTENT_LENGTH);
    length.is_some_and(|length| length != "0") || headers.contains_key(TRANSFER_ENCODING)
}

/// Whether a `Host` header is one that a person could mean us by.
fn is_ours(host: &str, address: IpAddr) -> bool {
    if !address.is_loopback() {
        return true;
    }
    let name = without_port(host);
    let literal = name.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    let local = || {
        let name = name.to_ascii_lowercase();
        name == "localhost" || name.ends_with(".localhost")
    };
    literal.map_or_else(|_| local(), |ip| ip.is_loopback() || ip == address)
}

fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) => name,
        _ => host,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOOPBACK: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

    #[test]
    fn loopback_answers_to_its_own_names_only() {
        for host in ["localhost", "LOCALHOST:8080", "127.0.0.1:8080", "[::1]:8080", "a.localhost"] {
            assert!(is_ours(host, LOOPBACK), "{host}");
        }
        for host in ["evil.example", "localhost.evil.example:8080", "10.0.0.1", "", "notlocalhost"]
        {
            assert!(!is_ours(host, LOOPBACK), "{host}");
        }
    }

    #[test]
    fn an_address_of_the_network_has_names_we_do_not_know() {
        assert!(is_ours("strait.monitoring.svc:8080", IpAddr::from([0, 0, 0, 0])));
    }
}
