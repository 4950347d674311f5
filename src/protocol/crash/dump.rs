//! The dump of a process in Microsoft's format, which Breakpad and Crashpad write, too: what crashed, on
//! which thread, with which modules loaded. Stacks are not walked here: that takes the modules' symbols.

use minidump::system_info::{Cpu, Os};
use minidump::{
    Minidump, MinidumpContext, MinidumpException, MinidumpMiscInfo, MinidumpModule,
    MinidumpModuleList, MinidumpSystemInfo, MinidumpThread, MinidumpThreadList,
    MinidumpThreadNames, Module,
};
use serde_json::{Map, Value, json};

/// More threads and modules than this are left out.
const MAX_THREADS: usize = 1000;
const MAX_MODULES: usize = 2000;

/// A dump, in either byte order, begins with one of these.
const MAGIC: [&[u8]; 2] = [b"MDMP", b"PMDM"];

/// Whether the bytes begin like a dump.
pub fn is_dump(bytes: &[u8]) -> bool {
    MAGIC.iter().any(|magic| bytes.starts_with(magic))
}

/// What the dump says, in the fields of an event; `None` if it is no dump, or a broken one.
pub fn read(bytes: &[u8]) -> Option<Value> {
    let dump = Minidump::read(bytes).ok()?;
    let modules = dump.get_stream::<MinidumpModuleList>().ok();
    let mut event = json!({ "platform": "native", "level": "fatal" });
    let seconds = dump.header.time_date_stamp;
    if seconds > 0 {
        event["timestamp"] = seconds.into();
    }
    let Ok(system) = dump.get_stream::<MinidumpSystemInfo>() else {
        event["exception"] = json!([exception(None, None)]);
        return Some(event);
    };
    event["contexts"] = contexts(&system);
    if let Some(modules) = &modules {
        let images: Vec<Value> =
            modules.iter().take(MAX_MODULES).map(|module| image(module, system.os)).collect();
        event["debug_meta"] = json!({ "images": images });
    }
    let process = Process {
        misc: dump.get_stream().ok(),
        exception: dump.get_stream().ok(),
        names: dump.get_stream().ok(),
        system,
        modules,
    };
    if let Ok(threads) = dump.get_stream::<MinidumpThreadList>() {
        let threads = threads.threads.iter().take(MAX_THREADS);
        event["threads"] = threads.map(|thread| process.thread(thread)).collect();
    }
    event["exception"] = json!([process.crash()]);
    Some(event)
}

/// What the streams of a dump tell about each other.
struct Process<'a> {
    system: MinidumpSystemInfo,
    misc: Option<MinidumpMiscInfo>,
    exception: Option<MinidumpException<'a>>,
    names: Option<MinidumpThreadNames>,
    modules: Option<MinidumpModuleList>,
}

impl Process<'_> {
    /// The exception that the crash is.
    fn crash(&self) -> Value {
        let Some(found) = &self.exception else { return exception(None, None) };
        let (os, cpu) = (self.system.os, self.system.cpu);
        let reason = found.get_crash_reason(os, cpu).to_string();
        let mut crash = exception(Some(&reason), Some(found.get_crash_address(os, cpu)));
        crash["thread_id"] = found.get_crashing_thread_id().into();
        if let Some(context) = found.context(&self.system, self.misc.as_ref()) {
            crash["stacktrace"] = self.stack(&context);
        }
        crash
    }

    fn thread(&self, thread: &MinidumpThread<'_>) -> Value {
        let id = thread.raw.thread_id;
        let crashed = self.exception.as_ref().filter(|found| found.get_crashing_thread_id() == id);
        let name = self.names.as_ref().and_then(|names| names.get_name(id));
        let mut about =
            json!({ "id": id, "crashed": crashed.is_some(), "current": crashed.is_some() });
        if let Some(name) = name {
            about["name"] = name.into();
        }
        // The stack of the thread that crashed is the exception's.
        let context = match crashed {
            Some(_) => None,
            None => thread.context(&self.system, self.misc.as_ref()),
        };
        if let Some(context) = context {
            about["stacktrace"] = self.stack(&context);
        }
        about
    }

    /// The only frame that is certain: where the processor was.
    fn stack(&self, context: &MinidumpContext) -> Value {
        let address = context.get_instruction_pointer();
        let module = self.modules.as_ref().and_then(|modules| modules.module_at_address(address));
        let mut frame = json!({ "instruction_addr": hex(address), "trust": "context" });
        if let Some(module) = module {
            frame["package"] = module.code_file().into();
            frame["image_addr"] = hex(module.base_address()).into();
        }
        let registers = context.valid_registers();
        let registers: Map<String, Value> =
            registers.map(|(name, value)| (name.to_owned(), hex(value).into())).collect();
        json!({ "frames": [frame], "registers": registers })
    }
}

/// A crash in the words of an exception.
fn exception(reason: Option<&str>, address: Option<u64>) -> Value {
    let value = match address {
        Some(address) => format!("Crash at address {}", hex(address)),
        None => "Crash".to_owned(),
    };
    json!({
        "type": reason.unwrap_or("Minidump"),
        "value": value,
        "mechanism": {"type": "minidump", "handled": false, "synthetic": true},
    })
}

