//! Groups from outside: which there are, who is in them.

use futures::future::join_all;
use strait_wire::messages::delete_groups::DeleteGroupsRequest;
use strait_wire::messages::describe_groups::{
    DescribeGroupsRequest, DescribedGroup as GroupAnswer, DescribedGroupMember,
};
use strait_wire::messages::list_groups::ListGroupsRequest;
use strait_wire::{ApiKey, Bytes, ErrorCode, Request};

use super::Each;
use crate::cluster::{Cluster, To, Topics};
use crate::error::{ClientError, Subject, is_coordinator_moved};

/// A group in a listing.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ListedGroup {
    /// Its id.
    pub group: String,
    /// What its members speak: `consumer`, `connect`, …
    pub protocol_type: String,
    /// Its state; empty where the broker does not say.
    pub state: String,
    /// `classic` or `consumer`; empty where the broker does not say.
    pub kind: String,
}

/// A group with its members.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DescribedGroup {
    /// Its id.
    pub group: String,
    /// Its state; `Dead` for one that does not exist.
    pub state: String,
    /// What its members speak.
    pub protocol_type: String,
    /// The assignment strategy.
    pub protocol: String,
    /// Its members.
    pub members: Vec<DescribedMember>,
    /// The broker that coordinates it.
    pub coordinator: i32,
}

/// A member of a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DescribedMember {
    /// Its id.
    pub member_id: String,
    /// Its own name, for a static member.
    pub instance_id: Option<String>,
    /// What it calls itself.
    pub client_id: String,
    /// Where it connects from.
    pub host: String,
    /// What it told the group's leader.
    pub metadata: Bytes,
    /// What the group's leader gave it.
    pub assignment: Bytes,
}

impl Cluster {
    /// The groups of all brokers. A broker that fails fails the call: a partial list would lie.
    pub async fn list_groups(&self) -> Result<Vec<ListedGroup>, ClientError> {
        let view = self.metadata(Topics::Named(&[])).await?;
        let calls = view.brokers.keys().map(|broker| self.list_groups_of(*broker));
        let mut groups = Vec::new();
        for listed in join_all(calls).await {
            groups.extend(listed?);
        }
        groups.sort();
        groups.dedup();
        Ok(groups)
    }

    async fn list_groups_of(&self, broker: i32) -> Result<Vec<ListedGroup>, ClientError> {
        let mut patience = self.patience();
        loop {
            let response = self.call(To::Broker(broker), ListGroupsRequest::default()).await?;
            let code = response.error_code;
            if is_coordinator_moved(code) && patience.pause().await {
                continue;
            }
            self.check(ApiKey::ListGroups, Subject::Broker(broker), code, None)?;
            let listed = response.groups.into_iter().map(|group| ListedGroup {
                group: group.group_id,
                protocol_type: group.protocol_type,
                state: group.group_state,
                kind: group.group_type,
            });
            return Ok(listed.collect());
        }
    }

    /// Groups with their members; each is asked of its own coordinator.
    pub async fn describe_groups(&self, groups: &[&str]) -> Each<String, DescribedGroup> {
        let calls = groups
            .iter()
            .map(|group| async move { ((*group).to_owned(), self.describe_group(group).await) });
        join_all(calls).await
    }

    async fn describe_group(&self, group: &str) -> Result<DescribedGroup, ClientError> {
        let request =
            DescribeGroupsRequest { groups: vec![group.to_owned()], ..Default::default() };
        let code = |response: &<DescribeGroupsRequest as Request>::Response| {
            response.groups.first().map_or(ErrorCode::NONE, |g| g.error_code)
        };
        let response = self.ask_coordinator(group, request, code).await?;
        let found = response.groups.into_iter().next().unwrap_or_default();
        let message = found.error_message.clone();
        let subject = Subject::Group(group.to_owned());
        self.check(ApiKey::DescribeGroups, subject, found.error_code, message)?;
        Ok(DescribedGroup::new(found, self.coordinator(group).await?))
    }

    /// Deletes groups that have no members.
    pub async fn delete_groups(&self, groups: &[&str]) -> Each<String, ()> {
        let calls = groups
            .iter()
            .map(|group| async move { ((*group).to_owned(), self.delete_group(group).await) });
        join_all(calls).await
    }

    async fn delete_group(&self, group: &str) -> Result<(), ClientError> {
        let request = DeleteGroupsRequest { groups_names: vec![group.to_owned()] };
        let code = |response: &<DeleteGroupsRequest as Request>::Response| {
            response.results.first().map_or(ErrorCode::NONE, |g| g.error_code)
        };
        let response = self.ask_coordinator(group, request, code).await?;
        self.check(ApiKey::DeleteGroups, Subject::Group(group.to_owned()), code(&response), None)
    }

    /// Asks a group's coordinator, following it when it moves.
    pub(crate) async fn ask_coordinator<R: Request + Clone>(
        &self,
        group: &str,
        request: R,
        code: impl Fn(&R::Response) -> ErrorCode,
    ) -> Result<R::Response, ClientError> {
        let mut patience = self.patience();
        loop {
            let response = self.call(To::Coordinator(group), request.clone()).await?;
            if !is_coordinator_moved(code(&response)) {
                return Ok(response);
            }
            self.forget_coordinator(group);
            if !patience.pause().await {
                return Ok(response);
            }
        }
    }
}

impl DescribedGroup {
    fn new(answer: GroupAnswer, coordinator: i32) -> Self {
        let member = |member: DescribedGroupMember| DescribedMember {
            member_id: member.member_id,
            instance_id: member.group_instance_id,
            client_id: member.client_id,
            host: member.client_host,
            metadata: member.member_metadata,
            assignment: member.member_assignment,
        };
        Self {
            group: answer.group_id,
            state: answer.group_state,
            protocol_type: answer.protocol_type,
            protocol: answer.protocol_data,
            members: answer.members.into_iter().map(member).collect(),
            coordinator,
        }
    }
}
