-- name: enter
INSERT INTO mainspring.tool_calls (project_id, call_id, attempt, tool, session_id, call, host, state, since)
VALUES ($1, $2, $3, $4, $5, $6, $7, 'ready', clock_timestamp())
ON CONFLICT (project_id, call_id) DO NOTHING
RETURNING n;

-- name: lock
SELECT attempt, state, worker_id, dropped, outcome, answers::text, host FROM mainspring.tool_calls
WHERE project_id = $1 AND call_id = $2 FOR UPDATE;

-- name: go_on
UPDATE mainspring.tool_calls SET host = $3, call = $4, attempt = $5, tool = $6, session_id = $7, state = $8,
  dropped = FALSE
WHERE project_id = $1 AND call_id = $2;

-- name: begin_anew
UPDATE mainspring.tool_calls SET host = $3, call = $4, attempt = $5, tool = $6, session_id = $7, state = $8,
  dropped = FALSE, worker_id = NULL, batch = 0, outcome = NULL, since = clock_timestamp(),
  n = nextval('mainspring.tool_call_numbers')
WHERE project_id = $1 AND call_id = $2;

-- name: withdraw
UPDATE mainspring.tool_calls AS c SET state = 'over', dropped = c.worker_id IS NOT NULL, since = clock_timestamp()
WHERE c.project_id = $1 AND c.call_id = $2 AND c.attempt = $3 AND c.host = $4
  AND c.state IN ('ready', 'held', 'unclaimed')
  AND NOT EXISTS (
    SELECT 1 FROM mainspring.sessions AS s JOIN mainspring.heads AS h ON h.n = s.n
    WHERE s.id = c.session_id AND h.owner IS DISTINCT FROM $4
  )
RETURNING c.worker_id;

-- name: outcomes
SELECT project_id, call_id, attempt, outcome FROM mainspring.tool_calls WHERE host = $1 AND state = 'done';

-- name: settle
UPDATE mainspring.tool_calls AS c SET state = 'over', worker_id = NULL, since = clock_timestamp()
FROM (
  SELECT t.project_id, t.call_id FROM mainspring.tool_calls AS t
  JOIN unnest($1::text[], $2::text[], $3::integer[]) AS u (project_id, call_id, attempt)
    ON t.project_id = u.project_id AND t.call_id = u.call_id AND t.attempt = u.attempt
  WHERE t.state = 'done' ORDER BY t.project_id, t.call_id FOR UPDATE OF t
) AS found
WHERE c.project_id = found.project_id AND c.call_id = found.call_id;

-- name: answer
UPDATE mainspring.tool_calls SET state = 'done', outcome = $3, answers = answers || $4::text::jsonb,
  since = clock_timestamp()
WHERE project_id = $1 AND call_id = $2;

-- name: batch
SELECT call FROM mainspring.tool_calls
WHERE project_id = $1 AND worker_id = $2 AND state = 'held' AND batch = $3 ORDER BY n;

-- name: deal
UPDATE mainspring.tool_calls AS c SET state = 'held', worker_id = $2, batch = $3, since = clock_timestamp()
FROM (
  SELECT t.project_id, t.call_id FROM mainspring.tool_calls AS t
  WHERE t.project_id = $1 AND t.state = 'ready' AND t.tool = ANY($4::text[])
    AND EXISTS (SELECT 1 FROM mainspring.hosts AS h WHERE h.id = t.host)
  ORDER BY t.n
  LIMIT (
    SELECT least($5::bigint, greatest(1, (count(*) + $6::bigint - 1) / $6::bigint)) FROM mainspring.tool_calls AS r
    WHERE r.project_id = $1 AND r.state = 'ready' AND r.tool = ANY($4::text[])
  )
  FOR UPDATE OF t SKIP LOCKED
) AS next
WHERE c.project_id = next.project_id AND c.call_id = next.call_id
RETURNING c.n, c.call;

-- name: dropped
SELECT call_id FROM mainspring.tool_calls WHERE project_id = $1 AND worker_id = $2 AND dropped ORDER BY n;

-- name: heed_drops
UPDATE mainspring.tool_calls AS c SET dropped = FALSE, worker_id = NULL
FROM (
  SELECT t.call_id FROM mainspring.tool_calls AS t
  WHERE t.project_id = $1 AND t.worker_id = $2 AND t.dropped AND t.call_id <> ALL($3::text[])
  ORDER BY t.call_id FOR UPDATE SKIP LOCKED
) AS found
WHERE c.project_id = $1 AND c.call_id = found.call_id;

