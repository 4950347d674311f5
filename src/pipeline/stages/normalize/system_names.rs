//! The names that operating systems have for their numbers.

use crate::protocol::event::Event;

use super::json::Shallow;

/// Which system's numbers an event speaks of.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum System {
    /// Linux and Android.
    Linux,
    /// macOS, iOS and their kin.
    Apple,
    /// Not known: only what all have in common is named.
    Unknown,
}

impl System {
    /// The system that an event happened on.
    pub(super) fn of(event: &Event) -> Self {
        if matches!(event.platform(), "cocoa" | "objc" | "swift") {
            return Self::Apple;
        }
        let os = event.contexts.as_ref().and_then(|contexts| contexts.get("os"));
        let name = os.and_then(|os| Shallow::of(os.text())).and_then(|os| os.text("name"));
        match name.as_deref() {
            Some("Linux" | "Android" | "Ubuntu" | "Debian GNU/Linux") => Self::Linux,
            Some("macOS" | "Mac OS X" | "Darwin" | "iOS" | "iPadOS" | "tvOS" | "watchOS") => {
                Self::Apple
            }
            _ => Self::Unknown,
        }
    }
}

/// The name of a signal.
pub(super) fn signal(system: System, number: i64) -> Option<&'static str> {
    Some(match (number, system) {
        (1, _) => "SIGHUP",
        (2, _) => "SIGINT",
        (3, _) => "SIGQUIT",
        (4, _) => "SIGILL",
        (5, _) => "SIGTRAP",
        (6, _) => "SIGABRT",
        (7, System::Linux) | (10, System::Apple) => "SIGBUS",
        (7, System::Apple) => "SIGEMT",
        (8, _) => "SIGFPE",
        (9, _) => "SIGKILL",
        (10, System::Linux) | (30, System::Apple) => "SIGUSR1",
        (11, _) => "SIGSEGV",
        (12, System::Linux) | (31, System::Apple) => "SIGUSR2",
        (12, System::Apple) | (31, System::Linux) => "SIGSYS",
        (13, _) => "SIGPIPE",
        (14, _) => "SIGALRM",
        (15, _) => "SIGTERM",
        (16, System::Linux) => "SIGSTKFLT",
        (24, System::Linux | System::Apple) => "SIGXCPU",
        (25, System::Linux | System::Apple) => "SIGXFSZ",
        _ => return None,
    })
}

/// The name of what a signal was sent for, its `si_code`.
pub(super) fn signal_code(system: System, signal: i64, code: i64) -> Option<&'static str> {
    /// In the order of their codes, from 1.
    const LINUX_ILLEGAL: [&str; 8] = [
        "ILL_ILLOPC",
        "ILL_ILLOPN",
        "ILL_ILLADR",
        "ILL_ILLTRP",
        "ILL_PRVOPC",
        "ILL_PRVREG",
        "ILL_COPROC",
        "ILL_BADSTK",
    ];
    const APPLE_ILLEGAL: [&str; 8] = [
        "ILL_ILLOPC",
        "ILL_ILLTRP",
        "ILL_PRVOPC",
        "ILL_ILLOPN",
        "ILL_ILLADR",
        "ILL_PRVREG",
        "ILL_COPROC",
        "ILL_BADSTK",
    ];
    const LINUX_ARITHMETIC: [&str; 8] = [
        "FPE_INTDIV",
        "FPE_INTOVF",
        "FPE_FLTDIV",
        "FPE_FLTOVF",
        "FPE_FLTUND",
        "FPE_FLTRES",
        "FPE_FLTINV",
        "FPE_FLTSUB",
    ];
    const APPLE_ARITHMETIC: [&str; 8] = [
        "FPE_FLTDIV",
        "FPE_FLTOVF",
        "FPE_FLTUND",
        "FPE_FLTRES",
        "FPE_FLTINV",
        "FPE_FLTSUB",
        "FPE_INTDIV",
        "FPE_INTOVF",
    ];
    let names: &[&str] = match (self::signal(system, signal)?, system) {
        (_, System::Unknown) => return None,
        ("SIGILL", System::Linux) => &LINUX_ILLEGAL,
        ("SIGILL", System::Apple) => &APPLE_ILLEGAL,
        ("SIGFPE", System::Linux) => &LINUX_ARITHMETIC,
        ("SIGFPE", System::Apple) => &APPLE_ARITHMETIC,
        ("SIGSEGV", System::Linux) => &["SEGV_MAPERR", "SEGV_ACCERR", "SEGV_BNDERR", "SEGV_PKUERR"],
        ("SIGSEGV", System::Apple) => &["SEGV_MAPERR", "SEGV_ACCERR"],
        ("SIGBUS", _) => &["BUS_ADRALN", "BUS_ADRERR", "BUS_OBJERR"],
        ("SIGTRAP", _) => &["TRAP_BRKPT", "TRAP_TRACE"],
        _ => return None,
    };
    names.get(usize::try_from(code).ok()?.checked_sub(1)?).copied()
}

/// The name of an exception of the Mach kernel.
pub(super) fn mach_exception(_: System, number: i64) -> Option<&'static str> {
    const NAMES: [&str; 13] = [
        "EXC_BAD_ACCESS",
        "EXC_BAD_INSTRUCTION",
        "EXC_ARITHMETIC",
        "EXC_EMULATION",
        "EXC_SOFTWARE",
        "EXC_BREAKPOINT",
        "EXC_SYSCALL",
        "EXC_MACH_SYSCALL",
        "EXC_RPC_ALERT",
        "EXC_CRASH",
        "EXC_RESOURCE",
        "EXC_GUARD",
        "EXC_CORPSE_NOTIFY",
    ];
    let index = usize::try_from(number).ok()?.checked_sub(1)?;
    NAMES.get(index).copied()
}

