-- How a project groups, each time somebody changed it: the last one is what holds.

create table grouping_revisions (
    project_id bigint not null,
    number bigint not null,
    -- GroupingSettings, JSON.
    settings jsonb not null,
    -- What was done: saved, restored
    kind text not null,
    actor_id bigint,
    created_at timestamptz not null,
    primary key (project_id, number)
);
