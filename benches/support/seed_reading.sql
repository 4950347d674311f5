-- A million events of ten thousand issues in four projects over fourteen days, as traffic is: a few issues
-- have most of the events, most have a few. Statements are divided by lines of `--`. $1 is a payload.
CREATE TABLE seed_events AS
SELECT number,
       CASE WHEN number <= 6000 THEN 1 WHEN number <= 9000 THEN 2 WHEN number <= 9990 THEN 3 ELSE 4 END AS place,
       at, (ARRAY['production', 'production', 'staging'])[1 + event % 3] AS environment, event
FROM (
    SELECT event, 1 + (power(random(), 3) * 9999)::int AS number,
           now() - interval '14 days' * (1 - event / 1000000.0) - interval '1 minute' AS at
    FROM generate_series(1, 1000000) AS event
) AS drawn
--
ALTER TABLE seed_events ADD project_id bigint
--
UPDATE seed_events SET project_id = projects.id
FROM (SELECT id, row_number() OVER (ORDER BY id) AS place FROM projects) AS projects
WHERE projects.place = seed_events.place
--
INSERT INTO issues (
    project_id, id, kind, level, platform, logger, title, culprit, exception_type, exception_value, filename,
    function, is_unhandled, status, substatus, status_changed_at, first_seen, last_seen, first_release,
    last_release, event_count, user_count, kept_count, sampled_day, sampled_day_count, created_at,
    part_count
)
SELECT project_id, (project_id << 32) | number, 'error', (ARRAY[20, 30, 40, 40, 40, 50])[1 + number % 6],
       'python', '', 'Error' || number % 500 || ': something went wrong with ' || md5(number::text),
       'shop.module' || number % 50 || ' in function_' || number % 200, 'Error' || number % 500,
       'something went wrong with ' || md5(number::text) || ' and a longer explanation of it, as people write them',
       'shop/module' || number % 50 || '.py', 'function_' || number % 200, number % 7 = 0,
       CASE WHEN number % 10 = 0 THEN 'resolved' WHEN number % 17 = 0 THEN 'ignored' ELSE 'unresolved' END,
       CASE WHEN number % 10 = 0 THEN NULL WHEN number % 17 = 0 THEN 'archived_until_escalating' ELSE 'ongoing' END,
       now(), min(at), max(at), 'shop@1.' || number % 20, 'shop@1.' || number % 20,
       count(*), least(count(*), 50), count(*), current_date, 1, now(), 1
FROM seed_events
GROUP BY project_id, number
--
INSERT INTO issue_parts
SELECT project_id, id, id, id, md5(id::text), NULL, now() FROM issues
--
INSERT INTO issue_releases
SELECT project_id, (project_id << 32) | number, environment, 'shop@1.' || number % 20, count(*), min(at), max(at)
FROM seed_events
GROUP BY 1, 2, 3, 4
--
INSERT INTO issue_hours
SELECT project_id, (project_id << 32) | number, date_trunc('hour', at), environment, count(*)
FROM seed_events
GROUP BY 1, 2, 3, 4
--
INSERT INTO issue_tags
SELECT issues.project_id, issues.id, 'label' || label, 'value' || (issues.id + value) % (label * 20),
       1 + issues.event_count / 3, issues.first_seen, issues.last_seen
FROM issues, generate_series(1, 20) AS label, generate_series(1, 3) AS value
ON CONFLICT DO NOTHING
--
INSERT INTO issue_tags
SELECT project_id, id, 'release', last_release, event_count, first_seen, last_seen FROM issues
--
INSERT INTO project_tags
SELECT project_id, key, sum(event_count) FROM issue_tags GROUP BY project_id, key
--
INSERT INTO issue_hashes
SELECT project_id, md5(id::text), id, id, 'created', 'app', 'bench', NULL, now() FROM issues
--
INSERT INTO events
SELECT project_id, gen_random_uuid(), (project_id << 32) | number, at + interval '1 second', at, 40,
       md5(((project_id << 32) | number)::text), environment, 'shop@1.' || number % 20,
       'user' || event % 1000 || '@example.com',
       'Error' || number % 500 || ': something went wrong with ' || md5(number::text), '/api/' || number % 50, $1
FROM seed_events
ORDER BY event
--
DROP TABLE seed_events
--
VACUUM ANALYZE
