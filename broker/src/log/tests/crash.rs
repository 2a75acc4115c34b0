//! What a log is after a kill, a power loss or a damaged file.

use super::*;

fn reopen(dir: &Path) -> Result<Log, LogError> {
    Log::open(dir, small(), Shutdown::Unclean)
}

#[test]
fn cut_at_every_byte_exactly_the_whole_batches_before_it_remain() {
    let mut fixture = Fixture::new(LogSettings { segment_bytes: 10_000, ..small() });
    for i in 0..3 {
        fixture.append(batch(i + 1).producer(5, 0, [0, 1, 3][i]));
    }
    let path = only(fixture.dir(), "log");
    let whole = fs::read(&path).unwrap();
    let ends: Vec<usize> = fixture
        .contents()
        .iter()
        .scan(0, |end, b| {
            *end += b.1;
            Some(*end)
        })
        .collect();
    drop(fixture.log);
    for length in 0..=whole.len() {
        overwrite(&path, &whole[..length]);
        let log = reopen(fixture.folder.path()).unwrap();
        let kept = ends.iter().filter(|end| **end <= length).count();
        assert_eq!(read_all(&log).len(), kept, "cut at {length}");
        assert_eq!(log.log_end(), [0, 1, 3, 6][kept]);
        assert_eq!(log.producer(5).map(|p| p.batches().len()).unwrap_or(0), kept);
        assert_eq!(
            log.cut().is_some(),
            kept > 0 && ends[kept - 1] < length || kept == 0 && length > 0
        );
    }
}

#[test]
fn a_tail_of_zeros_or_noise_is_cut() {
    for tail in [vec![0u8; 5_000], vec![0xff; 61], vec![0x5a; 3_000], vec![0; 1]] {
        let mut fixture = Fixture::new(small());
        (0..10).for_each(|_| fixture.append(batch(3)));
        let before = fixture.contents();
        let base = fixture.log.active.segment.base;
        let path = segment::path(fixture.dir(), base, "log");
        let torn = [fs::read(&path).unwrap(), tail.clone()].concat();
        overwrite(&path, &torn);
        let fixture = fixture.reopen();
        assert_eq!(fixture.contents(), before);
        assert_eq!(fixture.log.cut().unwrap().bytes, tail.len() as u64);
        assert!(fixture.reopen().log.cut().is_none());
    }
}

#[test]
fn damage_in_the_unflushed_part_cuts_there_and_drops_later_segments() {
    let mut fixture = Fixture::new(small());
    (0..30).for_each(|_| fixture.append(batch(3)));
    let second = fixture.log.sealed[1].base;
    let path = segment::path(fixture.dir(), second, "log");
    let mut bytes = fs::read(&path).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    overwrite(&path, &bytes);
    let mut fixture = fixture.reopen();
    assert_eq!(files(fixture.dir(), "log"), [0, second]);
    let end = fixture.log.log_end();
    assert!(end > second && end < 90);
    assert_eq!(fixture.contents().last().unwrap().0 + 3, end);
    fixture.append(batch(2));
    assert_eq!(fixture.reopen().log.log_end(), end + 2);
}

#[test]
fn damage_below_the_recovery_point_is_an_error_and_nothing_is_cut() {
    let mut fixture = Fixture::new(LogSettings { segment_bytes: 10_000, ..small() });
    (0..4).for_each(|_| fixture.append(batch(3)));
    fixture.checkpoint();
    (0..4).for_each(|_| fixture.append(batch(3)));
    let (path, dir) = (only(fixture.dir(), "log"), fixture.dir().to_owned());
    let bytes = fs::read(&path).unwrap();
    let size = fixture.contents()[0].1;
    for (broken, offset) in [(0, Some(0)), (3, Some(9)), (4, None), (7, None)] {
        let mut damaged = bytes.clone();
        damaged[broken * size + 70] ^= 4;
        overwrite(&path, &damaged);
        match (reopen(&dir), offset) {
            (Err(LogError::Corrupt { path: named, offset, .. }), Some(expected)) => {
                assert_eq!((named, offset), (path.clone(), expected));
                assert_eq!(fs::read(&path).unwrap(), damaged);
            }
            (Ok(log), None) => assert_eq!(log.log_end(), broken as i64 * 3),
            (other, _) => panic!("batch {broken}: {other:?}"),
        }
    }
    cut_file(&path, (size * 3) as u64);
    assert!(matches!(reopen(&dir), Err(LogError::Corrupt { offset: 9, .. })));
    fs::remove_file(&path).unwrap();
    assert!(matches!(reopen(&dir), Err(LogError::Corrupt { .. })));
}

