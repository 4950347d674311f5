//! Search engines and other robots, by what they call themselves.

use std::sync::LazyLock;

use regex::Regex;

static CRAWLERS: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?ix)
        Mediapartners-Google | AdsBot-Google | Googlebot | FeedFetcher-Google | Storebot-Google |
        BingBot | BingPreview | Baiduspider | Slurp | Sogou | facebook | meta- | ia_archiver |
        bots?([/\ );]|$) | spider([/\ );]|$) | Slack | Calypso\ AppCrawler | pingdom | lyticsbot |
        AWS\ Security\ Scanner | HubSpot\ Crawler | Bytespider | Better\ Uptime |
        Cloudflare-Healthchecks | GTmetrix | BrightEdgeOnCrawl | ELB-HealthChecker |
        naver\.me/spd | ClaudeBot | CCBot | OAI-SearchBot | GPTBot | PerplexityBot | Applebot |
        DuckDuckBot | Lightpanda",
    )
    .expect("the pattern is a regular expression")
});

/// What looks like a robot and acts for a person, or is one that people asked for.
static EXEMPT: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)Slackbot\s1\.[0-9]+|SentryUptimeBot|ChatGPT-User")
        .expect("the pattern is a regular expression")
});

/// Whether a robot ran the page.
pub(super) fn is_crawler(user_agent: &str) -> bool {
    !user_agent.is_empty() && CRAWLERS.is_match(user_agent) && !EXEMPT.is_match(user_agent)
}
