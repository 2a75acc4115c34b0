//! Random histories against a plain list of batches.

use proptest::prelude::*;

use super::*;

#[derive(Debug, Clone)]
enum Step {
    Append { batches: Vec<(usize, usize, i64)> },
    Read { permille: i64, max: usize, below: i64 },
    Flush,
    Kill,
    Restart,
    Tear { bytes: u64 },
    Truncate { permille: i64 },
    Delete { permille: i64 },
}

fn step() -> impl Strategy<Value = Step> {
    let batch = (1..6usize, 0..120usize, prop_oneof![5 => Just(0i64), 1 => 1..50i64]);
    let append = prop::collection::vec(batch, 1..6).prop_map(|batches| Step::Append { batches });
    let read = (0..1000i64, 0..2_000usize, 0..1000i64)
        .prop_map(|(permille, max, below)| Step::Read { permille, max, below });
    prop_oneof![
        8 => append,
        8 => read,
        2 => Just(Step::Flush),
        1 => Just(Step::Kill),
        1 => Just(Step::Restart),
        1 => (1..200u64).prop_map(|bytes| Step::Tear { bytes }),
        1 => (500..1000i64).prop_map(|permille| Step::Truncate { permille }),
        1 => (0..500i64).prop_map(|permille| Step::Delete { permille }),
    ]
}

/// Batches by base offset: base, next, bytes.
#[derive(Debug, Default)]
struct Model {
    batches: Vec<(i64, i64, Vec<u8>)>,
    start: i64,
    end: i64,
}

impl Model {
    fn offset(&self, permille: i64) -> i64 {
        self.start + (self.end - self.start) * permille / 1000
    }

    fn append(&mut self, batch: &Stamped) {
        let base = batch.header.base_offset;
        if self.start == self.end && base > self.end {
            (self.start, self.end) = (base, base);
            self.batches.clear();
        }
        self.end = batch.header.next_offset();
        self.batches.push((base, self.end, [&batch.head[..], &batch.block[..]].concat()));
    }

    /// The log ends after its last batch, or where its last segment begins.
    fn truncate(&mut self, offset: i64, last_base: i64) {
        self.batches.retain(|batch| batch.1 <= offset);
        self.end = self.batches.last().map_or(last_base, |batch| batch.1.max(last_base));
        self.start = self.start.min(self.end);
    }

    fn read(&self, offset: i64, max: usize, below: i64) -> Vec<u8> {
        let mut found = Vec::new();
        let from = self.batches.iter().filter(|b| b.1 > offset && b.1 <= below);
        for batch in from {
            if !found.is_empty() && found.len() + batch.2.len() > max {
                break;
            }
            found.extend_from_slice(&batch.2);
        }
        found
    }
}

fn run(steps: Vec<Step>) {
    let mut fixture = Fixture::new(LogSettings { open_segments_max: 2, ..small() });
    let mut model = Model::default();
    for step in steps {
        fixture = apply(step, fixture, &mut model);
        let log = &fixture.log;
        assert!(log.log_start() <= log.flushed() && log.flushed() <= log.log_end());
        assert_eq!((log.log_start(), log.log_end()), (model.start, model.end));
    }
    let all: Vec<u8> = read_all(&fixture.log).iter().flat_map(|b| b.bytes().to_vec()).collect();
    assert_eq!(all, model.read(model.start, usize::MAX, model.end));
}

fn apply(step: Step, mut fixture: Fixture, model: &mut Model) -> Fixture {
    match step {
        Step::Append { batches } => {
            let mut next = model.end;
            let mut stamped = Vec::new();
            for (records, value, hole) in batches {
                stamped.push(batch(records).value(value).at(next + hole));
                next += hole + records as i64;
            }
            fixture.log.append(&stamped, 1_000).unwrap();
            stamped.iter().for_each(|batch| model.append(batch));
        }
        Step::Read { permille, max, below } => check_read(&fixture, model, permille, max, below),
        Step::Flush => fixture.flush(),
        Step::Kill => return fixture.reopen(),
        Step::Restart => return fixture.restart(),
        Step::Tear { bytes } => return tear(fixture, model, bytes),
        Step::Truncate { permille } => {
            let offset = model.offset(permille);
            let first = fixture.log.segment(0).base;
            fixture.log.truncate_to(offset).unwrap();
            if offset <= first && offset < model.end {
                *model = Model { batches: Vec::new(), start: offset, end: offset };
            } else if offset < model.end {
                model.truncate(offset, fixture.log.active.segment.base);
            }
        }
        Step::Delete { permille } => {
            let offset = model.offset(permille);
            fixture.log.delete_before(offset).unwrap();
            model.start = model.start.max(offset);
        }
    }
    fixture
}

/// A read may end with its segment; what it returns is a prefix of what the model returns.
fn check_read(fixture: &Fixture, model: &Model, permille: i64, max: usize, below: i64) {
    let (offset, below) = (model.offset(permille), model.offset(below));
    let expected = model.read(offset, max, below);
    let found = fixture.log.read(offset, max, below).unwrap();
    let found = found.map_or(Bytes::new(), |slice| bytes_of(&slice));
    assert_eq!(found.is_empty(), expected.is_empty() || offset >= below);
    assert_eq!(found[..], expected[..found.len()]);
    if found.len() < expected.len() && !found.is_empty() {
        let last = batches(found).last().expect("not empty").expect("whole").header;
        let ends_a_segment = (0..fixture.log.sealed.len())
            .any(|at| fixture.log.sealed[at].next_offset == last.next_offset());
        assert!(ends_a_segment, "short only at the end of a segment");
    }
}

/// A power loss that takes the end of the unflushed part.
fn tear(fixture: Fixture, model: &mut Model, bytes: u64) -> Fixture {
    let active = &fixture.log.active.segment;
    let path = segment::path(fixture.dir(), active.base, "log");
    let point = checkpoint::load_recovery_point(fixture.dir()).unwrap().unwrap_or(0);
    let durable: u64 = model
        .batches
        .iter()
        .filter(|b| b.0 >= active.base && b.1 <= point.max(fixture.log.flushed()))
        .map(|b| b.2.len() as u64)
        .sum();
    let (size, base) = (active.size, active.base);
    let left = size.saturating_sub(bytes).max(durable);
    cut_file(&path, left);
    let mut kept = 0;
    model.batches.retain(|batch| {
        kept += if batch.0 >= base { batch.2.len() as u64 } else { 0 };
        batch.0 < base || kept <= left
    });
    let fixture = fixture.reopen();
    let end = model.batches.last().map_or(base, |b| b.1).max(base);
    model.end = end;
    if end < model.start {
        model.batches.clear();
        model.end = model.start;
    }
    fixture
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn the_log_behaves_like_a_list(steps in prop::collection::vec(step(), 1..40)) {
        run(steps);
    }
}
