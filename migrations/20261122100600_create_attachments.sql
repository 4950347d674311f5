-- Files that came with events, by day of reception: they go with the events' days.
-- Each day's partitions get their keys when they are made (infra/db/partitions.rs):
--   attachments: primary key (project_id, event_id, attachment_id)
--   attachment_chunks: primary key (project_id, attachment_id, position)

create table attachments (
    project_id bigint not null,
    -- Chosen by the client; the event may not be there yet, or never come.
    event_id uuid not null,
    -- Made of the event's id, the moment of reception and the place in the envelope.
    attachment_id uuid not null,
    received_at timestamptz not null,
    -- event.attachment, event.minidump, event.view_hierarchy …
    kind text not null,
    -- As the client wrote it: for display, never a path.
    name text not null,
    -- As the client wrote it; empty: it did not say.
    content_type text not null,
    -- What the first bytes are: png, jpeg, gif, webp, text; empty: something else.
    content text not null,
    size bigint not null,
    sha1 bytea not null
) partition by range (received_at);

-- The bytes, in pieces of a mebibyte, each packed by zstd.
create table attachment_chunks (
    project_id bigint not null,
    attachment_id uuid not null,
    position integer not null,
    received_at timestamptz not null,
    bytes bytea not null
) partition by range (received_at);

alter table attachment_chunks alter column bytes set storage external;
