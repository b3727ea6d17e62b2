-- name: add
INSERT INTO mainspring.api_keys (id, project_id, name, prefix, digest, scopes, created_at, expires_at, revoked_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING RETURNING n;

-- name: by_digest
SELECT id, project_id, name, prefix, digest, scopes, created_at, expires_at, revoked_at
FROM mainspring.api_keys WHERE digest = $1;

-- name: list
SELECT id, project_id, name, prefix, digest, scopes, created_at, expires_at, revoked_at
FROM mainspring.api_keys WHERE project_id = $1 ORDER BY created_at DESC, n DESC;

-- name: revoke
UPDATE mainspring.api_keys SET revoked_at = $3 WHERE project_id = $1 AND id = $2 AND revoked_at IS NULL RETURNING id;
