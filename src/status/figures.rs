//! Numbers as people read them: grouped digits, sizes, spans of time. Pure.

/// `12,345`.
pub fn count(n: i64) -> String {
    let digits = n.unsigned_abs().to_string();
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    if n < 0 { format!("-{out}") } else { out }
}

/// An offset; a dash where it is not known.
pub fn offset(n: i64) -> String {
    if n < 0 { "–".to_owned() } else { count(n) }
}

/// `1 lane`, `3 lanes`.
pub fn plural(n: usize, noun: &str) -> String {
    format!("{} {noun}{}", count(n as i64), if n == 1 { "" } else { "s" })
}

/// `532 B`, `1.4 MB`.
pub fn bytes(n: f64) -> String {
    match n {
        n if n >= 999.95e6 => format!("{:.1} GB", n / 1e9),
        n if n >= 999.95e3 => format!("{:.1} MB", n / 1e6),
        n if n >= 999.5 => format!("{:.1} kB", n / 1e3),
        n => format!("{n:.0} B"),
    }
}

/// `0.4 s`, `45 s`, `3 min 20 s`, `2 h 5 min`, `3 d 4 h`.
pub fn span(seconds: f64) -> String {
    let whole = seconds.max(0.0).round() as u64;
    match whole {
        0 if seconds <= 0.0 => "0 s".to_owned(),
        0..10 => format!("{seconds:.1} s"),
        10..60 => format!("{whole} s"),
        60..3_600 => two(whole, (60, "min"), (1, "s")),
        3_600..86_400 => two(whole, (3_600, "h"), (60, "min")),
        _ => two(whole, (86_400, "d"), (3_600, "h")),
    }
}

fn two(seconds: u64, (large, name): (u64, &str), (small, small_name): (u64, &str)) -> String {
    match (seconds / large, seconds % large / small) {
        (n, 0) => format!("{n} {name}"),
        (n, rest) => format!("{n} {name} {rest} {small_name}"),
    }
}

/// The time of day in UTC, `15:50:45`.
pub fn clock(wall_ms: i64) -> String {
    let seconds = wall_ms.div_euclid(1000).rem_euclid(86_400);
    format!("{:02}:{:02}:{:02}", seconds / 3_600, seconds / 60 % 60, seconds % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_grouped() {
        let read = [0, 999, 1_000, 1_234_567, -12_345].map(count);
        assert_eq!(read, ["0", "999", "1,000", "1,234,567", "-12,345"]);
        assert_eq!(offset(-1), "–");
    }

    #[test]
    fn sizes_have_a_unit() {
        let read = [0.0, 999.0, 999.9, 1_400_000.0, 3.26e9].map(bytes);
        assert_eq!(read, ["0 B", "999 B", "1.0 kB", "1.4 MB", "3.3 GB"]);
    }

    #[test]
    fn the_clock_is_utc() {
        assert_eq!(clock(1_764_085_845_000), "15:50:45");
        assert_eq!(clock(0), "00:00:00");
    }

    #[test]
    fn spans_have_at_most_two_units() {
        let read = [0.0, 0.42, 45.2, 200.0, 7_500.0, 273_600.0, 120.0].map(span);
        assert_eq!(read, ["0 s", "0.4 s", "45 s", "3 min 20 s", "2 h 5 min", "3 d 4 h", "2 min"]);
    }
}
