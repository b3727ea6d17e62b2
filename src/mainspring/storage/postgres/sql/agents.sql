-- name: lock_slug
SELECT pg_advisory_xact_lock(hashtextextended($1::text || chr(10) || $2::text, 0));

-- name: live_by_slug
SELECT id, version, created_at FROM mainspring.agents WHERE project_id = $1 AND slug = $2 AND NOT archived;

-- name: owner
SELECT project_id, archived FROM mainspring.agents WHERE id = $1;

-- name: create
INSERT INTO mainspring.agents (id, project_id, slug, version, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (id) DO UPDATE SET slug = excluded.slug, version = excluded.version, created_at = excluded.created_at,
  updated_at = excluded.updated_at, archived = FALSE;

-- name: update
UPDATE mainspring.agents SET version = $2, updated_at = $3 WHERE id = $1;

-- name: add_version
INSERT INTO mainspring.agent_versions (agent_id, version, published_at, source) VALUES ($1, $2, $3, $4)
ON CONFLICT (agent_id, version) DO NOTHING;

-- name: archive
UPDATE mainspring.agents SET archived = TRUE, updated_at = $3
WHERE project_id = $1 AND id = $2 AND NOT archived RETURNING id;

-- name: list
SELECT a.id, a.project_id, a.version, v.source, a.created_at, a.updated_at, a.archived
FROM mainspring.agents AS a JOIN mainspring.agent_versions AS v ON v.agent_id = a.id AND v.version = a.version
WHERE a.project_id = $1 AND NOT a.archived ORDER BY a.slug;

-- name: current
SELECT a.id, a.project_id, a.version, v.source, a.created_at, a.updated_at, a.archived
FROM mainspring.agents AS a JOIN mainspring.agent_versions AS v ON v.agent_id = a.id AND v.version = a.version
WHERE a.project_id = $1 AND NOT a.archived AND (a.id = $2 OR a.slug = $2) ORDER BY (a.id = $2) DESC LIMIT 1;

-- name: version
SELECT a.id, a.project_id, v.version, v.source, a.created_at, v.published_at, a.archived
FROM mainspring.agents AS a JOIN mainspring.agent_versions AS v ON v.agent_id = a.id
WHERE a.project_id = $1 AND a.id = $2 AND v.version = $3;

-- name: by_hash
SELECT a.id, a.project_id, v.version, v.source, a.created_at, v.published_at, a.archived
FROM mainspring.agents AS a JOIN mainspring.agent_versions AS v ON v.agent_id = a.id
WHERE a.project_id = $1 AND v.version = $2 ORDER BY a.archived LIMIT 1;
