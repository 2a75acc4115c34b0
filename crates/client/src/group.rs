//! Membership in a group: join, sync, heartbeat, leave, in any protocol type.
//!
//! What the members tell each other is bytes to us. A member has a connection of its own,
//! because a join is answered only when the whole group has joined. `generation` and member id
//! are the coordinator's; a member that the group has given up learns it from `heartbeat` and
//! joins again, under a new id if need be. The caller heartbeats several times per session
//! timeout.

use bytes::Bytes;
use strait_io::time::Duration;
use strait_wire::messages::heartbeat::HeartbeatRequest;
use strait_wire::messages::join_group::{
    JoinGroupRequest, JoinGroupRequestProtocol, JoinGroupResponse,
};
use strait_wire::messages::leave_group::{LeaveGroupRequest, MemberIdentity};
use strait_wire::messages::sync_group::{SyncGroupRequest, SyncGroupRequestAssignment};
use strait_wire::{ApiKey, ErrorCode, Request};

use crate::cluster::Cluster;
use crate::connection::Connection;
use crate::error::{ClientError, Subject, is_coordinator_moved};

/// What a member is, before it joins.
#[derive(Debug, Clone)]
pub struct GroupSettings {
    /// The group's id.
    pub group: String,
    /// What its members speak; all must speak the same.
    pub protocol_type: String,
    /// The protocols this member can take part in, best first, each with what it tells the
    /// leader.
    pub protocols: Vec<(String, Bytes)>,
    /// How long the group waits for a heartbeat before it gives a member up.
    pub session_timeout: Duration,
    /// How long the group waits for its members to join again.
    pub rebalance_timeout: Duration,
    /// A name that survives restarts, for static membership.
    pub instance_id: Option<String>,
}

/// The generation a member has joined.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Joined {
    /// The generation.
    pub generation: i32,
    /// The member's id.
    pub member_id: String,
    /// The id of the member that plans for all.
    pub leader_id: String,
    /// The protocol all members share.
    pub protocol: String,
    /// For the leader: all members, each with what it told.
    pub members: Vec<JoinedMember>,
}

/// A member, as the group's leader sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JoinedMember {
    /// Its id.
    pub member_id: String,
    /// Its own name, for a static member.
    pub instance_id: Option<String>,
    /// What it told.
    pub metadata: Bytes,
}

/// What a heartbeat said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Beat {
    /// The generation stands.
    Stable,
    /// The group is forming a new generation: finish what must be finished, then join.
    Rejoin,
    /// The member is no longer in the group: what it owned belongs to others. Join anew.
    Lost,
}

/// A member of a group.
pub struct GroupMember {
    cluster: Cluster,
    settings: GroupSettings,
    member_id: String,
    generation: i32,
    protocol: String,
    connection: Option<Connection>,
}

impl Joined {
    /// Whether this member plans for all.
    pub fn is_leader(&self) -> bool {
        self.member_id == self.leader_id
    }
}

impl GroupMember {
    /// A member that has not joined yet.
    pub fn new(cluster: Cluster, settings: GroupSettings) -> Self {
        Self {
            cluster,
            settings,
            member_id: String::new(),
            generation: -1,
            protocol: String::new(),
            connection: None,
        }
    }

    /// The member's id; empty before it has joined.
    pub fn member_id(&self) -> &str {
        &self.member_id
    }

    /// The generation joined last; -1 for none.
    pub fn generation(&self) -> i32 {
        self.generation
    }

    /// Joins the group's next generation; returns when all its members have.
    pub async fn join(&mut self) -> Result<Joined, ClientError> {
        let mut patience = self.cluster.patience();
        loop {
            let hold = self.settings.rebalance_timeout;
            let response = self.ask(&self.join_request(), hold).await?;
            match response.error_code {
                ErrorCode::NONE => return Ok(self.joined(response)),
                ErrorCode::MEMBER_ID_REQUIRED if self.member_id.is_empty() => {
                    self.member_id = response.member_id;
                }
                ErrorCode::UNKNOWN_MEMBER_ID if !self.member_id.is_empty() => {
                    self.member_id.clear();
                }
                code => {
                    let passing = self.note(code) || code == ErrorCode::REBALANCE_IN_PROGRESS;
                    if !passing || !patience.pause().await {
                        return Err(self.error(ApiKey::JoinGroup, code));
                    }
                }
            }
        }
    }

    /// Hands in the leader's plan (others hand in nothing) and returns this member's part.
    /// An error with code `REBALANCE_IN_PROGRESS` means: join again.
    pub async fn sync(&mut self, plan: Vec<(String, Bytes)>) -> Result<Bytes, ClientError> {
        let assignments = plan
            .into_iter()
            .map(|(member_id, assignment)| SyncGroupRequestAssignment { member_id, assignment });
        let request = SyncGroupRequest {
            group_id: self.settings.group.clone(),
            generation_id: self.generation,
            member_id: self.member_id.clone(),
            group_instance_id: self.settings.instance_id.clone(),
            protocol_type: Some(self.settings.protocol_type.clone()),
            protocol_name: Some(self.protocol.clone()),
            assignments: assignments.collect(),
        };
        let response = self.ask(&request, self.settings.rebalance_timeout).await?;
        match response.error_code {
            ErrorCode::NONE => Ok(response.assignment),
            code => {
                self.note(code);
                Err(self.error(ApiKey::SyncGroup, code))
            }
        }
    }

