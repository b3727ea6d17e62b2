-- name: join
INSERT INTO mainspring.hosts (id, name, version, since, seen, draining, running, readers, beat)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, clock_timestamp())
ON CONFLICT (id) DO UPDATE SET name = excluded.name, version = excluded.version, since = excluded.since,
  seen = excluded.seen, draining = excluded.draining, running = excluded.running, readers = excluded.readers,
  beat = excluded.beat
RETURNING lock;

-- name: hold
SELECT pg_try_advisory_lock($1::integer, $2::integer);

-- name: release
SELECT pg_advisory_unlock($1::integer, $2::integer);

-- name: beat
UPDATE mainspring.hosts SET beat = clock_timestamp() WHERE id = ANY($1::text[]) RETURNING id;

-- name: leave
DELETE FROM mainspring.hosts WHERE id = $1 RETURNING id;

-- name: living
SELECT id, name, version, since, seen, draining, running, readers FROM mainspring.hosts ORDER BY since, id;

-- name: silent
SELECT h.id, h.beat < clock_timestamp() - make_interval(secs => $2)
FROM mainspring.hosts AS h
WHERE h.beat < clock_timestamp() - make_interval(secs => $2) OR NOT EXISTS (
  SELECT 1 FROM pg_locks AS l
  WHERE l.locktype = 'advisory' AND l.granted AND l.classid = $1 AND l.objid = h.lock::bigint::oid AND l.objsubid = 2
    AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
);

-- name: bury
DELETE FROM mainspring.hosts AS h WHERE id = $1 AND (
  h.beat < clock_timestamp() - make_interval(secs => $3) OR NOT EXISTS (
    SELECT 1 FROM pg_locks AS l
    WHERE l.locktype = 'advisory' AND l.granted AND l.classid = $2 AND l.objid = h.lock::bigint::oid AND l.objsubid = 2
      AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
  )
) RETURNING id;

-- name: is_due
SELECT EXISTS (SELECT 1 FROM mainspring.heads WHERE wake_at <= $1 AND waiting AND active_execution IS NOT NULL);

-- name: give_up
UPDATE mainspring.heads SET owner = NULL WHERE active_execution IS NOT NULL AND NOT waiting AND owner = $1;

-- name: claim
SELECT session_id, epoch, handed_over, due FROM mainspring.work($1, $2, $3);

-- name: notify
SELECT pg_notify('mainspring', $1);
