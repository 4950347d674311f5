//! Modules of scripts, made from their addresses (`grouping.md` §5.3, §16).
//!
//! A bundle's address carries the host, the deploy and a content hash; its module is what stays the same
//! on the next deploy: `https://cdn.example/assets/app-4f3c2b1a.js` is `assets/app`.

/// Folders that only say that there are scripts in them.
const IDLE_FOLDERS: [&str; 10] = [
    "script",
    "scripts",
    "javascript",
    "javascripts",
    "js",
    "build",
    "static",
    "node_modules",
    "bower_components",
    "",
];

/// The module of the script at `path`; `None` for other kinds of addresses and for bare hosts.
pub(super) fn module_of(path: &str) -> Option<String> {
    let path = path_of_address(path)?;
    let mut segments: Vec<&str> = path.split('/').collect();
    let file = without_extension(segments.pop().unwrap_or_default());
    if let Some(hash) = segments.iter().rposition(|segment| is_hash(segment, &[32, 40])) {
        segments.drain(..=hash);
    }
    let mut module: String = segments
        .into_iter()
        .skip_while(|segment| is_idle(segment))
        .flat_map(|segment| [segment, "/"])
        .collect();
    module.push_str(without_hash(file));
    (!module.is_empty()).then_some(module)
}

/// The path of an address that leads to a script, without query and fragment.
fn path_of_address(address: &str) -> Option<&str> {
    let rest = ["http:", "https:", "webpack:", "app:"]
        .iter()
        .find_map(|scheme| address.strip_prefix(scheme))?;
    let path = match rest.strip_prefix("//") {
        Some(with_host) => with_host.split_once('/').map_or("", |(_, path)| path),
        None => rest,
    };
    path.split(['?', '#']).next()
}

fn without_extension(file: &str) -> &str {
    let name = file.rsplit_once('.').map_or(file, |(name, _)| name);
    name.strip_suffix(".min").unwrap_or(name)
}

/// Drops a content hash behind a dash or dot.
fn without_hash(name: &str) -> &str {
    match name.rsplit_once(['-', '.']) {
        Some((rest, hash)) if hash.len() >= 7 && is_hex(hash) => rest,
        _ => name,
    }
}

fn is_idle(folder: &str) -> bool {
    IDLE_FOLDERS.contains(&folder)
        || folder.starts_with(['_', '.', '~'])
        || is_version(folder)
        || is_hash(folder, &[7, 8, 32, 40])
}

/// `1`, `1.2.3`, `v12`.
fn is_version(folder: &str) -> bool {
    let digits = folder.strip_prefix('v').unwrap_or(folder);
    digits.split('.').all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit()))
}

fn is_hash(folder: &str, lengths: &[usize]) -> bool {
    lengths.contains(&folder.len()) && is_hex(folder)
}

fn is_hex(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_changes_with_a_deploy_is_left_out() {
        for (address, module) in [
            ("https://cdn.acme.example/assets/app-4f3c2b1a.js", "assets/app"),
            ("https://a.example/static/js/main.0a1b2c3d.js?v=3#top", "main"),
            ("http://a.example/lib/jquery.min.js", "lib/jquery"),
            ("https://a.example/v1.2.3/shop/cart.js", "shop/cart"),
            ("https://a.example/x/0123456789abcdef0123456789abcdef/shop/cart.js", "shop/cart"),
            ("https://a.example/_next/static/chunks/main.js", "chunks/main"),
            ("webpack:///./src/cart.ts", "src/cart"),
            ("webpack://shop/./node_modules/react/index.js", "react/index"),
            ("app:///dist/server.js", "dist/server"),
            ("https://a.example/cart", "cart"),
        ] {
            assert_eq!(module_of(address).as_deref(), Some(module), "{address}");
        }
    }

    #[test]
    fn only_addresses_of_scripts_have_a_module() {
        for address in ["", "/srv/app/cart.js", "file:///cart.js", "https://a.example", "http:///"]
        {
            assert_eq!(module_of(address), None, "{address}");
        }
    }
}
