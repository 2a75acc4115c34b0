//! The five codecs: round trips, caps, and the forms that Java insists on.
//!
//! The caps are measured on Rust's allocator. zstd's window lives on the C side: at most the
//! 128 MiB its frame header may ask for, touched only as far as bytes really come out.

use strait_wire::Compression;
use strait_wire::compression::CodecError;
use strait_wire::sample::Sampler;

const MIB: usize = 1024 * 1024;
/// LZ4 frames may have blocks of 4 MiB, legacy ones of 8, each with a packed twin.
const DECODER_BYTES: u64 = 20 * MIB as u64;

const ALL: [Compression; 5] = [
    Compression::None,
    Compression::Gzip,
    Compression::Snappy,
    Compression::Lz4,
    Compression::Zstd,
];

fn text(length: usize) -> Vec<u8> {
    let random = &mut Sampler::new(3);
    let words = ["the ", "strait ", "carries ", "ships, ", "currents ", "and ", "漢字 "];
    let mut text = Vec::with_capacity(length + 8);
    while text.len() < length {
        text.extend_from_slice(words[random.below(words.len())].as_bytes());
    }
    text.truncate(length);
    text
}

#[test]
fn what_goes_in_comes_out() {
    let random = Sampler::new(4).bytes(100_000);
    for block in [&[][..], &[7], &text(100), &text(64 * 1024), &text(MIB), &random] {
        for codec in ALL {
            for level in [None, Some(1), Some(9)] {
                let packed = codec.compress(block, level).expect("memory does not fail");
                let open = codec.decompress(&packed, block.len()).expect("it is what we packed");
                assert!(open == block, "{} of {} bytes", codec.name(), block.len());
            }
        }
    }
}

#[test]
fn text_shrinks() {
    let block = text(MIB);
    for codec in &ALL[1..] {
        let packed = codec.compress(&block, None).expect("memory does not fail");
        assert!(packed.len() < block.len() / 2, "{}: {}", codec.name(), packed.len());
    }
}

#[test]
fn one_byte_over_the_limit_is_refused() {
    let block = text(10_000);
    for codec in ALL {
        let packed = codec.compress(&block, None).expect("memory does not fail");
        assert!(codec.decompress(&packed, 10_000).is_ok());
        let refused = codec.decompress(&packed, 9_999);
        assert!(matches!(refused, Err(CodecError::TooLarge { limit: 9_999, .. })), "{refused:?}");
    }
}

/// 32 KiB that open to 1 GiB: a window, then 8192 run-length blocks of 128 KiB.
fn zstd_bomb() -> Vec<u8> {
    let mut bomb = vec![0x28, 0xb5, 0x2f, 0xfd, 0, 10 << 3];
    for block in 0..8192u32 {
        let last = u32::from(block == 8191);
        bomb.extend_from_slice(&(last | 1 << 1 | (128 * 1024) << 3).to_le_bytes()[..3]);
        bomb.push(b'0');
    }
    bomb
}

/// A Xerial chunk that says it opens to 2^32 - 1 bytes.
fn snappy_bomb() -> Vec<u8> {
    let mut bomb = Compression::Snappy.compress(&[], None).expect("memory does not fail");
    bomb.extend_from_slice(&[0, 0, 0, 6, 0xff, 0xff, 0xff, 0xff, 0x0f, 0]);
    bomb
}

#[test]
fn bombs_do_not_go_off() {
    let zeros = vec![0; 32 * MIB];
    let packed = |codec: Compression| codec.compress(&zeros, None).expect("memory does not fail");
    let bombs = [
        (Compression::Gzip, packed(Compression::Gzip)),
        (Compression::Lz4, packed(Compression::Lz4)),
        (Compression::Zstd, packed(Compression::Zstd)),
        (Compression::Snappy, packed(Compression::Snappy)),
        (Compression::Zstd, zstd_bomb()),
        (Compression::Snappy, snappy_bomb()),
        (Compression::Snappy, vec![0xff, 0xff, 0xff, 0xff, 0x0f, 0]),
    ];
    for (codec, bomb) in bombs {
        let mut answer = None;
        let cost = allocation_counter::measure(|| answer = Some(codec.decompress(&bomb, MIB)));
        assert!(matches!(answer, Some(Err(CodecError::TooLarge { .. }))), "{}", codec.name());
        assert!(cost.bytes_max <= 4 * MIB as u64, "{}: {}", codec.name(), cost.bytes_max);
    }
}

