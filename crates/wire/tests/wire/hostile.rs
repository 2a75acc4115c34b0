//! Bytes from nobody we trust: cut, flipped, random, and lengths that promise the moon.
//!
//! What decoding may allocate at its peak: [`BYTES_PER_FRAME_BYTE`] for each byte of the frame
//! (an empty string takes one byte there and 24 in memory, and a growing vector is briefly there
//! twice) and [`SLACK_BYTES`] on top, the room for one error.

use bytes::Bytes;
use strait_wire::batch::batches;
use strait_wire::frame::{RequestHeader, decode_response, frame_length};
use strait_wire::sample::{Sample, Sampler};
use strait_wire::{ApiKey, Reader, Request, Shape, Wire, Writer};

const BYTES_PER_FRAME_BYTE: u64 = 64;
const SLACK_BYTES: u64 = 1024;

/// Decodes and drops; the answer does not matter, only that there is one and what it costs.
fn decode_within_bounds<T: Wire>(frame: &[u8], shape: Shape) {
    let frame = Bytes::copy_from_slice(frame);
    let length = frame.len() as u64;
    let cost = allocation_counter::measure(|| {
        let _ = T::read(&mut Reader::new(frame.clone()), shape);
    });
    assert!(
        cost.bytes_max <= BYTES_PER_FRAME_BYTE * length + SLACK_BYTES,
        "{length} bytes made {} allocate {} (v{}): {frame:02x?}",
        std::any::type_name::<T>(),
        cost.bytes_max,
        shape.version,
    );
}

fn besiege<T: Wire + Sample>(shape: Shape) {
    let random = &mut Sampler::new(shape.version as u64);
    let mut frame = encoded::<T>(random, shape);
    for end in 0..frame.len() {
        decode_within_bounds::<T>(&frame[..end], shape);
    }
    for at in 0..frame.len() {
        for flip in [0x01, 0x7f, 0x80, 0xff] {
            frame[at] ^= flip;
            decode_within_bounds::<T>(&frame, shape);
            frame[at] ^= flip;
        }
    }
    for lie in LIES {
        for at in 0..frame.len() {
            let mut lying = frame.clone();
            let end = frame.len().min(at + lie.len());
            lying.splice(at..end, lie.iter().copied());
            decode_within_bounds::<T>(&lying, shape);
        }
    }
    for _ in 0..50 {
        let length = random.below(80);
        decode_within_bounds::<T>(&random.bytes(length), shape);
    }
    // Nothing but empty things: the most structs, strings and arrays a byte can buy.
    for filler in [0, 1, 2] {
        for at in 0..frame.len().min(60) {
            let crowded = [&frame[..at], &swarm(filler, shape)].concat();
            decode_within_bounds::<T>(&crowded, shape);
        }
    }
}

/// Counts and lengths: 2^31 - 1, -1, -2, -2^31, and the same as compact ones.
const LIES: [&[u8]; 6] = [
    &[0x7f, 0xff, 0xff, 0xff],
    &[0xff, 0xff, 0xff, 0xff],
    &[0xff, 0xff, 0xff, 0xfe],
    &[0x80, 0, 0, 0],
    &[0xff, 0xff, 0xff, 0xff, 0x0f],
    &[0xff, 0xff, 0xff, 0xff, 0x7f],
];

/// An array that claims an element for each of the 1,000 bytes that follow.
fn swarm(filler: u8, shape: Shape) -> Vec<u8> {
    let mut swarm = if shape.flexible { vec![0xe9, 0x07] } else { vec![0, 0, 0x03, 0xe8] };
    swarm.resize(swarm.len() + 1000, filler);
    swarm
}

/// A valid message of at most 400 bytes.
fn encoded<T: Wire + Sample>(random: &mut Sampler, shape: Shape) -> Vec<u8> {
    loop {
        let mut to = Writer::default();
        T::sample(random, shape).write(&mut to, shape);
        if to.len() <= 400 {
            return to.into_bytes().to_vec();
        }
    }
}

