//! Every message in every version against the `kafka-protocol` crate, whose messages are
//! generated from Apache Kafka's own schemas: each must read what the other wrote, and write
//! the same bytes.

use bytes::Bytes;
use kafka_protocol::messages as theirs;
use kafka_protocol::protocol::{Decodable, Encodable, Message};
use strait_wire::sample::{Sample, Sampler};
use strait_wire::{ApiKey, Reader, Request, Shape, Wire, Writer};

const VALUES_EACH: u64 = 60;

/// Optional fields that are not nullable in some versions. Our structs hold all versions, so an
/// option stands for them too; the schema, and with it the other side, refuses a null there.
fn nullable(field: &str, version: i16) -> bool {
    let first = match field {
        _ => 0,
    };
    version >= first
}

fn same_on_both_sides<Ours, Theirs>(name: &str, shape: Shape)
where
    Ours: Wire + Sample + PartialEq + std::fmt::Debug,
    Theirs: Encodable + Decodable,
{
    for seed in 0..VALUES_EACH {
        let value = Ours::sample(&mut Sampler::new(seed, nullable), shape);
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
    OffsetForLeaderEpoch offset_for_leader_epoch: OffsetForLeaderEpochRequest => OffsetForLeaderEpochResponse;
    DescribeConfigs describe_configs: DescribeConfigsRequest => DescribeConfigsResponse;
    CreatePartitions create_partitions: CreatePartitionsRequest => CreatePartitionsResponse;
    DeleteGroups delete_groups: DeleteGroupsRequest => DeleteGroupsResponse;
    IncrementalAlterConfigs incremental_alter_configs: IncrementalAlterConfigsRequest => IncrementalAlterConfigsResponse;
    ListPartitionReassignments list_partition_reassignments: ListPartitionReassignmentsRequest => ListPartitionReassignmentsResponse;
    OffsetDelete offset_delete: OffsetDeleteRequest => OffsetDeleteResponse;
    DescribeCluster describe_cluster: DescribeClusterRequest => DescribeClusterResponse;
}
