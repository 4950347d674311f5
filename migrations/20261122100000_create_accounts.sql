-- Who may use this installation. Settings, not telemetry: small, with foreign keys.

create table organizations (
    id bigint generated always as identity primary key,
    slug text not null constraint organizations_slug_unique unique,
    name text not null,
    -- What is taken out of events: PrivacySettings; null for the defaults.
    privacy jsonb,
    created_at timestamptz not null
);

create table users (
    id bigint generated always as identity primary key,
    -- Lower case; compared as such.
    email text not null constraint users_email_unique unique,
    name text not null,
    -- argon2id in PHC form.
    password_hash text not null,
    created_at timestamptz not null,
    last_sign_in_at timestamptz
);

create table memberships (
    organization_id bigint not null references organizations on delete cascade,
    user_id bigint not null references users on delete cascade,
    -- owner, member
    role text not null,
    created_at timestamptz not null,
    primary key (organization_id, user_id)
);

-- Who looks after what. An organization always has one at least, made together with it.
create table teams (
    id bigint generated always as identity primary key,
    organization_id bigint not null references organizations on delete cascade,
    -- Stands in rules and searches, so it stays when the name changes.
    slug text not null,
    name text not null,
    created_at timestamptz not null,
    constraint teams_slug_unique unique (organization_id, slug)
);

create table team_members (
    team_id bigint not null references teams on delete cascade,
    user_id bigint not null references users on delete cascade,
    created_at timestamptz not null,
    primary key (team_id, user_id)
);
create index team_members_user on team_members (user_id);

-- A signed-in browser. The cookie holds the token, the table its SHA-256.
create table sessions (
    id bigint generated always as identity primary key,
    user_id bigint not null references users on delete cascade,
    token_hash bytea not null constraint sessions_token_unique unique,
    user_agent text not null,
    ip_address text not null,
    created_at timestamptz not null,
    last_seen_at timestamptz not null,
    expires_at timestamptz not null
);
create index sessions_user on sessions (user_id);

-- Links that let somebody in once: the first owner of a fresh installation.
create table sign_in_links (
    token_hash bytea primary key,
    purpose text not null,
    created_at timestamptz not null,
    expires_at timestamptz not null
);

create table api_tokens (
    id bigint generated always as identity primary key,
    organization_id bigint not null references organizations on delete cascade,
    -- Null: the token belongs to the organization and acts for nobody.
    user_id bigint references users on delete cascade,
    name text not null,
    token_hash bytea not null constraint api_tokens_token_unique unique,
    -- What people recognise it by.
    last_characters text not null,
    scopes text[] not null,
    created_at timestamptz not null,
    last_used_at timestamptz
);
