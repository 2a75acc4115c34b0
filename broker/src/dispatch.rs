//! The one table of APIs: which versions are announced and who handles them.
//!
//! ApiVersions is printed from it. A version outside a row closes the connection, as Kafka does;
//! only ApiVersions itself answers, so that clients can step down.

use std::sync::Arc;

use bytes::Bytes;
use futures::future::BoxFuture;
use strait_io::fs::File;
use strait_wire::frame::{self, RequestHeader};
use strait_wire::{ApiKey, Piece, Reader, Request, WireError};

use crate::api;
use crate::coordinator::GroupCoordinator;
use crate::node::Node;
use crate::request::Caller;

/// One request on its way to its handler.
pub struct Call {
    /// The node.
    pub node: Arc<Node>,
    /// Who asks.
    pub caller: Caller,
    /// What clients are told to connect to.
    pub advertised: (String, u16),
    /// Comes back in the answer.
    pub correlation_id: i32,
    /// The request, not decoded yet.
    pub body: Bytes,
}

/// What becomes of a request.
pub enum Outcome {
    /// It is answered.
    Answer(Answer),
    /// It gets no answer (`acks=0`).
    Silent,
    /// The connection ends, for this reason.
    Close(String),
}

/// An encoded answer; deferred pieces are ranges of files, by their index here.
#[derive(Default)]
pub struct Answer {
    /// The frame.
    pub pieces: Vec<Piece>,
    /// Where deferred pieces lie.
    pub ranges: Vec<FileRange>,
}

/// A range of a segment file; the file stays readable however old it gets.
pub struct FileRange {
    /// The file.
    pub file: Arc<File>,
    /// Where the range starts.
    pub position: u64,
}

impl Call {
    /// Decodes the request.
    pub fn decode<R: Request>(&self) -> Result<R, WireError> {
        R::read(&mut Reader::new(self.body.clone()), R::KEY.shape(self.caller.version))
    }

    /// Encodes the answer to an `R`.
    pub fn answer<R: Request>(&self, response: &R::Response) -> Outcome {
        let version = self.caller.version;
        let pieces = frame::encode_response(R::KEY, version, self.correlation_id, response);
        Outcome::Answer(Answer { pieces, ranges: Vec::new() })
    }
}

type Handler = fn(Call) -> BoxFuture<'static, Outcome>;

/// A row of the table.
pub struct Api {
    /// The API.
    pub key: ApiKey,
    /// The lowest version announced.
    pub min: i16,
    /// The highest version announced.
    pub max: i16,
    handler: Handler,
}

/// Handlers that see the decoded request and return the response: `typed`. The methods of the
/// group coordinator: `group`. Those that encode their own answer (file ranges, no answer at
/// all): `raw`.
macro_rules! table {
    ($( $key:ident $min:literal ..= $max:literal $kind:ident $handler:path; )*) => {
        &[ $( Api {
            key: ApiKey::$key,
            min: $min,
            max: $max,
            handler: table!(@ $kind $handler),
        }, )* ]
    };
    (@ typed $handler:path) => { |call| Box::pin(typed(call, $handler)) };
    (@ group $handler:path) => { |call| {
        Box::pin(typed(call, |node, context, request| async move {
            $handler(&node.groups, &context.caller, request).await
        }))
    } };
    (@ raw $handler:path) => { |call| Box::pin($handler(call)) };
}

