-- name: head
SELECT n, epoch, active_execution, stale_from IS NOT NULL, cursor, owner, waiting, wake_at
FROM session_records WHERE id = ?1;

-- name: create
INSERT INTO sessions (
  id, project_id, agent_id, agent_slug, version, format, status, created_at, updated_at, expires_at, epoch,
  active_execution, waiting, start_key, owner, wake_at
) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16);

-- name: take
UPDATE sessions SET epoch = epoch + 1, owner = ?2 WHERE n = ?1;

-- name: give_up
UPDATE sessions SET owner = NULL WHERE active_execution IS NOT NULL AND waiting = 0 AND owner = ?1 RETURNING id;

-- name: set_wake_at
UPDATE sessions SET wake_at = nullif(?2, 0) WHERE n = ?1;

-- name: wakes
SELECT id, wake_at FROM sessions WHERE wake_at IS NOT NULL;

-- name: due_wakes
SELECT id FROM sessions WHERE wake_at <= ?1 AND active_execution IS NOT NULL AND waiting = 1 ORDER BY wake_at LIMIT ?2;

-- name: set_status
UPDATE sessions SET status = ?2 WHERE n = ?1;

-- name: set_active_execution
UPDATE sessions SET active_execution = nullif(?2, '') WHERE n = ?1;

-- name: set_waiting
UPDATE sessions SET waiting = ?2 WHERE n = ?1;

-- name: set_updated_at
UPDATE sessions SET updated_at = ?2 WHERE n = ?1;

-- name: set_expires_at
UPDATE sessions SET expires_at = ?2 WHERE n = ?1;

-- name: set_version
UPDATE sessions SET version = ?2 WHERE n = ?1;

-- name: set_stale_from
UPDATE sessions SET stale_from = ?2 WHERE n = ?1;

-- name: set_pruned
UPDATE sessions SET pruned = ?3, stale_from = ?4 WHERE n = ?1 AND pruned = ?2;

-- name: stale
SELECT n, id, pruned FROM sessions WHERE stale_from < ?1 ORDER BY stale_from LIMIT 1;

-- name: record
SELECT * FROM session_records WHERE id = ?1;

-- name: record_by_start_key
SELECT * FROM session_records WHERE project_id = ?1 AND start_key = ?2;

-- name: records_of_project
SELECT * FROM session_records
WHERE project_id = ?1 AND (updated_at, id) < (?2, ?3) AND (?4 IS NULL OR status = ?4)
ORDER BY updated_at DESC, id DESC LIMIT ?5;

-- name: records_of_agent
SELECT * FROM session_records
WHERE project_id = ?1 AND (updated_at, id) < (?2, ?3) AND (?4 IS NULL OR status = ?4) AND agent_id = ?6
ORDER BY updated_at DESC, id DESC LIMIT ?5;

-- name: running
SELECT id FROM sessions WHERE active_execution IS NOT NULL AND waiting = 0 ORDER BY n;

-- name: records_due
SELECT * FROM session_records
WHERE status = 'active' AND expires_at <= ?1 AND (active_execution IS NULL OR waiting = 1)
ORDER BY expires_at LIMIT ?2;

-- name: number
SELECT n FROM sessions WHERE id = ?1;
