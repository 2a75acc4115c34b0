//! Every message in every version against the `kafka-protocol` crate, whose messages are
//! generated from Apache Kafka's own schemas: each must read what the other wrote, and write
//! the same bytes.

use bytes::Bytes;
use kafka_protocol::messages as theirs;
use kafka_protocol::protocol::{Decodable, Encodable, Message};
use strait_wire::sample::{Sample, Sampler};
use strait_wire::{ApiKey, Reader, Request, Shape, Wire, Writer};

const VALUES_EACH: u64 = 60;

fn same_on_both_sides<Ours, Theirs>(name: &str, shape: Shape)
where
    Ours: Wire + Sample + PartialEq + std::fmt::Debug,
    Theirs: Encodable + Decodable,
{
    for seed in 0..VALUES_EACH {
        let value = Ours::sample(&mut Sampler::new(seed), shape);
        let case = || format!("{name} v{} seed {seed}: {value:?}", shape.version);
        let mut to = Writer::default();
        value.write(&mut to, shape);
        let ours = to.into_bytes();

        let mut left = ours.clone();
        let read = Theirs::decode(&mut left, shape.version)
            .unwrap_or_else(|error| panic!("they cannot read ours: {error}\n{}", case()));
        assert!(left.is_empty(), "they leave {} bytes of ours unread\n{}", left.len(), case());
        let mut written = bytes::BytesMut::new();
        read.encode(&mut written, shape.version)
            .unwrap_or_else(|error| panic!("they cannot write it back: {error}\n{}", case()));
        assert_eq!(written, ours, "the bytes differ\n{}", case());

        let mut from = Reader::new(Bytes::from(written));
        let back = Ours::read(&mut from, shape)
            .unwrap_or_else(|error| panic!("we cannot read theirs: {error}\n{}", case()));
        assert_eq!(from.remaining(), 0, "we leave bytes of theirs unread\n{}", case());
        assert_eq!(back, value);
    }
}

/// The versions both sides know; ours must all be among them.
fn versions<R: Request, Theirs: Message>() -> impl Iterator<Item = Shape> {
    let ours = R::KEY.versions();
    assert!(
        Theirs::VERSIONS.min <= *ours.start() && *ours.end() <= Theirs::VERSIONS.max,
        "{:?} {ours:?} goes beyond what the oracle knows, {:?}",
        R::KEY,
        Theirs::VERSIONS
    );
    ours.map(|version| R::KEY.shape(version))
}

macro_rules! oracle {
    ($( $key:ident $test:ident: $request:ident => $response:ident; )*) => {
        $( #[test]
        fn $test() {
            use strait_wire::messages::$test::{$request, $response};
            for shape in versions::<$request, theirs::$request>() {
                same_on_both_sides::<$request, theirs::$request>(stringify!($request), shape);
                same_on_both_sides::<$response, theirs::$response>(stringify!($response), shape);
            }
        } )*

        #[test]
        fn no_api_is_left_out() {
            let mut seen = vec![$( ApiKey::$key ),*];
            seen.push(ApiKey::MirrorAppend);
            assert_eq!(seen, ApiKey::ALL);
            $( assert_eq!(ApiKey::$key.code(), theirs::ApiKey::$key as i16); )*
        }
    };
}

oracle! {
    Produce produce: ProduceRequest => ProduceResponse;
    Fetch fetch: FetchRequest => FetchResponse;
    ListOffsets list_offsets: ListOffsetsRequest => ListOffsetsResponse;
    Metadata metadata: MetadataRequest => MetadataResponse;
    OffsetCommit offset_commit: OffsetCommitRequest => OffsetCommitResponse;
    OffsetFetch offset_fetch: OffsetFetchRequest => OffsetFetchResponse;
    FindCoordinator find_coordinator: FindCoordinatorRequest => FindCoordinatorResponse;
    JoinGroup join_group: JoinGroupRequest => JoinGroupResponse;
    Heartbeat heartbeat: HeartbeatRequest => HeartbeatResponse;
    LeaveGroup leave_group: LeaveGroupRequest => LeaveGroupResponse;
    SyncGroup sync_group: SyncGroupRequest => SyncGroupResponse;
    DescribeGroups describe_groups: DescribeGroupsRequest => DescribeGroupsResponse;
    ListGroups list_groups: ListGroupsRequest => ListGroupsResponse;
    ApiVersions api_versions: ApiVersionsRequest => ApiVersionsResponse;
    CreateTopics create_topics: CreateTopicsRequest => CreateTopicsResponse;
    DeleteTopics delete_topics: DeleteTopicsRequest => DeleteTopicsResponse;
    DeleteRecords delete_records: DeleteRecordsRequest => DeleteRecordsResponse;
    InitProducerId init_producer_id: InitProducerIdRequest => InitProducerIdResponse;
    OffsetForLeaderEpoch offset_for_leader_epoch:
        OffsetForLeaderEpochRequest => OffsetForLeaderEpochResponse;
    DescribeConfigs describe_configs: DescribeConfigsRequest => DescribeConfigsResponse;
    CreatePartitions create_partitions: CreatePartitionsRequest => CreatePartitionsResponse;
    DeleteGroups delete_groups: DeleteGroupsRequest => DeleteGroupsResponse;
    IncrementalAlterConfigs incremental_alter_configs:
        IncrementalAlterConfigsRequest => IncrementalAlterConfigsResponse;
    ListPartitionReassignments list_partition_reassignments:
        ListPartitionReassignmentsRequest => ListPartitionReassignmentsResponse;
    OffsetDelete offset_delete: OffsetDeleteRequest => OffsetDeleteResponse;
    DescribeCluster describe_cluster: DescribeClusterRequest => DescribeClusterResponse;
}

/// Kafka's own classes throw at a null in a version whose schema does not allow one.
#[test]
fn null_never_travels_where_the_schema_allows_none() {
    use strait_wire::messages::join_group::JoinGroupResponse;
    use strait_wire::messages::metadata::MetadataRequest;
    let written = |version| {
        let mut to = Writer::default();
        let shape = ApiKey::JoinGroup.shape(version);
        JoinGroupResponse { protocol_name: None, ..Default::default() }.write(&mut to, shape);
        JoinGroupResponse::read(&mut Reader::new(to.into_bytes()), shape)
            .expect("we read what we wrote")
            .protocol_name
    };
    assert_eq!(written(6), Some(String::new()));
    assert_eq!(written(7), None);
    let all_topics = Bytes::from_static(&[0xff; 4]);
    let read = |version| {
        let mut from = Reader::new(all_topics.clone());
        MetadataRequest::read(&mut from, ApiKey::Metadata.shape(version))
    };
    assert!(read(0).is_err());
    assert!(read(1).is_ok());
}
