//! The header `User-Agent`: browser and system by the patterns of [`families`], the device by its own
//! marks.

use super::{Agent, Device, families};

/// Reads a user agent.
pub(super) fn parse(text: &str) -> Agent {
    if text.is_empty() {
        return Agent::default();
    }
    let (browser, os) = families::told(text);
    Agent { browser, os, device: device(text) }
}

/// Programs that fetch pages for search engines and the like name themselves so.
fn is_spider(text: &str) -> bool {
    let words = text.split([' ', ';', '(', ')', ',']).filter(|word| !word.contains("://"));
    let mut names = words.map(|word| word.split('/').next().unwrap_or_default());
    names.any(|name| {
        let ends_with = |end: &str| {
            let start = name.len().saturating_sub(end.len());
            name.as_bytes()[start..].eq_ignore_ascii_case(end.as_bytes())
        };
        ["bot", "spider", "crawler"].into_iter().any(ends_with)
    })
}

fn device(text: &str) -> Option<Device> {
    if is_spider(text) {
        let (family, model) = ("Spider".to_owned(), "Spider".to_owned());
        return Some(Device { family, model, brand: None });
    }
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

#[cfg(test)]
mod tests {
    use super::super::Product;
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
