//! Leader epochs and where they end.

use super::*;

fn with_epochs() -> Fixture {
    let mut fixture = Fixture::new(small());
    for epoch in [2, 2, 5, 5, 5, 9] {
        fixture.append(batch(10).epoch(epoch));
    }
    fixture
}

fn check(log: &Log) {
    let ends = [
        (-1, UNKNOWN_EPOCH),
        (0, (0, 0)),
        (2, (2, 20)),
        (3, (2, 20)),
        (5, (5, 50)),
        (8, (5, 50)),
        (9, (9, 60)),
        (10, UNKNOWN_EPOCH),
    ];
    for (epoch, end) in ends {
        assert_eq!(log.epoch_end(epoch), end, "epoch {epoch}");
    }
    assert_eq!(log.latest_epoch(), Some(9));
    assert_eq!([0, 19, 20, 49, 50, 59].map(|offset| log.epoch_at(offset)), [2, 2, 5, 5, 9, 9]);
}

#[test]
fn ends_are_kip_101s() {
    let fixture = with_epochs();
    check(&fixture.log);
    let text = fs::read_to_string(&fixture.dir().join("leader-epoch-checkpoint")).unwrap();
    assert_eq!(text, "0\n3\n2 0\n5 20\n9 50\n");
    check(&fixture.reopen().restart().log);
}

#[test]
fn a_lost_file_is_rebuilt_from_the_batches() {
    for content in [None, Some("0\n1\n7 0\n9 9\n"), Some("noise"), Some("0\n1\n2 0\n")] {
        let fixture = with_epochs();
        let path = fixture.dir().join("leader-epoch-checkpoint");
        fs::remove_file(&path).unwrap();
        content.iter().for_each(|text| overwrite(&path, text.as_bytes()));
        check(&fixture.reopen().log);
    }
}

#[test]
fn deletion_moves_the_first_epoch_up() {
    let mut fixture = with_epochs();
    fixture.log.delete_before(25).unwrap();
    assert_eq!(fixture.log.epoch_end(2), (2, 25));
    assert_eq!(fixture.log.epoch_at(25), 5);
    let fixture = fixture.reopen();
    assert_eq!(fixture.log.epoch_end(5), (5, 50));
    assert_eq!(fixture.log.epoch_at(25), 5);
}

#[test]
fn an_epoch_begins_before_its_first_record() {
    let mut fixture = with_epochs();
    fixture.log.begin_epoch(12).unwrap();
    assert_eq!(fixture.log.epoch_end(9), (9, 60));
    assert_eq!(fixture.log.epoch_end(12), (12, 60));
    fixture.append(batch(1).epoch(12));
    assert_eq!(fixture.log.epoch_end(12), (12, 61));
}
