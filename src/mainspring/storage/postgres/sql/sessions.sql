-- name: lock_heads
SELECT s.id, h.n, h.cursor, h.epoch, h.active_execution, h.waiting, h.owner, h.wake_at, h.stale_from IS NOT NULL,
  EXISTS (SELECT 1 FROM mainspring.hosts AS o WHERE o.id = h.owner)
FROM mainspring.heads AS h JOIN mainspring.sessions AS s ON s.n = h.n
WHERE s.id = ANY($1::text[]) ORDER BY h.n FOR NO KEY UPDATE OF h;

-- name: lock_head
SELECT n FROM mainspring.heads WHERE n = $1 FOR NO KEY UPDATE;

-- name: lock_prune
SELECT pg_try_advisory_xact_lock(hashtextextended('mainspring.prune', $1));

-- name: pruned
SELECT pruned FROM mainspring.heads WHERE n = $1;

-- name: taken
SELECT r.* FROM mainspring.session_records AS r
WHERE r.id = ANY($1::text[])
  OR (r.project_id, r.start_key) IN (SELECT p, k FROM unnest($2::text[], $3::text[]) AS u (p, k));

-- name: numbers
SELECT nextval('mainspring.session_numbers') FROM generate_series(1, $1::integer);

-- name: create
WITH
fresh AS (
  SELECT * FROM unnest(
    $1::bigint[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[],
    $9::double precision[], $10::double precision[], $11::double precision[], $12::text[]
  ) AS r (n, id, project_id, agent_id, agent_slug, version, format, status, created_at, updated_at, expires_at, start_key)
),
named AS (
  INSERT INTO mainspring.sessions (
    n, id, project_id, agent_id, agent_slug, version, format, status, created_at, updated_at, expires_at, start_key
  )
  SELECT n, id, project_id, agent_id, agent_slug, version, format, status, created_at, updated_at, expires_at, start_key
  FROM fresh
)
INSERT INTO mainspring.heads (n, cursor, epoch, waiting) SELECT n, 0, 0, FALSE FROM fresh;

-- name: patch
UPDATE mainspring.sessions AS s
SET status = coalesce(u.status, s.status), version = coalesce(u.version, s.version),
  updated_at = coalesce(u.updated_at, s.updated_at), expires_at = coalesce(u.expires_at, s.expires_at)
FROM unnest($1::bigint[], $2::text[], $3::text[], $4::double precision[], $5::double precision[])
  AS u (n, status, version, updated_at, expires_at)
WHERE s.n = u.n;

-- name: set_pruned
UPDATE mainspring.heads SET pruned = $2, stale_from = $3 WHERE n = $1;

-- name: stale
SELECT n, pruned FROM mainspring.heads WHERE stale_from < $1 ORDER BY stale_from LIMIT 1;

-- name: record
SELECT * FROM mainspring.session_records WHERE id = $1;

-- name: record_by_start_key
SELECT * FROM mainspring.session_records WHERE project_id = $1 AND start_key = $2;

-- name: records_of_project
SELECT * FROM mainspring.session_records
WHERE project_id = $1 AND (updated_at, id) < ($2::double precision, $3::text) AND ($4::text IS NULL OR status = $4)
ORDER BY updated_at DESC, id DESC LIMIT $5;

-- name: records_of_agent
SELECT * FROM mainspring.session_records
WHERE project_id = $1 AND (updated_at, id) < ($2::double precision, $3::text) AND ($4::text IS NULL OR status = $4)
  AND agent_id = $6
ORDER BY updated_at DESC, id DESC LIMIT $5;

-- name: records_due
SELECT * FROM mainspring.session_records
WHERE status = 'active' AND expires_at <= $1 AND (active_execution IS NULL OR waiting)
ORDER BY expires_at LIMIT $2;

-- name: number
SELECT n FROM mainspring.sessions WHERE id = $1;
