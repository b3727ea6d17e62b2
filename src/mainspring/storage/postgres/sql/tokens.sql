-- name: add
INSERT INTO mainspring.tokens (
  id, project_id, key_id, digest, agent_id, session_id, limits, created_at, expires_at, revoked_at
) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT DO NOTHING RETURNING id;

-- name: forget
DELETE FROM mainspring.tokens WHERE expires_at < $1;

-- name: by_digest
SELECT t.id, t.project_id, t.key_id, t.digest, t.agent_id, t.session_id, t.limits, t.created_at, t.expires_at,
  coalesce(t.revoked_at, k.revoked_at)
FROM mainspring.tokens AS t LEFT JOIN mainspring.api_keys AS k ON k.id = t.key_id WHERE t.digest = $1;

-- name: revoke
UPDATE mainspring.tokens AS t SET revoked_at = $3 WHERE project_id = $1 AND id = $2 AND revoked_at IS NULL
  AND NOT EXISTS (SELECT 1 FROM mainspring.api_keys AS k WHERE k.id = t.key_id AND k.revoked_at IS NOT NULL)
RETURNING id;
