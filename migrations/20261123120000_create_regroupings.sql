-- Issues that follow a change of how their project groups. One at a time per project; the latest can be undone.
create table regroupings (
    project_id bigint not null,
    id uuid not null,
    -- What they follow, and the revision that was in force when they began. Saved when the issues are ready.
    settings jsonb not null,
    revision bigint not null,
    -- looking, moving, done, undoing, undone, stopped, failed
    phase text not null,
    actor_id bigint,
    -- How many parts there were to look at when it began, how many were looked at, and the last of those.
    part_count bigint not null,
    seen_count bigint not null default 0,
    seen_part bigint not null default 0,
    -- The steps that it takes, and how many are done.
    step_count integer not null default 0,
    done_steps integer not null default 0,
    -- The parts that went to another issue, and the hashes that lead somewhere by it.
    moved_count bigint not null default 0,
    linked_count bigint not null default 0,
    -- Why it failed, for people.
    problem text,
    created_at timestamptz not null,
    ended_at timestamptz,
    primary key (project_id, id)
);
create unique index regroupings_under_way on regroupings (project_id)
    where phase in ('looking', 'moving', 'undoing');

-- The hashes that the latest events of parts would have. Gone when the issues have followed.
create table regrouping_hashes (
    project_id bigint not null,
    regrouping_id uuid not null,
    part_id bigint not null,
    hash text not null,
    -- The hash that would decide the issue of an event with this one.
    first_hash text not null,
    event_count bigint not null,
    variant text not null,
    config text not null,
    -- As in `issue_hashes`; null for a hash that leads somewhere already.
    explanation bytea,
    primary key (project_id, regrouping_id, part_id, hash)
);
alter table regrouping_hashes alter column explanation set storage external;

-- What is done together, and can be undone together: an act each.
create table regrouping_steps (
    project_id bigint not null,
    regrouping_id uuid not null,
    number integer not null,
    -- Of `issue_acts`; there is none if there was nothing left to do.
    act_id uuid not null,
    -- Parts and where they go, hashes and where they lead: JSON.
    plan jsonb not null,
    primary key (project_id, regrouping_id, number)
);
