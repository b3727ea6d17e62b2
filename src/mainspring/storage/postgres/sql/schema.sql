-- name: exists
SELECT to_regclass('mainspring.schema_version') IS NOT NULL;

-- name: version
SELECT coalesce(max(version), 0) FROM mainspring.schema_version;

-- name: create_version
CREATE SCHEMA IF NOT EXISTS mainspring;
CREATE TABLE IF NOT EXISTS mainspring.schema_version (
  version INTEGER PRIMARY KEY,
  applied_at DOUBLE PRECISION NOT NULL
);

-- name: set_version
INSERT INTO mainspring.schema_version (version, applied_at) VALUES ($1, $2);

-- name: lock
SELECT pg_advisory_xact_lock($1);
