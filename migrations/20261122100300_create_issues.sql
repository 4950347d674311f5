-- Issues and what is counted about them. Every table begins with the project: it is the
-- distribution column the day one machine is not enough. No foreign keys lead to settings.

-- The next issue number of each project; its row lock serialises the opening of issues.
create table issue_counters (
    project_id bigint primary key,
    last_number bigint not null
);

create table issues (
    project_id bigint not null,
    -- (project_id << 32) | number: unique in the installation, says where to look.
    id bigint not null,
    -- error, default, csp …
    kind text not null,
    level smallint not null,
    platform text not null,
    logger text not null,
    -- Of the latest event.
    title text not null,
    culprit text not null,
    -- What the title was made of; null where the event had none.
    exception_type text,
    exception_value text,
    filename text,
    function text,
    is_unhandled boolean not null,
    -- unresolved, resolved, ignored
    status text not null,
    -- new, ongoing, regressed, escalating; archived_forever, archived_until_escalating …; null when resolved
    substatus text,
    -- What was said with the status, as the API shows it: {"inRelease": …}, {"ignoreCount": …}.
    status_detail jsonb not null default '{}',
    -- When an archive until a condition ends: the moment, or the counts of events or users.
    archived_until timestamptz,
    archived_until_events bigint,
    archived_until_users bigint,
    status_changed_at timestamptz not null,
    first_seen timestamptz not null,
    last_seen timestamptz not null,
    first_release text,
    last_release text,
    event_count bigint not null,
    user_count bigint not null,
    -- Events whose payload was kept; the rest was sampled away, see `events`.
    kept_count bigint not null,
    -- Events received on sampled_day, to decide how many payloads to keep.
    sampled_day date not null,
    sampled_day_count bigint not null,
    created_at timestamptz not null,
    primary key (project_id, id)
);
create index issues_last_seen on issues (last_seen desc, id desc);
create index issues_first_seen on issues (first_seen desc, id desc);
create index issues_archived_until on issues (project_id, id)
    where substatus = 'archived_until_condition_met';

-- Which issue owns a hash, and why.
create table issue_hashes (
    project_id bigint not null,
    -- 32 hex digits.
    hash text not null,
    issue_id bigint not null,
    -- created, second_hash, merge …
    origin text not null,
    -- app, system, default, custom_client_fingerprint …
    variant text not null,
    -- The version of everything that made the hash.
    config text not null,
    -- The tree of the event that brought the hash, JSON, zstd: explanations never drift.
    explanation bytea,
    created_at timestamptz not null,
    primary key (project_id, hash)
);
create index issue_hashes_issue on issue_hashes (project_id, issue_id);

-- Events per issue, environment ('' = none) and hour.
create table issue_hours (
    project_id bigint not null,
    issue_id bigint not null,
    hour timestamptz not null,
    environment text not null,
    event_count bigint not null,
    primary key (project_id, issue_id, hour, environment)
) with (fillfactor = 70);
-- Which issues had events when: leads to the latest events of a project.
create index issue_hours_hour on issue_hours (project_id, hour, issue_id);

-- Where an issue was seen.
create table issue_environments (
    project_id bigint not null,
    issue_id bigint not null,
    environment text not null,
    event_count bigint not null,
    first_seen timestamptz not null,
    last_seen timestamptz not null,
    primary key (project_id, issue_id, environment)
) with (fillfactor = 70);

-- Tag values of an issue. At most MAX_TAG_VALUES per key; the rest is counted under ''.
-- Room in each page lets Postgres count up in place, without touching the indexes.
create table issue_tags (
    project_id bigint not null,
    issue_id bigint not null,
    key text not null,
    value text not null,
    event_count bigint not null,
    first_seen timestamptz not null,
    last_seen timestamptz not null,
    primary key (project_id, issue_id, key, value)
) with (fillfactor = 70);
-- With the issue, so that searches need nothing but the index.
create index issue_tags_value on issue_tags (project_id, key, value, issue_id);

-- Tags that a lane of a journal has seen and not counted yet, because it is behind: see
-- src/domain/issues/batch/tags. Empty when Picket has caught up.
create table waiting_tags (
    project_id bigint not null,
    id uuid not null,
    node uuid not null,
    lane integer not null,
    -- Issue, time and tags of each event: JSON, zstd.
    sightings bytea not null,
    created_at timestamptz not null,
    primary key (project_id, id)
);

-- How many events of a project carried a tag, ever.
create table project_tags (
    project_id bigint not null,
    key text not null,
    event_count bigint not null,
    primary key (project_id, key)
);

-- Who met an issue: a 64-bit hash of the user's identity.
create table issue_users (
    project_id bigint not null,
    issue_id bigint not null,
    user_hash bigint not null,
    first_seen timestamptz not null,
    primary key (project_id, issue_id, user_hash)
);

-- What happened to an issue.
create table issue_activity (
    project_id bigint not null,
    issue_id bigint not null,
    id uuid not null,
    -- opened, resolved, reopened, archived, regressed
    kind text not null,
    -- Null: Picket itself.
    actor_id bigint,
    detail jsonb not null,
    created_at timestamptz not null,
    primary key (project_id, issue_id, id)
);
