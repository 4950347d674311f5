//! Which library a frame belongs to, for the line that stands for a folded run.

use super::frame::base_name;
use crate::protocol::event::Frame;

/// The library's name, as its users say it; `None` if nothing tells.
pub(super) fn of(frame: &Frame, platform: &str) -> Option<String> {
    let platform = frame.platform.as_deref().unwrap_or(platform);
    let module = frame.module.as_deref().filter(|module| !module.is_empty());
    let path = frame.abs_path.as_deref().or(frame.filename.as_deref()).unwrap_or_default();
    let name = match platform {
        "python" => module.and_then(first_of('.')).or_else(|| installed(path)),
        "javascript" | "node" => {
            installed(path).or_else(|| path.starts_with("node:").then_some("node"))
        }
        "ruby" => gem(path).or_else(|| installed(path)),
        "php" => vendored(path),
        "java" | "csharp" | "dart" => return module.map(|module| leading(module, '.', 2)),
        "go" => return module.map(|module| leading(module, '/', 3)),
        "elixir" | "perl" => module.and_then(first_of('.')),
        _ => return compiled(frame),
    };
    name.filter(|name| !name.is_empty()).map(str::to_owned)
}

fn first_of(separator: char) -> impl Fn(&str) -> Option<&str> {
    move |text| text.split(separator).next()
}

/// `org.springframework.web.Filter` by two parts: `org.springframework`.
fn leading(module: &str, separator: char, parts: usize) -> String {
    let mut ends = module.match_indices(separator).map(|(index, _)| index);
    let end = ends.nth(parts - 1).unwrap_or(module.len());
    module[..end].to_owned()
}

/// The package of a path into a folder of installed packages.
fn installed(path: &str) -> Option<&str> {
    let folders = ["node_modules/", "site-packages/", "dist-packages/"];
    let rest = folders
        .iter()
        .filter_map(|folder| path.rsplit_once(folder))
        .map(|(_, rest)| rest)
        .next()?;
    // A scoped package has two parts: `@sentry/node`.
    let parts = if rest.starts_with('@') { 2 } else { 1 };
    let end = rest.match_indices('/').map(|(index, _)| index).nth(parts - 1).unwrap_or(rest.len());
    Some(&rest[..end])
}

/// `…/gems/rack-2.2.7/lib/rack.rb`: `rack`.
fn gem(path: &str) -> Option<&str> {
    let (_, rest) = path.rsplit_once("/gems/")?;
    let folder = rest.split('/').next()?;
    let version =
        folder.rfind('-').filter(|at| folder[at + 1..].starts_with(|c: char| c.is_ascii_digit()));
    Some(&folder[..version.unwrap_or(folder.len())])
}

/// `/srv/app/vendor/symfony/http-kernel/Kernel.php`: `symfony/http-kernel`.
fn vendored(path: &str) -> Option<&str> {
    let (_, rest) = path.rsplit_once("/vendor/")?;
    let end = rest.match_indices('/').map(|(index, _)| index).nth(1)?;
    Some(&rest[..end])
}

/// The crate of a Rust symbol, else the library a compiled frame lies in.
fn compiled(frame: &Frame) -> Option<String> {
    let function = frame.function.as_deref().unwrap_or_default().trim_start_matches(['<', '&']);
    if let Some((head, _)) = function.split_once("::") {
        let is_name = !head.is_empty() && head.chars().all(|c| c.is_alphanumeric() || c == '_');
        if is_name {
            return Some(head.to_owned());
        }
    }
    frame.package.as_deref().map(|package| base_name(package).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_path(platform: &str, path: &str) -> Option<String> {
        of(&Frame { abs_path: Some(path.to_owned()), ..Frame::default() }, platform)
    }

    fn of_module(platform: &str, module: &str) -> Option<String> {
        of(&Frame { module: Some(module.to_owned()), ..Frame::default() }, platform)
    }

    #[test]
    fn libraries_are_called_as_their_users_call_them() {
        let named = |name: &str| Some(name.to_owned());
        assert_eq!(of_module("python", "django.core.handlers.base"), named("django"));
        assert_eq!(
            of_path("python", "/usr/lib/python3/dist-packages/flask/app.py"),
            named("flask")
        );
        assert_eq!(of_path("node", "/srv/node_modules/express/lib/router.js"), named("express"));
        assert_eq!(
            of_path("node", "/srv/node_modules/@sentry/node/index.js"),
            named("@sentry/node")
        );
        assert_eq!(of_path("node", "node:internal/timers"), named("node"));
        assert_eq!(of_path("ruby", "/var/gems/rack-test-2.1.0/lib/x.rb"), named("rack-test"));
        assert_eq!(
            of_path("php", "/a/vendor/symfony/http-kernel/K.php"),
            named("symfony/http-kernel")
        );
        assert_eq!(
            of_module("java", "org.springframework.web.Filter"),
            named("org.springframework")
        );
        assert_eq!(of_module("go", "net/http"), named("net/http"));
        assert_eq!(
            of_module("go", "github.com/gin-gonic/gin/render"),
            named("github.com/gin-gonic/gin")
        );
    }

    #[test]
    fn compiled_frames_tell_by_their_symbol_or_their_library() {
        let symbol =
            Frame { function: Some("std::panicking::begin".to_owned()), ..Frame::default() };
        assert_eq!(of(&symbol, "native").as_deref(), Some("std"));
        let library = Frame { package: Some("/usr/lib/libc.so.6".to_owned()), ..Frame::default() };
        assert_eq!(of(&library, "native").as_deref(), Some("libc.so.6"));
        assert_eq!(of(&Frame::default(), "native"), None);
    }
}