-- name: forgotten
UPDATE mainspring.tool_calls AS c SET state = 'done', outcome = $5, since = clock_timestamp()
FROM (
  SELECT t.call_id FROM mainspring.tool_calls AS t
  WHERE t.project_id = $1 AND t.worker_id = $2 AND t.state = 'held' AND t.batch <= $4 AND t.call_id <> ALL($3::text[])
  ORDER BY t.call_id FOR UPDATE SKIP LOCKED
) AS found
WHERE c.project_id = $1 AND c.call_id = found.call_id
RETURNING c.host;

-- name: claim
INSERT INTO mainspring.tool_calls AS c
  (project_id, call_id, attempt, tool, session_id, call, host, state, since, worker_id)
SELECT $1, u.call_id, 0, '', '', '', '', 'claimed', clock_timestamp(), $2
FROM (SELECT DISTINCT unnest($3::text[]) AS call_id ORDER BY 1) AS u
ON CONFLICT (project_id, call_id) DO UPDATE SET worker_id = excluded.worker_id, batch = 0,
  state = CASE c.state WHEN 'claimed' THEN 'claimed' ELSE 'held' END
WHERE c.state IN ('ready', 'unclaimed', 'claimed');

-- name: taken
SELECT call_id FROM mainspring.tool_calls
WHERE project_id = $1 AND call_id = ANY($3::text[])
  AND (state IN ('held', 'claimed') AND worker_id <> $2 OR dropped AND worker_id = $2);

-- name: give_back
UPDATE mainspring.tool_calls AS c SET state = 'ready', worker_id = NULL, batch = 0, since = clock_timestamp()
FROM (
  SELECT t.call_id FROM mainspring.tool_calls AS t
  WHERE t.project_id = $1 AND t.worker_id = $2 AND t.state = 'held' AND t.batch > $3 ORDER BY t.call_id FOR UPDATE
) AS found
WHERE c.project_id = $1 AND c.call_id = found.call_id
RETURNING c.tool;

-- name: lose
UPDATE mainspring.tool_calls AS c SET state = 'done', outcome = $3, since = clock_timestamp()
FROM (
  SELECT t.call_id FROM mainspring.tool_calls AS t
  WHERE t.project_id = $1 AND t.worker_id = $2 AND t.state = 'held' ORDER BY t.call_id FOR UPDATE
) AS found
WHERE c.project_id = $1 AND c.call_id = found.call_id
RETURNING c.host;

-- name: unclaim
DELETE FROM mainspring.tool_calls WHERE project_id = $1 AND worker_id = $2 AND state = 'claimed';

-- name: nobody_claims
UPDATE mainspring.tool_calls AS c SET state = 'done', outcome = $2, since = clock_timestamp()
FROM (
  SELECT t.project_id, t.call_id FROM mainspring.tool_calls AS t
  WHERE t.state = 'unclaimed' AND t.since < clock_timestamp() - make_interval(secs => $1) FOR UPDATE SKIP LOCKED
) AS found
WHERE c.project_id = found.project_id AND c.call_id = found.call_id
RETURNING c.host;

-- name: nobody_came
SELECT t.project_id, t.call_id, t.tool, t.host FROM mainspring.tool_calls AS t
WHERE t.state = 'ready' AND t.since < clock_timestamp() - make_interval(secs => $1) AND NOT EXISTS (
  SELECT 1 FROM mainspring.tool_workers AS w WHERE w.project_id = t.project_id AND t.tool = ANY(w.tools)
)
ORDER BY t.project_id, t.call_id LIMIT 1000 FOR UPDATE SKIP LOCKED;

-- name: fail
UPDATE mainspring.tool_calls SET state = 'done', outcome = $3, since = clock_timestamp()
WHERE project_id = $1 AND call_id = $2;

-- name: forget
DELETE FROM mainspring.tool_calls AS c
USING (
  SELECT t.project_id, t.call_id FROM mainspring.tool_calls AS t
  WHERE t.since < clock_timestamp() - interval '1 hour' AND (
    t.state IN ('over', 'done', 'claimed') OR NOT EXISTS (SELECT 1 FROM mainspring.hosts AS h WHERE h.id = t.host)
  )
  LIMIT 10000 FOR UPDATE SKIP LOCKED
) AS old
WHERE c.project_id = old.project_id AND c.call_id = old.call_id;
