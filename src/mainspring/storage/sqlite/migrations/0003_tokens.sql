-- Ephemeral tokens. `limits` is the JSON of (triggers or null, tools).
CREATE TABLE tokens (
  id TEXT PRIMARY KEY,
  project_id TEXT NOT NULL,
  key_id TEXT NOT NULL,
  digest BLOB NOT NULL UNIQUE,
  agent_id TEXT NOT NULL,
  session_id TEXT,
  limits BLOB NOT NULL,
  created_at REAL NOT NULL,
  expires_at REAL NOT NULL,
  revoked_at REAL
) STRICT;

CREATE INDEX tokens_over ON tokens (expires_at);
