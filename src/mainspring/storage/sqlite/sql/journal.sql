-- name: append
INSERT INTO journal (key, span, kind, at, data) VALUES (?1, ?2, ?3, ?4, ?5);

-- name: read
SELECT key, span, kind, at, data FROM journal WHERE key > ?1 AND key <= ?2 ORDER BY key LIMIT ?3;

-- name: read_facts
SELECT key, span, kind, at, data FROM journal
WHERE key > ?1 AND key <= ?2 AND (kind = 0 OR kind = 3) ORDER BY key;

-- name: write_snapshot
INSERT INTO snapshots (n, cursor, data) VALUES (?1, ?2, ?3)
ON CONFLICT (n) DO UPDATE SET cursor = excluded.cursor, data = excluded.data;

-- name: read_snapshot
SELECT cursor, data FROM snapshots WHERE n = ?1;

-- name: read_window
SELECT key, span, kind, at, data FROM journal WHERE key > ?1 AND key <= ?2 ORDER BY key;

-- name: read_verdicts
SELECT key, data FROM journal
WHERE key > ?1 AND key <= ?2 AND kind = 0
  AND (substr(data, 1, length(?3)) = ?3 OR substr(data, 1, length(?4)) = ?4 OR substr(data, 1, length(?5)) = ?5)
ORDER BY key;

-- name: drop_window
DELETE FROM journal WHERE key > ?1 AND key <= ?2;

-- name: first_time
SELECT at FROM journal WHERE key > ?1 AND key <= ?2 ORDER BY key LIMIT 1;
