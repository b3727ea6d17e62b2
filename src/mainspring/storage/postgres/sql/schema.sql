-- name: exists
SELECT to_regclass('mainspring.schema_version') IS NOT NULL;

-- name: version
SELECT coalesce(max(version), 0) FROM mainspring.schema_version;

-- name: create
CREATE SCHEMA IF NOT EXISTS mainspring;
CREATE TABLE mainspring.schema_version (
  version INTEGER PRIMARY KEY,
  applied_at TIMESTAMPTZ NOT NULL DEFAULT clock_timestamp()
);

-- name: wait
SET LOCAL lock_timeout = '10min';

-- name: lock
SELECT pg_advisory_xact_lock($1);