#[test]
fn missing_short_and_wrong_indexes_are_rebuilt() {
    type Damage = fn(&Path);
    let damages: [Damage; 5] = [
        |path| fs::remove_file(path).unwrap(),
        |path| overwrite(path, &[]),
        |path| cut_file(path, fs::read(path).unwrap().len() as u64 - 1),
        |path| overwrite(path, &vec![0; fs::read(path).unwrap().len()]),
        |path| overwrite(path, &vec![0x7f; fs::read(path).unwrap().len()]),
    ];
    for damage in damages {
        for kind in ["index", "timeindex"] {
            let mut fixture = Fixture::new(small());
            (0..40).for_each(|i| fixture.append(batch(3).timestamp(1_000 + i * 10)));
            fixture.log.close().unwrap();
            let dir = fixture.dir().to_owned();
            let good: Vec<_> = files(&dir, kind)
                .iter()
                .map(|b| fs::read(&segment::path(&dir, *b, kind)).unwrap())
                .collect();
            for base in files(&dir, kind) {
                damage(&segment::path(&dir, base, kind));
            }
            let log = Log::open(&dir, small(), Shutdown::Clean).unwrap();
            for offset in 0..120 {
                let slice = log.read(offset, 1, 120).unwrap().unwrap();
                assert_eq!(batches_in(&slice)[0].header.base_offset, offset / 3 * 3);
            }
            assert_eq!(log.offset_for_timestamp(1_205).unwrap(), Some((63, 1_210)));
            let rebuilt: Vec<_> = files(&dir, kind)
                .iter()
                .map(|b| fs::read(&segment::path(&dir, *b, kind)).unwrap())
                .collect();
            assert_eq!(rebuilt, good);
        }
    }
}

#[test]
fn an_index_that_lies_is_not_believed() {
    let mut fixture = Fixture::new(LogSettings { segment_bytes: 10_000, ..small() });
    (0..40).for_each(|_| fixture.append(batch(3)));
    fixture.log.close().unwrap();
    let path = only(fixture.dir(), "index");
    let mut bytes = fs::read(&path).unwrap();
    assert!(bytes.len() > 40);
    bytes[16 + 3] -= 3;
    bytes[24 + 7] += 1;
    overwrite(&path, &bytes);
    let log = Log::open(fixture.dir(), small(), Shutdown::Clean).unwrap();
    for offset in 0..120 {
        for max in [1, 700, 2_000] {
            let slice = log.read(offset, max, 120).unwrap().unwrap();
            assert_eq!(batches_in(&slice)[0].header.base_offset, offset / 3 * 3);
        }
    }
}

#[test]
fn leftovers_of_a_crash_are_cleared() {
    let mut fixture = Fixture::new(small());
    (0..10).for_each(|_| fixture.append(batch(3)));
    let before = fixture.contents();
    let dir = fixture.dir().to_owned();
    overwrite(&dir.join("00000000000000009999.index"), b"12345678");
    overwrite(&dir.join("leader-epoch-checkpoint.tmp"), b"half");
    overwrite(&segment::path(&dir, 30, "log"), b"");
    let mut fixture = fixture.reopen();
    assert_eq!(fixture.contents(), before);
    assert!(!fs::exists(&dir.join("leader-epoch-checkpoint.tmp")));
    assert!(!files(&dir, "index").contains(&9999));
    fixture.append(batch(3));
    assert_eq!(fixture.reopen().log.log_end(), 33);
}

#[test]
fn a_sealed_segment_that_vanishes_is_an_error_and_no_hole() {
    let mut fixture = Fixture::new(small());
    (0..30).for_each(|_| fixture.append(batch(3)));
    let second = fixture.log.sealed[1].base;
    fs::remove_file(&segment::path(fixture.dir(), second, "log")).unwrap();
    assert!(fixture.log.read(second, 100, 90).is_err());
    assert!(!files(fixture.dir(), "log").contains(&second));
}

#[test]
fn a_clean_restart_reads_the_same() {
    let mut fixture = Fixture::new(small());
    (0..30).for_each(|_| fixture.append(batch(3)));
    let before = fixture.contents();
    let mut fixture = fixture.restart();
    assert_eq!(fixture.contents(), before);
    assert_eq!(fixture.log.flushed(), 90);
    assert!(fixture.log.sync().is_empty());
    fixture.append(batch(1));
    assert_eq!(fixture.reopen().log.log_end(), 91);
}
