//! What it costs to verify a block, seal it under a new header and have its digest, beside the
//! CRC of the whole batch alone: `cargo bench --bench block_crc`.

#![allow(clippy::disallowed_methods)]

#[path = "harness/summary.rs"]
#[allow(dead_code, reason = "each bench uses its part")]
mod summary;

use std::hint::black_box;
use std::time::Instant;

use strait_wire::Compression;
use strait_wire::batch::{BatchBuilder, BlockCrc, RawBatch};
use summary::Summary;

const BYTES_A_ROUND: usize = 2_000_000_000;
const ROUNDS: usize = 5;

fn main() {
    println!("| block, bytes | one CRC, ns | verify + seal + digest, ns | more |");
    println!("|---|---|---|---|");
    for bytes in [1_000, 4_000, 21_600, 65_000, 1_000_000] {
        let batch = batch_of(bytes);
        let (mut bare, mut whole) = (Summary::default(), Summary::default());
        for _ in 0..ROUNDS {
            let turns = BYTES_A_ROUND / bytes;
            bare.push(time(turns, || verify_alone(black_box(&batch))));
            whole.push(time(turns, || mirror_one(black_box(&batch))));
        }
        let more = whole.median() - bare.median();
        println!("| {} | {bare:.0} | {whole:.0} | {more:.0} ns |", batch.block().len());
    }
}

fn verify_alone(batch: &RawBatch) -> u32 {
    batch.verify().expect("it was sealed");
    batch.header.crc
}

fn mirror_one(batch: &RawBatch) -> u32 {
    let crc = BlockCrc::of(&batch.block());
    crc.verify(&batch.header).expect("it was sealed");
    let head = crc.seal(black_box(batch.header));
    u32::from(head[60]) ^ crc.value()
}

fn time(turns: usize, mut work: impl FnMut() -> u32) -> f64 {
    let since = Instant::now();
    for _ in 0..turns {
        black_box(work());
    }
    since.elapsed().as_nanos() as f64 / turns as f64
}

fn batch_of(bytes: usize) -> RawBatch {
    let mut builder = BatchBuilder::default();
    builder.add(0, None, Some(&vec![b'x'; bytes]));
    let mut whole = builder.finish(Compression::None, None).expect("nothing to compress");
    RawBatch::split_from(&mut whole).expect("a batch just built parses")
}
