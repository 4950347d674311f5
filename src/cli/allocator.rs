//! Has the allocator give large blocks back.
//!
//! glibc maps a block of 128 KiB or more by itself and gives it back when it is freed, but only until
//! one is freed: then blocks of that size, up to 32 MiB, come from arenas, which are eight for every
//! processor and shrink only from their ends. After two hundred clients with bodies of 10 MB this is
//! half of all memory. A threshold that is set stays, and it can be set by the environment only, so the
//! server begins once more, as the same process and before it has done anything.

use std::os::unix::process::CommandExt;
use std::process::Command;

const SETTINGS: [(&str, &str); 2] =
    [("MALLOC_MMAP_THRESHOLD_", "131072"), ("MALLOC_TRIM_THRESHOLD_", "131072")];

/// Begins once more with the settings, unless they are there. Goes on without where that is not
/// possible: it costs memory and nothing else.
pub(super) fn settle() {
    let is_set = SETTINGS.iter().any(|(name, _)| std::env::var_os(name).is_some());
    if is_set || !cfg!(all(target_os = "linux", target_env = "gnu")) {
        return;
    }
    let Ok(program) = std::env::current_exe() else { return };
    let mut arguments = std::env::args_os();
    let mut command = Command::new(program);
    if let Some(name) = arguments.next() {
        command.arg0(name);
    }
    // Returns only if it fails.
    let _ = command.args(arguments).envs(SETTINGS).exec();
}
