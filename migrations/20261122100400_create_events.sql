-- Events, by day of reception: retention drops whole days.
-- Each day's partition gets its keys when it is made (infra/db/partitions.rs):
--   unique (project_id, event_id)
--   (project_id, part_id, occurred_at desc, event_id desc)

create table events (
    project_id bigint not null,
    event_id uuid not null,
    -- Of an issue, which leads to it: `issue_parts`.
    part_id bigint not null,
    received_at timestamptz not null,
    occurred_at timestamptz not null,
    level smallint not null,
    -- The hash that decided the issue.
    primary_hash text not null,
    environment text,
    release text,
    -- How to call the user on a list; null if the event has none.
    user_label text,
    title text not null,
    transaction text,
    -- The normalised event: JSON, zstd, perhaps with a dictionary (its id is in the frame).
    -- Null: sampled away after the first thousand of the day.
    payload bytea
) partition by range (received_at);

-- zstd does not shrink further: keep it out of line and untouched.
alter table events alter column payload set storage external;

-- Dictionaries of zstd, never changed and never deleted while a day may need them.
create table dictionaries (
    id integer primary key,
    -- The family of platforms whose events it was made from.
    family text not null,
    bytes bytea not null,
    created_at timestamptz not null,
    -- When another one took over; null: new events are packed with it.
    retired_at timestamptz
);
