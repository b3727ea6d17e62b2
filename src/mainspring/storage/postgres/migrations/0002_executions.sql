-- Executions are tasks of Absurd, in the queue `mainspring`: one task an execution, a run each time a host begins on it.
-- A run is claimed while a host drives it, awaits an event while the execution waits, and is completed when that is over.
-- What the heads say of it changes in the same transaction, so neither knows what the other does not.

ALTER TABLE mainspring.heads ADD COLUMN task_id UUID, ADD COLUMN run_id UUID;

-- Claims one run for a host: what `absurd.claim_task` does to whichever run is next. Without an expiry of its own: a
-- claim lasts as long as its host is among the living.
CREATE FUNCTION mainspring.claim_run(p_task UUID, p_run UUID, p_host TEXT) RETURNS VOID LANGUAGE plpgsql AS $$
BEGIN
  UPDATE absurd.r_mainspring
  SET state = 'running', claimed_by = p_host, claim_expires_at = NULL, started_at = absurd.current_time(),
    available_at = absurd.current_time(), wake_event = NULL, event_payload = NULL
  WHERE run_id = p_run;
  UPDATE absurd.t_mainspring
  SET state = 'running', first_started_at = coalesce(first_started_at, absurd.current_time()), last_attempt_run = p_run
  WHERE task_id = p_task;
  DELETE FROM absurd.w_mainspring WHERE run_id = p_run;
END $$;

-- Ends the run of a host that drives it no more; the next run of the task, which anybody may claim.
CREATE FUNCTION mainspring.next_run(p_task UUID, p_run UUID, p_reason TEXT) RETURNS UUID LANGUAGE plpgsql AS $$
DECLARE
  v_next UUID;
BEGIN
  PERFORM absurd.fail_run('mainspring', p_run, jsonb_build_object('name', p_reason), absurd.current_time());
  SELECT last_attempt_run INTO v_next FROM absurd.t_mainspring WHERE task_id = p_task;
  RETURN v_next;
END $$;

-- What appends and takes mean for their executions, the heads being locked and written already. Verbs: `begin`, `hold`
-- (its driver changed), `park` (until something happens, or a time), `resume`, `end`.
CREATE FUNCTION mainspring.follow(p_n BIGINT[], p_verb TEXT[], p_execution TEXT[]) RETURNS VOID LANGUAGE plpgsql AS $$
DECLARE
  v RECORD;
  v_state TEXT;
  v_holder TEXT;
  v_event TEXT;
  v_spawned RECORD;
BEGIN
  FOR v IN
    SELECT h.n, u.verb, u.execution, s.id, h.owner, h.wake_at, h.task_id, h.run_id
    FROM unnest(p_n, p_verb, p_execution) WITH ORDINALITY AS u (n, verb, execution, place)
    JOIN mainspring.heads AS h ON h.n = u.n JOIN mainspring.sessions AS s ON s.n = u.n
    ORDER BY u.n, u.place
  LOOP
    IF v.verb = 'begin' THEN
      SELECT * INTO v_spawned FROM absurd.spawn_task(
        'mainspring', 'execution', jsonb_build_object('sessionId', v.id, 'executionId', v.execution)
      );
      UPDATE mainspring.heads SET task_id = v_spawned.task_id, run_id = v_spawned.run_id WHERE n = v.n;
      IF v.owner IS NOT NULL THEN
        PERFORM mainspring.claim_run(v_spawned.task_id, v_spawned.run_id, v.owner);
      END IF;
      CONTINUE;
    END IF;

    -- The heads of this loop were read before it: an execution that begins and parks in one group is read again.
    SELECT task_id, run_id INTO v.task_id, v.run_id FROM mainspring.heads WHERE n = v.n;
    SELECT state, claimed_by, wake_event INTO v_state, v_holder, v_event
    FROM absurd.r_mainspring WHERE run_id = v.run_id;
    CASE v.verb
      WHEN 'hold' THEN
        IF v_state = 'running' AND v_holder <> v.owner THEN
          v.run_id := mainspring.next_run(v.task_id, v.run_id, '$Taken');
          UPDATE mainspring.heads SET run_id = v.run_id WHERE n = v.n;
        END IF;
        PERFORM mainspring.claim_run(v.task_id, v.run_id, v.owner);
      WHEN 'park' THEN
        IF v_state <> 'running' THEN
          PERFORM mainspring.claim_run(v.task_id, v.run_id, coalesce(v.owner, 'nobody'));
        END IF;
        v_event := gen_random_uuid()::text;
        PERFORM absurd.await_event('mainspring', v.task_id, v.run_id, v_event, v_event);
        IF v.wake_at IS NOT NULL THEN
          UPDATE absurd.r_mainspring SET available_at = to_timestamp(v.wake_at) WHERE run_id = v.run_id;
        END IF;
      WHEN 'resume' THEN
        IF v_state = 'sleeping' THEN
          PERFORM absurd.emit_event('mainspring', v_event);
        END IF;
        IF v.owner IS NOT NULL THEN
          PERFORM mainspring.claim_run(v.task_id, v.run_id, v.owner);
        END IF;
      WHEN 'end' THEN
        IF v_state <> 'running' THEN
          PERFORM mainspring.claim_run(v.task_id, v.run_id, coalesce(v.owner, 'nobody'));
        END IF;
        PERFORM absurd.complete_run('mainspring', v.run_id);
        UPDATE mainspring.heads SET task_id = NULL, run_id = NULL WHERE n = v.n;
    END CASE;
  END LOOP;
