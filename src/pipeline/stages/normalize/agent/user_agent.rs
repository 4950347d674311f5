//! The header `User-Agent`: the families that make up nearly all traffic, by their own marks.

use super::{Agent, Device, Product};

/// Reads a user agent.
pub(super) fn parse(text: &str) -> Agent {
    if text.is_empty() {
        return Agent::default();
    }
    if let Some(bot) = bot(text) {
        let (family, model) = ("Spider".to_owned(), "Spider".to_owned());
        let device = Device { family, model, brand: None };
        return Agent { browser: Some(bot), os: None, device: Some(device) };
    }
    Agent { browser: browser(text), os: os(text), device: device(text) }
}

/// Programs that fetch pages for search engines and the like name themselves so.
fn bot(text: &str) -> Option<Product> {
    let words = text.split([' ', ';', '(', ')', ',']);
    words.filter(|word| !word.contains("://")).find_map(|word| {
        let (name, version) = word.split_once('/').unwrap_or((word, ""));
        is_bot(name).then(|| Product::new(name, Some(version)))
    })
}

fn is_bot(name: &str) -> bool {
    let ends_with = |end: &str| {
        let start = name.len().saturating_sub(end.len());
        name.as_bytes()[start..].eq_ignore_ascii_case(end.as_bytes())
    };
    ["bot", "spider", "crawler"].into_iter().any(ends_with)
}

/// What browsers are known by, the more particular before those they claim to be.
const BROWSERS: [(&str, &str); 20] = [
    ("EdgA", "Edge Mobile"),
    ("EdgiOS", "Edge Mobile"),
    ("Edg", "Edge"),
    ("Edge", "Edge"),
    ("OPR", "Opera"),
    ("Mini", "Opera Mini"),
    ("Vivaldi", "Vivaldi"),
    ("YaBrowser", "Yandex Browser"),
    ("SamsungBrowser", "Samsung Internet"),
    ("UCBrowser", "UC Browser"),
    ("Whale", "Whale"),
    ("DuckDuckGo", "DuckDuckGo"),
    ("Electron", "Electron"),
    ("FxiOS", "Firefox iOS"),
    ("CriOS", "Chrome Mobile iOS"),
    ("GSA", "Google"),
    ("FBAV", "Facebook"),
    ("HeadlessChrome", "HeadlessChrome"),
    ("Firefox", "Firefox"),
    ("Chrome", "Chrome"),
];

fn browser(text: &str) -> Option<Product> {
    let products: Vec<_> = text.split([' ', ';', '[']).filter_map(|w| w.split_once('/')).collect();
    let version_of = |mark: &str| products.iter().find(|(name, _)| *name == mark).map(|(_, v)| *v);
    let known = BROWSERS.iter().find_map(|(mark, name)| Some((*name, version_of(mark)?)));
    if let Some((name, version)) = known {
        let is_android = text.contains("Android");
        let name = match name {
            "Chrome" if text.contains("; wv)") => "Chrome Mobile WebView",
            "Chrome" if is_android => "Chrome Mobile",
            "Firefox" if is_android => "Firefox Mobile",
            "Opera" if is_android => "Opera Mobile",
            other => other,
        };
        return Some(Product::new(name, leading_version(version, '.').as_deref()));
    }
    internet_explorer(text).or_else(|| safari(text)).or_else(|| first_product(text))
}

fn internet_explorer(text: &str) -> Option<Product> {
    let modern = || text.contains("Trident/").then(|| version_behind(text, "rv:"))?;
    let version = version_behind(text, "MSIE ").or_else(modern)?;
    Some(Product::new("IE", Some(&version)))
}

fn safari(text: &str) -> Option<Product> {
    if !text.contains("AppleWebKit/") {
        return None;
    }
    let is_mobile = ["iPhone", "iPad", "iPod"].iter().any(|device| text.contains(device));
    let name = match (text.contains("Safari/"), is_mobile) {
        (true, true) => "Mobile Safari",
        (true, false) => "Safari",
        // An app that shows pages with the system's engine.
        (false, true) => "Mobile Safari UI/WKWebView",
        (false, false) => return None,
    };
    Some(Product::new(name, version_behind(text, "Version/").as_deref()))
}

/// `curl/8.5.0`, `okhttp/4.12`: what is no browser names itself first.
fn first_product(text: &str) -> Option<Product> {
    let (name, rest) = text.split_whitespace().next()?.split_once('/')?;
    let is_name = !name.is_empty() && name != "Mozilla";
    is_name.then(|| Product::new(name, leading_version(rest, '.').as_deref()))
}

