//! The requests that only look: OffsetFetch, ListGroups, DescribeGroups.

use std::collections::BTreeMap;
use std::sync::Arc;

use strait_wire::ErrorCode;
use strait_wire::messages::describe_groups::{
    DescribeGroupsRequest, DescribeGroupsResponse, DescribedGroup,
};
use strait_wire::messages::list_groups::{ListGroupsRequest, ListGroupsResponse, ListedGroup};
use strait_wire::messages::offset_fetch::{
    OffsetFetchRequest, OffsetFetchRequestGroup, OffsetFetchResponse, OffsetFetchResponseGroup,
    OffsetFetchResponsePartition, OffsetFetchResponsePartitions, OffsetFetchResponseTopic,
    OffsetFetchResponseTopics,
};

use super::offsets::{Committed, Offsets};
use super::{GroupCoordinator, Missing, hold};
use crate::request::Caller;

/// From this version on a fetch names groups as a list.
const FETCH_GROUPS_FROM: i16 = 8;
/// From this version on an unknown group is an error, before a group in state `Dead`.
const NOT_FOUND_FROM: i16 = 6;

impl GroupCoordinator {
    /// OffsetFetch; nothing committed is offset -1 and no error.
    pub async fn offset_fetch(
        self: &Arc<Self>,
        caller: &Caller,
        request: OffsetFetchRequest,
    ) -> OffsetFetchResponse {
        if caller.version >= FETCH_GROUPS_FROM {
            let groups = request.groups.into_iter().map(|group| self.fetch_group(group));
            return OffsetFetchResponse { groups: groups.collect(), ..Default::default() };
        }
        let wanted = request.topics.map(|topics| {
            topics.into_iter().map(|topic| (topic.name, topic.partition_indexes)).collect()
        });
        let topics = self.fetch(&request.group_id, wanted);
        let topics = topics.into_iter().map(|(name, partitions)| OffsetFetchResponseTopic {
            name,
            partitions: partitions.into_iter().map(old_partition).collect(),
        });
        OffsetFetchResponse { topics: topics.collect(), ..Default::default() }
    }

    /// ListGroups.
    pub async fn list_groups(
        self: &Arc<Self>,
        _: &Caller,
        request: ListGroupsRequest,
    ) -> ListGroupsResponse {
        let groups = self.cells().into_iter().filter_map(|cell| hold(&cell).group.listed());
        let mut groups: Vec<ListedGroup> = groups.filter(|group| wanted(&request, group)).collect();
        groups.sort_by(|a, b| a.group_id.cmp(&b.group_id));
        ListGroupsResponse { groups, ..Default::default() }
    }

    /// DescribeGroups.
    pub async fn describe_groups(
        self: &Arc<Self>,
        caller: &Caller,
        request: DescribeGroupsRequest,
    ) -> DescribeGroupsResponse {
        let groups = request.groups.into_iter().map(|id| {
            let missing = Missing::Refuse(ErrorCode::GROUP_ID_NOT_FOUND);
            let found = self.on_group(&id, missing, |slot, _| slot.group.describe());
            found.ok().flatten().unwrap_or_else(|| unknown(id, caller.version))
        });
        DescribeGroupsResponse { groups: groups.collect(), ..Default::default() }
    }

    fn fetch_group(self: &Arc<Self>, request: OffsetFetchRequestGroup) -> OffsetFetchResponseGroup {
        let wanted = request.topics.map(|topics| {
            topics.into_iter().map(|topic| (topic.name, topic.partition_indexes)).collect()
        });
        let topics = self.fetch(&request.group_id, wanted);
        let topics = topics.into_iter().map(|(name, partitions)| OffsetFetchResponseTopics {
            name,
            partitions: partitions.into_iter().map(partition).collect(),
        });
        OffsetFetchResponseGroup {
            group_id: request.group_id,
            topics: topics.collect(),
            ..Default::default()
        }
    }

    fn fetch(self: &Arc<Self>, id: &str, wanted: Option<Vec<(String, Vec<i32>)>>) -> Fetched {
        let missing = Missing::Refuse(ErrorCode::GROUP_ID_NOT_FOUND);
        let pick = |offsets: &Offsets| match &wanted {
            Some(wanted) => some(offsets, wanted),
            None => offsets.topics().map(|(topic, all)| (topic.clone(), every(all))).collect(),
        };
        let found = self.on_group(id, missing, |slot, _| pick(slot.group.offsets()));
        found.unwrap_or_else(|_| pick(&Offsets::default()))
    }
}

type Fetched = Vec<(String, Vec<(i32, Option<Committed>)>)>;

fn some(offsets: &Offsets, wanted: &[(String, Vec<i32>)]) -> Fetched {
    let topics = wanted.iter().map(|(topic, partitions)| {
        let found = partitions.iter().map(|p| (*p, offsets.get(topic, *p).cloned()));
        (topic.clone(), found.collect())
    });
    topics.collect()
}

fn every(partitions: &BTreeMap<i32, Committed>) -> Vec<(i32, Option<Committed>)> {
    partitions.iter().map(|(partition, found)| (*partition, Some(found.clone()))).collect()
}

fn partition((partition_index, found): (i32, Option<Committed>)) -> OffsetFetchResponsePartitions {
    OffsetFetchResponsePartitions {
        partition_index,
        committed_offset: found.as_ref().map_or(-1, |found| found.offset),
        committed_leader_epoch: found.as_ref().map_or(-1, |found| found.leader_epoch),
        metadata: Some(found.map(|found| found.metadata).unwrap_or_default()),
        error_code: ErrorCode::NONE,
    }
}

/// The same in the answers of versions that know one group.
fn old_partition(found: (i32, Option<Committed>)) -> OffsetFetchResponsePartition {
    let new = partition(found);
    OffsetFetchResponsePartition {
        partition_index: new.partition_index,
        committed_offset: new.committed_offset,
        committed_leader_epoch: new.committed_leader_epoch,
        metadata: new.metadata,
        error_code: new.error_code,
    }
}

fn wanted(request: &ListGroupsRequest, group: &ListedGroup) -> bool {
    let names = |filter: &[String], value: &str| {
        filter.is_empty() || filter.iter().any(|name| name.eq_ignore_ascii_case(value))
    };
    names(&request.states_filter, &group.group_state)
        && names(&request.types_filter, &group.group_type)
}

fn unknown(group_id: String, version: i16) -> DescribedGroup {
    let mut group = DescribedGroup { group_state: "Dead".to_owned(), ..Default::default() };
    if version >= NOT_FOUND_FROM {
        group.error_code = ErrorCode::GROUP_ID_NOT_FOUND;
        group.error_message = Some(format!("Group {group_id} not found."));
    }
    DescribedGroup { group_id, ..group }
}
