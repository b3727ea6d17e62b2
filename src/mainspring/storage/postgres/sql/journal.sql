-- name: append
WITH
fresh AS (
  SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::integer[], $4::smallint[], $5::double precision[], $6::bytea[])
    AS r (n, last, span, kind, at, data)
),
written AS (
  INSERT INTO mainspring.journal (n, last, span, kind, at, data) SELECT n, last, span, kind, at, data FROM fresh
),
moved AS (
  UPDATE mainspring.heads AS h
  SET cursor = u.cursor, epoch = u.epoch, active_execution = u.active_execution, waiting = u.waiting, owner = u.owner,
    wake_at = u.wake_at, stale_from = coalesce(h.stale_from, u.stale_from)
  FROM unnest(
    $7::bigint[], $8::bigint[], $9::bigint[], $10::text[], $11::boolean[], $12::text[], $13::double precision[],
    $14::double precision[]
  ) AS u (n, cursor, epoch, active_execution, waiting, owner, wake_at, stale_from)
  WHERE h.n = u.n
)
SELECT count(pg_notify('mainspring', hint)) FROM unnest($15::text[]) AS hint
WHERE EXISTS (SELECT 1 FROM mainspring.hosts OFFSET 1);

-- name: read
SELECT last, span, kind, at, data FROM mainspring.journal WHERE n = $1 AND last > $2 ORDER BY last LIMIT $3;

-- name: read_many
SELECT s.id, j.last, j.span, j.kind, j.at, j.data
FROM unnest($1::text[], $2::bigint[]) AS u (id, after)
JOIN mainspring.sessions AS s ON s.id = u.id
CROSS JOIN LATERAL (
  SELECT last, span, kind, at, data FROM mainspring.journal WHERE n = s.n AND last > u.after ORDER BY last LIMIT $3
) AS j
ORDER BY s.n, j.last;

-- name: read_facts
SELECT last, span, kind, at, data FROM mainspring.journal
WHERE n = $1 AND last > $2 AND (kind = 0 OR kind = 3) ORDER BY last;

-- name: write_snapshots
INSERT INTO mainspring.snapshots (n, cursor, data)
SELECT n, cursor, data FROM unnest($1::bigint[], $2::bigint[], $3::bytea[]) AS u (n, cursor, data)
ON CONFLICT (n) DO UPDATE SET cursor = excluded.cursor, data = excluded.data;

-- name: read_snapshot
SELECT cursor, data FROM mainspring.snapshots WHERE n = $1;

-- name: read_window
SELECT last, span, kind, at, data FROM mainspring.journal WHERE n = $1 AND last > $2 ORDER BY last;

-- name: read_verdicts
SELECT last, data FROM mainspring.journal
WHERE n = $1 AND last > $2 AND kind = 0
  AND (substr(data, 1, length($3::bytea)) = $3 OR substr(data, 1, length($4::bytea)) = $4
    OR substr(data, 1, length($5::bytea)) = $5)
ORDER BY last;

-- name: drop_window
DELETE FROM mainspring.journal WHERE n = $1 AND last > $2 AND last <= $3;

-- name: put_back
INSERT INTO mainspring.journal (n, last, span, kind, at, data)
SELECT $1, last, span, kind, at, data
FROM unnest($2::bigint[], $3::integer[], $4::smallint[], $5::double precision[], $6::bytea[])
  AS r (last, span, kind, at, data);

-- name: first_time
SELECT at FROM mainspring.journal WHERE n = $1 AND last > $2 ORDER BY last LIMIT 1;
