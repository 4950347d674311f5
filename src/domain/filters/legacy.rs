//! Browsers that are too old to be looked after (`protocol.md` §7).

/// One choice of browsers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LegacyChoice {
    /// What is stored.
    pub id: &'static str,
    /// What people read.
    pub label: &'static str,
    /// Families and their major versions, from and to.
    pub browsers: &'static [(&'static str, u32, u32)],
}

impl LegacyChoice {
    /// Whether a browser is meant.
    pub fn includes(&self, family: &str, major: u32) -> bool {
        let fits = |(known, from, to): &(&str, u32, u32)| {
            *known == family && (*from..=*to).contains(&major)
        };
        self.browsers.iter().any(fits)
    }
}

const fn choice(
    id: &'static str,
    label: &'static str,
    browsers: &'static [(&'static str, u32, u32)],
) -> LegacyChoice {
    LegacyChoice { id, label, browsers }
}

/// Every choice, the usual ones first.
pub const LEGACY_CHOICES: [LegacyChoice; 18] = [
    choice(
        "default",
        "The oldest: IE before 10, Safari before 6, Opera before 15, Android before 4, Opera Mini before 8",
        &[
            ("IE", 0, 9),
            ("Safari", 0, 5),
            ("Opera", 0, 14),
            ("Android", 0, 3),
            ("Opera Mini", 0, 7),
        ],
    ),
    choice("ie", "Internet Explorer, all versions", &[("IE", 0, 11)]),
    choice("edge", "Edge before 111", &[("Edge", 0, 110)]),
    choice("chrome", "Chrome before 111", &[("Chrome", 0, 110)]),
    choice("firefox", "Firefox before 111", &[("Firefox", 0, 110)]),
    choice("safari", "Safari before 16", &[("Safari", 0, 15)]),
    choice("opera", "Opera before 100", &[("Opera", 0, 99)]),
    choice("opera_mini", "Opera Mini before 35", &[("Opera Mini", 0, 34)]),
    choice("android", "Android's own browser before 4", &[("Android", 0, 3)]),
    choice("ie_pre_9", "Internet Explorer 8 and older", &[("IE", 0, 8)]),
    choice("ie9", "Internet Explorer 9", &[("IE", 9, 9)]),
    choice("ie10", "Internet Explorer 10", &[("IE", 10, 10)]),
    choice("ie11", "Internet Explorer 11", &[("IE", 11, 11)]),
    choice("edge_pre_79", "Edge before 79", &[("Edge", 0, 78)]),
    choice("safari_pre_6", "Safari before 6", &[("Safari", 0, 5)]),
    choice("opera_pre_15", "Opera before 15", &[("Opera", 0, 14)]),
    choice("opera_mini_pre_8", "Opera Mini before 8", &[("Opera Mini", 0, 7)]),
    choice(
        "android_pre_4",
        "Android's own browser before 4 (its older name)",
        &[("Android", 0, 3)],
    ),
];

/// The choice of that id.
pub fn find(id: &str) -> Option<&'static LegacyChoice> {
    LEGACY_CHOICES.iter().find(|choice| choice.id == id)
}
