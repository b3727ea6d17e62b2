-- name: exists
SELECT 1 FROM tokens WHERE id = ?1 OR digest = ?2;

-- name: add
INSERT INTO tokens (id, project_id, key_id, digest, agent_id, session_id, limits, created_at, expires_at, revoked_at)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10);

-- name: forget
DELETE FROM tokens WHERE expires_at < ?1;

-- name: by_digest
SELECT t.id, t.project_id, t.key_id, t.digest, t.agent_id, t.session_id, t.limits, t.created_at, t.expires_at,
  coalesce(t.revoked_at, k.revoked_at)
FROM tokens AS t LEFT JOIN api_keys AS k ON k.id = t.key_id WHERE t.digest = ?1;

-- name: revoke
UPDATE tokens SET revoked_at = ?3 WHERE project_id = ?1 AND id = ?2 AND revoked_at IS NULL
  AND NOT EXISTS (SELECT 1 FROM api_keys WHERE api_keys.id = tokens.key_id AND api_keys.revoked_at IS NOT NULL)
RETURNING id;
