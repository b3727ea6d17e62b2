-- Calls of connected workers. Any host may speak with any worker, and drive any session: what one needs to know of the
-- other is here. Rows are locked in this order: a worker, then calls; whoever sweeps passes over what others hold.

CREATE TABLE mainspring.tool_workers (
  project_id TEXT COLLATE "C" NOT NULL,
  id TEXT COLLATE "C" NOT NULL,
  label TEXT COLLATE "C" NOT NULL,
  tools TEXT[] COLLATE "C" NOT NULL,
  number BIGINT NOT NULL DEFAULT 0,
  seen TIMESTAMPTZ NOT NULL,
  PRIMARY KEY (project_id, id)
);

-- What workers run, or did a moment ago. `tool` is the JSON of a RemoteTool; `gone`: since when nobody runs it.
CREATE TABLE mainspring.tool_offers (
  project_id TEXT COLLATE "C" NOT NULL,
  name TEXT COLLATE "C" NOT NULL,
  tool BYTEA NOT NULL,
  gone TIMESTAMPTZ,
  PRIMARY KEY (project_id, name)
);

CREATE SEQUENCE mainspring.tool_call_numbers;

-- States: `ready` for any worker, `held` by one, `unclaimed` (may run on one that was not heard of), `claimed` (a worker
-- says that it runs it, and nobody has asked for it), `done` (its outcome is here, and not in the journal), `over`.
-- `call` is the JSON of a ToolCall, `outcome` that of a ToolOutcome, `answers` the digests of answers by attempt.
-- `host` waits for the outcome. `batch`: the pull that brought it. `dropped`: its worker is to be told to stop.
CREATE TABLE mainspring.tool_calls (
  project_id TEXT COLLATE "C" NOT NULL,
  call_id TEXT COLLATE "C" NOT NULL,
  n BIGINT NOT NULL DEFAULT nextval('mainspring.tool_call_numbers'),
  attempt INTEGER NOT NULL,
  tool TEXT COLLATE "C" NOT NULL,
  session_id TEXT COLLATE "C" NOT NULL,
  call BYTEA NOT NULL,
  host TEXT COLLATE "C" NOT NULL,
  state TEXT COLLATE "C" NOT NULL,
  since TIMESTAMPTZ NOT NULL,
  worker_id TEXT COLLATE "C",
  batch BIGINT NOT NULL DEFAULT 0,
  dropped BOOLEAN NOT NULL DEFAULT FALSE,
  outcome BYTEA,
  answers JSONB NOT NULL DEFAULT '{}',
  PRIMARY KEY (project_id, call_id)
);

CREATE INDEX tool_calls_ready ON mainspring.tool_calls (project_id, n) WHERE state = 'ready';
CREATE INDEX tool_calls_done ON mainspring.tool_calls (host) WHERE state = 'done';
CREATE INDEX tool_calls_of_worker ON mainspring.tool_calls (project_id, worker_id) WHERE worker_id IS NOT NULL;
CREATE INDEX tool_calls_since ON mainspring.tool_calls (since);
