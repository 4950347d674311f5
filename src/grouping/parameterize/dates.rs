//! Dates and times in the forms that programs print (`grouping.md` §9.5).

use super::scan::{Scan, Word};

const DAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
const LONG_DAYS: [&str; 7] =
    ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// Zones by name; those of one letter are the military's.
const ZONES: [&str; 11] =
    ["UTC", "UT", "GMT", "EST", "EDT", "CST", "CDT", "MST", "MDT", "PST", "PDT"];

/// A way to write a date.
type Form = for<'t> fn(Scan<'t>) -> Option<Scan<'t>>;

/// A date, a time, or both.
pub(super) fn date<'t>(scan: Scan<'t>, word: Word<'t>) -> Option<Scan<'t>> {
    let forms: &[Form] = if word.bytes()[0].is_ascii_digit() {
        &[mail_date, date_time, clock, plain_date]
    } else if word.bytes() == b"datetime" {
        &[python_literal]
    } else if scan.any_of(&DAYS).is_some() || scan.any_of(&MONTHS).is_some() {
        &[mail_date, american_date, cookie_date, script_date, c_date]
    } else {
        &[]
    };
    forms.iter().find_map(|form| form(scan))
}

/// `Mon, 2 Jan 2006 15:04:05 +0100`, also without the day of the week or the seconds.
fn mail_date(scan: Scan<'_>) -> Option<Scan<'_>> {
    let day = scan.maybe(|scan| scan.any_of(&DAYS)?.literal(",")?.spaces());
    let year = day.digits(1, 2)?.spaces()?.any_of(&MONTHS)?.spaces()?.digits(2, 4)?;
    let zone = time(year.spaces()?)?.spaces()?;
    offset(zone, false).or_else(|| named_zone(zone))?.at_word_end()
}

/// `Mon Jan 02, 2006`, also without the day of the week.
fn american_date(scan: Scan<'_>) -> Option<Scan<'_>> {
    let day = optional_day(scan).any_of(&MONTHS)?.spaces()?.digits(2, 2)?;
    day.literal(",")?.spaces()?.digits(2, 4)?.at_word_end()
}

/// `Monday, 02-Jan-06 15:04:05 GMT`, as in cookies.
fn cookie_date(scan: Scan<'_>) -> Option<Scan<'_>> {
    let day = scan.any_of(&LONG_DAYS).or_else(|| scan.any_of(&DAYS))?.literal(",")?.spaces()?;
    let month = day.digits(2, 2)?.literal("-")?.any_of(&MONTHS)?;
    let year = month.literal("-")?.digits(2, 4)?.spaces()?;
    named_zone(full_time(year)?.spaces()?)?.at_word_end()
}

/// `Mon Jan 02 2006 15:04:05 GMT+0100 (Central European Time)`, as JavaScript prints it.
fn script_date(scan: Scan<'_>) -> Option<Scan<'_>> {
    let day = scan.any_of(&DAYS)?.spaces()?.any_of(&MONTHS)?.spaces()?.digits(2, 2)?;
    let year = day.spaces()?.digits(4, 4)?.spaces()?;
    let end = offset(full_time(year)?.spaces()?.literal("GMT")?, false)?;
    end.maybe(|scan| {
        let name = scan.literal(" (")?;
        let length = name.rest().iter().position(|byte| *byte == b')')?;
        (!name.rest()[..length].contains(&b'\n')).then(|| name.skip(length + 1))
    })
    .at_word_end()
}

/// `Mon Jan 2 15:04:05 2006`, as C prints it, also without the day of the week.
fn c_date(scan: Scan<'_>) -> Option<Scan<'_>> {
    let day = optional_day(scan).any_of(&MONTHS)?.spaces()?.digits(1, 2)?;
    full_time(day.spaces()?)?.spaces()?.digits(4, 4)?.at_word_end()
}

/// `2006-01-02T15:04:05.678+01:00` and its relatives: separators, seconds and zone may be missing.
fn date_time(scan: Scan<'_>) -> Option<Scan<'_>> {
    let year = scan.two_digits(b"0123456789")?.two_digits(b"0123456789")?;
    let day = year.maybe_literal("-").two_digits(b"01")?.maybe_literal("-").two_digits(b"0123")?;
    let hour = day.one_of(b"T ")?.two_digits(b"012")?;
    let minute = hour.maybe_literal(":").two_digits(b"012345")?;
    let second = minute.maybe(|scan| scan.maybe_literal(":").two_digits(b"0123456"));
    let has_second = second.at > minute.at;
    let fraction = second.maybe(|scan| scan.literal(".").filter(|_| has_second)?.digits(1, 12));
    // As much of it as ends where a word does.
    [fraction, second, minute].into_iter().find_map(|end| {
        let zone = end.maybe(|scan| offset(scan, true).or_else(|| scan.literal("Z")));
        zone.at_word_end().or_else(|| end.at_word_end())
    })
}

/// `3:04 PM`, `15:04:05`; not in longer chains of numbers and colons.
fn clock(scan: Scan<'_>) -> Option<Scan<'_>> {
    if scan.follows(|byte| *byte == b':') {
        return None;
    }
    let end = scan_time(scan, 1)?.unless(|byte| byte.is_ascii_digit() || *byte == b':')?;
    Some(end.maybe(|scan| scan.any_of(&[" AM", " PM", " am", " pm"])?.at_word_end()))
}

/// `2006-01-02`.
fn plain_date(scan: Scan<'_>) -> Option<Scan<'_>> {
    let month = scan.digits(4, 4)?.literal("-")?.two_digits(b"01")?;
    month.literal("-")?.two_digits(b"0123")?.at_word_end()
}

/// `datetime.datetime(2006, 1, 2, 15, 4)`, as Python prints it.
fn python_literal(scan: Scan<'_>) -> Option<Scan<'_>> {
    let inside = scan.literal("datetime.datetime(")?;
    let length = inside.rest().iter().position(|byte| *byte == b')')?;
    Some(inside.skip(length + 1))
}

fn optional_day(scan: Scan<'_>) -> Scan<'_> {
    scan.maybe(|scan| scan.any_of(&DAYS)?.spaces())
}

/// `15:04` or `15:04:05`.
fn time(scan: Scan<'_>) -> Option<Scan<'_>> {
    scan_time(scan, 2)
}

/// `15:04:05`.
fn full_time(scan: Scan<'_>) -> Option<Scan<'_>> {
    let minute = scan.two_digits(b"012")?.literal(":")?.two_digits(b"012345")?;
    minute.literal(":")?.two_digits(b"0123456")
}

/// A time whose hour has at least so many digits.
fn scan_time(scan: Scan<'_>, hour_digits: usize) -> Option<Scan<'_>> {
    let hour = scan.digits(hour_digits, 2)?;
    let is_hour = match scan.text[scan.at..hour.at] {
        [b'2', ones] => ones <= b'3',
        [tens, _] => tens <= b'1',
        _ => true,
    };
    let minute = is_hour.then_some(hour)?.literal(":")?.two_digits(b"012345")?;
    Some(minute.maybe(|scan| scan.literal(":")?.two_digits(b"0123456")))
}

/// `+0100`, or `+01:00` too.
fn offset(scan: Scan<'_>, may_have_colon: bool) -> Option<Scan<'_>> {
    let hour = scan.one_of(b"+-")?.two_digits(b"012")?;
    let colon = if may_have_colon { hour.maybe_literal(":") } else { hour };
    colon.two_digits(b"012345")
}

fn named_zone(scan: Scan<'_>) -> Option<Scan<'_>> {
    scan.any_of(&ZONES).or_else(|| scan.run(1, 1, u8::is_ascii_uppercase))
}