#[test]
fn broken_blocks_are_errors_within_bounds() {
    let limit = 64 * 1024;
    let random = &mut Sampler::new(5);
    for codec in ALL {
        let packed = codec.compress(&text(3000), None).expect("memory does not fail");
        let attack = |bytes: &[u8]| {
            let cost = allocation_counter::measure(|| {
                let _ = codec.decompress(bytes, limit);
            });
            assert!(cost.bytes_max <= DECODER_BYTES, "{}: {}", codec.name(), cost.bytes_max);
        };
        (0..packed.len()).step_by(7).for_each(|end| attack(&packed[..end]));
        for at in 0..packed.len() {
            let mut flipped = packed.clone();
            flipped[at] ^= 1 << random.below(8);
            attack(&flipped);
        }
        (0..100).for_each(|length| attack(&random.bytes(length)));
    }
}

/// Java's reader refuses linked blocks and checks the header's checksum; its own writer begins
/// with these very bytes: version 1, independent blocks, no checksums, no content size, 64 KiB.
#[test]
fn lz4_frames_are_what_java_writes() {
    let block = text(200_000);
    let frame = Compression::Lz4.compress(&block, None).expect("memory does not fail");
    assert_eq!(frame[..7], [0x04, 0x22, 0x4d, 0x18, 0x60, 0x40, 0x82]);
    let mut left = &frame[7..];
    let mut open = Vec::new();
    while let Some((size, rest)) = left.split_first_chunk::<4>() {
        let size = u32::from_le_bytes(*size);
        if size == 0 {
            assert!(rest.is_empty(), "the end mark is the end");
            break;
        }
        let (packed, rest) = rest.split_at((size & 0x7fff_ffff) as usize);
        if size >> 31 == 1 {
            open.extend_from_slice(packed);
        } else {
            let alone = lz4_flex::block::decompress(packed, 64 * 1024);
            open.extend(alone.expect("a block needs no other block"));
        }
        left = rest;
    }
    assert_eq!(left, [0; 4]);
    assert!(open == block);
}

/// Java's `compression.zstd.level` goes to 22, whose streams ask for a window of 128 MiB.
#[test]
fn zstd_streams_of_every_level_open() {
    let block = text(50_000);
    for level in [1, 3, 19, 20, 22] {
        let packed = zstd::stream::encode_all(&block[..], level).expect("memory does not fail");
        let open = Compression::Zstd.decompress(&packed, block.len()).expect("a valid frame");
        assert!(open == block, "level {level}");
    }
}

#[test]
fn gzip_members_may_follow_each_other() {
    let members = [&b"one"[..], b"two"]
        .map(|part| Compression::Gzip.compress(part, None).expect("memory does not fail"))
        .concat();
    assert_eq!(Compression::Gzip.decompress(&members, 6).expect("two members"), b"onetwo");
    assert!(Compression::Gzip.decompress(&members, 5).is_err());
}

#[test]
fn bare_snappy_blocks_are_read() {
    let bare = snap::raw::Encoder::new().compress_vec(b"bare").expect("memory does not fail");
    assert_eq!(Compression::Snappy.decompress(&bare, 4).expect("a bare block"), b"bare");
}

#[test]
fn names_and_numbers() {
    for (number, codec) in ALL.into_iter().enumerate() {
        assert_eq!(codec.bits(), number as i16);
        assert_eq!(Compression::from_attributes(number as i16 | 0x78), Some(codec));
        assert_eq!(Compression::from_name(codec.name()), Some(codec));
    }
    assert_eq!(Compression::from_attributes(5), None);
    assert_eq!(Compression::from_name("lzo"), None);
}