/// Every API this broker serves, by number.
pub static TABLE: &[Api] = table! {
    Produce 0..=13 raw api::produce::handle;
    Fetch 4..=18 raw api::fetch::handle;
    ListOffsets 1..=10 typed api::list_offsets::handle;
    Metadata 0..=13 typed api::metadata::handle;
    OffsetCommit 2..=9 group GroupCoordinator::offset_commit;
    OffsetFetch 1..=9 group GroupCoordinator::offset_fetch;
    FindCoordinator 0..=6 typed api::find_coordinator::handle;
    JoinGroup 0..=9 group GroupCoordinator::join_group;
    Heartbeat 0..=4 group GroupCoordinator::heartbeat;
    LeaveGroup 0..=5 group GroupCoordinator::leave_group;
    SyncGroup 0..=5 group GroupCoordinator::sync_group;
    DescribeGroups 0..=6 group GroupCoordinator::describe_groups;
    ListGroups 0..=5 group GroupCoordinator::list_groups;
    ApiVersions 0..=4 typed api::api_versions::handle;
    CreateTopics 2..=7 typed api::create_topics::handle;
    DeleteTopics 1..=6 typed api::delete_topics::handle;
    DeleteRecords 0..=2 typed api::delete_records::handle;
    InitProducerId 0..=5 typed api::init_producer_id::handle;
    OffsetForLeaderEpoch 2..=4 typed api::offset_for_leader_epoch::handle;
    DescribeConfigs 1..=4 typed api::describe_configs::handle;
    CreatePartitions 0..=3 typed api::create_partitions::handle;
    DeleteGroups 0..=2 group GroupCoordinator::delete_groups;
    IncrementalAlterConfigs 0..=1 typed api::incremental_alter_configs::handle;
    ListPartitionReassignments 0..=0 typed api::list_partition_reassignments::handle;
    OffsetDelete 0..=0 group GroupCoordinator::offset_delete;
    DescribeCluster 0..=2 typed api::describe_cluster::handle;
    MirrorAppend 0..=0 typed api::mirror_append::handle;
};

/// The row of an API's number.
pub fn find(code: i16) -> Option<&'static Api> {
    TABLE.iter().find(|api| api.key.code() == code)
}

/// Reads the head of a frame.
pub fn read_header(frame: Bytes) -> Result<(RequestHeader, Bytes), WireError> {
    let mut from = Reader::new(frame);
    let flexible = |code, version| {
        let known = find(code).filter(|api| (api.min..=api.max).contains(&version));
        known.is_some_and(|api| version >= api.key.flexible_from())
    };
    Ok((RequestHeader::read(&mut from, flexible)?, from.rest()))
}

/// Starts the handler of a request.
pub fn start(header: &RequestHeader, call: Call) -> BoxFuture<'static, Outcome> {
    let (code, version) = (header.api_key, header.version);
    match find(code) {
        Some(api) if (api.min..=api.max).contains(&version) => (api.handler)(call),
        Some(api) if api.key == ApiKey::ApiVersions => {
            Box::pin(std::future::ready(api::api_versions::step_down(&call)))
        }
        _ => {
            let why = format!("it asked for API {code} version {version}, which is not served");
            Box::pin(std::future::ready(Outcome::Close(why)))
        }
    }
}

async fn typed<R: Request, F: Future<Output = R::Response>>(
    mut call: Call,
    handler: impl FnOnce(Arc<Node>, Context, R) -> F,
) -> Outcome {
    let request = match call.decode::<R>() {
        Ok(request) => request,
        Err(error) => return undecodable(R::KEY, &error),
    };
    call.body = Bytes::new();
    let context = Context { caller: call.caller.clone(), advertised: call.advertised.clone() };
    let response = handler(call.node.clone(), context, request).await;
    call.answer::<R>(&response)
}

/// What a typed handler knows of its caller.
pub struct Context {
    /// Who asks.
    pub caller: Caller,
    /// What clients are told to connect to.
    pub advertised: (String, u16),
}

/// A request that is not what its header says ends the connection.
pub fn undecodable(key: ApiKey, error: &WireError) -> Outcome {
    Outcome::Close(format!("its {key:?} request does not decode: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted_and_within_what_the_wire_can_read() {
        assert!(TABLE.windows(2).all(|pair| pair[0].key < pair[1].key));
        for api in TABLE {
            assert_eq!(api.max, *api.key.versions().end(), "{:?}", api.key);
            let refused_below = api.key == ApiKey::Produce;
            assert!(refused_below || api.min == *api.key.versions().start(), "{:?}", api.key);
        }
    }
    #[test]
    fn the_readme_lists_the_table() {
        let listed: Vec<&str> = include_str!("../README.md")
            .lines()
            .skip_while(|line| *line != "| Key | API | Versions |")
            .skip(2)
            .take_while(|line| line.starts_with('|'))
            .collect();
        let row =
            |api: &Api| format!("| {} | {:?} | {}-{} |", api.key.code(), api.key, api.min, api.max);
        assert_eq!(listed, TABLE.iter().map(row).collect::<Vec<_>>());
    }
}
