//! What each fuzz target does with its bytes; the targets themselves only hand them over.
//!
//! The first bytes choose the API and its version, the rest is what a peer would have sent. A
//! message that reads must write again and read back as itself.

use bytes::Bytes;
use strait_wire::batch::batches;
use strait_wire::messages as m;
use strait_wire::{ApiKey, Compression, Reader, Request, Shape, Wire, Writer};

/// The most a fuzzed block may open to.
const LIMIT: usize = 1 << 20;

/// Reads `body` as a request or response and sends it round once.
fn round_trip<T: Wire + std::fmt::Debug + PartialEq>(body: Bytes, shape: Shape) {
    let Ok(first) = T::read(&mut Reader::new(body), shape) else { return };
    let mut to = Writer::default();
    first.write(&mut to, shape);
    let again = T::read(&mut Reader::new(to.into_bytes()), shape);
    assert_eq!(again.expect("we read what we wrote"), first);
}

macro_rules! any_message {
    ($( $api:ident::$request:ident => $response:ident, )*) => {
        /// Reads the bytes as a request of the API and version they name.
        pub fn request(data: &[u8]) {
            let Some((key, shape, body)) = chosen(data) else { return };
            $( if key == m::$api::$request::KEY {
                round_trip::<m::$api::$request>(body.clone(), shape);
            } )*
        }

        /// Reads the bytes as a response of the API and version they name.
        pub fn response(data: &[u8]) {
            let Some((key, shape, body)) = chosen(data) else { return };
            $( if key == m::$api::$request::KEY {
                round_trip::<m::$api::$response>(body.clone(), shape);
            } )*
        }
    };
}

fn chosen(data: &[u8]) -> Option<(ApiKey, Shape, Bytes)> {
    let (&[api, version], body) = data.split_first_chunk()?;
    let key = ApiKey::ALL[usize::from(api) % ApiKey::ALL.len()];
    let versions: Vec<i16> = key.versions().collect();
    let version = versions[usize::from(version) % versions.len()];
    Some((key, key.shape(version), Bytes::copy_from_slice(body)))
}

/// Walks the bytes as a fetched range of record batches, down to the records.
pub fn walk_batches(data: &[u8]) {
    for batch in batches(Bytes::copy_from_slice(data)).flatten() {
        let _ = batch.verify();
        let Ok(records) = batch.records(LIMIT) else { continue };
        let whole = records.walk(|_, _, _| Ok(())).is_ok();
        let records = batch.records(LIMIT).expect("it opened just now");
        // The walk leaves header names alone: only they may still be at fault.
        let read = records.take_while(Result::is_ok).count();
        assert!(whole || read <= batch.header.count as usize);
    }
}

/// Opens the bytes with the codec that the first one names.
pub fn decompress(data: &[u8]) {
    let Some((&codec, block)) = data.split_first() else { return };
    let Some(codec) = Compression::from_attributes(i16::from(codec)) else { return };
    if let Ok(open) = codec.decompress(block, LIMIT) {
        assert!(open.len() <= LIMIT);
        let packed = codec.compress(&open, None).expect("memory does not fail");
        assert_eq!(codec.decompress(&packed, LIMIT).expect("we packed it"), open);
    }
}

any_message! {
    produce::ProduceRequest => ProduceResponse,
    fetch::FetchRequest => FetchResponse,
    list_offsets::ListOffsetsRequest => ListOffsetsResponse,
    metadata::MetadataRequest => MetadataResponse,
    offset_commit::OffsetCommitRequest => OffsetCommitResponse,
    offset_fetch::OffsetFetchRequest => OffsetFetchResponse,
    find_coordinator::FindCoordinatorRequest => FindCoordinatorResponse,
    join_group::JoinGroupRequest => JoinGroupResponse,
    heartbeat::HeartbeatRequest => HeartbeatResponse,
    leave_group::LeaveGroupRequest => LeaveGroupResponse,
    sync_group::SyncGroupRequest => SyncGroupResponse,
    describe_groups::DescribeGroupsRequest => DescribeGroupsResponse,
    list_groups::ListGroupsRequest => ListGroupsResponse,
    api_versions::ApiVersionsRequest => ApiVersionsResponse,
    create_topics::CreateTopicsRequest => CreateTopicsResponse,
    delete_topics::DeleteTopicsRequest => DeleteTopicsResponse,
    delete_records::DeleteRecordsRequest => DeleteRecordsResponse,
    init_producer_id::InitProducerIdRequest => InitProducerIdResponse,
    offset_for_leader_epoch::OffsetForLeaderEpochRequest => OffsetForLeaderEpochResponse,
    describe_configs::DescribeConfigsRequest => DescribeConfigsResponse,
    create_partitions::CreatePartitionsRequest => CreatePartitionsResponse,
    delete_groups::DeleteGroupsRequest => DeleteGroupsResponse,
    incremental_alter_configs::IncrementalAlterConfigsRequest => IncrementalAlterConfigsResponse,
    list_partition_reassignments::ListPartitionReassignmentsRequest
        => ListPartitionReassignmentsResponse,
    offset_delete::OffsetDeleteRequest => OffsetDeleteResponse,
    describe_cluster::DescribeClusterRequest => DescribeClusterResponse,
    mirror_append::MirrorAppendRequest => MirrorAppendResponse,
}
