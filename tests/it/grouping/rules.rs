//! Stack trace rules and fingerprints, seen by what they do to hashes and explanations.

use picket::grouping::{Config, Grouping, VariantName, explain};

use super::{event, grouped};

/// A stack of python frames, `name` in app, `-name` not, `?name` unknown.
fn stack(frames: &str) -> String {
    let frame = |word: &str| {
        let (in_app, name) = match word.split_at(1) {
            ("-", name) => ("false", name),
            ("?", name) => ("null", name),
            _ => ("true", word),
        };
        format!(r#"{{"function":"{name}","module":"m","in_app":{in_app}}}"#)
    };
    let frames: Vec<_> = frames.split_whitespace().map(frame).collect();
    frames.join(",")
}

fn grouping(rules: &str, frames: &str) -> Grouping {
    let json = format!(
        r#"{{"platform":"other","exception":[{{"type":"E","value":"v","stacktrace":{{"frames":[{}]}}}}]}}"#,
        stack(frames)
    );
    grouped(event(json.as_bytes()), &Config::new(rules, "").unwrap())
}

/// The functions that count in a view, or the value where none does.
fn counting(grouping: &Grouping, name: VariantName) -> String {
    let values = grouping.values(name).into_iter().filter(|value| *value != "m" && *value != "E");
    values.collect::<Vec<_>>().join(" ")
}

fn app(rules: &str, frames: &str) -> String {
    counting(&grouping(rules, frames), VariantName::App)
}

fn system(rules: &str, frames: &str) -> String {
    counting(&grouping(rules, frames), VariantName::System)
}

#[test]
fn rules_change_what_is_in_app() {
    for (rules, frames, expected) in [
        ("", "a -b ?c d", "a d"),
        ("function:b +app", "a -b c", "a b c"),
        ("function:b ^-app", "a b c d", "a b"),
        ("function:b v-app -app", "a b c d", "c d"),
        ("function:b -app\nfunction:b +app", "a b", "a b"),
        // Of two frames that match, all effects of the inner one come last.
        ("function:b v+app -app ^-app", "a b c b d", "a b c"),
        ("!function:b -app", "a b c", "b"),
        ("app:no function:b +app", "-a -b", "b"),
        ("type:F function:b -app", "a b", "a b"),
        ("type:E value:v function:b -app", "a b", "a"),
        ("!mechanism:x function:b -app", "a b", "a"),
    ] {
        assert_eq!(app(rules, frames), expected, "{rules} on {frames}");
    }
}

#[test]
fn rules_look_at_neighbours_but_a_missing_one_never_matches() {
    for (rules, expected) in [
        ("[function:a] | function:b -app", "a c"),
        ("function:b | [function:c] -app", "a c"),
        ("[!function:x] | module:m -app", "a"),
        ("module:m | [!function:x] -app", "c"),
        ("[function:a] | function:b | [function:x] -app", "a b c"),
    ] {
        assert_eq!(app(rules, "a b c"), expected, "{rules}");
    }
}

#[test]
fn categories_are_seen_by_later_rules_only() {
    let rules = "category:x -app\nfunction:a category=x\n[category:x] | function:b category=y";
    assert_eq!(app(rules, "a b c"), "a b c");
    assert_eq!(app(&format!("{rules}\ncategory:{{x,y}} -app"), "a b c"), "c");
    // A rule is matched against all frames before it changes any.
    let chain = "function:a category=x\n[category:x] | module:m category=x\ncategory:x -app";
    assert_eq!(app(chain, "a b c"), "c");
}

#[test]
fn rules_change_what_counts() {
    for (rules, frames, in_app, all) in [
        ("function:b -group", "a b c", "a c", "a c"),
        ("function:b ^-group -group", "a b c d", "a", "a"),
        ("function:b v-group", "a b c", "b c", "b c"),
        ("module:m -group\nfunction:b +group", "a b c", "b", "b"),
        ("function:b +group", "a -b c", "a c", "a b c"),
        ("module:m max-frames=2", "a b c d", "c d", "c d"),
        ("module:m max-frames=1", "-a b -c", "b", "c"),
        ("module:m max-frames=1\nmodule:m max-frames=2", "a b c", "b c", "b c"),
        ("module:m min-frames=3", "a b -c", "v", "a b c"),
    ] {
        assert_eq!(app(rules, frames), in_app, "{rules} on {frames}, app");
        assert_eq!(system(rules, frames), all, "{rules} on {frames}, system");
    }
}

#[test]
fn recursion_counts_once_and_can_be_brought_back() {
    assert_eq!(app("", "a b b b c"), "a b c");
    assert_eq!(app("", "a b a b"), "a b a b");
    assert_eq!(app("function:b +group", "a b b c"), "a b b c");
}

#[test]
fn an_explanation_names_the_rule_and_who_wrote_it() {
    let grouping = grouping("function:b -app -group # helpers\nfunction:c -group", "a b c ?d -e");
    let explanation = explain(&grouping);
    assert_eq!(explanation.sentence, "Grouped by the type `E` and 1 in-app frame.");
    let stack = explanation.parts.iter().find(|part| part.label == "Stack trace").unwrap();
    let whys: Vec<_> = stack.frames.iter().map(|frame| frame.why.as_str()).collect();
    assert_eq!(
        whys,
        [
            "in app, says the client",
            "out of app by the project rule `function:b -app`",
            "ignored by the project rule `function:c -group`",
            "not in app, as nothing says that it is",
            "out of app, says the client",
        ]
    );
}

#[test]
fn the_built_in_rules_know_what_is_not_the_programs_own() {
    for (frame, in_app) in [
        (r#"{"abs_path":"/srv/app/venv/lib/python3.11/site-packages/flask/app.py"}"#, false),
        (r#"{"abs_path":"/srv/app/shop/views.py"}"#, true),
        (r#"{"abs_path":"webpack:///./node_modules/react/index.js"}"#, false),
        (r#"{"filename":"vendor/symfony/Kernel.php"}"#, false),
        (r#"{"abs_path":"/go/pkg/mod/github.com/x/y.go"}"#, false),
        (r#"{"module":"org.springframework.web.X"}"#, false),
        (r#"{"module":"io.netty.channel.X"}"#, false),
        (r#"{"function":"std::rt::lang_start","platform":"native"}"#, false),
        (r#"{"function":"std::rt::lang_start"}"#, true),
        (r#"{"package":"/usr/lib/libc.so.6"}"#, false),
        (r#"{"package":"C:\\Windows\\System32\\ntdll.dll","platform":"native"}"#, false),
        (r#"{"package":"UIKitCore","function":"UIApplicationMain","platform":"cocoa"}"#, true),
        (r#"{"package":"/data/GameAssembly.dll","abs_path":"C:/x/Assets/A.cs"}"#, true),
        (r#"{"package":"/data/GameAssembly.dll"}"#, false),
    ] {
        let with_in_app = frame.replacen('{', r#"{"in_app":true,"#, 1);
        let json = format!(r#"{{"platform":"other","stacktrace":{{"frames":[{with_in_app}]}}}}"#);
        let mut event = event(json.as_bytes());
        picket::grouping::prepare(&mut event, &Config::default());
        let frame = &event.stacktrace.unwrap().frames.unwrap()[0];
        assert_eq!(frame.in_app, Some(in_app), "{json}");
    }
}

#[test]
fn of_unity_only_what_was_mapped_back_to_the_game_is_the_games_own() {
    const IL2CPP: &str = "/data/app/lib/libil2cpp.so";
    const IOS: &str = "/private/var/containers/Bundle/Application/A/G.app/Frameworks/UnityFramework.framework/UnityFramework";
    const MAC: &str = "/Applications/G.app/Contents/Frameworks/GameAssembly.dylib";
    for (package, path, said, in_app) in [
        (IL2CPP, "", true, false),
        (IOS, "", true, false),
        (MAC, "<no-source>", true, false),
        ("C:\\Games\\G\\GameAssembly.dll", "", true, false),
        (IL2CPP, "/build/Il2CppOutputProject/Source/il2cppOutput/Cart.cpp", true, false),
        (IL2CPP, "/build/G/Assets/Scripts/Cart.cs", false, true),
        (IOS, "C:\\build\\G\\Assets\\Scripts\\Cart.cs", false, true),
        (MAC, "/build/G/Packages/com.acme.cart/Cart.cs", false, true),
        (IL2CPP, "/build/G/Library/PackageCache/com.unity.ui/Assets/Text.cs", true, false),
        (IL2CPP, "/home/bokken/build/unity/Runtime/Modules/Assets/Text.cs", true, false),
        ("/data/app/lib/libunity.so", "", true, false),
        ("/data/app/lib/libgame.so", "/build/G/Assets/Cart.cs", true, false),
        ("C:\\Games\\G\\UnityPlayer.dll", "", true, false),
        ("/opt/G/UnityRuntime.framework/UnityRuntime", "", true, false),
        ("/opt/G/G", "/build/G/MainApp/main.mm", true, false),
        ("/opt/G/Sentry.dylib", "", true, false),
        ("/data/app/lib/libsentry-android.so", "", true, false),
        ("/opt/G/SentryObjC.framework/SentryObjC", "", true, false),
        // Other programs are left alone.
        ("/Applications/Shop.app/Contents/MacOS/Shop", "<no-source>", true, true),
        ("/Applications/Shop.app/Contents/MacOS/Shop", "/x/Library/PackageCache/a.cs", true, true),
        ("/data/app/lib/libshop.so", "/build/Assets/cart.c", false, false),
    ] {
        let frame = serde_json::json!({
            "package": package, "abs_path": path, "in_app": said, "instruction_addr": "0x7"
        });
        let json = serde_json::json!({"platform": "native", "stacktrace": {"frames": [frame]}});
        let mut event = event(json.to_string().as_bytes());
        picket::grouping::prepare(&mut event, &Config::default());
        let frame = &event.stacktrace.unwrap().frames.unwrap()[0];
        assert_eq!(frame.in_app, Some(in_app), "{package} {path}");
    }
}

#[test]
fn who_resumes_a_coroutine_of_unity_does_not_matter() {
    let counting = |package: &str| {
        let json = format!(
            r#"{{"platform":"csharp","stacktrace":{{"frames":[{{"function":"a"}},
            {{"function":"InvokeMoveNext","package":"{package}"}},{{"function":"b"}}]}}}}"#
        );
        let grouping = grouped(event(json.as_bytes()), &Config::default());
        grouping.values(VariantName::System).join(" ")
    };
    assert_eq!(counting("UnityEngine.CoreModule, Version=0.0.0.0"), "InvokeMoveNext b");
    assert_eq!(counting("Acme.Coroutines"), "a InvokeMoveNext b");
}

#[test]
fn a_fingerprint_rule_replaces_or_joins_the_content() {
    let json = r#"{"exception":[{"type":"E","value":"v"}],"fingerprint":["client"]}"#;
    let with = |rules: &str| grouped(event(json.as_bytes()), &Config::new("", rules).unwrap());

    let client = with("");
    assert_eq!(client.hashes().len(), 1);
    assert_eq!(client.hashes()[0].0, "custom_client_fingerprint");
    assert_eq!(
        explain(&client).sentence,
        "Grouped by the fingerprint `client` that the client sent."
    );

    let replaced = with("type:E -> mine title=\"All {{ type }}\"");
    assert_eq!(replaced.hashes()[0].0, "custom_server_fingerprint");
    assert_eq!(replaced.title(), Some("All E"));
    assert_eq!(explain(&replaced).notes, ["The rule replaced the client's fingerprint `client`."]);

    let joined = with("type:E -> {{ default }} mine");
    assert_eq!(joined.values(VariantName::App), ["E", "v", "mine"]);
    assert_eq!(
        explain(&joined).sentence,
        "Grouped by the type `E` and the message `v`, and the fingerprint `mine` of the project rule \
         `type:E -> {{ default }} mine`."
    );
}

#[test]
fn a_checksum_decides_alone() {
    for (checksum, name, hash) in [
        ("0123456789abcdef0123456789abcdef", "checksum", "0123456789abcdef0123456789abcdef"),
        ("checkoutEU", "hashed_checksum", "db0923684683008bb490ada749b79935"),
    ] {
        let json = format!(r#"{{"checksum":"{checksum}","fingerprint":["x"],"message":"y"}}"#);
        let grouping = grouped(event(json.as_bytes()), &Config::default());
        assert_eq!(grouping.hashes(), [(name, hash.to_owned())]);
    }
}
