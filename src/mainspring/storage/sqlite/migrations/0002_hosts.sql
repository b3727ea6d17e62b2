-- Hosts. `owner`: the host that took the session last. `wake_at`: when a waiting execution is taken up by itself.
ALTER TABLE sessions ADD COLUMN owner TEXT;
ALTER TABLE sessions ADD COLUMN wake_at REAL;

CREATE INDEX sessions_wake ON sessions (wake_at) WHERE wake_at IS NOT NULL;

DROP VIEW session_records;
CREATE VIEW session_records AS
SELECT s.n, s.id, s.project_id, s.agent_id, s.agent_slug, s.version, s.format, s.status, s.created_at, s.updated_at,
  s.expires_at, s.epoch, s.active_execution, s.waiting, s.start_key, s.stale_from, coalesce(
    (SELECT key FROM journal WHERE key > s.n << 32 AND key < (s.n + 1) << 32 ORDER BY key DESC LIMIT 1), s.n << 32
  ) - (s.n << 32) AS cursor, s.owner, s.wake_at
FROM sessions AS s;
