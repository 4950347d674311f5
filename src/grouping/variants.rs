//! From what counts to hashes (`grouping.md` §3, §12).

use std::fmt;

use serde::{Deserialize, Serialize};

use super::digest::{digest, is_digest};
use super::fingerprint::{self, Fingerprint};
use super::reason::{Origin, Reason};
use super::strategies::{self, Decision, Strategy};
use super::switches::Feature;
use super::tree::{Tree, View};
use super::{Config, prepare};
use crate::protocol::event::Event;

/// How one event is grouped, with everything that led there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grouping {
    /// [`Config::version`] of the run.
    pub config: String,
    /// The ways to look at the event, the most telling first.
    pub variants: Vec<Variant>,
    /// The part of the event that decides, and its tree.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub basis: Option<Basis>,
    /// The fingerprint, if it is not just the default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fingerprint: Option<Fingerprint>,
    /// What tells events apart that have nothing to group by, where a project wants that.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fallback: Vec<String>,
    /// The id of the exception that names the issue, where it is not the last one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub main_exception_id: Option<u64>,
}

/// The part of an event that decides.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Basis {
    /// Which part.
    pub strategy: Strategy,
    /// What counts of it.
    pub tree: Tree,
    /// Parts that the event has too, but that do not decide.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub passed_over: Vec<Strategy>,
}

/// One way to look at an event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Variant {
    /// Which way.
    pub name: VariantName,
    /// 32 hex digits; none if this way adds nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hash: Option<String>,
    /// Why there is no hash.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
}

/// The ways to look at an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VariantName {
    /// The program's own frames.
    App,
    /// All frames.
    System,
    /// What has no frames.
    Default,
    /// The client gave a hash.
    Checksum,
    /// The client gave a text in place of a hash.
    HashedChecksum,
    /// The client's fingerprint.
    CustomClientFingerprint,
    /// The fingerprint of a project's rule.
    CustomServerFingerprint,
    /// The fingerprint of a built-in rule.
    BuiltInFingerprint,
    /// There is nothing to group by.
    Fallback,
}

impl VariantName {
    /// The word that is stored and shown.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::App => "app",
            Self::System => "system",
            Self::Default => "default",
            Self::Checksum => "checksum",
            Self::HashedChecksum => "hashed_checksum",
            Self::CustomClientFingerprint => "custom_client_fingerprint",
            Self::CustomServerFingerprint => "custom_server_fingerprint",
            Self::BuiltInFingerprint => "built_in_fingerprint",
            Self::Fallback => "fallback",
        }
    }

    /// How the tree is looked at; `None`: it is not.
    pub fn view(self) -> Option<View> {
        match self {
            Self::App | Self::Default => Some(View::App),
            Self::System => Some(View::System),
            _ => None,
        }
    }
}

impl fmt::Display for VariantName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Grouping {
    /// The hashes with the names of their variants, the one to be asked first in front.
    pub fn hashes(&self) -> Vec<(&'static str, String)> {
        let hashed = |variant: &Variant| Some((variant.name, variant.hash.clone()?));
        let mut hashes: Vec<_> = self.variants.iter().filter_map(hashed).collect();
        hashes.sort_by_key(|(name, _)| *name == VariantName::System);
        hashes.into_iter().map(|(name, hash)| (name.as_str(), hash)).collect()
    }

    /// The texts that a variant's hash is made of, in order.
    pub fn values(&self, name: VariantName) -> Vec<&str> {
        if name == VariantName::Fallback {
            return self.fallback.iter().map(String::as_str).collect();
        }
        let tree = match (name.view(), &self.basis) {
            (Some(view), Some(basis)) => basis.tree.values(view),
            _ => Vec::new(),
        };
        match &self.fingerprint {
            Some(fingerprint) => fingerprint.values(&tree),
            None => tree,
        }
    }

    /// The title that a fingerprint rule gives the issue.
    pub fn title(&self) -> Option<&str> {
        self.fingerprint.as_ref()?.title.as_deref()
    }
}

/// Groups an event anew, as it would be grouped with `config`: prepares a copy of it, from what its client
/// said, and groups that. The event may have been prepared with any other configuration before, so this
/// computes the hashes of a transition from one to the other, and what a preview shows.
pub fn regroup(event: &Event, config: &Config) -> Grouping {
    let mut copy = event.clone();
    prepare(&mut copy, config);
    group(&copy, config)
}

