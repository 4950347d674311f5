-- Releases belong to an organization: one may be of several projects. Every table begins with the organization.

create table releases (
    organization_id bigint not null,
    id bigint generated always as identity,
    -- package@version+build, a hash, or any words.
    version text not null,
    -- open, archived
    status text not null default 'open',
    -- The revision it was built from, as somebody named it.
    reference text,
    url text,
    -- What was said about revisions without a repository to read them from: [{repository, commit, previousCommit}].
    refs jsonb not null default '[]',
    started_at timestamptz,
    -- When it was finalized; null: not yet.
    released_at timestamptz,
    created_at timestamptz not null,
    primary key (organization_id, id),
    constraint releases_version_unique unique (organization_id, version)
);
create index releases_latest on releases (organization_id, (coalesce(released_at, created_at)) desc, id desc);

-- The projects of a release. No foreign key leads to settings; rows without a project are not shown.
create table release_projects (
    organization_id bigint not null,
    release_id bigint not null,
    project_id bigint not null,
    -- By reception, to the minute.
    first_event_at timestamptz,
    last_event_at timestamptz,
    first_session_at timestamptz,
    created_at timestamptz not null,
    primary key (organization_id, release_id, project_id)
);
create index release_projects_project on release_projects (organization_id, project_id, release_id);

-- Where a release was seen, by reception, to the minute.
create table release_environments (
    organization_id bigint not null,
    release_id bigint not null,
    project_id bigint not null,
    -- '' = none.
    environment text not null,
    first_seen_at timestamptz not null,
    last_seen_at timestamptz not null,
    primary key (organization_id, release_id, project_id, environment)
);
-- What came in a time, for charts.
create index release_environments_first
    on release_environments (organization_id, project_id, first_seen_at);

create table deploys (
    organization_id bigint not null,
    id bigint generated always as identity,
    release_id bigint not null,
    environment text not null,
    name text,
    url text,
    started_at timestamptz,
    finished_at timestamptz not null,
    -- Empty: all of the release's.
    project_ids bigint[] not null,
    primary key (organization_id, id)
);
create index deploys_release on deploys (organization_id, release_id, finished_at desc);
create index deploys_environment on deploys (organization_id, environment, finished_at desc);
create index deploys_latest on deploys (organization_id, finished_at desc);

-- What a release brings, the newest first: position 0 is the revision it was built from.
create table release_commits (
    organization_id bigint not null,
    release_id bigint not null,
    position integer not null,
    repository text not null,
    sha text not null,
    message text,
    author_name text,
    author_email text,
    committed_at timestamptz not null,
    primary key (organization_id, release_id, position)
);
create index release_commits_sha on release_commits (organization_id, sha);

create table release_commit_files (
    organization_id bigint not null,
    release_id bigint not null,
    position integer not null,
    path text not null,
    -- A added, M modified, D deleted
    change text not null,
    primary key (organization_id, release_id, position, path)
);

-- What is tolerated when a release is compared with the one it replaces: Thresholds. No row: what is usual.
create table verdict_thresholds (
    project_id bigint primary key,
    thresholds jsonb not null
);
