//! What is appended is read back, wherever segments end.

use super::*;

#[test]
fn batches_come_back_byte_for_byte_over_many_segments() {
    let mut fixture = Fixture::new(small());
    let mut expected = Vec::new();
    for i in 0..60 {
        let batch = batch(1 + i % 4).at(fixture.log.log_end());
        fixture.log.append(std::slice::from_ref(&batch), 1_000).unwrap();
        expected.push([&batch.head[..], &batch.block[..]].concat());
    }
    let found: Vec<_> = read_all(&fixture.log).iter().map(|b| b.bytes().to_vec()).collect();
    assert_eq!(found, expected);
    assert!(fixture.log.sealed.len() > 5);
    assert_eq!(fixture.log.size_bytes(), expected.iter().map(|b| b.len() as u64).sum::<u64>());
    assert!(fixture.log.open.count() <= fixture.log.settings.open_segments_max);
}

#[test]
fn one_call_may_fill_several_segments() {
    let mut fixture = Fixture::new(small());
    let stamped: Vec<_> = (0..40).map(|i| batch(2).at(2 * i)).collect();
    fixture.log.append(&stamped, 1_000).unwrap();
    assert_eq!(fixture.log.log_end(), 80);
    assert!(fixture.log.sealed.iter().all(|s| s.size <= 700 && !s.is_empty()));
    assert_eq!(fixture.contents().len(), 40);
}

#[test]
fn an_offset_inside_a_batch_returns_that_batch() {
    let mut fixture = Fixture::new(small());
    (0..20).for_each(|_| fixture.append(batch(5)));
    for offset in 0..100 {
        let slice = fixture.log.read(offset, 1, 100).unwrap().unwrap();
        let found = batches_in(&slice);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].header.base_offset, offset / 5 * 5);
    }
    assert!(fixture.log.read(100, 1, 100).unwrap().is_none());
}

#[test]
fn outside_the_log_is_an_error() {
    let mut fixture = Fixture::new(small());
    fixture.append(batch(5));
    fixture.log.delete_before(3).unwrap();
    for offset in [-1, 2, 6] {
        let error = fixture.log.read(offset, 100, i64::MAX).unwrap_err();
        assert!(matches!(error, LogError::OutOfRange { start: 3, end: 5, .. }));
    }
    let slice = fixture.log.read(3, 100, 5).unwrap().unwrap();
    assert_eq!(batches_in(&slice)[0].header.base_offset, 0);
}

#[test]
fn nothing_at_or_above_the_limit_is_read() {
    let mut fixture = Fixture::new(LogSettings { segment_bytes: 5000, ..small() });
    (0..30).for_each(|_| fixture.append(batch(2)));
    for below in 0..=60 {
        let read = fixture.log.read(0, usize::MAX >> 1, below).unwrap();
        let end = read.map_or(0, |s| batches_in(&s).last().unwrap().header.next_offset());
        assert_eq!(end, below / 2 * 2, "below {below}");
    }
}

#[test]
fn a_read_takes_as_many_whole_batches_as_fit() {
    let mut fixture = Fixture::new(LogSettings { segment_bytes: 1 << 20, ..small() });
    (0..100).for_each(|i| fixture.append(batch(1).value(10 + i)));
    let sizes: Vec<_> = fixture.contents().iter().map(|(_, size)| *size).collect();
    for start in [0usize, 1, 50, 98] {
        for max in [0, 1, sizes[start], sizes[start] + 1, 1000, 5000, 100_000] {
            let slice = fixture.log.read(start as i64, max, 100).unwrap().unwrap();
            let mut fitting = 0;
            let sums = sizes[start..].iter().take_while(|size| {
                fitting += **size;
                fitting <= max
            });
            assert_eq!(batches_in(&slice).len(), sums.count().max(1), "{start} {max}");
        }
    }
}

#[test]
fn holes_are_kept_and_read_over() {
    let mut fixture = Fixture::new(small());
    let offsets = [0, 10, 11, 500, 10_000, i64::from(i32::MAX) + 20_000, 1 << 40];
    for offset in offsets {
        fixture.log.append(&[batch(1).at(offset)], 1_000).unwrap();
    }
    for (before, after) in offsets.iter().zip(&offsets[1..]) {
        let slice = fixture.log.read(before + 1, 1, i64::MAX).unwrap().unwrap();
        assert_eq!(batches_in(&slice)[0].header.base_offset, *after);
    }
    let fixture = fixture.reopen();
    assert_eq!(fixture.contents().iter().map(|b| b.0).collect::<Vec<_>>(), offsets);
    assert_eq!(fixture.log.log_end(), (1 << 40) + 1);
}

#[test]
fn the_first_batch_of_an_empty_log_sets_its_start() {
    let mut fixture = Fixture::new(small());
    fixture.log.append(&[batch(3).at(1_000)], 1_000).unwrap();
    assert_eq!((fixture.log.log_start(), fixture.log.log_end()), (1_000, 1_003));
    assert_eq!(files(fixture.dir(), "log"), [1_000]);
    let fixture = fixture.reopen();
    assert_eq!((fixture.log.log_start(), fixture.log.log_end()), (1_000, 1_003));
}

#[test]
fn a_log_without_records_skips_too_and_keeps_its_producers() {
    let mut fixture = Fixture::new(small());
    fixture.append(batch(3).producer(7, 0, 0));
    fixture.log.delete_before(3).unwrap();
    fixture.log.append(&[batch(1).at(50)], 1_000).unwrap();
    assert_eq!((fixture.log.log_start(), fixture.log.log_end()), (50, 51));
    let fixture = fixture.reopen();
    assert_eq!(fixture.log.log_start(), 50);
    assert_eq!(fixture.log.producer(7).unwrap().next_sequence(), 3);
}

#[test]
fn a_segment_is_closed_when_its_time_is_over() {
    let mut fixture = Fixture::new(LogSettings { segment_ms: 100, ..LogSettings::default() });
    for (now, segments) in [(1_000, 1), (1_099, 1), (1_100, 2), (1_150, 2), (1_200, 3)] {
        let stamped = batch(1).at(fixture.log.log_end());
        fixture.log.append(&[stamped], now).unwrap();
        assert_eq!(fixture.log.sealed.len() + 1, segments, "at {now}");
    }
}

#[test]
fn a_batch_larger_than_a_segment_has_one_to_itself() {
    let mut fixture = Fixture::new(small());
    fixture.append(batch(1));
    fixture.append(batch(1).value(5_000));
    fixture.append(batch(1));
    assert_eq!(files(fixture.dir(), "log"), [0, 1, 2]);
    assert_eq!(fixture.contents().len(), 3);
}

#[test]
#[should_panic(expected = "cannot follow")]
fn an_offset_below_the_end_is_a_bug_of_the_caller() {
    let mut fixture = Fixture::new(small());
    fixture.append(batch(3));
    let _ = fixture.log.append(&[batch(1).at(2)], 1_000);
}
