-- name: announce
INSERT INTO mainspring.tool_workers (project_id, id, label, tools, seen) VALUES ($1, $2, $3, $4, clock_timestamp())
ON CONFLICT (project_id, id) DO UPDATE SET label = excluded.label, tools = excluded.tools, seen = excluded.seen;

-- name: offer
INSERT INTO mainspring.tool_offers AS o (project_id, name, tool)
SELECT $1, u.name, u.tool FROM unnest($2::text[], $3::bytea[]) AS u (name, tool) ORDER BY u.name
ON CONFLICT (project_id, name) DO UPDATE SET tool = excluded.tool, gone = NULL
WHERE o.tool <> excluded.tool OR o.gone IS NOT NULL
RETURNING name;

-- name: pull
UPDATE mainspring.tool_workers SET number = $3, seen = clock_timestamp() WHERE project_id = $1 AND id = $2
RETURNING tools;

-- name: still_pulls
SELECT tools FROM mainspring.tool_workers WHERE project_id = $1 AND id = $2 AND number = $3 FOR UPDATE;

-- name: see
UPDATE mainspring.tool_workers SET seen = clock_timestamp() WHERE project_id = $1 AND id = $2 RETURNING label, tools;

-- name: leave
DELETE FROM mainspring.tool_workers WHERE project_id = $1 AND id = $2 RETURNING label;

-- name: lost
DELETE FROM mainspring.tool_workers AS w
USING (
  SELECT t.project_id, t.id FROM mainspring.tool_workers AS t
  WHERE t.seen < clock_timestamp() - make_interval(secs => $1) FOR UPDATE SKIP LOCKED
) AS silent
WHERE w.project_id = silent.project_id AND w.id = silent.id
RETURNING w.project_id, w.id, w.label;

-- name: orphaned
UPDATE mainspring.tool_offers AS o SET gone = clock_timestamp()
WHERE o.gone IS NULL AND NOT EXISTS (
  SELECT 1 FROM mainspring.tool_workers AS w WHERE w.project_id = o.project_id AND o.name = ANY(w.tools)
);

-- name: retract
DELETE FROM mainspring.tool_offers AS o
WHERE o.gone < clock_timestamp() - make_interval(secs => $1) AND NOT EXISTS (
  SELECT 1 FROM mainspring.tool_workers AS w WHERE w.project_id = o.project_id AND o.name = ANY(w.tools)
)
RETURNING o.name;

-- name: offers
SELECT project_id, tool FROM mainspring.tool_offers ORDER BY project_id, name;

-- name: list
SELECT w.id, w.label, w.tools, extract(epoch FROM w.seen)::double precision, (
  SELECT count(*) FROM mainspring.tool_calls AS c
  WHERE c.project_id = w.project_id AND c.worker_id = w.id AND c.state = 'held'
)
FROM mainspring.tool_workers AS w WHERE w.project_id = $1 ORDER BY w.seen, w.id;

-- name: waiting
SELECT tool, count(*) FROM mainspring.tool_calls WHERE project_id = $1 AND state = 'ready' GROUP BY tool ORDER BY tool;