    /// Tells the group that the member lives, and learns whether its generation stands.
    pub async fn heartbeat(&mut self) -> Result<Beat, ClientError> {
        let request = HeartbeatRequest {
            group_id: self.settings.group.clone(),
            generation_id: self.generation,
            member_id: self.member_id.clone(),
            group_instance_id: self.settings.instance_id.clone(),
        };
        let code = self.ask(&request, Duration::ZERO).await?.error_code;
        self.note(code);
        match code {
            ErrorCode::NONE => Ok(Beat::Stable),
            ErrorCode::REBALANCE_IN_PROGRESS => Ok(Beat::Rejoin),
            ErrorCode::UNKNOWN_MEMBER_ID | ErrorCode::ILLEGAL_GENERATION => Ok(Beat::Lost),
            code => Err(self.error(ApiKey::Heartbeat, code)),
        }
    }

    /// Leaves the group, so that it need not wait for the session timeout.
    pub async fn leave(mut self) -> Result<(), ClientError> {
        if self.member_id.is_empty() {
            return Ok(());
        }
        let identity = MemberIdentity {
            member_id: self.member_id.clone(),
            group_instance_id: self.settings.instance_id.clone(),
            reason: None,
        };
        let request = LeaveGroupRequest {
            group_id: self.settings.group.clone(),
            member_id: self.member_id.clone(),
            members: vec![identity],
        };
        let response = self.ask(&request, Duration::ZERO).await?;
        let member = response.members.first().map_or(ErrorCode::NONE, |m| m.error_code);
        let codes = [response.error_code, member];
        match codes.into_iter().find(|code| !code.is_ok()) {
            None | Some(ErrorCode::UNKNOWN_MEMBER_ID) => Ok(()),
            Some(code) => Err(self.error(ApiKey::LeaveGroup, code)),
        }
    }

    fn join_request(&self) -> JoinGroupRequest {
        let protocols = self.settings.protocols.iter().map(|(name, metadata)| {
            JoinGroupRequestProtocol { name: name.clone(), metadata: metadata.clone() }
        });
        JoinGroupRequest {
            group_id: self.settings.group.clone(),
            session_timeout_ms: millis(self.settings.session_timeout),
            rebalance_timeout_ms: millis(self.settings.rebalance_timeout),
            member_id: self.member_id.clone(),
            group_instance_id: self.settings.instance_id.clone(),
            protocol_type: self.settings.protocol_type.clone(),
            protocols: protocols.collect(),
            reason: None,
        }
    }

    fn joined(&mut self, response: JoinGroupResponse) -> Joined {
        self.member_id = response.member_id;
        self.generation = response.generation_id;
        self.protocol = response.protocol_name.unwrap_or_default();
        let members = response.members.into_iter().map(|member| JoinedMember {
            member_id: member.member_id,
            instance_id: member.group_instance_id,
            metadata: member.metadata,
        });
        Joined {
            generation: self.generation,
            member_id: self.member_id.clone(),
            leader_id: response.leader,
            protocol: self.protocol.clone(),
            members: members.collect(),
        }
    }

    /// Sends over the member's own connection, made anew when it has ended.
    async fn ask<R: Request>(
        &mut self,
        request: &R,
        hold: Duration,
    ) -> Result<R::Response, ClientError> {
        let connection = match self.connection.take().filter(|c| !c.is_closed()) {
            Some(connection) => connection,
            None => self.connect().await?,
        };
        self.connection = Some(connection.clone());
        let outcome = match connection.send_up_to(request, i16::MAX, hold).await {
            Ok(answer) => answer.await,
            Err(error) => Err(error),
        };
        if outcome.is_err() {
            self.forget_coordinator();
        }
        outcome
    }

    async fn connect(&self) -> Result<Connection, ClientError> {
        let broker = self.cluster.coordinator(&self.settings.group).await?;
        let connection = self.cluster.connect(broker).await;
        if connection.is_err() {
            self.cluster.forget_coordinator(&self.settings.group);
        }
        connection
    }

    /// Draws the consequences of a code; `true` if the same request may go better now.
    fn note(&mut self, code: ErrorCode) -> bool {
        if is_coordinator_moved(code) {
            self.forget_coordinator();
            return true;
        }
        if matches!(code, ErrorCode::UNKNOWN_MEMBER_ID) {
            self.member_id.clear();
        }
        false
    }

    fn forget_coordinator(&mut self) {
        self.connection = None;
        self.cluster.forget_coordinator(&self.settings.group);
    }

    fn error(&self, api: ApiKey, code: ErrorCode) -> ClientError {
        let subject = Subject::Group(self.settings.group.clone());
        self.cluster.error(api, subject, code, None)
    }
}

fn millis(duration: Duration) -> i32 {
    i32::try_from(duration.as_millis()).unwrap_or(i32::MAX)
}
