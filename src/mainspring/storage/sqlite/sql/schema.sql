-- name: tables
SELECT name FROM sqlite_schema WHERE type = 'table';

-- name: versions
SELECT version FROM schema_version;

-- name: create_version
CREATE TABLE IF NOT EXISTS schema_version (version INTEGER PRIMARY KEY, applied_at REAL NOT NULL) STRICT;

-- name: set_version
INSERT INTO schema_version (version, applied_at) VALUES (?1, ?2);