END $$;

-- Claims for a live host what nobody live drives, then what waits and is due. What others work on is passed over.
CREATE FUNCTION mainspring.work(p_host TEXT, p_now DOUBLE PRECISION, p_limit INTEGER)
RETURNS TABLE (session_id TEXT, epoch BIGINT, handed_over BOOLEAN, due BOOLEAN) LANGUAGE plpgsql AS $$
DECLARE
  v RECORD;
  v_head RECORD;
  v_state TEXT;
  v_holder TEXT;
  v_left INTEGER := p_limit;
BEGIN
  PERFORM 1 FROM mainspring.hosts WHERE id = p_host;
  IF NOT FOUND THEN
    RETURN;
  END IF;
  FOR v IN
    SELECT c.n, c.due FROM (
      SELECT h.n, FALSE AS due, 0::double precision AS place
      FROM mainspring.heads AS h JOIN absurd.r_mainspring AS r ON r.run_id = h.run_id
      WHERE h.active_execution IS NOT NULL AND NOT h.waiting
        AND (r.state <> 'running' OR NOT EXISTS (SELECT 1 FROM mainspring.hosts AS o WHERE o.id = r.claimed_by))
      UNION ALL
      SELECT h.n, TRUE, h.wake_at
      FROM mainspring.heads AS h JOIN absurd.r_mainspring AS r ON r.run_id = h.run_id
      WHERE h.wake_at <= p_now AND h.waiting AND h.active_execution IS NOT NULL
        AND (r.state <> 'running' OR NOT EXISTS (SELECT 1 FROM mainspring.hosts AS o WHERE o.id = r.claimed_by))
    ) AS c ORDER BY c.due, c.place, c.n
  LOOP
    EXIT WHEN v_left <= 0;
    SELECT * INTO v_head FROM mainspring.heads AS h WHERE h.n = v.n FOR NO KEY UPDATE SKIP LOCKED;
    CONTINUE WHEN NOT FOUND OR v_head.active_execution IS NULL OR v_head.waiting <> v.due;
    CONTINUE WHEN v.due AND (v_head.wake_at IS NULL OR v_head.wake_at > p_now);
    SELECT r.state, r.claimed_by INTO v_state, v_holder FROM absurd.r_mainspring AS r WHERE r.run_id = v_head.run_id;
    IF v_state = 'running' THEN
      CONTINUE WHEN EXISTS (SELECT 1 FROM mainspring.hosts AS o WHERE o.id = v_holder);
      v_head.run_id := mainspring.next_run(
        v_head.task_id, v_head.run_id, CASE WHEN v_head.owner IS NULL THEN '$HandedOver' ELSE '$HostDied' END
      );
    END IF;
    PERFORM mainspring.claim_run(v_head.task_id, v_head.run_id, p_host);
    UPDATE mainspring.heads AS h SET epoch = h.epoch + 1, owner = p_host, run_id = v_head.run_id WHERE h.n = v.n;
    v_left := v_left - 1;
    RETURN QUERY SELECT s.id, v_head.epoch + 1, v_head.owner IS NULL AND NOT v.due, v.due
      FROM mainspring.sessions AS s WHERE s.n = v.n;
  END LOOP;
END $$;
