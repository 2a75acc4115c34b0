//! Writes an answer: memory by vectored writes, large file ranges by the kernel alone.

use std::io::{self, IoSlice};

use bytes::{Buf, Bytes};
use strait_io::net::{OwnedWriteHalf, send_file};
use strait_wire::Piece;
use tokio::io::AsyncWriteExt;

use crate::dispatch::{Answer, FileRange};

/// Below this a range is read and sent with what surrounds it; above, `sendfile` is cheaper.
const SENDFILE_BYTES_MIN: usize = 32 * 1024;
/// Parts of one vectored write; the kernel takes at most 1024.
const PARTS_MAX: usize = 64;

/// Sends the answer and tells how many bytes it had.
pub(super) async fn send(write: &mut OwnedWriteHalf, answer: Answer) -> io::Result<u64> {
    let mut sent = 0;
    let mut memory = Vec::new();
    for piece in answer.pieces {
        sent += piece.len() as u64;
        match piece {
            Piece::Bytes(bytes) => memory.push(bytes),
            Piece::Deferred { index, len } if len < SENDFILE_BYTES_MIN => {
                memory.push(read_range(&answer.ranges[index], len)?);
            }
            Piece::Deferred { index, len } => {
                write_all(write, std::mem::take(&mut memory)).await?;
                let range = &answer.ranges[index];
                send_file(write.as_ref(), &range.file, range.position, len).await?;
            }
        }
    }
    write_all(write, memory).await?;
    Ok(sent)
}

fn read_range(range: &FileRange, len: usize) -> io::Result<Bytes> {
    let mut bytes = vec![0; len];
    range.file.read_exact_at(&mut bytes, range.position)?;
    Ok(bytes.into())
}

async fn write_all(write: &mut OwnedWriteHalf, mut parts: Vec<Bytes>) -> io::Result<()> {
    let mut first = 0;
    while first < parts.len() {
        let slices: Vec<IoSlice<'_>> =
            parts[first..].iter().take(PARTS_MAX).map(|part| IoSlice::new(part)).collect();
        let mut count = write.write_vectored(&slices).await?;
        if count == 0 {
            return Err(io::ErrorKind::WriteZero.into());
        }
        while first < parts.len() && count >= parts[first].len() {
            count -= parts[first].len();
            first += 1;
        }
        if count > 0 {
            parts[first].advance(count);
        }
    }
    Ok(())
}
