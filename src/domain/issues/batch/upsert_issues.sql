INSERT INTO issues (
    project_id, id, kind, level, platform, logger, title, culprit,
    exception_type, exception_value, filename, function, is_unhandled,
    status, substatus, status_changed_at, first_seen, last_seen, first_release, last_release,
    event_count, user_count, kept_count, sampled_day, sampled_day_count, created_at,
    last_release_seen, part_count
)
SELECT * FROM unnest(
    $1::bigint[], $2::bigint[], $3::text[], $4::smallint[], $5::text[], $6::text[], $7::text[], $8::text[],
    $9::text[], $10::text[], $11::text[], $12::text[], $13::boolean[],
    $14::text[], $15::text[], $16::timestamptz[], $17::timestamptz[], $18::timestamptz[], $19::text[], $20::text[],
    $21::bigint[], $22::bigint[], $23::bigint[], $24::date[], $25::bigint[], $26::timestamptz[],
    $27::timestamptz[], $28::integer[]
)
ON CONFLICT (project_id, id) DO UPDATE SET
    kind = excluded.kind,
    level = excluded.level,
    platform = excluded.platform,
    logger = excluded.logger,
    title = excluded.title,
    culprit = excluded.culprit,
    exception_type = excluded.exception_type,
    exception_value = excluded.exception_value,
    filename = excluded.filename,
    function = excluded.function,
    is_unhandled = excluded.is_unhandled,
    status = excluded.status,
    substatus = excluded.substatus,
    status_changed_at = excluded.status_changed_at,
    first_seen = excluded.first_seen,
    last_seen = excluded.last_seen,
    first_release = excluded.first_release,
    last_release = excluded.last_release,
    last_release_seen = excluded.last_release_seen,
    event_count = excluded.event_count,
    user_count = excluded.user_count,
    kept_count = excluded.kept_count,
    sampled_day = excluded.sampled_day,
    sampled_day_count = excluded.sampled_day_count,
    part_count = excluded.part_count