fn contexts(system: &MinidumpSystemInfo) -> Value {
    let (version, build) = system.os_parts();
    let mut os = json!({ "type": "os", "name": os_name(system.os) });
    if version != "0.0.0" {
        os["version"] = version.into();
    }
    if let Some(build) = build {
        os["build"] = build.into();
    }
    let mut device = json!({ "type": "device", "arch": architecture(system.cpu) });
    if let Some(model) = system.cpu_info() {
        device["cpu_description"] = model.into();
    }
    json!({ "os": os, "device": device })
}

fn image(module: &MinidumpModule, os: Os) -> Value {
    let kind = match os {
        Os::Windows => "pe",
        Os::MacOs | Os::Ios => "macho",
        _ => "elf",
    };
    let mut image = json!({
        "type": kind,
        "code_file": module.code_file(),
        "image_addr": hex(module.base_address()),
        "image_size": module.size(),
    });
    let identifiers = [
        ("code_id", module.code_identifier().map(|id| id.to_string())),
        ("debug_id", module.debug_identifier().map(|id| id.to_string())),
        ("debug_file", module.debug_file().map(std::borrow::Cow::into_owned)),
    ];
    for (name, id) in identifiers {
        if let Some(id) = id {
            image[name] = id.into();
        }
    }
    image
}

fn os_name(os: Os) -> String {
    match os {
        Os::Windows => "Windows".to_owned(),
        Os::MacOs => "macOS".to_owned(),
        Os::Ios => "iOS".to_owned(),
        Os::Linux => "Linux".to_owned(),
        Os::Android => "Android".to_owned(),
        other => other.to_string(),
    }
}

fn architecture(cpu: Cpu) -> String {
    match cpu {
        Cpu::X86_64 => "x86_64".to_owned(),
        other => other.to_string(),
    }
}

fn hex(address: u64) -> String {
    format!("0x{address:x}")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::protocol::recorded;

    /// The dump of a small program that writes to the address 0.
    fn crashy() -> Vec<u8> {
        let form = recorded::bodies("native/minidump_multipart", "/minidump/").remove(0);
        let start = memchr::memmem::find(&form, b"MDMP").unwrap();
        let end = memchr::memmem::rfind(&form, b"\r\n--XBOUNDARYX").unwrap();
        let whole = form[start..end].to_vec();
        let end = memchr::memmem::find(&whole, b"\r\n--XBOUNDARYX").unwrap_or(whole.len());
        whole[..end].to_vec()
    }

    #[test]
    fn a_dump_tells_what_crashed_and_where() {
        let event = read(&crashy()).unwrap();
        let crash = &event["exception"][0];
        assert_eq!(crash["type"], "SIGSEGV / SEGV_MAPERR");
        assert_eq!(crash["value"], "Crash at address 0x0");
        assert_eq!(crash["mechanism"]["handled"], false);
        let frame = &crash["stacktrace"]["frames"][0];
        assert!(frame["package"].as_str().unwrap().ends_with("crashy"), "{frame}");
        let address = |text: &Value| {
            u64::from_str_radix(text.as_str().unwrap().trim_start_matches("0x"), 16).unwrap()
        };
        let offset = address(&frame["instruction_addr"]) - address(&frame["image_addr"]);
        assert_eq!(offset, 0x11c0, "where `weigh` writes");
        assert!(crash["stacktrace"]["registers"].as_object().unwrap().len() > 10);

        let image = &event["debug_meta"]["images"][0];
        assert_eq!(image["code_id"], "b3cd651956316a4819b5772be1d17f2aa79c2287");
        assert_eq!(image["debug_id"], "1965cdb3-3156-486a-19b5-772be1d17f2a");
        assert_eq!(image["type"], "elf");
        let crashed: Vec<_> = event["threads"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|it| it["crashed"] == true)
            .collect();
        assert_eq!(crashed.len(), 1);
        assert_eq!(crashed[0]["id"], crash["thread_id"]);
        assert_eq!(event["contexts"]["os"]["name"], "Linux");
        assert_eq!(event["contexts"]["device"]["arch"], "x86_64");
    }

    #[test]
    fn what_is_no_dump_is_none() {
        for bytes in [&b""[..], b"MDMP", b"x", &[0; 4096]] {
            assert_eq!(read(bytes), None);
        }
        assert!(is_dump(b"PMDM...") && !is_dump(b"MDM"));
    }

    proptest! {
        #[test]
        fn a_damaged_dump_never_panics(
            cut in 0_usize..18_000,
            damage in proptest::collection::vec((0_usize..6_000, any::<u8>()), 0..20),
        ) {
            let mut bytes = crashy();
            for (at, byte) in damage {
                if let Some(place) = bytes.get_mut(at) {
                    *place = byte;
                }
            }
            let _ = read(&bytes);
            let _ = read(&bytes[..cut.min(bytes.len())]);
        }
    }
}