fn besiege_api<R: Request + Sample>()
where
    R::Response: Sample,
{
    for version in R::KEY.versions() {
        besiege::<R>(R::KEY.shape(version));
        besiege::<R::Response>(R::KEY.shape(version));
        for length in 0..12 {
            let _ = decode_response::<R>(vec![0xff; length].into(), version);
        }
    }
}

macro_rules! besieged {
    ($( $api:ident::$request:ident, )*) => {
        $( #[test]
        fn $api() {
            besiege_api::<strait_wire::messages::$api::$request>();
        } )*

        #[test]
        fn no_api_is_left_out() {
            let besieged = [$( strait_wire::messages::$api::$request::KEY ),*];
            assert_eq!(besieged, ApiKey::ALL);
        }
    };
}

besieged! {
    produce::ProduceRequest,
    fetch::FetchRequest,
    list_offsets::ListOffsetsRequest,
    metadata::MetadataRequest,
    offset_commit::OffsetCommitRequest,
    offset_fetch::OffsetFetchRequest,
    find_coordinator::FindCoordinatorRequest,
    join_group::JoinGroupRequest,
    heartbeat::HeartbeatRequest,
    leave_group::LeaveGroupRequest,
    sync_group::SyncGroupRequest,
    describe_groups::DescribeGroupsRequest,
    list_groups::ListGroupsRequest,
    api_versions::ApiVersionsRequest,
    create_topics::CreateTopicsRequest,
    delete_topics::DeleteTopicsRequest,
    delete_records::DeleteRecordsRequest,
    init_producer_id::InitProducerIdRequest,
    offset_for_leader_epoch::OffsetForLeaderEpochRequest,
    describe_configs::DescribeConfigsRequest,
    create_partitions::CreatePartitionsRequest,
    delete_groups::DeleteGroupsRequest,
    incremental_alter_configs::IncrementalAlterConfigsRequest,
    list_partition_reassignments::ListPartitionReassignmentsRequest,
    offset_delete::OffsetDeleteRequest,
    describe_cluster::DescribeClusterRequest,
    mirror_append::MirrorAppendRequest,
}

#[test]
fn request_headers() {
    let random = &mut Sampler::new(1);
    for length in (0..40).cycle().take(4000) {
        let frame = Bytes::from(random.bytes(length));
        let _ = RequestHeader::read(&mut Reader::new(frame), |_, version| version & 1 == 0);
    }
}

#[test]
fn only_lengths_within_the_cap_are_frames() {
    assert_eq!(frame_length([0, 0, 0, 9], 9), Ok(9));
    assert!(frame_length([0, 0, 0, 10], 9).is_err());
    assert!(frame_length([0x7f, 0xff, 0xff, 0xff], 9).is_err());
    assert!(frame_length([0xff, 0xff, 0xff, 0xff], usize::MAX).is_err());
    assert!(frame_length([0x80, 0, 0, 0], usize::MAX).is_err());
}

#[test]
fn a_tag_may_not_come_twice_or_out_of_order() {
    let tags = |bytes: &'static [u8]| {
        let mut seen = Vec::new();
        let mut from = Reader::new(Bytes::from_static(bytes));
        from.tags(|tag, _| {
            seen.push(tag);
            Ok(())
        })
        .map(|()| seen)
    };
    assert_eq!(tags(&[2, 0, 0, 7, 1, 0xaa]), Ok(vec![0, 7]));
    assert!(tags(&[2, 3, 0, 3, 0]).is_err());
    assert!(tags(&[2, 3, 0, 1, 0]).is_err());
    assert!(tags(&[1, 0, 2, 0xaa]).is_err());
    assert!(tags(&[0xff, 0xff, 0xff, 0xff, 0x0f]).is_err());
}

#[test]
fn random_bytes_are_no_batches() {
    let random = &mut Sampler::new(2);
    for length in (0..200).cycle().take(4000) {
        let mut bytes = random.bytes(length);
        if let Some(magic) = bytes.get_mut(16) {
            *magic = 2;
        }
        for batch in batches(bytes.into()).flatten() {
            let _ = batch.verify();
            let _ = batch.records(1 << 16).map(|records| records.count());
        }
    }
}