/// The name of an error number.
pub(super) fn errno(system: System, number: i64) -> Option<&'static str> {
    /// The same everywhere, from 1; 11 is not.
    const COMMON: [&str; 34] = [
        "EPERM", "ENOENT", "ESRCH", "EINTR", "EIO", "ENXIO", "E2BIG", "ENOEXEC", "EBADF", "ECHILD",
        "", "ENOMEM", "EACCES", "EFAULT", "ENOTBLK", "EBUSY", "EEXIST", "EXDEV", "ENODEV",
        "ENOTDIR", "EISDIR", "EINVAL", "ENFILE", "EMFILE", "ENOTTY", "ETXTBSY", "EFBIG", "ENOSPC",
        "ESPIPE", "EROFS", "EMLINK", "EPIPE", "EDOM", "ERANGE",
    ];
    let index = usize::try_from(number).ok()?.checked_sub(1)?;
    let common = COMMON.get(index).copied().filter(|name| !name.is_empty());
    common.or_else(|| match system {
        System::Linux => linux_errno(number),
        System::Apple => apple_errno(number),
        System::Unknown => None,
    })
}

fn linux_errno(number: i64) -> Option<&'static str> {
    Some(match number {
        11 => "EAGAIN",
        35 => "EDEADLK",
        36 => "ENAMETOOLONG",
        38 => "ENOSYS",
        39 => "ENOTEMPTY",
        40 => "ELOOP",
        71 => "EPROTO",
        84 => "EILSEQ",
        88 => "ENOTSOCK",
        90 => "EMSGSIZE",
        95 => "EOPNOTSUPP",
        98 => "EADDRINUSE",
        99 => "EADDRNOTAVAIL",
        100 => "ENETDOWN",
        101 => "ENETUNREACH",
        103 => "ECONNABORTED",
        104 => "ECONNRESET",
        105 => "ENOBUFS",
        106 => "EISCONN",
        107 => "ENOTCONN",
        110 => "ETIMEDOUT",
        111 => "ECONNREFUSED",
        112 => "EHOSTDOWN",
        113 => "EHOSTUNREACH",
        114 => "EALREADY",
        115 => "EINPROGRESS",
        122 => "EDQUOT",
        125 => "ECANCELED",
        _ => return None,
    })
}

fn apple_errno(number: i64) -> Option<&'static str> {
    Some(match number {
        11 => "EDEADLK",
        35 => "EAGAIN",
        36 => "EINPROGRESS",
        37 => "EALREADY",
        38 => "ENOTSOCK",
        40 => "EMSGSIZE",
        45 => "ENOTSUP",
        48 => "EADDRINUSE",
        49 => "EADDRNOTAVAIL",
        50 => "ENETDOWN",
        51 => "ENETUNREACH",
        53 => "ECONNABORTED",
        54 => "ECONNRESET",
        55 => "ENOBUFS",
        56 => "EISCONN",
        57 => "ENOTCONN",
        60 => "ETIMEDOUT",
        61 => "ECONNREFUSED",
        62 => "ELOOP",
        63 => "ENAMETOOLONG",
        64 => "EHOSTDOWN",
        65 => "EHOSTUNREACH",
        66 => "ENOTEMPTY",
        69 => "EDQUOT",
        78 => "ENOSYS",
        89 => "ECANCELED",
        92 => "EILSEQ",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_named_as_its_system_does() {
        assert_eq!(signal(System::Linux, 7), Some("SIGBUS"));
        assert_eq!(signal(System::Apple, 10), Some("SIGBUS"));
        assert_eq!(signal(System::Unknown, 7), None);
        assert_eq!(signal_code(System::Linux, 11, 1), Some("SEGV_MAPERR"));
        assert_eq!(signal_code(System::Apple, 8, 7), Some("FPE_INTDIV"));
        assert_eq!(signal_code(System::Apple, 10, 2), Some("BUS_ADRERR"));
        for (system, signal, code) in [
            (System::Unknown, 11, 1),
            (System::Linux, 11, 0),
            (System::Linux, 11, i64::MIN),
            (System::Linux, 15, 1),
        ] {
            assert_eq!(signal_code(system, signal, code), None);
        }
        assert_eq!(errno(System::Unknown, 13), Some("EACCES"));
        assert_eq!(errno(System::Unknown, 11), None);
        assert_eq!(errno(System::Linux, 111), Some("ECONNREFUSED"));
        assert_eq!(errno(System::Apple, 61), Some("ECONNREFUSED"));
        assert_eq!(mach_exception(System::Apple, 13), Some("EXC_CORPSE_NOTIFY"));
        for number in [i64::MIN, -1, 0, 14, i64::MAX] {
            assert_eq!(mach_exception(System::Apple, number), None);
        }
        assert_eq!(errno(System::Linux, 0), None);
    }

    #[test]
    fn the_system_is_told_by_the_platform_or_the_context() {
        let of = |json: &str| System::of(&Event::from_stored(json.as_bytes()).unwrap());
        assert_eq!(of(r#"{"platform":"cocoa"}"#), System::Apple);
        assert_eq!(of(r#"{"contexts":{"os":{"name":"Linux"}}}"#), System::Linux);
        assert_eq!(of(r#"{"contexts":{"os":{"name":"Windows"}}}"#), System::Unknown);
    }
}
