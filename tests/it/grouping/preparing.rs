//! What preparing does to an event.

use picket::grouping::{Config, group, prepare};

use super::event;

const NATIVE: &str = r#"{"platform":"native","exception":[{"type":"SIGSEGV","stacktrace":{"frames":[
    {"function":"shop::Cart::total(int) const","package":"/opt/shop","data":{"kept":1}},
    {"function":"std::sort<int*>(int*, int*)","package":"/opt/shop","in_app":true},
    {"function":"abort","package":"/usr/lib/libc.so.6","in_app":false}]}}]}"#;

#[test]
fn functions_are_shortened_and_what_nobody_knows_is_not_in_app() {
    let mut event = event(NATIVE.as_bytes());
    prepare(&mut event, &Config::default());
    let frames = event.exceptions()[0].stacktrace.as_ref().unwrap().frames();
    assert_eq!(frames[0].function.as_deref(), Some("shop::Cart::total"));
    assert_eq!(frames[0].raw_function.as_deref(), Some("shop::Cart::total(int) const"));
    assert_eq!(frames[2].raw_function, None, "nothing to shorten");
    let in_app: Vec<_> = frames.iter().map(|frame| frame.in_app).collect();
    assert_eq!(in_app, [Some(false); 3]);
    let data: Vec<_> =
        frames.iter().map(|frame| frame.data.as_ref().map(|data| data.text().to_owned())).collect();
    let expected = [Some(r#"{"kept":1,"orig_in_app":-1}"#), Some(r#"{"orig_in_app":1}"#), None];
    assert_eq!(data, expected.map(|text| text.map(str::to_owned)));
}

#[test]
fn preparing_twice_is_preparing_once() {
    let config = Config::default();
    let mut event = event(NATIVE.as_bytes());
    prepare(&mut event, &config);
    let (once, grouping) = (event.clone(), group(&event, &config));
    prepare(&mut event, &config);
    assert_eq!(event, once);
    assert_eq!(group(&event, &config), grouping);
}

#[test]
fn other_rules_start_from_what_the_client_said() {
    let mut event = event(NATIVE.as_bytes());
    prepare(&mut event, &Config::default());
    let own = Config::new("function:std::* +app\nfunction:shop::* +app", "").unwrap();
    prepare(&mut event, &own);
    let frames = event.exceptions()[0].stacktrace.as_ref().unwrap().frames();
    assert_eq!(
        frames.iter().map(|frame| frame.in_app).collect::<Vec<_>>(),
        [Some(true), Some(true), Some(false)]
    );
    prepare(&mut event, &Config::default());
    let frames = event.exceptions()[0].stacktrace.as_ref().unwrap().frames();
    assert_eq!(frames[1].in_app, Some(false), "not what the other rules said");
}

#[test]
fn grouping_does_not_need_the_event_to_be_prepared_twice() {
    let config = Config::default();
    let raw = event(NATIVE.as_bytes());
    let mut prepared = raw.clone();
    prepare(&mut prepared, &config);
    assert_eq!(group(&raw, &config).hashes(), group(&prepared, &config).hashes());
}

#[test]
fn scripts_get_a_module_and_lose_the_query_of_their_file() {
    let mut event = event(
        br#"{"platform":"javascript","stacktrace":{"frames":[
            {"abs_path":"https://a.example/js/cart.min.js?v=2","filename":"/js/cart.min.js?v=2"}]}}"#,
    );
    prepare(&mut event, &Config::default());
    let frame = &event.stacktrace.as_ref().unwrap().frames()[0];
    assert_eq!(frame.module.as_deref(), Some("cart"));
    assert_eq!(frame.filename.as_deref(), Some("/js/cart.min.js"));
}

#[test]
fn workers_of_python_are_not_told_apart_by_their_pipes() {
    let hash = |line: &str| {
        let json = format!(
            r#"{{"platform":"python","stacktrace":{{"frames":[{{"module":"__main__",
                "filename":"<string>","function":"<module>","context_line":"{line}","in_app":true}}]}}}}"#
        );
        let mut event = event(json.as_bytes());
        prepare(&mut event, &Config::default());
        group(&event, &Config::default()).hashes()[0].1.clone()
    };
    let line = "from multiprocessing.spawn import spawn_main; spawn_main";
    let first = hash(&format!("{line}(tracker_fd=7, pipe_handle=12)"));
    assert_eq!(first, hash(&format!("{line}(tracker_fd=9, pipe_handle=40)")));
    assert_ne!(first, hash("run(tracker_fd=7, pipe_handle=12)"));
    assert_ne!(hash("run(tracker_fd=7)"), hash("run(tracker_fd=9)"));
}
