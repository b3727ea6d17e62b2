-- Text columns hold any string a program can have: `text.py` says how a NUL is written. Collation "C" sorts by code
-- point, as every other store does.

CREATE SEQUENCE mainspring.session_numbers;

-- Sessions: what is written once, and what changes once a turn. `n` is the short name of a session in this database.
CREATE TABLE mainspring.sessions (
  n BIGINT PRIMARY KEY,
  id TEXT COLLATE "C" NOT NULL UNIQUE,
  project_id TEXT COLLATE "C" NOT NULL,
  agent_id TEXT COLLATE "C" NOT NULL,
  agent_slug TEXT COLLATE "C" NOT NULL,
  version TEXT COLLATE "C" NOT NULL,
  format TEXT COLLATE "C" NOT NULL,
  status TEXT COLLATE "C" NOT NULL,
  created_at DOUBLE PRECISION NOT NULL,
  updated_at DOUBLE PRECISION NOT NULL,
  expires_at DOUBLE PRECISION NOT NULL,
  start_key TEXT COLLATE "C"
);

CREATE UNIQUE INDEX sessions_start_key ON mainspring.sessions (project_id, start_key) WHERE start_key IS NOT NULL;
CREATE INDEX sessions_of_project ON mainspring.sessions (project_id, updated_at, id);
CREATE INDEX sessions_of_agent ON mainspring.sessions (agent_id, updated_at, id);
CREATE INDEX sessions_due ON mainspring.sessions (expires_at) WHERE status = 'active';

-- The head of each journal: what an append is judged by, and changes. Narrow, with room in each page, so that the new
-- version of a row stays in its page and no index is touched. Who appends holds the row's lock until the commit.
-- `pruned`: the journal is compact up to this cursor. `stale_from`: the time of the oldest row after it (NULL: none).
CREATE TABLE mainspring.heads (
  n BIGINT PRIMARY KEY,
  cursor BIGINT NOT NULL,
  epoch BIGINT NOT NULL,
  active_execution TEXT COLLATE "C",
  waiting BOOLEAN NOT NULL,
  owner TEXT COLLATE "C",
  wake_at DOUBLE PRECISION,
  pruned BIGINT NOT NULL DEFAULT 0,
  stale_from DOUBLE PRECISION
) WITH (fillfactor = 50);

CREATE INDEX heads_running ON mainspring.heads (n) WHERE active_execution IS NOT NULL AND NOT waiting;
CREATE INDEX heads_wake ON mainspring.heads (wake_at) WHERE wake_at IS NOT NULL;
CREATE INDEX heads_stale ON mainspring.heads (stale_from) WHERE stale_from IS NOT NULL;

-- A session as it is read. Column order is what `sessions.py` expects.
CREATE VIEW mainspring.session_records AS
SELECT s.n, s.id, s.project_id, s.agent_id, s.agent_slug, s.version, s.format, s.status, s.created_at, s.updated_at,
  s.expires_at, h.epoch, h.active_execution, h.waiting, s.start_key, h.cursor, h.owner, h.wake_at
FROM mainspring.sessions AS s JOIN mainspring.heads AS h ON h.n = s.n;

-- The journal. `last` and `span` (last - first) are cursors. `kind`: 0 fact, 1 deltas, 2 stub, 3 pack (rows as msgpack,
-- deflated), 4 to 7 deltas without what all of their kind have in common (`storage/coding.py`).
CREATE TABLE mainspring.journal (
  n BIGINT NOT NULL,
  last BIGINT NOT NULL,
  span INTEGER NOT NULL,
  kind SMALLINT NOT NULL,
  at DOUBLE PRECISION NOT NULL,
  data BYTEA NOT NULL,
  PRIMARY KEY (n, last)
) PARTITION BY HASH (n);

DO $$
BEGIN
  FOR part IN 0..15 LOOP
    EXECUTE format(
      'CREATE TABLE mainspring.journal_%s PARTITION OF mainspring.journal FOR VALUES WITH (MODULUS 16, REMAINDER %s)',
      lpad(part::text, 2, '0'), part
    );
  END LOOP;
END $$;

