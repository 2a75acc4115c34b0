//! Truncation, deletion, retention.

use super::*;

#[test]
fn truncation_leaves_exactly_what_lies_below() {
    for offset in 0..=48 {
        let mut fixture = Fixture::new(small());
        (0..16).for_each(|i| fixture.append(batch(3).epoch(i / 8).producer(1, 0, i * 3)));
        fixture.flush();
        fixture.log.truncate_to(offset).unwrap();
        let end = offset / 3 * 3;
        let check = |log: &Log| {
            assert_eq!(log.log_end(), end, "truncated to {offset}");
            assert_eq!(read_all(log).len() as i64, end / 3);
            let sequence = log.producer(1).map(|p| p.next_sequence());
            assert_eq!(sequence, (end > 0).then_some(end as i32));
            assert_eq!(log.latest_epoch(), (end > 0).then(|| (end as i32 - 1) / 24));
        };
        check(&fixture.log);
        assert!(fixture.log.flushed() <= end);
        let mut fixture = fixture.reopen();
        check(&fixture.log);
        fixture.append(batch(2));
        assert_eq!(fixture.reopen().log.log_end(), end + 2);
    }
}

#[test]
fn truncation_below_the_start_starts_over() {
    let mut fixture = Fixture::new(small());
    fixture.log.append(&[batch(3).epoch(4).at(100)], 1_000).unwrap();
    fixture.checkpoint();
    fixture.log.truncate_to(40).unwrap();
    assert_eq!((fixture.log.log_start(), fixture.log.log_end()), (40, 40));
    assert_eq!(fixture.log.latest_epoch(), None);
    let fixture = fixture.reopen();
    assert_eq!((fixture.log.log_start(), fixture.log.log_end()), (40, 40));
    assert_eq!(files(fixture.dir(), "log"), [40]);
}

#[test]
fn deleted_records_stay_deleted() {
    let mut fixture = Fixture::new(small());
    (0..30).for_each(|_| fixture.append(batch(3)));
    let third = fixture.log.sealed[2].base;
    fixture.log.delete_before(third + 1).unwrap();
    assert_eq!(fixture.log.log_start(), third + 1);
    assert_eq!(files(fixture.dir(), "log")[0], third);
    let mut fixture = fixture.reopen();
    assert_eq!(fixture.log.log_start(), third + 1);
    fixture.log.delete_before(5).unwrap();
    assert_eq!(fixture.log.log_start(), third + 1);
    let error = fixture.log.delete_before(91).unwrap_err();
    assert!(matches!(error, LogError::OutOfRange { offset: 91, .. }));
    fixture.log.delete_before(90).unwrap();
    let fixture = fixture.reopen();
    assert_eq!((fixture.log.log_start(), fixture.log.log_end()), (90, 90));
}

#[test]
fn a_log_cut_below_its_start_starts_over_there() {
    let mut fixture = Fixture::new(LogSettings { segment_bytes: 10_000, ..small() });
    (0..10).for_each(|_| fixture.append(batch(3)));
    fixture.log.delete_before(20).unwrap();
    cut_file(&only(fixture.dir(), "log"), 150);
    let mut fixture = fixture.reopen();
    assert_eq!((fixture.log.log_start(), fixture.log.log_end()), (20, 20));
    fixture.append(batch(1));
    assert_eq!(fixture.reopen().log.log_end(), 21);
}

#[test]
fn a_reader_keeps_what_it_holds() {
    let mut fixture = Fixture::new(small());
    (0..30).for_each(|_| fixture.append(batch(3)));
    let slice = fixture.log.read(0, 500, 90).unwrap().unwrap();
    let before = bytes_of(&slice);
    fixture.log.delete_before(90).unwrap();
    assert_eq!(bytes_of(&slice), before);
}

fn aged() -> Fixture {
    let mut fixture = Fixture::new(LogSettings { retention_ms: Some(100), ..small() });
    (0..30).for_each(|i| fixture.append(batch(3).timestamp(1_000 + i * 10)));
    fixture
}

#[test]
fn age_removes_whole_old_segments_and_never_above_the_limit() {
    let mut fixture = aged();
    let sealed = fixture.log.sealed.clone();
    assert_eq!(fixture.log.apply_retention(1_000, 90).unwrap(), []);
    let newest = sealed[1].newest.unwrap().timestamp;
    let now = newest + 101;
    assert_eq!(fixture.log.apply_retention(now, sealed[1].base - 1).unwrap(), []);
    let removed = fixture.log.apply_retention(now, 90).unwrap();
    assert_eq!(removed.iter().map(|r| r.base_offset).collect::<Vec<_>>(), [0, sealed[1].base]);
    assert!(removed.iter().all(|r| r.reason == Reason::Age && r.bytes > 0));
    assert_eq!(fixture.log.log_start(), sealed[2].base);
    assert_eq!(files(fixture.dir(), "log")[0], sealed[2].base);
    assert_eq!(fixture.reopen().log.log_start(), sealed[2].base);
}

#[test]
fn when_all_is_old_the_active_segment_goes_too() {
    let mut fixture = aged();
    fixture.log.apply_retention(1_000_000, 89).unwrap();
    assert!(fixture.log.size_bytes() > 0);
    fixture.log.apply_retention(1_000_000, 90).unwrap();
    assert_eq!((fixture.log.log_start(), fixture.log.log_end()), (90, 90));
    assert_eq!(fixture.log.size_bytes(), 0);
    let mut fixture = fixture.reopen();
    assert_eq!((fixture.log.log_start(), fixture.log.log_end()), (90, 90));
    fixture.append(batch(1));
    assert_eq!(fixture.contents().len(), 1);
}

#[test]
fn size_removes_what_the_log_can_do_without() {
    let keep = 1_500;
    let mut fixture =
        Fixture::new(LogSettings { retention_bytes: Some(keep), retention_ms: None, ..small() });
    (0..30).for_each(|_| fixture.append(batch(3)));
    let removed = fixture.log.apply_retention(i64::MAX, 90).unwrap();
    assert!(removed.len() > 1 && removed.iter().all(|r| r.reason == Reason::Size));
    let left = fixture.log.size_bytes();
    assert!(left >= keep && left - fixture.log.segment(0).size < keep);
    assert_eq!(fixture.log.apply_retention(i64::MAX, 90).unwrap(), []);
}
