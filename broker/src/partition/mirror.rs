//! Compare-and-append: whether a mirror's batches may enter a log. Pure.
//!
//! A lane says what it believes (`expected`) and who it is (`generation`). Only if both still
//! hold is anything appended, so a duplicate, a reordered request and a zombie are all refused
//! by construction, and the answer tells the lane where it really stands.
//!
//! `preserve`: batches keep their offsets, so the belief is the log end and every base offset is
//! at or after the end of the batch before it. `merge`: batches get new offsets, and the lane's
//! place is kept in the log's producer table, because a base sequence *is* the source's base
//! offset modulo 2^31.

use strait_wire::{BatchHeader, ErrorCode};

use super::AppendFault;

/// Lanes of one partition that may hold a generation they have not written with.
pub const LANES_MAX: usize = 4096;

/// Sequences count modulo this.
const SEQUENCES: i64 = 1 << 31;

/// What a lane says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Claim {
    /// -1 preserves; any other is the merging lane's id.
    pub producer_id: i64,
    /// The lane's generation.
    pub generation: i16,
    /// Where the lane believes it stands.
    pub expected: i64,
}

impl Claim {
    /// Whether batches keep their offsets.
    pub fn preserves(&self) -> bool {
        self.producer_id < 0
    }
}

/// What the log knows of a lane.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// In the terms of `expected` (merge: modulo 2^31; -1 if the lane never wrote).
    pub position: i64,
    /// The highest generation seen; -1 if none.
    pub generation: i16,
    /// The log end offset.
    pub log_end: i64,
}

impl Default for Standing {
    fn default() -> Self {
        Self { position: -1, generation: -1, log_end: -1 }
    }
}

/// The position after a batch that ends with this sequence.
pub fn after(last_sequence: i32) -> i64 {
    (i64::from(last_sequence) + 1) % SEQUENCES
}

/// Whether `headers` may be appended under `claim`. No headers at all is a question (or a claim
/// of a generation), and only the generation is looked at.
pub fn decide(
    claim: Claim,
    standing: Standing,
    headers: &[BatchHeader],
) -> Result<(), AppendFault> {
    if claim.generation < standing.generation {
        let what = format!(
            "generation {} was replaced by generation {}",
            claim.generation, standing.generation
        );
        return fault(ErrorCode::INVALID_PRODUCER_EPOCH, what);
    }
    if headers.is_empty() {
        return Ok(());
    }
    let expected = match claim.expected {
        n if claim.preserves() || n < 0 => n,
        n => n % SEQUENCES,
    };
    if expected != standing.position {
        let what = format!("expected position {expected}, it is {}", standing.position);
        return fault(ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER, what);
    }
    if claim.preserves() { preserve(standing, headers) } else { merge(claim, standing, headers) }
}

fn preserve(standing: Standing, headers: &[BatchHeader]) -> Result<(), AppendFault> {
    let mut next = standing.log_end;
    for header in headers {
        if header.base_offset < next {
            let what = format!("base offset {} comes before offset {next}", header.base_offset);
            return fault(ErrorCode::INVALID_RECORD, what);
        }
        next = header.next_offset();
    }
    Ok(())
}

fn merge(claim: Claim, standing: Standing, headers: &[BatchHeader]) -> Result<(), AppendFault> {
    let mut position = standing.position;
    for header in headers {
        if header.producer_id != claim.producer_id || header.producer_epoch != claim.generation {
            let what = format!(
                "a batch of producer {} epoch {} in the lane of producer {} generation {}",
                header.producer_id, header.producer_epoch, claim.producer_id, claim.generation
            );
            return fault(ErrorCode::INVALID_RECORD, what);
        }
        if header.is_control() {
            return fault(ErrorCode::INVALID_RECORD, "a merged lane has no markers".to_owned());
        }
        if header.base_sequence < 0 || !is_ahead(position, i64::from(header.base_sequence)) {
            let what =
                format!("sequence {} comes before position {position}", header.base_sequence);
            return fault(ErrorCode::INVALID_RECORD, what);
        }
        position = after(header.last_sequence());
    }
    Ok(())
}

/// Whether `sequence` lies at or ahead of `position` on the circle: less than half of it away.
fn is_ahead(position: i64, sequence: i64) -> bool {
    position < 0 || (sequence - position).rem_euclid(SEQUENCES) < SEQUENCES / 2
}

fn fault(code: ErrorCode, message: String) -> Result<(), AppendFault> {
    Err(AppendFault { code, message: Some(message) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use strait_wire::BatchBuilder;

    const LANE: i64 = 77;

    fn header(base_offset: i64, sequence: i32, epoch: i16) -> BatchHeader {
        let mut builder = BatchBuilder::default().producer(LANE, epoch, sequence);
        builder.add(1, None, Some(b"x"));
        builder.add(1, None, Some(b"y"));
        let bytes = builder.finish(strait_wire::Compression::None, None).expect("no codec");
        BatchHeader { base_offset, ..BatchHeader::parse(&bytes).expect("just built") }
    }

    fn code(result: Result<(), AppendFault>) -> ErrorCode {
        result.expect_err("must be refused").code
    }

    #[test]
    fn preserve_takes_only_what_follows() {
        let standing = Standing { position: 10, generation: 3, log_end: 10 };
        let claim = Claim { producer_id: -1, generation: 3, expected: 10 };
        let at = |offset| header(offset, 0, 0);
        assert_eq!(decide(claim, standing, &[at(10), at(15)]), Ok(()));
        let refused = |claim, headers: &[BatchHeader]| code(decide(claim, standing, headers));
        assert_eq!(refused(claim, &[at(10), at(11)]), ErrorCode::INVALID_RECORD);
        let behind = Claim { expected: 8, ..claim };
        assert_eq!(refused(behind, &[at(8)]), ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER);
        let zombie = Claim { generation: 2, ..claim };
        assert_eq!(refused(zombie, &[at(10)]), ErrorCode::INVALID_PRODUCER_EPOCH);
        assert_eq!(refused(zombie, &[]), ErrorCode::INVALID_PRODUCER_EPOCH);
    }

    #[test]
    fn merge_follows_the_circle_of_sequences() {
        let last = i32::MAX - 1;
        let standing = Standing { position: i64::from(last), generation: 1, log_end: 500 };
        let claim =
            Claim { producer_id: LANE, generation: 1, expected: 3 * SEQUENCES + i64::from(last) };
        assert_eq!(decide(claim, standing, &[header(0, last, 1), header(0, 0, 1)]), Ok(()));
        assert_eq!(decide(claim, standing, &[header(0, 5, 1)]), Ok(()));
        let refused = code(decide(claim, standing, &[header(0, last - 2, 1)]));
        assert_eq!(refused, ErrorCode::INVALID_RECORD);
        assert_eq!(code(decide(claim, standing, &[header(0, last, 2)])), ErrorCode::INVALID_RECORD);
    }

    #[test]
    fn a_lane_that_never_wrote_stands_at_minus_one() {
        let standing = Standing { position: -1, generation: -1, log_end: 500 };
        let claim = Claim { producer_id: LANE, generation: 0, expected: -1 };
        assert_eq!(decide(claim, standing, &[header(0, 1_000_000, 0)]), Ok(()));
        let claim = Claim { expected: 0, ..claim };
        assert_eq!(
            code(decide(claim, standing, &[header(0, 0, 0)])),
            ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER
        );
    }

    #[test]
    fn the_position_wraps() {
        assert_eq!(after(i32::MAX), 0);
        assert_eq!(after(4), 5);
    }
}
