//! Producers: the leader's verdict, and what survives which restart.

use super::*;
use producers::{Verdict, check};

fn entry_after(batches: &[Batch]) -> Fixture {
    let mut fixture = Fixture::new(small());
    batches.iter().for_each(|b| fixture.append(b.clone()));
    fixture
}

fn verdict(fixture: &Fixture, batch: Batch) -> Verdict {
    check(fixture.log.producer(7), &batch.at(0).header)
}

#[test]
fn the_verdicts_are_kafkas() {
    let fixture = entry_after(&[
        batch(2).producer(7, 3, 0),
        batch(3).producer(7, 3, 2),
        batch(1).producer(7, 3, 5),
    ]);
    let cases = [
        (batch(1).producer(7, 3, 6), Verdict::Append),
        (batch(2).producer(7, 3, 0), Verdict::Duplicate { base_offset: 0 }),
        (batch(3).producer(7, 3, 2), Verdict::Duplicate { base_offset: 2 }),
        (batch(1).producer(7, 3, 5), Verdict::Duplicate { base_offset: 5 }),
        (batch(2).producer(7, 3, 5), Verdict::OutOfOrder { expected: 6 }),
        (batch(1).producer(7, 3, 7), Verdict::OutOfOrder { expected: 6 }),
        (batch(1).producer(7, 3, 0), Verdict::OutOfOrder { expected: 6 }),
        (batch(1).producer(7, 4, 0), Verdict::Append),
        (batch(1).producer(7, 4, 6), Verdict::OutOfOrder { expected: 0 }),
        (batch(2).producer(7, 2, 0), Verdict::StaleEpoch { current: 3 }),
    ];
    for (batch, expected) in cases {
        assert_eq!(verdict(&fixture, batch.clone()), expected, "{batch:?}");
    }
    assert_eq!(check(None, &batch(1).producer(9, 5, 77).at(0).header), Verdict::Append);
}

#[test]
fn only_the_last_five_batches_are_duplicates() {
    let sent: Vec<_> = (0..7).map(|i| batch(1).producer(7, 0, i)).collect();
    let fixture = entry_after(&sent);
    for (i, batch) in sent.into_iter().enumerate() {
        let expected = match i {
            0 | 1 => Verdict::OutOfOrder { expected: 7 },
            i => Verdict::Duplicate { base_offset: i as i64 },
        };
        assert_eq!(verdict(&fixture, batch), expected);
    }
}

#[test]
fn sequences_wrap_to_zero() {
    let fixture = entry_after(&[batch(2).producer(7, 0, i32::MAX - 1)]);
    assert_eq!(verdict(&fixture, batch(1).producer(7, 0, 0)), Verdict::Append);
    let fixture = entry_after(&[batch(4).producer(7, 0, i32::MAX - 1)]);
    assert_eq!(verdict(&fixture, batch(1).producer(7, 0, 2)), Verdict::Append);
    let again = batch(4).producer(7, 0, i32::MAX - 1);
    assert_eq!(verdict(&fixture, again.clone()), Verdict::Duplicate { base_offset: 0 });
    assert_eq!(verdict(&fixture.restart(), again), Verdict::Duplicate { base_offset: 0 });
}

#[test]
fn a_lane_may_jump_forwards() {
    let fixture = entry_after(&[batch(2).producer(7, 0, 10), batch(2).producer(7, 0, 500)]);
    assert_eq!(fixture.log.producer(7).unwrap().next_sequence(), 502);
    assert_eq!(fixture.log.producer(7).unwrap().batches().len(), 2);
}

#[test]
fn a_marker_starts_its_epoch_without_batches() {
    let mut fixture = entry_after(&[batch(2).producer(7, 0, 0)]);
    fixture.log.append(&[marker(2, 7, 1, 500)], 1_000).unwrap();
    for fixture in [fixture.reopen()].into_iter().map(Fixture::restart) {
        let entry = fixture.log.producer(7).unwrap();
        assert_eq!((entry.epoch, entry.batches().len(), entry.last_timestamp), (1, 0, 500));
        let stale = Verdict::StaleEpoch { current: 1 };
        assert_eq!(verdict(&fixture, batch(1).producer(7, 0, 2)), stale);
        assert_eq!(verdict(&fixture, batch(1).producer(7, 1, 0)), Verdict::Append);
    }
}

/// What must be equal before and after a restart.
type Remembered = (i16, i64, Option<i64>, Vec<producers::ProducerBatch>);

fn state(log: &Log) -> Vec<Option<Remembered>> {
    let remembered =
        |e: &ProducerEntry| (e.epoch, e.last_timestamp, e.transaction_start, e.batches().to_vec());
    (0..12).map(|id| log.producer(id).map(remembered)).collect()
}

fn busy() -> Fixture {
    let mut fixture = Fixture::new(small());
    for i in 0..80 {
        let batch = batch(2).timestamp(i64::from(i)).producer(i64::from(i % 9), 1, i / 9 * 2);
        fixture.append(batch);
    }
    let end = fixture.log.log_end();
    fixture.log.append(&[marker(end, 3, 1, 900), marker(end + 1, 4, 2, 901)], 1_000).unwrap();
    fixture
}

#[test]
fn the_state_survives_every_kind_of_restart_exactly() {
    let fixture = busy();
    let before = state(&fixture.log);
    assert!(before[..9].iter().all(|entry| entry.is_some()));
    let fixture = fixture.reopen();
    assert_eq!(state(&fixture.log), before);
    let fixture = fixture.restart();
    assert_eq!(state(&fixture.log), before);
    assert_eq!(state(&fixture.reopen().log), before);
}

#[test]
fn it_survives_the_deletion_of_the_batches_it_came_from() {
    let mut fixture = busy();
    let before = state(&fixture.log);
    fixture.log.delete_before(fixture.log.log_end()).unwrap();
    assert_eq!(state(&fixture.reopen().log), before);
}

#[test]
fn a_damaged_snapshot_is_passed_over() {
    let fixture = busy();
    let before = state(&fixture.log);
    let dir = fixture.dir().to_owned();
    let offsets = files(&dir, "snapshot");
    assert_eq!(offsets.len(), 2);
    let newest = segment::path(&dir, offsets[1], "snapshot");
    let mut bytes = fs::read(&newest).unwrap();
    bytes[20] ^= 1;
    overwrite(&newest, &bytes);
    let fixture = fixture.reopen();
    assert_eq!(state(&fixture.log), before);
    assert_eq!(files(&dir, "snapshot"), [offsets[0]]);
    overwrite(&segment::path(&dir, offsets[0], "snapshot"), b"short");
    assert_eq!(state(&fixture.reopen().log), before);
}

#[test]
fn idle_producers_are_forgotten_one_period_after_they_were_seen() {
    let settings = LogSettings { producer_expiration_ms: 50, retention_ms: None, ..small() };
    let mut fixture = Fixture::new(settings);
    fixture.append(batch(1).producer(7, 0, 0));
    fixture.log.apply_retention(1_049, 0).unwrap();
    assert!(fixture.log.producer(7).is_some());
    let mut fixture = fixture.reopen();
    fixture.log.apply_retention(9_000, 0).unwrap();
    assert!(fixture.log.producer(7).is_some());
    fixture.log.apply_retention(9_050, 0).unwrap();
    assert!(fixture.log.producer(7).is_none());
}
