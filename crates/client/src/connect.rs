//! From an address to a connection that is ready for requests: resolve, connect, protect, agree
//! on versions.

use std::sync::Arc;

use strait_io::{net, time};
use strait_wire::messages::api_versions::{ApiVersionsRequest, ApiVersionsResponse};
use strait_wire::{ApiKey, ErrorCode, Reader, Wire, frame};

use crate::config::ClientConfig;
use crate::connection::Connection;
use crate::error::{ClientError, Place};
use crate::versions::Versions;

const GUESSED_VERSION: i16 = 3;

/// Connects to `host:port`, trying every address the name stands for.
pub(crate) async fn connect(
    config: &ClientConfig,
    region: &Arc<str>,
    address: &str,
) -> Result<Connection, ClientError> {
    let place = Place { region: region.clone(), address: address.into() };
    let stream = open(config, &place).await?;
    let connection = Connection::start(config.security.halves(stream), place.clone(), config);
    let versions = time::timeout(config.connect_timeout, negotiate(&connection))
        .await
        .unwrap_or_else(|_| Err(place.timeout(ApiKey::ApiVersions, config.connect_timeout)))
        .map_err(|error| first_words(&place, error))?;
    connection.set_versions(versions);
    Ok(connection)
}

/// Splits `host:port`; a literal IPv6 host stands in brackets.
pub fn split_address(address: &str) -> Option<(&str, u16)> {
    let (host, port) = address.rsplit_once(':')?;
    let host = host.strip_prefix('[').and_then(|h| h.strip_suffix(']')).unwrap_or(host);
    Some((host, port.parse().ok()?)).filter(|(host, _)| !host.is_empty())
}

async fn open(config: &ClientConfig, place: &Place) -> Result<net::TcpStream, ClientError> {
    let (host, port) = split_address(&place.address).ok_or_else(|| {
        place.unreachable("this is not an address", Some("write it as host:port"))
    })?;
    let addresses = net::resolve(host, port)
        .await
        .map_err(|e| place.unreachable(e, Some("the name does not resolve")))?;
    let mut reasons = Vec::new();
    for address in addresses {
        match net::connect(address, config.connect_timeout).await {
            Ok(stream) => return Ok(stream),
            Err(error) if address.to_string() == *place.address => reasons.push(error.to_string()),
            Err(error) => reasons.push(format!("{address}: {error}")),
        }
    }
    let reason = match reasons.len() {
        0 => "the name stands for no address".to_owned(),
        _ => reasons.join(", "),
    };
    Err(place.unreachable(reason, Some("is a broker listening there?")))
}

/// Asks for the broker's versions; a broker that does not know our version of the question says
/// so in version 0, which all of them speak.
async fn negotiate(connection: &Connection) -> Result<Versions, ClientError> {
    let mut response = ask(connection, GUESSED_VERSION).await?;
    if response.error_code == ErrorCode::UNSUPPORTED_VERSION {
        response = ask(connection, 0).await?;
    }
    match response.error_code {
        ErrorCode::NONE => Ok(Versions::new(&response.api_keys)),
        code => Err(connection.place().protocol(format_args!("ApiVersions: {code}"), None)),
    }
}

async fn ask(connection: &Connection, version: i16) -> Result<ApiVersionsResponse, ClientError> {
    let request = ApiVersionsRequest {
        client_software_name: "strait".to_owned(),
        client_software_version: env!("CARGO_PKG_VERSION").to_owned(),
    };
    let receiver = connection.post(&request, version, Default::default()).await?;
    let frame = connection.settle(receiver.await)?;
    let read = |version| frame::decode_response::<ApiVersionsRequest>(frame.clone(), version);
    let version = if refuses_version(&frame) { 0 } else { version };
    read(version).map_err(|e| connection.place().unreadable(ApiKey::ApiVersions, &e))
}

/// Whether the answer is error 35, whose body is always in version 0.
fn refuses_version(frame: &bytes::Bytes) -> bool {
    let shape = ApiKey::ApiVersions.shape(0);
    let mut from = Reader::new(frame.clone());
    let code = i32::read(&mut from, shape).and_then(|_| ErrorCode::read(&mut from, shape));
    code == Ok(ErrorCode::UNSUPPORTED_VERSION)
}

/// A failure of the first exchange means that this is not a broker we can talk to.
fn first_words(place: &Place, error: ClientError) -> ClientError {
    match error {
        ClientError::Protocol { reason, hint, .. } => place.unreachable(reason, hint),
        ClientError::Closed { reason, .. } => place.unreachable(
            format_args!("{reason} at the first request"),
            Some("the port may want TLS, or belong to something that is not Kafka"),
        ),
        ClientError::Timeout { after, .. } => place.unreachable(
            format_args!("connected, but no answer to the first request within {after:?}"),
            Some("the port may want TLS, or the broker may be overloaded"),
        ),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_have_a_host_and_a_port() {
        assert_eq!(split_address("kafka:9092"), Some(("kafka", 9092)));
        assert_eq!(split_address("[::1]:9092"), Some(("::1", 9092)));
        assert_eq!(split_address("kafka"), None);
        assert_eq!(split_address(":9092"), None);
        assert_eq!(split_address("kafka:port"), None);
    }
}
