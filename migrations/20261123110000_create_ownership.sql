-- Who owns which part of a project, and whose issues are.

-- No row: no rules, and issues are assigned by rules as soon as there are some.
create table ownership (
    project_id bigint primary key references projects on delete cascade,
    -- One rule per line, as somebody wrote them.
    rules text not null,
    -- Whether issues are assigned by themselves: 'off'; by the 'rules'; to the authors of suspected 'commits' first.
    auto_assign text not null,
    -- How names of a CODEOWNERS file were mapped the last time: Mapping.
    mapping jsonb not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    constraint ownership_auto_assign_known check (auto_assign in ('off', 'rules', 'commits'))
);

-- Whose an issue is; no row: nobody's. No foreign keys lead to settings.
create table issue_assignees (
    project_id bigint not null,
    issue_id bigint not null,
    -- One of the two.
    user_id bigint,
    team_id bigint,
    assigned_at timestamptz not null,
    primary key (project_id, issue_id)
);
create index issue_assignees_user on issue_assignees (user_id) where user_id is not null;
create index issue_assignees_team on issue_assignees (team_id) where team_id is not null;

-- Commits that say that they repair an issue: each does so once, however often it is told.
create table issue_fixes (
    project_id bigint not null,
    issue_id bigint not null,
    sha text not null,
    release text not null,
    created_at timestamptz not null,
    primary key (project_id, issue_id, sha)
);
