//! Looking records up by their time.

use super::*;

/// Timestamps of all records, by offset, the slow way.
fn records(log: &Log) -> Vec<(i64, i64)> {
    let batches = read_all(log);
    let records = batches.iter().flat_map(|b| b.records(1 << 20).unwrap().map(|r| r.unwrap()));
    records.filter(|r| r.offset >= log.log_start()).map(|r| (r.offset, r.timestamp)).collect()
}

fn check(log: &Log) {
    let all = records(log);
    for timestamp in 950..1_600 {
        let expected = all.iter().find(|r| r.1 >= timestamp).copied();
        assert_eq!(log.offset_for_timestamp(timestamp).unwrap(), expected, "at {timestamp}");
    }
    let latest = all.iter().map(|r| r.1).max();
    let expected = all.iter().find(|r| Some(r.1) == latest).copied();
    assert_eq!(log.max_timestamp().unwrap(), expected);
}

fn appended(timestamps: impl Iterator<Item = i64>) -> Fixture {
    let mut fixture = Fixture::new(small());
    for timestamp in timestamps {
        let codec = if timestamp % 2 == 0 { Compression::Lz4 } else { Compression::None };
        fixture.append(Batch { codec, ..batch(3).timestamp(timestamp) });
    }
    fixture
}

#[test]
fn the_exact_record_is_found() {
    let fixture = appended((0..60).map(|i| 1_000 + i * 7));
    check(&fixture.log);
    check(&fixture.reopen().restart().log);
}

#[test]
fn times_out_of_order_are_no_trouble() {
    let mut fixture = appended((0..60).map(|i| 1_000 + i * 37 % 400));
    check(&fixture.log);
    for start in [1, 4, 50, 100, 178, 179, 180] {
        fixture.log.delete_before(start).unwrap();
        check(&fixture.log);
    }
}

#[test]
fn an_empty_log_has_no_times() {
    let fixture = Fixture::new(small());
    assert_eq!(fixture.log.offset_for_timestamp(0).unwrap(), None);
    assert_eq!(fixture.log.max_timestamp().unwrap(), None);
}
