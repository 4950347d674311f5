//! Rust, and C or C++.

use super::{Guide, Step};

pub(super) const GUIDES: &[Guide] = &[
    Guide {
        platform: "rust",
        name: "Rust",
        steps: &[
            Step { heading: "Install the SDK", code: "cargo add sentry", note: "" },
            Step {
                heading: "Set up, first thing in `main`",
                code: r#"let _sentry = sentry::init("__DSN__");"#,
                note: "Keep the guard: events are sent in the background, and dropping it waits for the last \
                       ones. In async programs, set up before the runtime starts.",
            },
            Step { heading: "See it work", code: r#"panic!("Hello from Rust");"#, note: "" },
        ],
    },
    Guide {
        platform: "native",
        name: "C and C++",
        steps: &[
            Step {
                heading: "Install the SDK, in `CMakeLists.txt`",
                code: "find_package(sentry REQUIRED)\ntarget_link_libraries(shop PRIVATE sentry::sentry)",
                note: "Sources and releases: github.com/getsentry/sentry-native.",
            },
            Step {
                heading: "Set up, and see it work",
                code: r#"#include <sentry.h>

int main(void) {
    sentry_options_t *options = sentry_options_new();
    sentry_options_set_dsn(options, "__DSN__");
    sentry_options_set_database_path(options, ".sentry-native");
    sentry_init(options);

    sentry_capture_event(sentry_value_new_message_event(
        SENTRY_LEVEL_ERROR, "main", "Hello from C"));

    sentry_close();
    return 0;
}"#,
                note: "",
            },
            Step {
                heading: "Watch it being sent",
                code: "sentry_options_set_debug(options, 1);",
                note: "Before sentry_init. The SDK then says on stderr what it does.",
            },
        ],
    },
];
