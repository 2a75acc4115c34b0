//! Points in time and durations as Kafka's tools take them. Pure.
//!
//! `YYYY-MM-DDTHH:mm:ss.sss`, with `Z` or `+hh:mm` behind it or UTC without; `PnDTnHnMnS`.

const SECOND_MS: i64 = 1000;
const MINUTE_MS: i64 = 60 * SECOND_MS;
const HOUR_MS: i64 = 60 * MINUTE_MS;
const DAY_MS: i64 = 24 * HOUR_MS;

/// Milliseconds since 1970 of a date and time.
pub(super) fn datetime_ms(text: &str) -> Option<i64> {
    let (date, time) = text.split_once('T')?;
    let mut date = date.splitn(3, '-').map(|part| part.parse::<i64>().ok());
    let (year, month, day) = (date.next()??, date.next()??, date.next()??);
    let (time, zone_ms) = zone(time)?;
    let mut parts = time.splitn(3, ':');
    let hour: i64 = parts.next()?.parse().ok()?;
    let minute: i64 = parts.next()?.parse().ok()?;
    let second: f64 = parts.next().unwrap_or("0").parse().ok()?;
    let valid = (1..=12).contains(&month)
        && (1..=days_in(year, month)).contains(&day)
        && (0..24).contains(&hour)
        && (0..60).contains(&minute)
        && (0.0..60.0).contains(&second);
    let clock = hour * HOUR_MS + minute * MINUTE_MS + (second * 1000.0).round() as i64;
    valid.then(|| days_since_1970(year, month, day) * DAY_MS + clock - zone_ms)
}

/// Milliseconds of a duration.
pub(super) fn duration_ms(text: &str) -> Option<i64> {
    let (days, clock) = text.strip_prefix('P')?.split_once('T').unwrap_or((&text[1..], ""));
    let days = units(days, &[('D', DAY_MS)])?;
    let clock = units(clock, &[('H', HOUR_MS), ('M', MINUTE_MS), ('S', SECOND_MS)])?;
    Some(days + clock)
}

/// Splits the zone off a time: its distance from UTC in milliseconds.
fn zone(time: &str) -> Option<(&str, i64)> {
    if let Some(time) = time.strip_suffix('Z') {
        return Some((time, 0));
    }
    let Some(at) = time.find(['+', '-']) else { return Some((time, 0)) };
    let (time, zone) = time.split_at(at);
    let sign = if zone.starts_with('-') { -1 } else { 1 };
    let digits: String = zone.chars().filter(char::is_ascii_digit).collect();
    let hours: i64 = digits.get(..2)?.parse().ok()?;
    let minutes: i64 = digits.get(2..4).unwrap_or("0").parse().ok()?;
    Some((time, sign * (hours * HOUR_MS + minutes * MINUTE_MS)))
}

/// Sums `2H30M` by units in this order, each at most once.
fn units(text: &str, units: &[(char, i64)]) -> Option<i64> {
    let mut rest = text;
    let mut sum = 0;
    for (unit, ms) in units {
        if let Some((number, after)) = rest.split_once(*unit) {
            let number: f64 = number.parse().ok()?;
            sum += (number * *ms as f64).round() as i64;
            rest = after;
        }
    }
    rest.is_empty().then_some(sum)
}

fn days_in(year: i64, month: i64) -> i64 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        _ => 31,
    }
}

/// Counts from March on, so that the leap day ends the year.
fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let of_year = (153 * month + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_have_a_zone_or_are_utc() {
        assert_eq!(datetime_ms("1970-01-01T00:00:00.000"), Some(0));
        assert_eq!(datetime_ms("2024-02-29T12:34:56.789Z"), Some(1_709_210_096_789));
        assert_eq!(datetime_ms("2024-02-29T12:34:56.789+02:00"), Some(1_709_202_896_789));
        assert_eq!(datetime_ms("2024-02-29T12:34:56.789-0530"), Some(1_709_229_896_789));
        assert_eq!(datetime_ms("2000-03-01T00:00:00"), Some(951_868_800_000));
    }

    #[test]
    fn what_is_no_date_is_refused() {
        for text in ["", "2024-02-30T00:00:00", "2023-02-29T00:00:00", "2024-01-01", "yesterdayT1"]
        {
            assert_eq!(datetime_ms(text), None, "{text}");
        }
    }

    #[test]
    fn durations_are_iso_8601() {
        assert_eq!(duration_ms("P1DT2H3M4.5S"), Some(DAY_MS + 2 * HOUR_MS + 3 * MINUTE_MS + 4500));
        assert_eq!(duration_ms("PT0S"), Some(0));
        assert_eq!(duration_ms("PT30M"), Some(30 * MINUTE_MS));
        for text in ["", "1D", "PT1", "P1H", "PTxS"] {
            assert_eq!(duration_ms(text), None, "{text}");
        }
    }
}
