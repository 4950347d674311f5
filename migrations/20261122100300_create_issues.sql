-- Issues and what is counted about them. Every table begins with the project: it is the
-- distribution column the day one machine is not enough. No foreign keys lead to settings.

-- The last numbers of issues and of further parts in each project; its row lock serialises giving them.
create table issue_counters (
    project_id bigint primary key,
    last_number bigint not null,
    last_part bigint not null default 0,
    -- How often events were moved between issues: writers notice what happened while they waited for locks.
    moves bigint not null default 0
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
    -- The last time that it came back after it was resolved: when, and with which release if the event named one.
    regressed_at timestamptz,
    regressed_release text,
    first_seen timestamptz not null,
    last_seen timestamptz not null,
    first_release text,
    last_release text,
    -- When the latest event that named a release happened.
    last_release_seen timestamptz,
    event_count bigint not null,
    user_count bigint not null,
    -- Events whose payload was kept; the rest was sampled away, see `events`.
    kept_count bigint not null,
    -- Events received on sampled_day, to decide how many payloads to keep.
    sampled_day date not null,
    sampled_day_count bigint not null,
    created_at timestamptz not null,
    -- Of how many parts it is made; none if it is merged into another.
    part_count integer not null,
    -- The issue that has its parts now; null while it has its own.
    merged_into bigint,
    -- The minute of last_seen, for lists in that order: an index of last_seen itself would be written with every
    -- batch, and so would all others, because Postgres could not change the row in place.
    -- See docs/decisions/0010-issues-change-in-place.md.
    last_minute timestamptz not null generated always as
        (date_trunc('minute', last_seen at time zone 'utc') at time zone 'utc') stored,
    primary key (project_id, id)
) with (fillfactor = 80);
create index issues_merged_into on issues (project_id, merged_into) where merged_into is not null;
create index issues_last_minute on issues (last_minute desc);
create index issues_first_seen on issues (first_seen desc, id desc);
-- The issues that began with a release.
create index issues_first_release on issues (project_id, first_release)
    where first_release is not null;
create index issues_archived_until on issues (project_id, id)
    where substatus = 'archived_until_condition_met';

-- What issues are made of: the events whose first hash is the same. Everything is counted by part, so
-- that merging, taking apart and moving lose nothing: a part moves with all that it counted.
-- See docs/decisions/0008-merging-moves-parts.md.
create table issue_parts (
    project_id bigint not null,
    -- Of the part that opened an issue: that issue's id.
    id bigint not null,
    -- Whose it is now.
    issue_id bigint not null,
    -- Where it returns to when it is taken out.
    home_issue_id bigint not null,
    -- The hash that made it.
    hash text not null,
    -- What the row of its issue would say if the part were alone in it, JSON; not kept up while it is.
    summary jsonb,
    created_at timestamptz not null,
    primary key (project_id, id)
);
create index issue_parts_issue on issue_parts (project_id, issue_id);
create index issue_parts_home on issue_parts (project_id, home_issue_id);

-- What people did with parts, act by act, so that it can be undone.
create table issue_acts (
    project_id bigint not null,
    id uuid not null,
    -- merge, take_out, split, move
    kind text not null,
    -- The issue that it was done to.
    issue_id bigint not null,
    actor_id bigint,
    -- What undoing needs besides the moves: states of issues, pairs that were kept apart.
    before jsonb not null,
    created_at timestamptz not null,
    undone_at timestamptz,
    primary key (project_id, id)
);
create table issue_moves (
    project_id bigint not null,
    act_id uuid not null,
    part_id bigint not null,
    from_issue_id bigint not null,
    to_issue_id bigint not null,
    from_home_id bigint not null,
    to_home_id bigint not null,
    primary key (project_id, act_id, part_id)
);
create index issue_moves_part on issue_moves (project_id, part_id);

-- Issues that people took apart: nothing automatic may join them. The lower id first.
create table issue_separations (
    project_id bigint not null,
    issue_id bigint not null,
    other_id bigint not null,
    actor_id bigint,
    created_at timestamptz not null,
    primary key (project_id, issue_id, other_id)
);

-- Which hash leads where, and why.
create table issue_hashes (
    project_id bigint not null,
    -- 32 hex digits.
    hash text not null,
    -- The part whose events brought it, and the issue that has the part now.
    part_id bigint not null,
    issue_id bigint not null,
    -- created, second_hash, upgrade, rules
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

-- Events per part, environment ('' = none) and hour.
create table issue_hours (
    project_id bigint not null,
    part_id bigint not null,
    hour timestamptz not null,
    environment text not null,
    event_count bigint not null,
    primary key (project_id, part_id, hour, environment)
) with (fillfactor = 70);
-- Which parts had events when: leads to the latest events of a project.
create index issue_hours_hour on issue_hours (project_id, hour, part_id);

-- In which releases and environments a part was seen; '' = none.
create table issue_releases (
    project_id bigint not null,
    part_id bigint not null,
    environment text not null,
    release text not null,
    event_count bigint not null,
    first_seen timestamptz not null,
    last_seen timestamptz not null,
    primary key (project_id, part_id, environment, release)
) with (fillfactor = 70);
-- The issues of a release.
create index issue_releases_release on issue_releases (project_id, release, part_id);

-- Tag values of a part. At most MAX_TAG_VALUES per key; the rest is counted under ''.
-- Room in each page lets Postgres count up in place, without touching the indexes.
create table issue_tags (
    project_id bigint not null,
    part_id bigint not null,
    key text not null,
    value text not null,
    event_count bigint not null,
    first_seen timestamptz not null,
    last_seen timestamptz not null,
    primary key (project_id, part_id, key, value)
) with (fillfactor = 70);
-- With the part, so that searches need nothing but the index.
create index issue_tags_value on issue_tags (project_id, key, value, part_id);

-- Tags that a lane of a journal has seen and not counted yet, because it is behind: see
-- src/domain/issues/batch/tags. Empty when Picket has caught up.
create table waiting_tags (
    project_id bigint not null,
    id uuid not null,
    node uuid not null,
    lane integer not null,
    -- Part, time and tags of each event: JSON, zstd.
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

-- Who met a part: a 64-bit hash of the user's identity.
create table issue_users (
    project_id bigint not null,
    part_id bigint not null,
    user_hash bigint not null,
    first_seen timestamptz not null,
    primary key (project_id, part_id, user_hash)
);

-- What happened to an issue.
create table issue_activity (
    project_id bigint not null,
    issue_id bigint not null,
    id uuid not null,
    -- opened, resolved, reopened, archived, regressed, merged, taken_out, split, undone …
    kind text not null,
    -- Null: Picket itself.
    actor_id bigint,
    detail jsonb not null,
    created_at timestamptz not null,
    primary key (project_id, issue_id, id)
);
-- What came back, for the releases that brought it back.
create index issue_activity_regressed on issue_activity (project_id, (detail ->> 'release'))
    where kind = 'regressed';
