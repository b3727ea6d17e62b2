-- name: count
SELECT
  coalesce(sum(status = 'active'), 0), coalesce(sum(status = 'expired'), 0),
  coalesce(sum(active_execution IS NOT NULL AND waiting = 0), 0),
  coalesce(sum(active_execution IS NOT NULL AND waiting = 1), 0),
  coalesce(sum(status = 'active' AND expires_at <= ?1 AND (active_execution IS NULL OR waiting = 1)), 0)
FROM sessions;

-- name: journal_sizes
SELECT kind, sum(length(data)) FROM journal GROUP BY kind;

-- name: snapshot_size
SELECT coalesce(sum(length(data)), 0) FROM snapshots;

-- name: agent_size
SELECT coalesce(sum(length(source)), 0) FROM agent_versions;

-- Cursors of a journal run from 1 without a gap: each row begins where the one before it ended.
-- name: gaps
SELECT id, expected, found FROM (
  SELECT key >> 32 AS n, (key & 4294967295) - span AS found,
    coalesce(lag(key & 4294967295) OVER (PARTITION BY key >> 32 ORDER BY key), 0) + 1 AS expected
  FROM journal
) JOIN sessions USING (n) WHERE found <> expected LIMIT 100;

-- name: orphans
SELECT count(*) FROM journal WHERE NOT EXISTS (SELECT 1 FROM sessions WHERE n = key >> 32);

-- name: stale_sessions
SELECT n, pruned FROM sessions WHERE stale_from < ?1 ORDER BY stale_from;

-- name: window_size
SELECT coalesce(sum(length(data)), 0) FROM journal WHERE key > ?1 AND key <= ?2;

-- name: session_ids
SELECT id FROM sessions WHERE id > ?1 ORDER BY id LIMIT ?2;
