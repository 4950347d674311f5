-- How far the effects of each journal lane are in this database. Written in the same transaction as
-- the effects: after a crash, Picket goes on exactly behind it.

create table journal_positions (
    -- The data directory that owns the journal.
    node uuid not null,
    lane integer not null,
    position bigint not null,
    updated_at timestamptz not null,
    primary key (node, lane)
);
