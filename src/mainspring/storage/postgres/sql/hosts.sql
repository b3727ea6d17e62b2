-- name: join
INSERT INTO mainspring.hosts (id, name, version, since, seen, draining, running, readers, beat)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, clock_timestamp())
ON CONFLICT (id) DO UPDATE SET name = excluded.name, version = excluded.version, since = excluded.since,
  seen = excluded.seen, draining = excluded.draining, running = excluded.running, readers = excluded.readers,
  beat = excluded.beat
RETURNING lock;

-- name: hold
SELECT pg_try_advisory_lock($1::integer, $2::integer);

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
WITH
left_over AS (
  SELECT n FROM mainspring.heads AS h
  WHERE active_execution IS NOT NULL AND NOT waiting
    AND NOT EXISTS (SELECT 1 FROM mainspring.hosts AS o WHERE o.id = h.owner)
  ORDER BY n LIMIT $3 FOR NO KEY UPDATE SKIP LOCKED
),
overdue AS (
  SELECT n FROM mainspring.heads AS h
  WHERE wake_at <= $2 AND active_execution IS NOT NULL AND waiting
  ORDER BY wake_at LIMIT greatest($3 - (SELECT count(*) FROM left_over), 0) FOR NO KEY UPDATE SKIP LOCKED
),
before AS (
  SELECT h.n, h.owner, o.n IS NOT NULL AS due
  FROM mainspring.heads AS h LEFT JOIN overdue AS o ON o.n = h.n
  WHERE h.n IN (SELECT n FROM left_over UNION ALL SELECT n FROM overdue)
    AND EXISTS (SELECT 1 FROM mainspring.hosts WHERE id = $1)
),
claimed AS (
  UPDATE mainspring.heads AS h SET epoch = h.epoch + 1, owner = $1 FROM before AS b WHERE h.n = b.n
  RETURNING h.n, h.epoch, b.owner IS NULL AND NOT b.due AS handed_over, b.due
)
SELECT s.id, c.epoch, c.handed_over, c.due
FROM claimed AS c JOIN mainspring.sessions AS s ON s.n = c.n ORDER BY c.due, c.n;

-- name: notify
SELECT pg_notify('mainspring', $1);
