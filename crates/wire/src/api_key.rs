//! The version table: every API we can speak, the versions of its messages, and from which
//! version on they are flexible. Ranges are Apache Kafka 4.1's (`clients/.../common/message`).
//!
//! What a listener *serves* is decided by the broker's dispatch table, which may be narrower.

use std::ops::RangeInclusive;

use crate::message::{Shape, Wire};

/// "No version of this API is flexible."
const NEVER: i16 = i16::MAX;

/// A request: its number, its versions, and the response it is answered with.
pub trait Request: Wire + Default {
    /// The API.
    const KEY: ApiKey;
    /// What it is answered with.
    type Response: Wire + Default;
}

macro_rules! apis {
    ($( $name:ident = $code:literal, $module:ident: $request:ident => $response:ident,
        $versions:expr, flexible $flexible:expr; )*) => {
        /// The APIs of this crate by their names in the protocol.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[allow(missing_docs)]
        pub enum ApiKey { $( $name, )* }

        impl ApiKey {
            /// Every API, in the order of their numbers.
            pub const ALL: &'static [ApiKey] = &[ $( ApiKey::$name, )* ];

            /// The API with this number, if we know it.
            pub fn from_code(code: i16) -> Option<Self> {
                match code { $( $code => Some(ApiKey::$name), )* _ => None }
            }

            /// The API's number.
            pub fn code(self) -> i16 {
                match self { $( ApiKey::$name => $code, )* }
            }

            /// The versions whose messages we can read and write.
            pub fn versions(self) -> RangeInclusive<i16> {
                match self { $( ApiKey::$name => $versions, )* }
            }

            /// The first flexible version.
            pub fn flexible_from(self) -> i16 {
                match self { $( ApiKey::$name => $flexible, )* }
            }
        }

        $( impl Request for crate::messages::$module::$request {
            const KEY: ApiKey = ApiKey::$name;
            type Response = crate::messages::$module::$response;
        } )*
    };
}

impl ApiKey {
    /// How messages of this API look in `version`.
    pub fn shape(self, version: i16) -> Shape {
        Shape { version, flexible: version >= self.flexible_from() }
    }
}

apis! {
    Produce = 0, produce: ProduceRequest => ProduceResponse, 3..=13, flexible 9;
    Fetch = 1, fetch: FetchRequest => FetchResponse, 4..=18, flexible 12;
    ListOffsets = 2, list_offsets: ListOffsetsRequest => ListOffsetsResponse, 1..=10, flexible 6;
    Metadata = 3, metadata: MetadataRequest => MetadataResponse, 0..=13, flexible 9;
    OffsetCommit = 8, offset_commit: OffsetCommitRequest => OffsetCommitResponse, 2..=9, flexible 8;
    OffsetFetch = 9, offset_fetch: OffsetFetchRequest => OffsetFetchResponse, 1..=9, flexible 6;
    FindCoordinator = 10, find_coordinator: FindCoordinatorRequest => FindCoordinatorResponse,
        0..=6, flexible 3;
    JoinGroup = 11, join_group: JoinGroupRequest => JoinGroupResponse, 0..=9, flexible 6;
    Heartbeat = 12, heartbeat: HeartbeatRequest => HeartbeatResponse, 0..=4, flexible 4;
    LeaveGroup = 13, leave_group: LeaveGroupRequest => LeaveGroupResponse, 0..=5, flexible 4;
    SyncGroup = 14, sync_group: SyncGroupRequest => SyncGroupResponse, 0..=5, flexible 4;
    DescribeGroups = 15, describe_groups: DescribeGroupsRequest => DescribeGroupsResponse,
        0..=6, flexible 5;
    ListGroups = 16, list_groups: ListGroupsRequest => ListGroupsResponse, 0..=5, flexible 3;
    ApiVersions = 18, api_versions: ApiVersionsRequest => ApiVersionsResponse, 0..=4, flexible 3;
    CreateTopics = 19, create_topics: CreateTopicsRequest => CreateTopicsResponse,
        2..=7, flexible 5;
    DeleteTopics = 20, delete_topics: DeleteTopicsRequest => DeleteTopicsResponse,
        1..=6, flexible 4;
    DeleteRecords = 21, delete_records: DeleteRecordsRequest => DeleteRecordsResponse,
        0..=2, flexible 2;
    InitProducerId = 22, init_producer_id: InitProducerIdRequest => InitProducerIdResponse,
        0..=5, flexible 2;
    OffsetForLeaderEpoch = 23, offset_for_leader_epoch:
        OffsetForLeaderEpochRequest => OffsetForLeaderEpochResponse,
        2..=4, flexible 4;
    DescribeConfigs = 32, describe_configs: DescribeConfigsRequest => DescribeConfigsResponse,
        1..=4, flexible 4;
    CreatePartitions = 37, create_partitions: CreatePartitionsRequest => CreatePartitionsResponse,
        0..=3, flexible 2;
    DeleteGroups = 42, delete_groups: DeleteGroupsRequest => DeleteGroupsResponse,
        0..=2, flexible 2;
    IncrementalAlterConfigs = 44, incremental_alter_configs:
        IncrementalAlterConfigsRequest => IncrementalAlterConfigsResponse,
        0..=1, flexible 1;
    ListPartitionReassignments = 46, list_partition_reassignments:
        ListPartitionReassignmentsRequest => ListPartitionReassignmentsResponse,
        0..=0, flexible 0;
    OffsetDelete = 47, offset_delete: OffsetDeleteRequest => OffsetDeleteResponse,
        0..=0, flexible NEVER;
    DescribeCluster = 60, describe_cluster: DescribeClusterRequest => DescribeClusterResponse,
        0..=2, flexible 0;
    MirrorAppend = 20000, mirror_append: MirrorAppendRequest => MirrorAppendResponse,
        0..=0, flexible 0;
}