fn os(text: &str) -> Option<Product> {
    if let Some(version) = version_behind(text, "Windows NT ") {
        return Some(Product::new("Windows", Some(windows_version(&version))));
    }
    if ["iPhone", "iPad", "iPod"].iter().any(|device| text.contains(device)) {
        let version = behind(text, " OS ").and_then(|rest| leading_version(rest, '_'));
        return Some(Product::new("iOS", version.as_deref()));
    }
    if let Some(rest) = behind(text, "Mac OS X ") {
        let version = leading_version(rest, '_').or_else(|| leading_version(rest, '.'));
        // Browsers say no later version since 2020, whatever the system is.
        let is_frozen = version.as_deref() == Some("10.15.7");
        let version = if is_frozen { Some(">=10.15.7".to_owned()) } else { version };
        return Some(Product::new("Mac OS X", version.as_deref()));
    }
    if let Some(rest) = behind(text, "Android") {
        let version = leading_version(rest.trim_start(), '.');
        return Some(Product::new("Android", version.as_deref()));
    }
    if let Some(rest) = behind(text, "CrOS ") {
        let version = rest.split_once(' ').and_then(|(_, rest)| leading_version(rest, '.'));
        return Some(Product::new("Chrome OS", version.as_deref()));
    }
    let name = ["Ubuntu", "Fedora", "Linux", "FreeBSD"].into_iter().find(|n| text.contains(n))?;
    Some(Product::new(name, None))
}

/// Browsers stopped counting at NT 10.0: it may be any later version.
fn windows_version(version: &str) -> &str {
    match version {
        "10.0" => ">=10",
        "6.3" => "8.1",
        "6.2" => "8",
        "6.1" => "7",
        "6.0" => "Vista",
        "5.1" | "5.2" => "XP",
        other => other,
    }
}

fn device(text: &str) -> Option<Device> {
    let apple = |model: &str| {
        let (family, model) = (model.to_owned(), model.to_owned());
        Some(Device { family, model, brand: Some("Apple".to_owned()) })
    };
    for model in ["iPhone", "iPad", "iPod"] {
        if text.contains(model) {
            return apple(model);
        }
    }
    if text.contains("Macintosh") {
        return apple("Mac");
    }
    let model = android_model(text)?.to_owned();
    let brand = brand_of(&model).map(str::to_owned);
    Some(Device { family: model.clone(), model, brand })
}

/// `(Linux; Android 14; Pixel 8 Build/UQ1A)`: the part behind the version.
fn android_model(text: &str) -> Option<&str> {
    let inside = behind(text, "Android ")?.split(')').next()?;
    let model = inside.split(';').nth(1)?.split(" Build/").next()?.trim();
    // `K` stands for every device, `wv` and `rv:` for none.
    let is_model = !matches!(model, "" | "K" | "wv" | "Mobile" | "Tablet") && !model.contains(':');
    is_model.then_some(model)
}

fn brand_of(model: &str) -> Option<&'static str> {
    const BRANDS: [(&str, &str); 8] = [
        ("SM-", "Samsung"),
        ("GT-", "Samsung"),
        ("SAMSUNG", "Samsung"),
        ("Pixel", "Google"),
        ("Nexus", "Google"),
        ("moto", "Motorola"),
        ("Redmi", "Xiaomi"),
        ("ONEPLUS", "OnePlus"),
    ];
    BRANDS.iter().find(|(mark, _)| model.starts_with(mark)).map(|(_, brand)| *brand)
}

fn behind<'a>(text: &'a str, mark: &str) -> Option<&'a str> {
    text.find(mark).map(|at| &text[at + mark.len()..])
}

fn version_behind(text: &str, mark: &str) -> Option<String> {
    leading_version(behind(text, mark)?, '.')
}

