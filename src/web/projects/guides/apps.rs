//! What runs on phones and desktops.

use super::{Guide, Step};

/// Devices have their own idea of `127.0.0.1`.
const REACHABLE: &str =
    "The device has to reach the host in the DSN; 127.0.0.1 is the device itself.";

pub(super) const GUIDES: &[Guide] = &[
    Guide {
        platform: "android",
        name: "Android",
        steps: &[
            Step {
                heading: "Install the SDK, in `app/build.gradle`",
                code: "implementation 'io.sentry:sentry-android:8.+'",
                note: "",
            },
            Step {
                heading: "Set up, in `AndroidManifest.xml`",
                code: r#"<application>
    <meta-data
        android:name="io.sentry.dsn"
        android:value="__DSN__" />
</application>"#,
                note: REACHABLE,
            },
            Step {
                heading: "See it work, in an activity",
                code: r#"throw RuntimeException("Hello from Android")"#,
                note: "A crash is sent when the app starts the next time.",
            },
        ],
    },
    Guide {
        platform: "apple",
        name: "iOS and macOS",
        steps: &[
            Step {
                heading: "Install the SDK, as a Swift package",
                code: "https://github.com/getsentry/sentry-cocoa",
                note: "",
            },
            Step {
                heading: "Set up, when the app starts",
                code: r#"import Sentry

SentrySDK.start { options in
    options.dsn = "__DSN__"
}"#,
                note: REACHABLE,
            },
            Step {
                heading: "See it work",
                code: r#"SentrySDK.capture(message: "Hello from Swift")"#,
                note: "",
            },
        ],
    },
    Guide {
        platform: "flutter",
        name: "Flutter",
        steps: &[
            Step { heading: "Install the SDK", code: "flutter pub add sentry_flutter", note: "" },
            Step {
                heading: "Set up, in `main.dart`",
                code: r"import 'package:flutter/widgets.dart';
import 'package:sentry_flutter/sentry_flutter.dart';

Future<void> main() async {
  await SentryFlutter.init(
    (options) => options.dsn = '__DSN__',
    appRunner: () => runApp(const MyApp()),
  );
}",
                note: REACHABLE,
            },
            Step {
                heading: "See it work",
                code: "throw StateError('Hello from Flutter');",
                note: "",
            },
        ],
    },
];
