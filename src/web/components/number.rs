//! Numbers as pages show them.

/// `1,234,567`: exact, grouped by thousands.
pub fn grouped(number: i64) -> String {
    let digits = number.unsigned_abs().to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3 + 1);
    if number < 0 {
        text.push('−');
    }
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Where room is scarce: `987`, `1.2k`, `34k`, `5.6M`. Rounded down, so that it never says more than there is.
pub fn short(number: i64) -> String {
    let size = number.unsigned_abs();
    let sign = if number < 0 { "−" } else { "" };
    let (unit, name) = match size {
        0..1_000 => return format!("{sign}{size}"),
        1_000..1_000_000 => (1_000, "k"),
        1_000_000..1_000_000_000 => (1_000_000, "M"),
        _ => (1_000_000_000, "G"),
    };
    let (whole, tenth) = (size / unit, size % unit * 10 / unit);
    if whole < 10 && tenth > 0 {
        format!("{sign}{whole}.{tenth}{name}")
    } else {
        format!("{sign}{whole}{name}")
    }
}

/// `1 event`, `2 events`, `1,204 events`.
pub fn counted(number: i64, one: &str, many: &str) -> String {
    let word = if number == 1 { one } else { many };
    format!("{} {word}", grouped(number))
}

/// The length of a list, grouped by thousands.
pub fn of_len(length: usize) -> String {
    grouped(i64::try_from(length).unwrap_or(i64::MAX))
}

/// The length of a list in words: `1 module`, `2 modules`.
pub fn counted_len(length: usize, one: &str, many: &str) -> String {
    counted(i64::try_from(length).unwrap_or(i64::MAX), one, many)
}

/// What part of `whole` is `part`, in percent: never `0%` for something, never `100%` for not everything.
pub fn percent(part: i64, whole: i64) -> String {
    if part <= 0 || whole <= 0 {
        return "0%".to_owned();
    }
    if part >= whole {
        return "100%".to_owned();
    }
    match rounded_percent(part, whole) {
        0 => "<1%".to_owned(),
        100 => ">99%".to_owned(),
        percent => format!("{percent}%"),
    }
}

/// A share with two digits behind the point: `99.98%`; never `100%` for not everything, nor `0%` for something.
pub fn rate(share: f64) -> String {
    let share = share.clamp(0.0, 1.0);
    if share <= 0.0 || share >= 1.0 {
        return format!("{:.0}%", share * 100.0);
    }
    format!("{:.2}%", (share * 100.0).clamp(0.01, 99.99))
}

/// The same as a number from 0 to 100, for the length of a bar.
pub fn rounded_percent(part: i64, whole: i64) -> u8 {
    if part <= 0 || whole <= 0 {
        return 0;
    }
    let percent = (i128::from(part) * 200 / i128::from(whole) + 1) / 2;
    u8::try_from(percent.min(100)).unwrap_or(100)
}

/// `812 bytes`, `1.4 kB`, `23 MB`.
pub fn bytes(count: u64) -> String {
    let count = i64::try_from(count).unwrap_or(i64::MAX);
    match count {
        0..1_000 => counted(count, "byte", "bytes"),
        1_000..1_000_000 => format!("{} kB", tenths(count, 1_000)),
        1_000_000..1_000_000_000 => format!("{} MB", tenths(count, 1_000_000)),
        _ => format!("{} GB", tenths(count, 1_000_000_000)),
    }
}

fn tenths(count: i64, unit: i64) -> String {
    let (whole, tenth) = (count / unit, count % unit * 10 / unit);
    if whole < 10 && tenth > 0 { format!("{whole}.{tenth}") } else { grouped(whole) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_not_rounded_to_all_or_nothing() {
        let told = [0.0, 0.000_001, 0.5, 0.987_65, 0.999_999, 1.0].map(rate);
        assert_eq!(told, ["0%", "0.01%", "50.00%", "98.77%", "99.99%", "100%"]);
    }

    #[test]
    fn thousands_are_grouped() {
        assert_eq!(grouped(0), "0");
        assert_eq!(grouped(999), "999");
        assert_eq!(grouped(1_000), "1,000");
        assert_eq!(grouped(-1_234_567), "−1,234,567");
        assert_eq!(grouped(i64::MIN), "−9,223,372,036,854,775,808");
    }

    #[test]
    fn a_short_number_never_says_more_than_there_is() {
        assert_eq!(short(999), "999");
        assert_eq!(short(1_000), "1k");
        assert_eq!(short(1_290), "1.2k");
        assert_eq!(short(34_999), "34k");
        assert_eq!(short(999_999), "999k");
        assert_eq!(short(5_600_000), "5.6M");
        assert_eq!(short(7_000_000_000), "7G");
    }

    #[test]
    fn one_is_singular() {
        assert_eq!(counted(0, "event", "events"), "0 events");
        assert_eq!(counted(1, "event", "events"), "1 event");
        assert_eq!(counted(1_204, "event", "events"), "1,204 events");
    }

    #[test]
    fn a_share_is_never_rounded_to_nothing_or_to_everything() {
        assert_eq!(percent(0, 10), "0%");
        assert_eq!(percent(1, 100_000), "<1%");
        assert_eq!(percent(1, 3), "33%");
        assert_eq!(percent(99_999, 100_000), ">99%");
        assert_eq!(percent(10, 10), "100%");
        assert_eq!(percent(5, 0), "0%");
        assert_eq!(rounded_percent(i64::MAX, i64::MAX), 100);
    }

    #[test]
    fn sizes_are_told_in_fitting_units() {
        assert_eq!(bytes(1), "1 byte");
        assert_eq!(bytes(812), "812 bytes");
        assert_eq!(bytes(1_440), "1.4 kB");
        assert_eq!(bytes(23_000_000), "23 MB");
    }
}
