//! What two shares tell about each other. Pure.

use std::ops::RangeInclusive;

/// So many of so many.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sample {
    /// Those it happened to.
    pub part: u64,
    /// All of them.
    pub whole: u64,
}

/// Quantile of the normal distribution for intervals of 99 %.
const Z: f64 = 2.575_829_303_548_901;

/// Beyond so many cases the exact test takes long and the normal distribution is as good.
const MAX_EXACT: u64 = 20_000;

impl Sample {
    /// A sample of counts, none of which is below zero; more cases than there were at all are all of them.
    pub fn of(part: i64, whole: i64) -> Self {
        let whole = u64::try_from(whole).unwrap_or_default();
        Self { part: u64::try_from(part).unwrap_or_default().min(whole), whole }
    }

    /// The share, 0 to 1; 0 of nothing.
    pub fn share(self) -> f64 {
        if self.whole == 0 { 0.0 } else { real(self.part) / real(self.whole) }
    }

    /// Where the true share lies with 99 % confidence: Wilson's score interval, which is right for small samples and for
    /// shares next to 0, too.
    pub fn interval(self) -> RangeInclusive<f64> {
        if self.whole == 0 {
            return 0.0..=1.0;
        }
        let (n, p, zz) = (real(self.whole), self.share(), Z * Z);
        let middle = (p + zz / (2.0 * n)) / (1.0 + zz / n);
        let reach = Z * (p * (1.0 - p) / n + zz / (4.0 * n * n)).sqrt() / (1.0 + zz / n);
        (middle - reach).max(0.0)..=(middle + reach).min(1.0)
    }
}

/// By how much the share of `new` exceeds that of `old`, with 99 % confidence: Newcombe's interval, made of the two Wilson
/// intervals.
pub fn difference(new: Sample, old: Sample) -> RangeInclusive<f64> {
    let (one, other) = (new.interval(), old.interval());
    let (p, q) = (new.share(), old.share());
    let below = ((p - one.start()).powi(2) + (other.end() - q).powi(2)).sqrt();
    let above = ((one.end() - p).powi(2) + (q - other.start()).powi(2)).sqrt();
    p - q - below..=p - q + above
}

/// How likely as many cases as `new` has, or more, are if both samples are of one kind: Fisher's exact test, one-sided.
///
/// Exact means that of identical samples no more than a share of `alpha` gets a value below `alpha`, however few the cases.
pub(super) fn chance_of_more(new: Sample, old: Sample) -> f64 {
    let cases = new.part + old.part;
    if cases == 0 || new.whole == 0 || old.whole == 0 {
        return 1.0;
    }
    if cases > MAX_EXACT {
        return normal_chance(new, old);
    }
    let all = new.whole + old.whole;
    let most = cases.min(new.whole);
    // The logarithms of the chances of `new.part`, and of one more each time.
    let mut term =
        ln_choose(new.whole, new.part) + ln_choose(old.whole, old.part) - ln_choose(all, cases);
    let mut chance = term.exp();
    for part in new.part..most {
        // The next of a hypergeometric distribution by its predecessor.
        let up = real(new.whole - part) * real(cases - part);
        let down = real(part + 1) * real(old.whole + part + 1 - cases);
        term += (up / down).ln();
        let next = term.exp();
        chance += next;
        if next < chance * 1e-12 {
            break;
        }
    }
    chance.min(1.0)
}

/// The same by the normal distribution.
fn normal_chance(new: Sample, old: Sample) -> f64 {
    let pooled = real(new.part + old.part) / real(new.whole + old.whole);
    let error = (pooled * (1.0 - pooled) * (1.0 / real(new.whole) + 1.0 / real(old.whole))).sqrt();
    if error == 0.0 { 1.0 } else { upper_tail((new.share() - old.share()) / error) }
}

