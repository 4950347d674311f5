-- What users wrote, by day of reception: it goes with the events' days.
-- Each day's partition gets its keys when it is made (infra/db/partitions.rs):
--   primary key (project_id, feedback_id)
--   (project_id, received_at desc, feedback_id desc)
--   (project_id, event_id)

create table feedback (
    project_id bigint not null,
    -- The event's id for a report about an event: the newer one takes the older one's place.
    feedback_id uuid not null,
    received_at timestamptz not null,
    -- The event it is about, which may not be there; null: none.
    event_id uuid,
    name text not null,
    email text not null,
    message text not null,
    -- The page it was written on; empty if unknown.
    url text not null,
    environment text not null,
    release text not null
) partition by range (received_at);
