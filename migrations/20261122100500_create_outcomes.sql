-- What became of every item: one counter per project, hour, category and outcome, by day.
-- The hour divides the days, so the key can stand on the whole table.

create table outcomes (
    project_id bigint not null,
    hour timestamptz not null,
    -- Sentry's data category: error, transaction, session … (protocol.md §4.1)
    category text not null,
    -- accepted, filtered, rate_limited, invalid, abuse, client_discard, unsupported
    outcome text not null,
    -- Why; '' for accepted.
    reason text not null,
    -- The key of the DSN; '' if unknown.
    public_key text not null,
    quantity bigint not null,
    primary key (project_id, hour, category, outcome, reason, public_key)
) partition by range (hour);