/// Groups an event that was [prepared](super::prepare()).
pub fn group(event: &Event, config: &Config) -> Grouping {
    let mut grouping = Grouping {
        config: config.version().to_owned(),
        variants: Vec::new(),
        basis: None,
        fingerprint: None,
        fallback: Vec::new(),
        main_exception_id: None,
    };
    if let Some(checksum) = event.checksum.as_deref().filter(|checksum| !checksum.is_empty()) {
        grouping.variants.push(checksum_variant(checksum));
        return grouping;
    }
    grouping.fingerprint = fingerprint::resolve(event, config);
    if let Some(decision) = strategies::decide(event, config) {
        let Decision { strategy, tree, main_exception_id, passed_over } = decision;
        grouping.variants = variants_of(strategy, &tree);
        grouping.main_exception_id = main_exception_id;
        grouping.basis = Some(Basis { strategy, tree, passed_over });
    }
    apply_fingerprint(&mut grouping);
    if grouping.variants.iter().all(|variant| variant.hash.is_none()) {
        if config.has(Feature::SplitFallback) {
            grouping.fallback = visible_facts(event);
        }
        let hash = Some(digest(grouping.values(VariantName::Fallback)));
        grouping.variants.push(Variant { name: VariantName::Fallback, hash, reason: None });
    }
    grouping
}

/// What can be seen of an event that has nothing to group by.
fn visible_facts(event: &Event) -> Vec<String> {
    let client = event.sdk.as_ref().and_then(|sdk| sdk.name.as_deref()).unwrap_or_default();
    vec!["nothing".to_owned(), event.platform().to_owned(), client.to_owned()]
}

fn checksum_variant(checksum: &str) -> Variant {
    let (name, hash) = if is_digest(checksum) {
        (VariantName::Checksum, checksum.to_owned())
    } else {
        (VariantName::HashedChecksum, digest([checksum]))
    };
    Variant { name, hash: Some(hash), reason: None }
}

/// The variants of a tree, before a fingerprint has its say.
fn variants_of(strategy: Strategy, tree: &Tree) -> Vec<Variant> {
    let variant = |name: VariantName, view| {
        let hash = tree.counts(view).then(|| digest(tree.values(view)));
        Variant { name, hash, reason: None }
    };
    if !strategy.has_stack() {
        return vec![variant(VariantName::Default, View::App)];
    }
    let mut app = variant(VariantName::App, View::App);
    let mut system = variant(VariantName::System, View::System);
    let drop = |variant: &mut Variant, reason| {
        variant.hash = None;
        variant.reason = Some(reason);
    };
    if system.hash.is_some() && system.hash == app.hash {
        drop(&mut system, Reason::SameAsApp);
    }
    // Any stack tells more than type and message.
    let has_stack = |view, variant: &Variant| variant.hash.is_some() && tree.has_stack(view);
    let (in_app, in_system) = (has_stack(View::App, &app), has_stack(View::System, &system));
    if in_system && !in_app && app.hash.is_some() {
        drop(&mut app, Reason::OtherViewHasStack);
    }
    if in_app && !in_system && system.hash.is_some() {
        drop(&mut system, Reason::OtherViewHasStack);
    }
    vec![app, system]
}

/// Lets a fingerprint replace the variants, or join them.
fn apply_fingerprint(grouping: &mut Grouping) {
    let Some(fingerprint) = &grouping.fingerprint else { return };
    if fingerprint.is_default() {
        return;
    }
    if fingerprint.is_hybrid() {
        let names: Vec<_> = grouping.variants.iter().map(|variant| variant.name).collect();
        let hashes: Vec<_> = names.iter().map(|name| digest(grouping.values(*name))).collect();
        for (variant, hash) in grouping.variants.iter_mut().zip(hashes) {
            variant.hash = variant.hash.as_ref().map(|_| hash);
        }
        return;
    }
    let name = match fingerprint.rule.as_ref().map(|rule| rule.origin) {
        None => VariantName::CustomClientFingerprint,
        Some(Origin::Project) => VariantName::CustomServerFingerprint,
        Some(Origin::BuiltIn) => VariantName::BuiltInFingerprint,
    };
    let hash = Some(digest(fingerprint.values(&[])));
    for variant in &mut grouping.variants {
        if variant.hash.take().is_some() {
            variant.reason = Some(Reason::FingerprintDecides);
        }
    }
    grouping.variants.insert(0, Variant { name, hash, reason: None });
}