/// Up to three numbers at the start of `text`, put together with dots.
fn leading_version(text: &str, separator: char) -> Option<String> {
    let end = text.find(|c: char| !c.is_ascii_digit() && c != separator).unwrap_or(text.len());
    let numbers: Vec<_> = text[..end].split(separator).filter(|n| !n.is_empty()).take(3).collect();
    (!numbers.is_empty()).then(|| numbers.join("."))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> (String, String, String) {
        let agent = parse(text);
        let product = |product: Option<Product>| {
            product.map_or(String::new(), |product| match product.version {
                Some(version) => format!("{} {version}", product.name),
                None => product.name,
            })
        };
        let device = agent.device.map_or(String::new(), |device| device.model);
        (product(agent.browser), product(agent.os), device)
    }

    #[test]
    #[expect(clippy::too_many_lines, reason = "a table")]
    fn browsers_are_told_by_their_user_agents() {
        const MAC: &str = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7)";
        const WINDOWS: &str = "Mozilla/5.0 (Windows NT 10.0; Win64; x64)";
        const WEBKIT: &str = "AppleWebKit/537.36 (KHTML, like Gecko)";
        const IPHONE: &str = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)";
        for (text, browser, os, device) in [
            (
                &format!("{WINDOWS} {WEBKIT} Chrome/156.0.0.0 Safari/537.36"),
                "Chrome 156.0.0",
                "Windows >=10",
                "",
            ),
            (
                &format!("{WINDOWS} {WEBKIT} Chrome/156.0.0.0 Safari/537.36 Edg/156.0.1.0"),
                "Edge 156.0.1",
                "Windows >=10",
                "",
            ),
            (
                &format!(
                    "{MAC} AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.4 Safari/605.1.15"
                ),
                "Safari 17.4",
                "Mac OS X >=10.15.7",
                "Mac",
            ),
            (
                &format!("{IPHONE} Version/17.5 Mobile/15E148 Safari/604.1"),
                "Mobile Safari 17.5",
                "iOS 17.5.1",
                "iPhone",
            ),
            (
                &format!("{IPHONE} CriOS/126.0.6478.54 Mobile/15E148 Safari/604.1"),
                "Chrome Mobile iOS 126.0.6478",
                "iOS 17.5.1",
                "iPhone",
            ),
            (
                &format!("{IPHONE} Mobile/15E148"),
                "Mobile Safari UI/WKWebView",
                "iOS 17.5.1",
                "iPhone",
            ),
            (
                &format!(
                    "Mozilla/5.0 (Linux; Android 14; Pixel 8 Build/UQ1A) {WEBKIT} Chrome/126.0.0.0 Mobile Safari/537.36"
                ),
                "Chrome Mobile 126.0.0",
                "Android 14",
                "Pixel 8",
            ),
            (
                &format!(
                    "Mozilla/5.0 (Linux; Android 10; K) {WEBKIT} Chrome/126.0.0.0 Mobile Safari/537.36"
                ),
                "Chrome Mobile 126.0.0",
                "Android 10",
                "",
            ),
            (
                &format!(
                    "Mozilla/5.0 (Linux; Android 13; SM-S911B) {WEBKIT} SamsungBrowser/25.0 Chrome/121.0.0.0 Mobile Safari/537.36"
                ),
                "Samsung Internet 25.0",
                "Android 13",
                "SM-S911B",
            ),
            (
                &"Mozilla/5.0 (Android 14; Mobile; rv:127.0) Gecko/127.0 Firefox/127.0".to_owned(),
                "Firefox Mobile 127.0",
                "Android 14",
                "",
            ),
            (
                &"Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:127.0) Gecko/20100101 Firefox/127.0"
                    .to_owned(),
                "Firefox 127.0",
                "Ubuntu",
                "",
            ),
            (
                &format!(
                    "Mozilla/5.0 (X11; Linux x86_64) {WEBKIT} HeadlessChrome/156.0.7000.0 Safari/537.36"
                ),
                "HeadlessChrome 156.0.7000",
                "Linux",
                "",
            ),
            (
                &format!(
                    "Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) {WEBKIT} Chrome/126.0.0.0 Safari/537.36"
                ),
                "Chrome 126.0.0",
                "Chrome OS 14541.0.0",
                "",
            ),
            (
                &"Mozilla/5.0 (Windows NT 6.1; WOW64; Trident/7.0; rv:11.0) like Gecko".to_owned(),
                "IE 11.0",
                "Windows 7",
                "",
            ),
            (
                &"Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"
                    .to_owned(),
                "Googlebot 2.1",
                "",
                "Spider",
            ),
            (&"curl/8.5.0".to_owned(), "curl 8.5.0", "", ""),
            (&"okhttp/4.12.0".to_owned(), "okhttp 4.12.0", "", ""),
            (&"Mozilla/5.0".to_owned(), "", "", ""),
            (&"garbage".to_owned(), "", "", ""),
        ] {
            let expected = (browser.to_owned(), os.to_owned(), device.to_owned());
            assert_eq!(told(text), expected, "{text}");
        }
    }
}
