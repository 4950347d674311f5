-- Where DSNs point.

create table projects (
    id bigint generated always as identity primary key,
    organization_id bigint not null references organizations on delete cascade,
    slug text not null,
    name text not null,
    -- What the project is written in, as chosen at creation; null if nobody said.
    platform text,
    created_at timestamptz not null,
    -- Null until the first event is stored: the page with the DSN waits for it.
    first_event_at timestamptz,
    constraint projects_slug_unique unique (organization_id, slug)
);

create table project_keys (
    -- 32 hex digits; public, it stands in every DSN.
    public_key text primary key,
    project_id bigint not null references projects on delete cascade,
    label text not null,
    is_active boolean not null default true,
    created_at timestamptz not null
);
create index project_keys_project on project_keys (project_id);