CREATE TABLE mainspring.snapshots (
  n BIGINT PRIMARY KEY,
  cursor BIGINT NOT NULL,
  data BYTEA NOT NULL
);
ALTER TABLE mainspring.snapshots ALTER COLUMN data SET STORAGE EXTERNAL;

CREATE TABLE mainspring.agents (
  id TEXT COLLATE "C" PRIMARY KEY,
  project_id TEXT COLLATE "C" NOT NULL,
  slug TEXT COLLATE "C" NOT NULL,
  version TEXT COLLATE "C" NOT NULL,
  created_at DOUBLE PRECISION NOT NULL,
  updated_at DOUBLE PRECISION NOT NULL,
  archived BOOLEAN NOT NULL DEFAULT FALSE
);

CREATE UNIQUE INDEX agents_slug ON mainspring.agents (project_id, slug) WHERE NOT archived;

-- `source` is the JSON of an AgentSource.
CREATE TABLE mainspring.agent_versions (
  agent_id TEXT COLLATE "C" NOT NULL,
  version TEXT COLLATE "C" NOT NULL,
  published_at DOUBLE PRECISION NOT NULL,
  source BYTEA NOT NULL,
  PRIMARY KEY (agent_id, version)
);

-- `scopes` is a JSON array of strings. `n` tells which of two keys of one moment is newer.
CREATE TABLE mainspring.api_keys (
  n BIGINT GENERATED ALWAYS AS IDENTITY,
  id TEXT COLLATE "C" PRIMARY KEY,
  project_id TEXT COLLATE "C" NOT NULL,
  name TEXT COLLATE "C" NOT NULL,
  prefix TEXT COLLATE "C" NOT NULL,
  digest BYTEA NOT NULL UNIQUE,
  scopes BYTEA NOT NULL,
  created_at DOUBLE PRECISION NOT NULL,
  expires_at DOUBLE PRECISION,
  revoked_at DOUBLE PRECISION
);

CREATE INDEX api_keys_of_project ON mainspring.api_keys (project_id, created_at);

-- Ephemeral tokens. `limits` is the JSON of (triggers or null, tools).
CREATE TABLE mainspring.tokens (
  id TEXT COLLATE "C" PRIMARY KEY,
  project_id TEXT COLLATE "C" NOT NULL,
  key_id TEXT COLLATE "C" NOT NULL,
  digest BYTEA NOT NULL UNIQUE,
  agent_id TEXT COLLATE "C" NOT NULL,
  session_id TEXT COLLATE "C",
  limits BYTEA NOT NULL,
  created_at DOUBLE PRECISION NOT NULL,
  expires_at DOUBLE PRECISION NOT NULL,
  revoked_at DOUBLE PRECISION
);

CREATE INDEX tokens_over ON mainspring.tokens (expires_at);

-- The living hosts: who is not here is dead. `lock`: each holds the session-level advisory lock of that number; `beat`:
-- when it last gave a sign, by the clock of this server. Whoever finds the lock free, or the sign too old, deletes it.
CREATE TABLE mainspring.hosts (
  id TEXT COLLATE "C" PRIMARY KEY,
  lock INTEGER NOT NULL GENERATED ALWAYS AS IDENTITY,
  name TEXT COLLATE "C" NOT NULL,
  version TEXT COLLATE "C" NOT NULL,
  since DOUBLE PRECISION NOT NULL,
  seen DOUBLE PRECISION NOT NULL,
  draining BOOLEAN NOT NULL,
  running INTEGER NOT NULL,
  readers INTEGER NOT NULL,
  beat TIMESTAMPTZ NOT NULL
);

-- Commands from one host to another, until their sender has the answer.
CREATE TABLE mainspring.letters (
  n BIGINT GENERATED ALWAYS AS IDENTITY,
  id TEXT COLLATE "C" PRIMARY KEY,
  host TEXT COLLATE "C" NOT NULL,
  session_id TEXT COLLATE "C" NOT NULL,
  body BYTEA NOT NULL,
  sent TIMESTAMPTZ NOT NULL,
  given BOOLEAN NOT NULL DEFAULT FALSE,
  answer BYTEA
);

CREATE INDEX letters_to ON mainspring.letters (host, n) WHERE answer IS NULL;
