//! An event as a page shows it.
//!
//! [`EventView`] is made from the stored event alone: the same bytes always give the same page. What the
//! issue adds (shares of tags, neighbours in time) comes beside it in [`detail`](super::detail).

pub mod attachments;
pub mod breadcrumbs;
pub mod exceptions;
pub mod facts;
pub mod images;
pub mod remarks;
pub mod request;
pub mod security;
pub mod stack;
pub mod threads;

use breadcrumbs::BreadcrumbView;
use exceptions::ExceptionView;
use facts::{ContextView, Fact, ProblemView, SdkView};
use images::ImageView;
use remarks::RemarkView;
use request::RequestView;
use security::SecurityView;
use stack::{FrameView, Order, StackView};
use threads::ThreadView;

use crate::base::Timestamp;
use crate::protocol::event::Event;
use crate::protocol::lenient::Raw;
use crate::web::components::tree::{Tree, shortened};

/// Longer messages are cut; the JSON has them whole.
const MAX_MESSAGE_CHARS: usize = 8_000;

/// An event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventView {
    /// What one asks first.
    pub facts: Vec<Fact>,
    /// The log message.
    pub message: String,
    /// What was cut off the message, in words.
    pub message_cut: String,
    /// The message before its parameters were put in, where that differs.
    pub message_template: String,
    /// The parameters of the message.
    pub message_parameters: Tree,
    /// The exceptions, the outcome first.
    pub exceptions: Vec<ExceptionView>,
    /// Whether the exceptions branch, so that an overview helps.
    pub has_exception_tree: bool,
    /// A stack without an exception.
    pub stack: Option<StackView>,
    /// The template that failed (Django).
    pub template: Option<FrameView>,
    /// All stacks as their language prints them; empty if there are none.
    pub raw_stack: String,
    /// Which end of the stacks comes first.
    pub order: Order,
    /// The threads.
    pub threads: Vec<ThreadView>,
    /// What happened before, newest first.
    pub breadcrumbs: Vec<BreadcrumbView>,
    /// The request that was served.
    pub request: Option<RequestView>,
    /// Who was affected.
    pub user: Vec<Fact>,
    /// What else the program knows about them.
    pub user_data: Tree,
    /// Named facts about runtime, system, device …
    pub contexts: Vec<ContextView>,
    /// Whatever the program attached.
    pub extra: Tree,
    /// What a browser reported about the page's security.
    pub security: Option<SecurityView>,
    /// A content security policy violation beside something else, or one that is not understood.
    pub policy_report: Tree,
    /// The client library.
    pub sdk: SdkView,
    /// Installed packages and their versions.
    pub modules: Vec<(String, String)>,
    /// Loaded libraries.
    pub images: Vec<ImageView>,
    /// What was wrong with the event.
    pub problems: Vec<ProblemView>,
    /// What was taken out of the event or cut.
    pub remarks: Vec<RemarkView>,
}

impl EventView {
    /// The view of a stored event; `main_exception` is the one the issue is about, if grouping chose one.
    pub fn new(event: &Event, order: Order, main_exception: Option<u64>, now: Timestamp) -> Self {
        let exceptions = exceptions::exceptions(event, order, main_exception);
        let has_exceptions = !exceptions.is_empty();
        let (message, message_template, message_parameters) = message(event, &exceptions);
        let security = SecurityView::new(event);
        // The title says it already.
        let message = if security.is_some() { String::new() } else { message };
        let (message, message_cut) = shortened(&message, MAX_MESSAGE_CHARS);
        let stack =
            event.stacktrace.as_ref().filter(|stack| !has_exceptions && !stack.frames().is_empty());
        let (user, user_data) = event.user.as_ref().map(facts::user).unwrap_or_default();
        Self {
            facts: facts::first_facts(event),
            message,
            message_cut,
            message_template,
            message_parameters,
            has_exception_tree: exceptions.iter().any(|exception| exception.depth > 0),
            exceptions,
            stack: stack.map(|stack| StackView::new(stack, event.platform(), order, true)),
            template: event.template.as_ref().map(template),
            raw_stack: stack::raw::event_text(event),
            order,
            threads: threads::threads(event, order),
            breadcrumbs: breadcrumbs::breadcrumbs(event.breadcrumbs(), event.timestamp, now),
            request: event.request.as_ref().map(RequestView::new).filter(|view| !view.is_empty()),
            user,
            user_data,
            contexts: facts::contexts(event.contexts.as_ref()),
            extra: event.extra.as_ref().map(Tree::of_map).unwrap_or_default(),
            policy_report: match (&security, &event.csp) {
                (None, Some(csp)) => Tree::of_value(csp),
                _ => Tree::default(),
            },
            security,
            sdk: facts::sdk(event),
            modules: event.modules.iter().flatten().map(module_line).collect(),
            images: images::images(event),
            problems: facts::problems(event),
            remarks: remarks::remarks(event),
        }
    }

