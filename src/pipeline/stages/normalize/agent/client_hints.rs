//! The headers `Sec-CH-UA…`, in which browsers name themselves instead of in a user agent.

use super::{Agent, Device, Product};

/// Reads the hints among the headers.
pub(super) fn parse<'a>(header: impl Fn(&str) -> Option<&'a str>) -> Agent {
    let brands = header("Sec-Ch-Ua-Full-Version-List").or_else(|| header("Sec-Ch-Ua"));
    let platform = header("Sec-Ch-Ua-Platform").map(unquoted);
    let version = header("Sec-Ch-Ua-Platform-Version").map(unquoted);
    let model = header("Sec-Ch-Ua-Model").map(unquoted).filter(|model| !model.is_empty());
    Agent {
        browser: brands.and_then(browser),
        // A name without a version says less than the user agent does.
        os: platform.zip(version).filter(|(_, version)| !version.is_empty()).map(os),
        device: model.map(|model| Device {
            family: model.to_owned(),
            model: model.to_owned(),
            brand: None,
        }),
    }
}

fn unquoted(text: &str) -> &str {
    text.trim().trim_matches('"')
}

/// The brand that is neither the engine nor the nonsense that is there to be skipped.
fn browser(list: &str) -> Option<Product> {
    let brands = parse_brands(list);
    let is_nonsense =
        |name: &str| name.is_empty() || (name.contains("Not") && name.contains("Brand"));
    let named = brands.iter().find(|(name, _)| *name != "Chromium" && !is_nonsense(name));
    let engine = || brands.iter().find(|(name, _)| *name == "Chromium");
    let (name, version) = named.or_else(engine)?;
    // The names that user agents lead to, so that one browser is one value.
    let name = match *name {
        "Google Chrome" => "Chrome",
        "Microsoft Edge" => "Edge",
        other => other,
    };
    Some(Product::new(name, Some(version)))
}

/// `"Chromium";v="156", "Google Chrome";v="156"` as pairs.
fn parse_brands(list: &str) -> Vec<(&str, &str)> {
    let mut quoted = list.split('"').skip(1).step_by(2);
    let mut brands = Vec::new();
    while let Some(pair) = quoted.next().zip(quoted.next()) {
        brands.push(pair);
    }
    brands
}

fn os((platform, version): (&str, &str)) -> Product {
    if platform != "Windows" {
        return Product::new(platform, Some(version));
    }
    // Windows counts its interface contracts; 13 came with 11.
    let major = version.split('.').next().and_then(|major| major.parse::<u32>().ok());
    let version = match major {
        Some(13..) => "11",
        Some(1..13) => "10",
        _ => "<10",
    };
    Product::new("Windows", Some(version))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browser_is_named_by_its_hints() {
        let agent = parse(|name| match name {
            "Sec-Ch-Ua" => {
                Some(r#""Chromium";v="156", "Not/A)Brand";v="24", "Google Chrome";v="156""#)
            }
            "Sec-Ch-Ua-Platform" => Some("\"Windows\""),
            "Sec-Ch-Ua-Platform-Version" => Some("\"15.0.0\""),
            "Sec-Ch-Ua-Model" => Some("\"\""),
            _ => None,
        });
        let expected = Agent {
            browser: Some(Product::new("Chrome", Some("156"))),
            os: Some(Product::new("Windows", Some("11"))),
            device: None,
        };
        assert_eq!(agent, expected);
    }

    #[test]
    fn full_versions_and_models_are_preferred() {
        let agent = parse(|name| match name {
            "Sec-Ch-Ua" => Some(r#""Chromium";v="156""#),
            "Sec-Ch-Ua-Full-Version-List" => Some(r#""Chromium";v="156.0.1.2""#),
            "Sec-Ch-Ua-Platform" => Some("\"Android\""),
            "Sec-Ch-Ua-Model" => Some("\"Pixel 9\""),
            _ => None,
        });
        assert_eq!(agent.browser, Some(Product::new("Chromium", Some("156.0.1.2"))));
        assert_eq!(agent.os, None);
        assert_eq!(agent.device.map(|device| device.model).as_deref(), Some("Pixel 9"));
    }

    #[test]
    fn garbage_names_nobody() {
        for garbage in ["", "\"", "\"\"\"", "x;v=1", r#""Not A;Brand";v="99""#] {
            assert_eq!(parse(|_| Some(garbage)).browser, None, "{garbage}");
        }
    }
}
