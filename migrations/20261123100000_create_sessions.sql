-- Whether runs of programs went well (protocol.md §8). States and hours by day of the sessions' beginning.
-- Each day's partition of the states gets its key when it is made (infra/db/partitions.rs):
--   primary key (project_id, sid)

-- What is known of single sessions: as long as steps of them may arrive, and a few days more.
create table session_states (
    project_id bigint not null,
    sid uuid not null,
    -- Where it was counted: what its first step said.
    started timestamptz not null,
    release text not null,
    environment text not null,
    -- 64 bits of a hash of whose it is; null: nobody said.
    user_hash bigint,
    -- What befell it: bits of 1 errored, 2 unhandled, 4 abnormal, 8 crashed.
    troubles smallint not null
) partition by range (started);

-- How many sessions began in an hour or on a day, and how they went; each is in one count.
create table session_buckets (
    project_id bigint not null,
    -- 1: an hour; 24: a day. A day has one row more in each environment for all releases together: release ''.
    span_hours smallint not null,
    started timestamptz not null,
    release text not null,
    -- '' = none.
    environment text not null,
    total bigint not null,
    errored bigint not null,
    unhandled bigint not null,
    abnormal bigint not null,
    crashed bigint not null,
    -- Whose they were: HyperLogLog sketches of user hashes; null: of nobody.
    users bytea,
    -- Those with a session that was not healthy, and by what befell it.
    users_in_trouble bytea,
    users_unhandled bytea,
    users_abnormal bytea,
    users_crashed bytea,
    -- Users that are in none of the sketches yet: 8 bytes of hash each, and a byte with bits of the sets, in the order above.
    -- At most 864 bytes, which stay in the row.
    users_waiting bytea,
    -- Hours divide the days, so the key can stand on the whole table. The order of its columns serves both who
    -- looks for days and who looks for hours.
    primary key (project_id, span_hours, started, release, environment)
) partition by list (span_hours);

-- Days stay in one table: a year of them is read at once, and is not much. Retention deletes rows.
create table session_days partition of session_buckets for values in (24) with (fillfactor = 70);
create table session_hours partition of session_buckets for values in (1) partition by range (started);

-- Sketches are dense: packing them again gains nothing.
alter table session_buckets
    alter column users set storage external,
    alter column users_in_trouble set storage external,
    alter column users_unhandled set storage external,
    alter column users_abnormal set storage external,
    alter column users_crashed set storage external;