/// The chance of more than `z` under the normal distribution (Abramowitz and Stegun 26.2.17, good to 10⁻⁷).
fn upper_tail(z: f64) -> f64 {
    if z < 0.0 {
        return 1.0 - upper_tail(-z);
    }
    let t = 1.0 / (1.0 + 0.231_641_9 * z);
    let series = [0.319_381_530, -0.356_563_782, 1.781_477_937, -1.821_255_978, 1.330_274_429];
    let sum = series.iter().rev().fold(0.0, |sum, factor| (sum + factor) * t);
    (-z * z / 2.0).exp() / (2.0 * std::f64::consts::PI).sqrt() * sum
}

fn ln_choose(n: u64, k: u64) -> f64 {
    ln_factorial(n) - ln_factorial(k) - ln_factorial(n - k)
}

/// ln n!, by Stirling's series, which is good to 10⁻¹² from 16 on.
fn ln_factorial(n: u64) -> f64 {
    if n < 16 {
        return (2..=n).map(|factor| real(factor).ln()).sum();
    }
    let x = real(n);
    let correction = 1.0 / (12.0 * x) - 1.0 / (360.0 * x.powi(3)) + 1.0 / (1260.0 * x.powi(5));
    x * x.ln() - x + 0.5 * (2.0 * std::f64::consts::PI * x).ln() + correction
}

#[expect(clippy::cast_precision_loss, reason = "a chance needs no more than 53 bits")]
fn real(n: u64) -> f64 {
    n as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(one: f64, other: f64, by: f64) {
        assert!((one - other).abs() <= by, "{one} {other}");
    }

    #[test]
    fn intervals_are_those_of_the_books() {
        // Wilson, 99 %: 10 of 100, and none of 50.
        let interval = Sample { part: 10, whole: 100 }.interval();
        close(*interval.start(), 0.045_96, 1e-4);
        close(*interval.end(), 0.203_97, 1e-3);
        let none = Sample { part: 0, whole: 50 }.interval();
        close(*none.start(), 0.0, 1e-12);
        close(*none.end(), 0.117_2, 1e-3);
        assert_eq!(Sample::default().interval(), 0.0..=1.0);
        let apart = difference(Sample { part: 56, whole: 70 }, Sample { part: 48, whole: 80 });
        assert!(*apart.start() < 0.2 && *apart.end() > 0.2);
        close(*apart.start(), 0.007, 0.01);
    }

    #[test]
    fn the_exact_test_is_fishers() {
        // The lady tasting tea: 3 of 4 and 4 of 4 right.
        close(
            chance_of_more(Sample { part: 3, whole: 4 }, Sample { part: 1, whole: 4 }),
            0.242_857,
            1e-6,
        );
        close(
            chance_of_more(Sample { part: 4, whole: 4 }, Sample { part: 0, whole: 4 }),
            0.014_286,
            1e-6,
        );
        close(
            chance_of_more(Sample { part: 0, whole: 9 }, Sample { part: 4, whole: 4 }),
            1.0,
            1e-9,
        );
        let none = chance_of_more(Sample { part: 0, whole: 9 }, Sample { part: 0, whole: 4 });
        close(none, 1.0, 0.0);
        close(chance_of_more(Sample::default(), Sample { part: 1, whole: 4 }), 1.0, 0.0);
    }

    #[test]
    fn many_cases_give_the_same_by_the_normal_distribution() {
        let (new, old) =
            (Sample { part: 5_100, whole: 100_000 }, Sample { part: 4_900, whole: 100_000 });
        close(chance_of_more(new, old), normal_chance(new, old), 2e-3);
        close(upper_tail(1.96), 0.024_998, 1e-5);
        close(upper_tail(-1.96), 0.975_002, 1e-5);
        let huge = Sample { part: 20_000, whole: 1_000_000 };
        close(chance_of_more(huge, huge), 0.5, 1e-6);
    }

    #[test]
    fn counts_of_estimates_are_brought_into_order() {
        assert_eq!(Sample::of(7, 5), Sample { part: 5, whole: 5 });
        assert_eq!(Sample::of(-1, -1), Sample::default());
    }
}
