//! What a flush covers, and when the recovery point moves.

use super::*;

fn stored_point(fixture: &Fixture) -> Option<i64> {
    checkpoint::load_recovery_point(fixture.dir()).unwrap()
}

#[test]
fn a_ticket_covers_what_was_there_when_it_was_taken() {
    let mut fixture = Fixture::new(small());
    fixture.append(batch(3));
    let ticket = fixture.log.sync();
    fixture.append(batch(3));
    assert_eq!(ticket.run().unwrap(), 3);
    fixture.log.mark_flushed(3);
    assert_eq!((fixture.log.flushed(), fixture.log.log_end()), (3, 6));
    assert!(!fixture.log.sync().is_empty());
    fixture.flush();
    assert!(fixture.log.sync().is_empty());
}

#[test]
fn an_unclean_restart_shows_readers_everything_it_kept() {
    let mut fixture = Fixture::new(small());
    (0..5).for_each(|_| fixture.append(batch(3)));
    assert_eq!(fixture.log.flushed(), 0);
    let fixture = fixture.reopen();
    assert_eq!((fixture.log.flushed(), fixture.log.log_end()), (15, 15));
}

#[test]
fn sealed_segments_stay_dirty_until_a_ticket_has_seen_them() {
    let mut fixture = Fixture::new(small());
    fixture.append(batch(3));
    let before = fixture.log.sync();
    (0..10).for_each(|_| fixture.append(batch(3)));
    assert!(!fixture.log.sealed.is_empty());
    fixture.log.mark_flushed(before.run().unwrap());
    assert!(fixture.log.dirty.has_files());
    fixture.flush();
    assert!(!fixture.log.dirty.has_files());
    assert_eq!(stored_point(&fixture), Some(33));
}

#[test]
fn the_point_moves_after_enough_data_and_at_the_close() {
    let settings = LogSettings { recovery_point_bytes: 1_000, ..LogSettings::default() };
    let mut fixture = Fixture::new(settings);
    fixture.append(batch(3));
    fixture.flush();
    assert_eq!(stored_point(&fixture), None);
    fixture.append(batch(3).value(500));
    fixture.flush();
    assert_eq!(stored_point(&fixture), Some(6));
    fixture.append(batch(3));
    fixture.log.close().unwrap();
    assert_eq!(stored_point(&fixture), Some(9));
}

#[test]
fn a_flush_from_before_a_truncation_moves_no_point() {
    let mut fixture = Fixture::new(LogSettings { recovery_point_bytes: 0, ..small() });
    (0..4).for_each(|_| fixture.append(batch(3)));
    let ticket = fixture.log.sync();
    fixture.log.truncate_to(3).unwrap();
    ticket.run().unwrap();
    assert_eq!(stored_point(&fixture), Some(0));
    fixture.flush();
    assert_eq!(stored_point(&fixture), Some(3));
}
