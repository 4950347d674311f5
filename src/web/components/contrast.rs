//! Holds the colours of `static/css/tokens.css` to WCAG AA in both themes.

use std::collections::HashMap;

/// Text on its ground: 4.5 to 1.
const TEXTS: &[(&str, &[&str])] = &[
    ("ink", &["paper", "paper-raised", "paper-sunken", "paper-hover", "mark", "accent-soft"]),
    ("ink-soft", &["paper", "paper-raised", "paper-sunken", "paper-hover", "accent-soft"]),
    ("ink-faint", &["paper", "paper-raised", "paper-sunken", "paper-hover", "accent-soft"]),
    ("accent", &["paper", "paper-raised", "paper-sunken"]),
    ("accent-strong", &["paper", "accent-soft"]),
    ("on-accent", &["accent", "accent-strong"]),
    ("fatal", &["paper", "fatal-soft"]),
    ("error", &["paper", "paper-raised", "paper-hover", "error-soft"]),
    ("warning", &["paper", "paper-raised", "warning-soft"]),
    ("info", &["paper", "paper-raised", "info-soft"]),
    ("good", &["paper", "good-soft"]),
];

/// Borders of controls, bars and focus rings: 3 to 1.
const SHAPES: &[(&str, &[&str])] = &[
    ("line-strong", &["paper", "paper-raised"]),
    ("bar", &["paper"]),
    ("bar-strong", &["paper"]),
    ("debug", &["paper"]),
];

#[test]
fn every_text_and_every_shape_stands_out_in_both_themes() {
    let tokens = tokens(include_str!("../../../static/css/tokens.css"));
    let mut low = Vec::new();
    for (pairs, least) in [(TEXTS, 4.5), (SHAPES, 3.0)] {
        for (front, grounds) in pairs {
            for ground in *grounds {
                let (front_colors, ground_colors) = (tokens[*front], tokens[*ground]);
                for (theme, index) in [("light", 0), ("dark", 1)] {
                    let ratio = contrast(front_colors[index], ground_colors[index]);
                    if ratio < least {
                        low.push(format!("{theme}: {front} on {ground} is {ratio:.2} to 1"));
                    }
                }
            }
        }
    }
    assert!(low.is_empty(), "{low:#?}");
}

#[test]
fn black_on_white_is_the_highest_contrast() {
    assert!((contrast(0x00_00_00, 0xff_ff_ff) - 21.0).abs() < 0.01);
}

/// Each colour by name, light and dark.
fn tokens(css: &'static str) -> HashMap<&'static str, [u32; 2]> {
    let color = |text: &str| u32::from_str_radix(text.trim().strip_prefix('#')?, 16).ok();
    let token = |line: &'static str| {
        let (name, value) = line.trim().strip_prefix("--")?.split_once(": light-dark(")?;
        let (light, dark) = value.split_once(')')?.0.split_once(',')?;
        Some((name, [color(light)?, color(dark)?]))
    };
    css.lines().filter_map(token).collect()
}

/// WCAG's contrast ratio.
fn contrast(one: u32, other: u32) -> f64 {
    let (one, other) = (luminance(one), luminance(other));
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

fn luminance(color: u32) -> f64 {
    let channel = |shift: u32| {
        let value = f64::from(color >> shift & 0xff) / 255.0;
        if value <= 0.040_45 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
    };
    0.2126 * channel(16) + 0.7152 * channel(8) + 0.0722 * channel(0)
}
