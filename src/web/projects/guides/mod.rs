//! How to point an SDK at a project: a few lines to paste per platform, with the DSN already in place.
//!
//! Only options that every maintained version of an SDK knows are used; what else can be set is the SDK's
//! own documentation to tell. The names of platforms are those that Sentry's clients and API use.
//!
//! # Adding a guide
//! A constant in the file of its family with three steps: install, set up, see it work → its place in
//! [`FAMILIES`]. The test below checks the rest.

mod apps;
mod javascript;
mod python;
mod servers;
mod systems;

/// Stands for the DSN in a step's code.
const DSN: &str = "__DSN__";

/// Stands for where the project's `/store/` endpoint is.
const STORE_URL: &str = "__STORE_URL__";

/// Stands for the public key.
const KEY: &str = "__KEY__";

/// How to set up one platform.
#[derive(Debug)]
pub struct Guide {
    /// The platform as it is stored.
    pub platform: &'static str,
    /// What people call it.
    pub name: &'static str,
    steps: &'static [Step],
}

#[derive(Debug)]
struct Step {
    /// What to do, a phrase such as "Install the SDK".
    heading: &'static str,
    code: &'static str,
    /// What to know about it; may be empty.
    note: &'static str,
}

/// Platforms that belong together.
#[derive(Debug)]
pub struct Family {
    /// What they have in common.
    pub name: &'static str,
    /// The guides, the most used first.
    pub guides: &'static [Guide],
}

/// All guides.
pub const FAMILIES: &[Family] = &[
    Family { name: "Python", guides: python::GUIDES },
    Family { name: "JavaScript", guides: javascript::GUIDES },
    Family { name: "Other servers", guides: servers::GUIDES },
    Family { name: "Systems", guides: systems::GUIDES },
    Family { name: "Apps", guides: apps::GUIDES },
];

/// Every guide.
pub fn all() -> impl Iterator<Item = &'static Guide> {
    FAMILIES.iter().flat_map(|family| family.guides)
}

/// The guide for a platform. Frameworks nobody wrote one for get that of their language:
/// `python-celery` gets `python`.
pub fn find(platform: &str) -> Option<&'static Guide> {
    let exact = |name: &str| all().find(|guide| guide.platform == name);
    exact(platform).or_else(|| exact(platform.split('-').next()?))
}

/// Where the SDK is to send to.
#[derive(Clone, Debug)]
pub struct Target {
    /// The whole DSN.
    pub dsn: String,
    /// The project's `/store/` endpoint.
    pub store_url: String,
    /// The public key.
    pub public_key: String,
}

/// A step with everything filled in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FilledStep {
    /// Names it within the page.
    pub id: String,
    /// What to do.
    pub heading: &'static str,
    /// What to paste.
    pub code: String,
    /// What to know about it; may be empty.
    pub note: &'static str,
}

impl Guide {
    /// The steps for this project.
    pub fn fill(&self, target: &Target) -> Vec<FilledStep> {
        fill("step", self.steps, target)
    }
}

fn fill(prefix: &str, steps: &[Step], target: &Target) -> Vec<FilledStep> {
    let numbered = steps.iter().enumerate();
    numbered.map(|(index, step)| step.fill(format!("{prefix}-{index}"), target)).collect()
}

impl Step {
    fn fill(&self, id: String, target: &Target) -> FilledStep {
        let code = self
            .code
            .replace(DSN, &target.dsn)
            .replace(STORE_URL, &target.store_url)
            .replace(KEY, &target.public_key);
        FilledStep { id, heading: self.heading, code, note: self.note }
    }
}

/// Sending something without any SDK, for every platform.
pub fn without_sdk(target: &Target) -> Vec<FilledStep> {
    fill("try", WITHOUT_SDK, target)
}

const WITHOUT_SDK: &[Step] = &[
    Step {
        heading: "With curl",
        code: r#"curl '__STORE_URL__' \
  -H 'X-Sentry-Auth: Sentry sentry_version=7, sentry_key=__KEY__' \
  -H 'Content-Type: application/json' \
  -d '{"level": "error", "platform": "other", "message": "Hello from curl"}'"#,
        note: "",
    },
    Step {
        heading: "With sentry-cli",
        code: r#"SENTRY_DSN='__DSN__' sentry-cli send-event -m "Hello from sentry-cli""#,
        note: "",
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    fn target() -> Target {
        Target {
            dsn: "https://abc@picket.example.com/7".to_owned(),
            store_url: "https://picket.example.com/api/7/store/".to_owned(),
            public_key: "abc".to_owned(),
        }
    }

    #[test]
    fn every_guide_installs_sets_up_and_shows_that_it_works() {
        for guide in all() {
            let steps = guide.fill(&target());
            assert!(steps.len() >= 3, "{}", guide.platform);
            let with_dsn = steps.iter().filter(|step| step.code.contains(&target().dsn)).count();
            assert_eq!(with_dsn, 1, "{}: the DSN is pasted once", guide.platform);
            for step in steps {
                assert!(!step.code.contains("__"), "{}: {}", guide.platform, step.code);
                assert!(!step.code.contains('\t') || guide.platform == "go", "{}", step.code);
            }
        }
    }

    #[test]
    fn platforms_are_named_once() {
        let mut names: Vec<&str> = all().map(|guide| guide.platform).collect();
        names.sort_unstable();
        let count = names.len();
        names.dedup();
        assert_eq!(names.len(), count);
    }

    #[test]
    fn a_framework_without_a_guide_gets_that_of_its_language() {
        assert_eq!(find("python-django").unwrap().platform, "python-django");
        assert_eq!(find("python-celery").unwrap().platform, "python");
        assert!(find("cobol").is_none());
    }

    #[test]
    fn without_an_sdk_the_key_goes_into_the_header() {
        let curl = &without_sdk(&target())[0].code;
        assert!(curl.starts_with("curl 'https://picket.example.com/api/7/store/'"), "{curl}");
        assert!(curl.contains("sentry_key=abc'"), "{curl}");
    }
}
