-- What issues are compared by, to suggest which may be the same problem. One row per part, written once.
create table issue_signatures (
    project_id bigint not null,
    part_id bigint not null,
    -- Signature::to_bytes of the event that made the part.
    signature bytea not null,
    -- Signature::keys
    keys bigint[] not null,
    primary key (project_id, part_id)
);

-- Parts by key: those that are alike share one at least, most probably.
create table issue_signature_keys (
    project_id bigint not null,
    key bigint not null,
    part_id bigint not null,
    primary key (project_id, key, part_id)
);
