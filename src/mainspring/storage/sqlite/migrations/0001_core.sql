-- Sessions. `n` is the short name of a session inside this file: journal rows are keyed by it.
-- `pruned`: the journal is compact up to this cursor. `stale_from`: the time of the oldest row after it (NULL: none).
-- The cursor of a session is not here: it is the last key of its journal, so a flush of deltas touches one page, not two.
CREATE TABLE sessions (
  n INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  project_id TEXT NOT NULL,
  agent_id TEXT NOT NULL,
  agent_slug TEXT NOT NULL,
  version TEXT NOT NULL,
  format TEXT NOT NULL,
  status TEXT NOT NULL,
  created_at REAL NOT NULL,
  updated_at REAL NOT NULL,
  expires_at REAL NOT NULL,
  epoch INTEGER NOT NULL,
  active_execution TEXT,
  waiting INTEGER NOT NULL,
  start_key TEXT,
  pruned INTEGER NOT NULL DEFAULT 0,
  stale_from REAL
) STRICT;

CREATE UNIQUE INDEX sessions_start_key ON sessions (project_id, start_key) WHERE start_key IS NOT NULL;
CREATE INDEX sessions_of_project ON sessions (project_id, updated_at, id);
CREATE INDEX sessions_of_agent ON sessions (agent_id, updated_at, id);
CREATE INDEX sessions_open ON sessions (n) WHERE active_execution IS NOT NULL;
CREATE INDEX sessions_due ON sessions (expires_at) WHERE status = 'active';
CREATE INDEX sessions_stale ON sessions (stale_from) WHERE stale_from IS NOT NULL;

-- The journal. `key` is n << 32 | last cursor: clustered by session, one integer to compare, and rows of up to 4 KB
-- stay in their page (a table WITHOUT ROWID would spill them at 1 KB and took a fifth more space).
-- `span` is last - first. `kind`: 0 fact, 1 deltas, 2 stub, 3 pack (rows as msgpack, deflated), 4 to 7 deltas of text,
-- reasoning, tool input and worker input, without what all of their kind have in common (`coding.py`).
CREATE TABLE journal (
  key INTEGER PRIMARY KEY,
  span INTEGER NOT NULL,
  kind INTEGER NOT NULL,
  at REAL NOT NULL,
  data BLOB NOT NULL
) STRICT;

-- A session as it is read, with its cursor. Column order is what `sessions.py` expects.
CREATE VIEW session_records AS
SELECT s.n, s.id, s.project_id, s.agent_id, s.agent_slug, s.version, s.format, s.status, s.created_at, s.updated_at,
  s.expires_at, s.epoch, s.active_execution, s.waiting, s.start_key, s.stale_from, coalesce(
    (SELECT key FROM journal WHERE key > s.n << 32 AND key < (s.n + 1) << 32 ORDER BY key DESC LIMIT 1), s.n << 32
  ) - (s.n << 32) AS cursor
FROM sessions AS s;

CREATE TABLE snapshots (
  n INTEGER PRIMARY KEY,
  cursor INTEGER NOT NULL,
  data BLOB NOT NULL
) STRICT;

CREATE TABLE agents (
  id TEXT PRIMARY KEY,
  project_id TEXT NOT NULL,
  slug TEXT NOT NULL,
  version TEXT NOT NULL,
  created_at REAL NOT NULL,
  updated_at REAL NOT NULL,
  archived INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE UNIQUE INDEX agents_slug ON agents (project_id, slug) WHERE archived = 0;

-- `source` is the JSON of an AgentSource.
CREATE TABLE agent_versions (
  agent_id TEXT NOT NULL,
  version TEXT NOT NULL,
  published_at REAL NOT NULL,
  source BLOB NOT NULL,
  PRIMARY KEY (agent_id, version)
) STRICT;

-- `scopes` is a JSON array of strings.
CREATE TABLE api_keys (
  id TEXT PRIMARY KEY,
  project_id TEXT NOT NULL,
  name TEXT NOT NULL,
  prefix TEXT NOT NULL,
  digest BLOB NOT NULL UNIQUE,
  scopes BLOB NOT NULL,
  created_at REAL NOT NULL,
  expires_at REAL,
  revoked_at REAL
) STRICT;

CREATE INDEX api_keys_of_project ON api_keys (project_id, created_at);