    /// The anchors of the parts that this event has, in their order, for the list that jumps to them.
    pub fn parts(&self) -> Vec<(&'static str, &'static str)> {
        let has_place = !self.user.is_empty() || !self.user_data.is_empty();
        [
            ("message", "Message", !self.message.is_empty()),
            ("report", self.report_word(), self.security.is_some()),
            ("stack", self.stack_word(), self.has_stack()),
            ("threads", "Threads", !self.threads.is_empty()),
            ("breadcrumbs", "Breadcrumbs", !self.breadcrumbs.is_empty()),
            ("request", "Request", self.request.is_some()),
            ("user", "User", has_place),
            ("contexts", "Contexts", !self.contexts.is_empty()),
            ("extra", "Additional data", !self.extra.is_empty()),
            ("client", "Client", self.has_client()),
            ("problems", "Problems", !self.problems.is_empty()),
            ("remarks", "Taken out or cut", !self.remarks.is_empty()),
        ]
        .into_iter()
        .filter_map(|(anchor, name, is_there)| is_there.then_some((anchor, name)))
        .collect()
    }

    /// Whether there is a stack or an exception to show.
    pub fn has_stack(&self) -> bool {
        !self.exceptions.is_empty() || self.stack.is_some() || self.template.is_some()
    }

    /// What the part with a browser's report is called.
    fn report_word(&self) -> &'static str {
        self.security.as_ref().map_or("", |report| report.heading)
    }

    /// What the part with stacks is called.
    pub fn stack_word(&self) -> &'static str {
        match self.exceptions.len() {
            0 => "Stack trace",
            1 if self.exceptions[0].kind.is_empty() => "Stack trace",
            1 => "Exception",
            _ => "Exceptions",
        }
    }

    /// Whether there is something about the client library and what was installed.
    pub fn has_client(&self) -> bool {
        !self.sdk.name.is_empty() || !self.modules.is_empty() || !self.images.is_empty()
    }
}

/// The text, the template if it differs, and the parameters. Nothing if it only repeats the exception.
fn message(event: &Event, exceptions: &[ExceptionView]) -> (String, String, Tree) {
    let Some(text) = event.message_text() else { return <(String, String, Tree)>::default() };
    let entry = event.logentry.as_ref();
    let template =
        entry.and_then(|entry| entry.message.clone()).filter(|template| template != text);
    let parameters = entry.and_then(|entry| entry.params.as_ref()).map(Tree::of_value);
    let repeats = |one: &ExceptionView| {
        text == one.value || text.strip_prefix(&format!("{}: ", one.kind)) == Some(&one.value)
    };
    if template.is_none() && parameters.is_none() && exceptions.iter().any(repeats) {
        return <(String, String, Tree)>::default();
    }
    (text.to_owned(), template.unwrap_or_default(), parameters.unwrap_or_default())
}

fn template(frame: &crate::protocol::event::Frame) -> FrameView {
    let mut view = FrameView::new(frame, "python", true);
    "template".clone_into(&mut view.function);
    view.is_open = view.has_detail();
    view
}

/// A package and its version, which clients send as text.
fn module_line((name, version): (&String, &Raw)) -> (String, String) {
    let text = version.parse().unwrap_or_else(|| version.text().to_owned());
    (name.clone(), text)
}
