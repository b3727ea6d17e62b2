--
-- PostgreSQL database dump
--

\restrict BQu259bLpci97so4Um0PAcQ2Iilb2FwOTy5wSfQxyBInXqduW2ayO5ohCfwsiY9

-- Dumped from database version 18.4
-- Dumped by pg_dump version 18.4

SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET transaction_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;

--
-- Name: absurd; Type: SCHEMA; Schema: -; Owner: -
--

CREATE SCHEMA absurd;


--
-- Name: mainspring; Type: SCHEMA; Schema: -; Owner: -
--

CREATE SCHEMA mainspring;


--
-- Name: await_event(text, uuid, uuid, text, text, integer); Type: FUNCTION; Schema: absurd; Owner: -
--

CREATE FUNCTION absurd.await_event(p_queue_name text, p_task_id uuid, p_run_id uuid, p_step_name text, p_event_name text, p_timeout integer DEFAULT NULL::integer) RETURNS TABLE(should_suspend boolean, payload jsonb)
    LANGUAGE plpgsql
    AS $_$
declare
  v_run_state text;
  v_existing_payload jsonb;
  v_event_payload jsonb;
  v_checkpoint_payload jsonb;
  v_resolved_payload jsonb;
  v_timeout_at timestamptz;
  v_available_at timestamptz;
  v_now timestamptz := absurd.current_time();
  v_task_state text;
  v_wake_event text;
begin
  if p_event_name is null or length(trim(p_event_name)) = 0 then
    raise exception 'event_name must be provided';
  end if;

  if p_timeout is not null then
    if p_timeout < 0 then
      raise exception 'timeout must be non-negative';
    end if;
    v_timeout_at := v_now + (p_timeout::double precision * interval '1 second');
  end if;

  v_available_at := coalesce(v_timeout_at, 'infinity'::timestamptz);

  execute format(
    'select state
       from absurd.%I
      where task_id = $1
        and checkpoint_name = $2',
    'c_' || p_queue_name
  )
  into v_checkpoint_payload
  using p_task_id, p_step_name;

  if v_checkpoint_payload is not null then
    return query select false, v_checkpoint_payload;
    return;
  end if;

  -- Ensure a row exists for this event so we can take a row-level lock.
  --
  -- We use payload IS NULL as the sentinel for "not emitted yet".  emit_event
  -- always writes a non-NULL payload (at minimum JSON null).
  --
  -- Lock ordering is important to avoid deadlocks: await_event locks the event
  -- row first (FOR SHARE) and then the run row (FOR UPDATE).  emit_event
  -- naturally locks the event row via its UPSERT before touching waits/runs.
  execute format(
    'insert into absurd.%I (event_name, payload, emitted_at)
     values ($1, null, ''epoch''::timestamptz)
     on conflict (event_name) do nothing',
    'e_' || p_queue_name
  ) using p_event_name;

  execute format(
    'select 1
       from absurd.%I
      where event_name = $1
      for share',
    'e_' || p_queue_name
  ) using p_event_name;

  execute format(
    'select r.state, r.event_payload, r.wake_event, t.state
       from absurd.%I r
       join absurd.%I t on t.task_id = r.task_id
      where r.run_id = $1
      for update',
    'r_' || p_queue_name,
    't_' || p_queue_name
  )
  into v_run_state, v_existing_payload, v_wake_event, v_task_state
  using p_run_id;

  if v_run_state is null then
    raise exception 'Run "%" not found while awaiting event', p_run_id;
  end if;

  if v_task_state = 'cancelled' then
    raise exception sqlstate 'AB001' using message = 'Task has been cancelled';
  end if;

  execute format(
    'select payload
       from absurd.%I
      where event_name = $1',
    'e_' || p_queue_name
  )
  into v_event_payload
  using p_event_name;

  if v_existing_payload is not null then
    execute format(
      'update absurd.%I
          set event_payload = null
        where run_id = $1',
      'r_' || p_queue_name
    ) using p_run_id;

    if v_event_payload is not null and v_event_payload = v_existing_payload then
      v_resolved_payload := v_existing_payload;
    end if;
  end if;

  if v_run_state <> 'running' then
    raise exception 'Run "%" must be running to await events', p_run_id;
  end if;

  if v_resolved_payload is null and v_event_payload is not null then
    v_resolved_payload := v_event_payload;
  end if;

  if v_resolved_payload is not null then
    execute format(
      'insert into absurd.%I (task_id, checkpoint_name, state, status, owner_run_id, updated_at)
       values ($1, $2, $3, ''committed'', $4, $5)
       on conflict (task_id, checkpoint_name)
       do update set state = excluded.state,
                     status = excluded.status,
                     owner_run_id = excluded.owner_run_id,
                     updated_at = excluded.updated_at',
      'c_' || p_queue_name
    ) using p_task_id, p_step_name, v_resolved_payload, p_run_id, v_now;
    return query select false, v_resolved_payload;
    return;
  end if;

  -- Detect if we resumed due to timeout: wake_event matches and payload is null
  if v_resolved_payload is null and v_wake_event = p_event_name and v_existing_payload is null then
    -- Resumed due to timeout; don't re-sleep and don't create a new wait
    execute format(
      'update absurd.%I set wake_event = null where run_id = $1',
      'r_' || p_queue_name
    ) using p_run_id;
    return query select false, null::jsonb;
    return;
  end if;

  execute format(
    'insert into absurd.%I (task_id, run_id, step_name, event_name, timeout_at, created_at)
     values ($1, $2, $3, $4, $5, $6)
     on conflict (run_id, step_name)
     do update set event_name = excluded.event_name,
                   timeout_at = excluded.timeout_at,
                   created_at = excluded.created_at',
    'w_' || p_queue_name
  ) using p_task_id, p_run_id, p_step_name, p_event_name, v_timeout_at, v_now;

  execute format(
    'update absurd.%I
        set state = ''sleeping'',
            claimed_by = null,
            claim_expires_at = null,
            available_at = $3,
            wake_event = $2,
            event_payload = null
      where run_id = $1',
    'r_' || p_queue_name
  ) using p_run_id, p_event_name, v_available_at;

  execute format(
    'update absurd.%I
        set state = ''sleeping''
      where task_id = $1',
    't_' || p_queue_name
  ) using p_task_id;

  return query select true, null::jsonb;
  return;
end;
$_$;


--
-- Name: cancel_task(text, uuid); Type: FUNCTION; Schema: absurd; Owner: -
--

CREATE FUNCTION absurd.cancel_task(p_queue_name text, p_task_id uuid) RETURNS void
    LANGUAGE plpgsql
    AS $_$
declare
  v_now timestamptz := absurd.current_time();
  v_task_state text;
begin
  -- Lock active runs before the task row so cancel_task() uses the same
  -- lock acquisition order as complete_run()/fail_run().
  execute format(
    'select run_id
       from absurd.%I
      where task_id = $1
        and state not in (''completed'', ''failed'', ''cancelled'')
      order by run_id
      for update',
    'r_' || p_queue_name
  ) using p_task_id;

  execute format(
    'select state
       from absurd.%I
      where task_id = $1
      for update',
    't_' || p_queue_name
  )
  into v_task_state
  using p_task_id;

  if v_task_state is null then
    raise exception 'Task "%" not found in queue "%"', p_task_id, p_queue_name;
  end if;

  if v_task_state in ('completed', 'failed', 'cancelled') then
    return;
  end if;

  execute format(
    'update absurd.%I
        set state = ''cancelled'',
            cancelled_at = coalesce(cancelled_at, $2)
      where task_id = $1',
    't_' || p_queue_name
  ) using p_task_id, v_now;

  execute format(
    'update absurd.%I
        set state = ''cancelled'',
            claimed_by = null,
            claim_expires_at = null
      where task_id = $1
        and state not in (''completed'', ''failed'', ''cancelled'')',
    'r_' || p_queue_name
  ) using p_task_id;

  execute format(
    'delete from absurd.%I where task_id = $1',
    'w_' || p_queue_name
  ) using p_task_id;
end;
$_$;


--
-- Name: claim_task(text, text, integer, integer); Type: FUNCTION; Schema: absurd; Owner: -
--

CREATE FUNCTION absurd.claim_task(p_queue_name text, p_worker_id text, p_claim_timeout integer DEFAULT 30, p_qty integer DEFAULT 1) RETURNS TABLE(run_id uuid, task_id uuid, attempt integer, task_name text, params jsonb, retry_strategy jsonb, max_attempts integer, headers jsonb, wake_event text, event_payload jsonb)
    LANGUAGE plpgsql
    AS $_$
declare
  v_now timestamptz := absurd.current_time();
  v_claim_timeout integer := greatest(coalesce(p_claim_timeout, 30), 0);
  v_worker_id text := coalesce(nullif(p_worker_id, ''), 'worker');
  v_qty integer := greatest(coalesce(p_qty, 1), 1);
  v_claim_until timestamptz := null;
  v_sql text;
  v_expired_run record;
  v_cancel_candidate record;
  v_expired_sweep_limit integer;
begin
  if v_claim_timeout > 0 then
    v_claim_until := v_now + make_interval(secs => v_claim_timeout);
  end if;

  -- Keep claim polling work bounded: process at most v_qty expired leases
  -- per claim call.
  v_expired_sweep_limit := greatest(v_qty, 1);

  -- Apply cancellation rules before claiming.
  --
  -- Use cancel_task() so lock order stays consistent (runs first, task second)
  -- with complete_run()/fail_run().
  for v_cancel_candidate in
    execute format(
      'select task_id
         from absurd.%I
        where state in (''pending'', ''sleeping'', ''running'')
          and cancellation is not null
          and (
            (
              (cancellation->>''max_delay'')::bigint is not null
              and first_started_at is null
              and extract(epoch from ($1 - enqueue_at)) >= (cancellation->>''max_delay'')::bigint
            )
            or
            (
              (cancellation->>''max_duration'')::bigint is not null
              and first_started_at is not null
              and extract(epoch from ($1 - first_started_at)) >= (cancellation->>''max_duration'')::bigint
            )
          )
        order by task_id',
      't_' || p_queue_name
    )
  using v_now
  loop
    perform absurd.cancel_task(p_queue_name, v_cancel_candidate.task_id);
  end loop;

  for v_expired_run in
    execute format(
      'select run_id,
              claimed_by,
              claim_expires_at,
              attempt
         from absurd.%I
        where state = ''running''
          and claim_expires_at is not null
          and claim_expires_at <= $1
        order by claim_expires_at, run_id
        limit $2
        for update skip locked',
      'r_' || p_queue_name
    )
  using v_now, v_expired_sweep_limit
  loop
    perform absurd.fail_run(
      p_queue_name,
      v_expired_run.run_id,
      jsonb_strip_nulls(jsonb_build_object(
        'name', '$ClaimTimeout',
        'message', 'worker did not finish task within claim interval',
        'workerId', v_expired_run.claimed_by,
        'claimExpiredAt', v_expired_run.claim_expires_at,
        'attempt', v_expired_run.attempt
      )),
      null
    );
  end loop;

  v_sql := format(
    'with candidate as (
        select r.run_id
          from absurd.%1$I r
          join absurd.%2$I t on t.task_id = r.task_id
         where r.state in (''pending'', ''sleeping'')
           and t.state in (''pending'', ''sleeping'', ''running'')
           and r.available_at <= $1
         order by r.available_at, r.run_id
         limit $2
         for update skip locked
     ),
     updated as (
        update absurd.%1$I r
           set state = ''running'',
               claimed_by = $3,
               claim_expires_at = $4,
               started_at = $1,
               available_at = $1
         where run_id in (select run_id from candidate)
         returning r.run_id, r.task_id, r.attempt
     ),
     task_upd as (
        update absurd.%2$I t
           set state = ''running'',
               attempts = greatest(t.attempts, u.attempt),
               first_started_at = coalesce(t.first_started_at, $1),
               last_attempt_run = u.run_id
          from updated u
         where t.task_id = u.task_id
         returning t.task_id
     ),
     wait_cleanup as (
        delete from absurd.%3$I w
         using updated u
        where w.run_id = u.run_id
          and w.timeout_at is not null
          and w.timeout_at <= $1
        returning w.run_id
     )
     select
       u.run_id,
       u.task_id,
       u.attempt,
       t.task_name,
       t.params,
       t.retry_strategy,
       t.max_attempts,
      t.headers,
      r.wake_event,
      r.event_payload
     from updated u
     join absurd.%1$I r on r.run_id = u.run_id
     join absurd.%2$I t on t.task_id = u.task_id
     order by r.available_at, u.run_id',
    'r_' || p_queue_name,
    't_' || p_queue_name,
    'w_' || p_queue_name
  );

  return query execute v_sql using v_now, v_qty, v_worker_id, v_claim_until;
end;
$_$;


--
-- Name: cleanup_all_queues(text); Type: FUNCTION; Schema: absurd; Owner: -
--

CREATE FUNCTION absurd.cleanup_all_queues(p_queue_name text DEFAULT NULL::text) RETURNS TABLE(queue_name text, tasks_deleted integer, events_deleted integer)
    LANGUAGE plpgsql
    AS $$
declare
  v_queue record;
  v_cleanup_ttl_seconds integer;
begin
  if p_queue_name is not null then
    p_queue_name := absurd.validate_queue_name(p_queue_name);

    if not exists (
      select 1
      from absurd.queues q
      where q.queue_name = p_queue_name
    ) then
      raise exception 'Queue "%" does not exist', p_queue_name;
    end if;
  end if;

  for v_queue in
    select
      q.queue_name,
      q.cleanup_ttl,
      q.cleanup_limit
    from absurd.queues q
    where p_queue_name is null or q.queue_name = p_queue_name
    order by q.queue_name
  loop
    v_cleanup_ttl_seconds := greatest(
      floor(extract(epoch from v_queue.cleanup_ttl))::integer,
      0
    );

    queue_name := v_queue.queue_name;
    tasks_deleted := absurd.cleanup_tasks(
      v_queue.queue_name,
      v_cleanup_ttl_seconds,
      v_queue.cleanup_limit
    );
    events_deleted := absurd.cleanup_events(
      v_queue.queue_name,
      v_cleanup_ttl_seconds,
      v_queue.cleanup_limit
    );
    return next;
  end loop;
end;
$$;


--
-- Name: cleanup_events(text, integer, integer); Type: FUNCTION; Schema: absurd; Owner: -
--

CREATE FUNCTION absurd.cleanup_events(p_queue_name text, p_ttl_seconds integer, p_limit integer DEFAULT 1000) RETURNS integer
    LANGUAGE plpgsql
    AS $_$
declare
  v_now timestamptz := absurd.current_time();
  v_cutoff timestamptz;
  v_deleted_count integer;
begin
  if p_ttl_seconds is null or p_ttl_seconds < 0 then
    raise exception 'TTL must be a non-negative number of seconds';
  end if;

  v_cutoff := v_now - (p_ttl_seconds * interval '1 second');

  execute format(
    'with to_delete as (
        select event_name
          from absurd.%I
         where emitted_at < $1
         order by emitted_at
         limit $2
     ),
     del_events as (
        delete from absurd.%I e
         where e.event_name in (select event_name from to_delete)
         returning 1
     )
     select count(*) from del_events',
    'e_' || p_queue_name,
    'e_' || p_queue_name
  )
  into v_deleted_count
  using v_cutoff, p_limit;

  return v_deleted_count;
end;
$_$;


--
-- Name: cleanup_tasks(text, integer, integer); Type: FUNCTION; Schema: absurd; Owner: -
--

CREATE FUNCTION absurd.cleanup_tasks(p_queue_name text, p_ttl_seconds integer, p_limit integer DEFAULT 1000) RETURNS integer
    LANGUAGE plpgsql
    AS $_$
declare
  v_now timestamptz := absurd.current_time();
  v_cutoff timestamptz;
  v_deleted_count integer;
  v_storage_mode text := 'unpartitioned';
begin
  if p_ttl_seconds is null or p_ttl_seconds < 0 then
    raise exception 'TTL must be a non-negative number of seconds';
  end if;

  v_cutoff := v_now - (p_ttl_seconds * interval '1 second');

  select storage_mode into v_storage_mode
  from absurd.queues
  where queue_name = p_queue_name;

  v_storage_mode := coalesce(v_storage_mode, 'unpartitioned');

  if v_storage_mode = 'partitioned' then
    -- Delete in order: wait registrations, checkpoints, runs, idempotency keys,
    -- then tasks.
    execute format(
      'with eligible_tasks as (
          select t.task_id,
                 case
                   when t.state = ''completed'' then r.completed_at
                   when t.state = ''failed'' then r.failed_at
                   when t.state = ''cancelled'' then t.cancelled_at
                   else null
                 end as terminal_at
            from absurd.%1$I t
            left join absurd.%2$I r on r.run_id = t.last_attempt_run
           where t.state in (''completed'', ''failed'', ''cancelled'')
       ),
       to_delete as (
          select task_id
            from eligible_tasks
           where terminal_at is not null
             and terminal_at < $1
           order by terminal_at
           limit $2
       ),
       del_waits as (
          delete from absurd.%3$I w
           where w.task_id in (select task_id from to_delete)
       ),
       del_checkpoints as (
          delete from absurd.%4$I c
           where c.task_id in (select task_id from to_delete)
       ),
       del_runs as (
          delete from absurd.%2$I r
           where r.task_id in (select task_id from to_delete)
       ),
       del_idempotency as (
          delete from absurd.%5$I i
           where i.task_id in (select task_id from to_delete)
       ),
       del_tasks as (
          delete from absurd.%1$I t
           where t.task_id in (select task_id from to_delete)
           returning 1
       )
       select count(*) from del_tasks',
      't_' || p_queue_name,
      'r_' || p_queue_name,
      'w_' || p_queue_name,
      'c_' || p_queue_name,
      'i_' || p_queue_name
    )
    into v_deleted_count
    using v_cutoff, p_limit;
  else
    -- Unpartitioned queues keep idempotency key ownership on the task row,
    -- so no side-table cleanup is needed.
    execute format(
      'with eligible_tasks as (
          select t.task_id,
                 case
                   when t.state = ''completed'' then r.completed_at
                   when t.state = ''failed'' then r.failed_at
                   when t.state = ''cancelled'' then t.cancelled_at
                   else null
                 end as terminal_at
            from absurd.%1$I t
            left join absurd.%2$I r on r.run_id = t.last_attempt_run
           where t.state in (''completed'', ''failed'', ''cancelled'')
       ),
       to_delete as (
          select task_id
            from eligible_tasks
           where terminal_at is not null
             and terminal_at < $1
           order by terminal_at
           limit $2
       ),
       del_waits as (
          delete from absurd.%3$I w
           where w.task_id in (select task_id from to_delete)
       ),
       del_checkpoints as (
          delete from absurd.%4$I c
           where c.task_id in (select task_id from to_delete)
       ),
       del_runs as (
          delete from absurd.%2$I r
           where r.task_id in (select task_id from to_delete)
       ),
       del_tasks as (
          delete from absurd.%1$I t
           where t.task_id in (select task_id from to_delete)
           returning 1
       )
       select count(*) from del_tasks',
      't_' || p_queue_name,
      'r_' || p_queue_name,
      'w_' || p_queue_name,
      'c_' || p_queue_name
    )
    into v_deleted_count
    using v_cutoff, p_limit;
  end if;

  return v_deleted_count;
end;
$_$;


--
-- Name: complete_run(text, uuid, jsonb); Type: FUNCTION; Schema: absurd; Owner: -
--

CREATE FUNCTION absurd.complete_run(p_queue_name text, p_run_id uuid, p_state jsonb DEFAULT NULL::jsonb) RETURNS void
    LANGUAGE plpgsql
    AS $_$
declare
  v_task_id uuid;
  v_state text;
  v_now timestamptz := absurd.current_time();
begin
  execute format(
    'select task_id, state
       from absurd.%I
      where run_id = $1
      for update',
    'r_' || p_queue_name
  )
  into v_task_id, v_state
  using p_run_id;

  if v_task_id is null then
    raise exception 'Run "%" not found in queue "%"', p_run_id, p_queue_name;
  end if;

  if v_state <> 'running' then
    if v_state = 'cancelled' then
      raise exception sqlstate 'AB001' using message = 'Task has been cancelled';
    end if;
    if v_state = 'failed' then
      raise exception sqlstate 'AB002' using message = format('Run "%s" has already failed in queue "%s"', p_run_id, p_queue_name);
    end if;
    raise exception 'Run "%" is not currently running in queue "%"', p_run_id, p_queue_name;
  end if;

  execute format(
    'update absurd.%I
        set state = ''completed'',
            completed_at = $2,
            result = $3
      where run_id = $1',
    'r_' || p_queue_name
  ) using p_run_id, v_now, p_state;

  execute format(
    'update absurd.%I
        set state = ''completed'',
            completed_payload = $2,
            last_attempt_run = $3
      where task_id = $1',
    't_' || p_queue_name
  ) using v_task_id, p_state, p_run_id;

  execute format(
    'delete from absurd.%I where run_id = $1',
    'w_' || p_queue_name
  ) using p_run_id;
end;
$_$;


--
-- Name: create_queue(text); Type: FUNCTION; Schema: absurd; Owner: -
--

CREATE FUNCTION absurd.create_queue(p_queue_name text) RETURNS void
    LANGUAGE plpgsql
    AS $$
begin
  perform absurd.create_queue(p_queue_name, 'unpartitioned');
end;
$$;


--
-- Name: create_queue(text, text); Type: FUNCTION; Schema: absurd; Owner: -
--

CREATE FUNCTION absurd.create_queue(p_queue_name text, p_storage_mode text) RETURNS void
    LANGUAGE plpgsql
    AS $$
declare
  v_storage_mode text;
  v_existing_mode text;
begin
  p_queue_name := absurd.validate_queue_name(p_queue_name);

  v_storage_mode := lower(trim(coalesce(p_storage_mode, '')));
  if v_storage_mode not in ('unpartitioned', 'partitioned') then
    raise exception 'Unsupported queue storage mode "%"', p_storage_mode;
  end if;

  insert into absurd.queues (queue_name, storage_mode)
  values (p_queue_name, v_storage_mode)
  on conflict (queue_name) do nothing;

  select storage_mode into v_existing_mode
  from absurd.queues
  where queue_name = p_queue_name;

  if v_existing_mode is null then
    raise exception 'Queue "%" was not found after create attempt', p_queue_name;
  end if;

  if v_existing_mode <> v_storage_mode then
    raise exception 'Queue "%" already exists with storage mode "%"', p_queue_name, v_existing_mode;
  end if;

  perform absurd.ensure_queue_tables(p_queue_name);
end;
$$;


--
-- Name: current_time(); Type: FUNCTION; Schema: absurd; Owner: -
--

CREATE FUNCTION absurd."current_time"() RETURNS timestamp with time zone
    LANGUAGE plpgsql
    AS $$
declare
  v_fake text;
begin
  v_fake := current_setting('absurd.fake_now', true);
  if v_fake is not null and length(trim(v_fake)) > 0 then
    return v_fake::timestamptz;
  end if;

  return clock_timestamp();
end;
$$;


--
-- Name: disable_cron(text); Type: FUNCTION; Schema: absurd; Owner: -
--

CREATE FUNCTION absurd.disable_cron(p_queue_name text DEFAULT NULL::text) RETURNS TABLE(job_name text, job_id bigint)
    LANGUAGE plpgsql
    AS $_$
declare
  v_job_suffix text;
  v_partition_job_name text;
  v_cleanup_job_name text;
  v_detach_plan_job_name text;
  v_detach_run_pattern text;
  v_drop_run_pattern text;
  v_existing_job record;
begin
  if p_queue_name is not null then
    p_queue_name := absurd.validate_queue_name(p_queue_name);
  end if;

  if to_regclass('cron.job') is null then
    raise exception 'pg_cron is not available (missing cron.job)';
  end if;

  if not exists (
    select 1
    from pg_proc p
    join pg_namespace n on n.oid = p.pronamespace
    where n.nspname = 'cron'
      and p.proname = 'unschedule'
  ) then
    raise exception 'pg_cron is not available (missing cron.unschedule)';
  end if;

  v_job_suffix := case
    when p_queue_name is null then 'all'
    else substr(md5(p_queue_name), 1, 12)
  end;

  v_partition_job_name := 'absurd_partitions_' || v_job_suffix;
  v_cleanup_job_name := 'absurd_cleanup_' || v_job_suffix;
  v_detach_plan_job_name := 'absurd_detach_plan_' || v_job_suffix;
  v_detach_run_pattern := 'absurd_detach_run_' || v_job_suffix || '_%';
  v_drop_run_pattern := 'absurd_drop_run_' || v_job_suffix || '_%';

  for v_existing_job in
    execute 'select jobid, jobname
               from cron.job
              where jobname = $1
                 or jobname = $2
                 or jobname = $3
                 or jobname like $4
                 or jobname like $5
              order by jobname, jobid'
    using v_partition_job_name,
          v_cleanup_job_name,
          v_detach_plan_job_name,
          v_detach_run_pattern,
          v_drop_run_pattern
  loop
    execute 'select cron.unschedule($1)' using v_existing_job.jobid;

    job_name := v_existing_job.jobname;
    job_id := v_existing_job.jobid;
    return next;
  end loop;
end;
$_$;


--
-- Name: drop_detached_partition(text, text); Type: FUNCTION; Schema: absurd; Owner: -
--

CREATE FUNCTION absurd.drop_detached_partition(p_partition_table text, p_unschedule_job_name text DEFAULT NULL::text) RETURNS boolean
    LANGUAGE plpgsql
    AS $$
declare
  v_partition_table text := nullif(trim(coalesce(p_partition_table, '')), '');
  v_partition_oid oid;
  v_is_attached boolean := false;
  v_detach_job_name text;
begin
  if p_unschedule_job_name like 'absurd_drop_run_%' then
    v_detach_job_name :=
      'absurd_detach_run_' || substr(p_unschedule_job_name, length('absurd_drop_run_') + 1);
  end if;

  if v_partition_table is null then
    raise exception 'partition table must be provided';
  end if;

  select c.oid
    into v_partition_oid
    from pg_class c
    join pg_namespace n on n.oid = c.relnamespace
   where n.nspname = 'absurd'
     and c.relname = v_partition_table;

  if v_partition_oid is null then
    if p_unschedule_job_name is not null and to_regclass('cron.job') is not null then
      perform cron.unschedule(jobid)
        from cron.job
       where jobname in (p_unschedule_job_name, coalesce(v_detach_job_name, ''));
    end if;
    return false;
  end if;

  select exists (
    select 1
    from pg_inherits
    where inhrelid = v_partition_oid
  )
  into v_is_attached;

  if v_is_attached then
    return false;
  end if;

  -- Once detached, stop retrying detach runs immediately. Keep drop
  -- scheduled until the table is actually dropped.
  if v_detach_job_name is not null and to_regclass('cron.job') is not null then
    perform cron.unschedule(jobid)
      from cron.job
     where jobname = v_detach_job_name;
  end if;

  execute format('drop table if exists absurd.%I', v_partition_table);

  if p_unschedule_job_name is not null and to_regclass('cron.job') is not null then
    perform cron.unschedule(jobid)
      from cron.job
     where jobname = p_unschedule_job_name;
  end if;

  return true;
end;
$$;


--
-- Name: drop_queue(text); Type: FUNCTION; Schema: absurd; Owner: -
--

CREATE FUNCTION absurd.drop_queue(p_queue_name text) RETURNS void
    LANGUAGE plpgsql
    AS $$
declare
  v_existing_queue text;
begin
  select queue_name into v_existing_queue
  from absurd.queues
  where queue_name = p_queue_name;

  if v_existing_queue is null then
    return;
  end if;

  -- Remove queue-scoped maintenance jobs only when pg_cron is available.
  if to_regclass('cron.job') is not null and exists (
    select 1
    from pg_proc p
    join pg_namespace n on n.oid = p.pronamespace
    where n.nspname = 'cron'
      and p.proname = 'unschedule'
  ) then
    perform absurd.disable_cron(p_queue_name);
  end if;

  execute format('drop table if exists absurd.%I cascade', 'i_' || p_queue_name);
  execute format('drop table if exists absurd.%I cascade', 'w_' || p_queue_name);
  execute format('drop table if exists absurd.%I cascade', 'e_' || p_queue_name);
  execute format('drop table if exists absurd.%I cascade', 'c_' || p_queue_name);
  execute format('drop table if exists absurd.%I cascade', 'r_' || p_queue_name);
  execute format('drop table if exists absurd.%I cascade', 't_' || p_queue_name);

  delete from absurd.queues where queue_name = p_queue_name;
end;
$$;


--
-- Name: emit_event(text, text, jsonb); Type: FUNCTION; Schema: absurd; Owner: -
--

CREATE FUNCTION absurd.emit_event(p_queue_name text, p_event_name text, p_payload jsonb DEFAULT NULL::jsonb) RETURNS void
    LANGUAGE plpgsql
    AS $_$
declare
  v_now timestamptz := absurd.current_time();
  v_payload jsonb := coalesce(p_payload, 'null'::jsonb);
  v_emit_applied integer;
begin
  if p_event_name is null or length(trim(p_event_name)) = 0 then
    raise exception 'event_name must be provided';
  end if;

  -- Events are immutable once emitted: first write wins.
  --
  -- await_event() may pre-create a row with payload=NULL as a "not emitted"
  -- sentinel. We allow exactly one transition NULL -> JSON payload.
  execute format(
    'insert into absurd.%1$I as e (event_name, payload, emitted_at)
     values ($1, $2, $3)
     on conflict (event_name)
     do update set payload = excluded.payload,
                   emitted_at = excluded.emitted_at
      where e.payload is null',
    'e_' || p_queue_name
  ) using p_event_name, v_payload, v_now;

  get diagnostics v_emit_applied = row_count;

  -- Event was already emitted earlier; do not overwrite cached payload or
  -- re-run wakeup side effects.
  if v_emit_applied = 0 then
    return;
  end if;

  execute format(
    'with expired_waits as (
        delete from absurd.%1$I w
         where w.event_name = $1
           and w.timeout_at is not null
           and w.timeout_at <= $2
         returning w.run_id
     ),
     affected as (
        select run_id, task_id, step_name
          from absurd.%1$I
         where event_name = $1
           and (timeout_at is null or timeout_at > $2)
     ),
     updated_runs as (
        update absurd.%2$I r
           set state = ''pending'',
               available_at = $2,
               wake_event = null,
               event_payload = $3,
               claimed_by = null,
               claim_expires_at = null
         where r.run_id in (select run_id from affected)
           and r.state = ''sleeping''
         returning r.run_id, r.task_id
     ),
     checkpoint_upd as (
        insert into absurd.%3$I (task_id, checkpoint_name, state, status, owner_run_id, updated_at)
        select a.task_id, a.step_name, $3, ''committed'', a.run_id, $2
          from affected a
          join updated_runs ur on ur.run_id = a.run_id
        on conflict (task_id, checkpoint_name)
        do update set state = excluded.state,
                      status = excluded.status,
                      owner_run_id = excluded.owner_run_id,
                      updated_at = excluded.updated_at
     ),
     updated_tasks as (
        update absurd.%4$I t
           set state = ''pending''
         where t.task_id in (select task_id from updated_runs)
         returning task_id
     )
     delete from absurd.%5$I w
      where w.event_name = $1
        and w.run_id in (select run_id from updated_runs)',
    'w_' || p_queue_name,
    'r_' || p_queue_name,
    'c_' || p_queue_name,
    't_' || p_queue_name,
    'w_' || p_queue_name
  ) using p_event_name, v_now, v_payload;
end;
$_$;


--
-- Name: enable_cron(text, text, text, text); Type: FUNCTION; Schema: absurd; Owner: -
--

CREATE FUNCTION absurd.enable_cron(p_queue_name text DEFAULT NULL::text, p_partition_schedule text DEFAULT '5 * * * *'::text, p_cleanup_schedule text DEFAULT '17 * * * *'::text, p_detach_schedule text DEFAULT '29 * * * *'::text) RETURNS TABLE(job_name text, job_id bigint)
    LANGUAGE plpgsql
    AS $_$
declare
  v_queue_exists boolean := false;
  v_queue_literal text;
  v_partition_job_name text;
  v_cleanup_job_name text;
  v_detach_plan_job_name text;
  v_partition_command text;
  v_cleanup_command text;
  v_detach_plan_command text;
  v_partitions_job_id bigint;
  v_cleanup_job_id bigint;
  v_detach_plan_job_id bigint;
  v_existing_job_id bigint;
  v_job_suffix text;
begin
  if p_queue_name is not null then
    p_queue_name := absurd.validate_queue_name(p_queue_name);

    select exists (
      select 1
      from absurd.queues
      where queue_name = p_queue_name
    )
    into v_queue_exists;

    if not v_queue_exists then
      raise exception 'Queue "%" does not exist', p_queue_name;
    end if;
  end if;

  if p_partition_schedule is null or length(trim(p_partition_schedule)) = 0 then
    raise exception 'Partition schedule must be provided';
  end if;

  if p_cleanup_schedule is null or length(trim(p_cleanup_schedule)) = 0 then
    raise exception 'Cleanup schedule must be provided';
  end if;

  if p_detach_schedule is null or length(trim(p_detach_schedule)) = 0 then
    raise exception 'Detach schedule must be provided';
  end if;

  if to_regclass('cron.job') is null then
    raise exception 'pg_cron is not available (missing cron.job)';
  end if;

  if not exists (
    select 1
    from pg_proc p
    join pg_namespace n on n.oid = p.pronamespace
    where n.nspname = 'cron'
      and p.proname = 'schedule'
  ) then
    raise exception 'pg_cron is not available (missing cron.schedule)';
  end if;

  if not exists (
    select 1
    from pg_proc p
    join pg_namespace n on n.oid = p.pronamespace
    where n.nspname = 'cron'
      and p.proname = 'unschedule'
  ) then
    raise exception 'pg_cron is not available (missing cron.unschedule)';
  end if;

  v_queue_literal := case
    when p_queue_name is null then 'null::text'
    else quote_literal(p_queue_name)
  end;

  v_partition_command := format(
    'select absurd.ensure_partitions(%s);',
    v_queue_literal
  );

  v_cleanup_command := format(
    'select * from absurd.cleanup_all_queues(%s);',
    v_queue_literal
  );

  v_job_suffix := case
    when p_queue_name is null then 'all'
    else substr(md5(p_queue_name), 1, 12)
  end;

  v_partition_job_name := 'absurd_partitions_' || v_job_suffix;
  v_cleanup_job_name := 'absurd_cleanup_' || v_job_suffix;
  v_detach_plan_job_name := 'absurd_detach_plan_' || v_job_suffix;

  v_detach_plan_command := format(
    'select * from absurd.schedule_detach_jobs(%s);',
    v_queue_literal
  );

  for v_existing_job_id in
    execute 'select jobid from cron.job where jobname = $1'
    using v_partition_job_name
  loop
    execute 'select cron.unschedule($1)' using v_existing_job_id;
  end loop;

  for v_existing_job_id in
    execute 'select jobid from cron.job where jobname = $1'
    using v_cleanup_job_name
  loop
    execute 'select cron.unschedule($1)' using v_existing_job_id;
  end loop;

  for v_existing_job_id in
    execute 'select jobid from cron.job where jobname = $1'
    using v_detach_plan_job_name
  loop
    execute 'select cron.unschedule($1)' using v_existing_job_id;
  end loop;

  execute 'select cron.schedule($1, $2, $3)'
    into v_partitions_job_id
    using v_partition_job_name, p_partition_schedule, v_partition_command;

  execute 'select cron.schedule($1, $2, $3)'
    into v_cleanup_job_id
    using v_cleanup_job_name, p_cleanup_schedule, v_cleanup_command;

  execute 'select cron.schedule($1, $2, $3)'
    into v_detach_plan_job_id
    using v_detach_plan_job_name, p_detach_schedule, v_detach_plan_command;

  job_name := v_partition_job_name;
  job_id := v_partitions_job_id;
  return next;

  job_name := v_cleanup_job_name;
  job_id := v_cleanup_job_id;
  return next;

  job_name := v_detach_plan_job_name;
  job_id := v_detach_plan_job_id;
  return next;
end;
$_$;


--
-- Name: ensure_partitions(text); Type: FUNCTION; Schema: absurd; Owner: -
--

CREATE FUNCTION absurd.ensure_partitions(p_queue_name text DEFAULT NULL::text) RETURNS void
    LANGUAGE plpgsql
    AS $$
declare
  v_now timestamptz := absurd.current_time();
  v_window_start timestamptz;
  v_window_end timestamptz;
  v_week_start timestamptz;
  v_week_end timestamptz;
  v_partition_tag text;
  v_uuid_from uuid;
  v_uuid_to uuid;
  v_queue record;
begin
  if p_queue_name is not null then
    p_queue_name := absurd.validate_queue_name(p_queue_name);

    if not exists (
      select 1
      from absurd.queues q
      where q.queue_name = p_queue_name
    ) then
      raise exception 'Queue "%" does not exist', p_queue_name;
    end if;
  end if;

  for v_queue in
    select
      queue_name,
      default_partition,
      partition_lookahead,
      partition_lookback
    from absurd.queues
    where storage_mode = 'partitioned'
      and (p_queue_name is null or queue_name = p_queue_name)
    order by queue_name
  loop
    v_window_start := absurd.week_bucket_utc(v_now - v_queue.partition_lookback);
    v_window_end := absurd.week_bucket_utc(v_now + v_queue.partition_lookahead);

    if v_queue.default_partition = 'enabled' then
      execute format(
        'create table if not exists absurd.%I partition of absurd.%I default',
        't_' || v_queue.queue_name || '_d',
        't_' || v_queue.queue_name
      );
      execute format(
        'create table if not exists absurd.%I partition of absurd.%I default',
        'r_' || v_queue.queue_name || '_d',
        'r_' || v_queue.queue_name
      );
      execute format(
        'create table if not exists absurd.%I partition of absurd.%I default',
        'c_' || v_queue.queue_name || '_d',
        'c_' || v_queue.queue_name
      );
      execute format(
        'create table if not exists absurd.%I partition of absurd.%I default',
        'w_' || v_queue.queue_name || '_d',
        'w_' || v_queue.queue_name
      );
    end if;

    v_week_start := v_window_start;
    while v_week_start <= v_window_end loop
      v_week_end := v_week_start + interval '7 days';
      v_partition_tag := absurd.partition_week_tag(v_week_start);
      v_uuid_from := absurd.uuidv7_floor(v_week_start);
      v_uuid_to := absurd.uuidv7_floor(v_week_end);

      execute format(
        'create table if not exists absurd.%I partition of absurd.%I
         for values from (%L::uuid) to (%L::uuid)',
        't_' || v_queue.queue_name || '_' || v_partition_tag,
        't_' || v_queue.queue_name,
        v_uuid_from,
        v_uuid_to
      );
      execute format(
        'create table if not exists absurd.%I partition of absurd.%I
         for values from (%L::uuid) to (%L::uuid)',
        'r_' || v_queue.queue_name || '_' || v_partition_tag,
        'r_' || v_queue.queue_name,
        v_uuid_from,
        v_uuid_to
      );
      execute format(
        'create table if not exists absurd.%I partition of absurd.%I
         for values from (%L::uuid) to (%L::uuid)',
        'c_' || v_queue.queue_name || '_' || v_partition_tag,
        'c_' || v_queue.queue_name,
        v_uuid_from,
        v_uuid_to
      );
      execute format(
        'create table if not exists absurd.%I partition of absurd.%I
         for values from (%L::uuid) to (%L::uuid)',
        'w_' || v_queue.queue_name || '_' || v_partition_tag,
        'w_' || v_queue.queue_name,
        v_uuid_from,
        v_uuid_to
      );

      v_week_start := v_week_end;
    end loop;
  end loop;
end;
$$;


--
-- Name: ensure_queue_tables(text); Type: FUNCTION; Schema: absurd; Owner: -
--

CREATE FUNCTION absurd.ensure_queue_tables(p_queue_name text) RETURNS void
    LANGUAGE plpgsql
    AS $$
declare
  v_storage_mode text := 'unpartitioned';
  v_t_suffix text;
  v_r_suffix text;
  v_c_suffix text;
  v_w_suffix text;
  v_t_idempotency_def text;
begin
  perform absurd.validate_queue_name(p_queue_name);

  select storage_mode into v_storage_mode
  from absurd.queues
  where queue_name = p_queue_name;

  v_storage_mode := coalesce(v_storage_mode, 'unpartitioned');

  if v_storage_mode not in ('unpartitioned', 'partitioned') then
    raise exception 'Unsupported queue storage mode "%"', v_storage_mode;
  end if;

  if v_storage_mode = 'partitioned' then
    v_t_suffix := 'partition by range (task_id)';
    v_r_suffix := 'partition by range (run_id)';
    v_c_suffix := 'partition by range (task_id)';
    v_w_suffix := 'partition by range (run_id)';
    v_t_idempotency_def := 'idempotency_key text';
  else
    v_t_suffix := 'with (fillfactor=70)';
    v_r_suffix := 'with (fillfactor=70)';
    v_c_suffix := 'with (fillfactor=70)';
    v_w_suffix := '';
    v_t_idempotency_def := 'idempotency_key text unique';
  end if;

  execute format(
    'create table if not exists absurd.%I (
        task_id uuid primary key,
        task_name text not null,
        params jsonb not null,
        headers jsonb,
        retry_strategy jsonb,
        max_attempts integer,
        cancellation jsonb,
        enqueue_at timestamptz not null default absurd.current_time(),
        first_started_at timestamptz,
        state text not null check (state in (''pending'', ''running'', ''sleeping'', ''completed'', ''failed'', ''cancelled'')),
        attempts integer not null default 0,
        last_attempt_run uuid,
        completed_payload jsonb,
        cancelled_at timestamptz,
        %s
     ) %s',
    't_' || p_queue_name,
    v_t_idempotency_def,
    v_t_suffix
  );

  execute format(
    'create table if not exists absurd.%I (
        run_id uuid primary key,
        task_id uuid not null,
        attempt integer not null,
        state text not null check (state in (''pending'', ''running'', ''sleeping'', ''completed'', ''failed'', ''cancelled'')),
        claimed_by text,
        claim_expires_at timestamptz,
        available_at timestamptz not null,
        wake_event text,
        event_payload jsonb,
        started_at timestamptz,
        completed_at timestamptz,
        failed_at timestamptz,
        result jsonb,
        failure_reason jsonb,
        created_at timestamptz not null default absurd.current_time()
     ) %s',
    'r_' || p_queue_name,
    v_r_suffix
  );

  execute format(
    'create table if not exists absurd.%I (
        task_id uuid not null,
        checkpoint_name text not null,
        state jsonb,
        status text not null default ''committed'',
        owner_run_id uuid,
        updated_at timestamptz not null default absurd.current_time(),
        primary key (task_id, checkpoint_name)
     ) %s',
    'c_' || p_queue_name,
    v_c_suffix
  );

  execute format(
    'create table if not exists absurd.%I (
        event_name text primary key,
        payload jsonb,
        emitted_at timestamptz not null default absurd.current_time()
     )',
    'e_' || p_queue_name
  );

  execute format(
    'create table if not exists absurd.%I (
        task_id uuid not null,
        run_id uuid not null,
        step_name text not null,
        event_name text not null,
        timeout_at timestamptz,
        created_at timestamptz not null default absurd.current_time(),
        primary key (run_id, step_name)
     ) %s',
    'w_' || p_queue_name,
    v_w_suffix
  );

  if v_storage_mode = 'partitioned' then
    execute format(
      'create table if not exists absurd.%I (
          idempotency_key text primary key,
          task_id uuid not null
       )',
      'i_' || p_queue_name
    );
  end if;

  execute format(
    'create index if not exists %I on absurd.%I (state, available_at)',
    ('r_' || p_queue_name) || '_sai',
    'r_' || p_queue_name
  );

  execute format(
    'create index if not exists %I on absurd.%I (task_id)',
    ('r_' || p_queue_name) || '_ti',
    'r_' || p_queue_name
  );

  execute format(
    'create index if not exists %I on absurd.%I (claim_expires_at)
      where state = ''running''
        and claim_expires_at is not null',
    ('r_' || p_queue_name) || '_cei',
    'r_' || p_queue_name
  );

  execute format(
    'create index if not exists %I on absurd.%I (task_id)
      where cancellation is not null',
    ('t_' || p_queue_name) || '_ci',
    't_' || p_queue_name
  );

  execute format(
    'create index if not exists %I on absurd.%I (event_name)',
    ('w_' || p_queue_name) || '_eni',
    'w_' || p_queue_name
  );

  execute format(
    'create index if not exists %I on absurd.%I (task_id)',
    ('w_' || p_queue_name) || '_ti',
    'w_' || p_queue_name
  );

  execute format(
    'create index if not exists %I on absurd.%I (emitted_at)',
    ('e_' || p_queue_name) || '_eai',
    'e_' || p_queue_name
  );

  if v_storage_mode = 'partitioned' then
    execute format(
      'create index if not exists %I on absurd.%I (task_id)',
      ('i_' || p_queue_name) || '_ti',
      'i_' || p_queue_name
    );

    perform absurd.ensure_partitions(p_queue_name);
  end if;
end;
$$;


--
-- Name: extend_claim(text, uuid, integer); Type: FUNCTION; Schema: absurd; Owner: -
--

CREATE FUNCTION absurd.extend_claim(p_queue_name text, p_run_id uuid, p_extend_by integer) RETURNS void
    LANGUAGE plpgsql
    AS $_$
declare
  v_now timestamptz := absurd.current_time();
  v_task_state text;
  v_run_state text;
  v_claim_expires_at timestamptz;
begin
  if p_extend_by is null or p_extend_by <= 0 then
    raise exception 'extend_by must be > 0';
  end if;

  execute format(
    'select r.state,
            r.claim_expires_at,
            t.state
       from absurd.%I r
       join absurd.%I t on t.task_id = r.task_id
      where r.run_id = $1
      for update',
    'r_' || p_queue_name,
    't_' || p_queue_name
  )
  into v_run_state, v_claim_expires_at, v_task_state
  using p_run_id;

  if v_run_state is null then
    raise exception 'Run "%" not found in queue "%"', p_run_id, p_queue_name;
  end if;

  if v_task_state = 'cancelled' then
    raise exception sqlstate 'AB001' using message = 'Task has been cancelled';
  end if;

  if v_run_state <> 'running' then
    if v_run_state = 'failed' then
      raise exception sqlstate 'AB002' using message = format('Run "%s" has already failed in queue "%s"', p_run_id, p_queue_name);
    end if;
    raise exception 'Run "%" is not currently running in queue "%"', p_run_id, p_queue_name;
  end if;

  if v_claim_expires_at is null then
    raise exception 'Run "%" does not have an active claim in queue "%"', p_run_id, p_queue_name;
  end if;

  execute format(
    'update absurd.%I
        set claim_expires_at = $2 + make_interval(secs => $3)
      where run_id = $1',
    'r_' || p_queue_name
  )
  using p_run_id, v_now, p_extend_by;
end;
$_$;


--
-- Name: fail_run(text, uuid, jsonb, timestamp with time zone); Type: FUNCTION; Schema: absurd; Owner: -
--

CREATE FUNCTION absurd.fail_run(p_queue_name text, p_run_id uuid, p_reason jsonb, p_retry_at timestamp with time zone DEFAULT NULL::timestamp with time zone) RETURNS void
    LANGUAGE plpgsql
    AS $_$
declare
  v_task_id uuid;
  v_attempt integer;
  v_run_state text;
  v_retry_strategy jsonb;
  v_max_attempts integer;
  v_now timestamptz := absurd.current_time();
  v_next_attempt integer;
  v_delay_seconds double precision := 0;
  v_next_available timestamptz;
  v_first_started timestamptz;
  v_cancellation jsonb;
  v_max_duration bigint;
  v_task_cancel boolean := false;
  v_new_run_id uuid;
  v_task_state_after text;
  v_recorded_attempt integer;
  v_last_attempt_run uuid := p_run_id;
  v_cancelled_at timestamptz := null;
begin
  execute format(
    'select r.task_id, r.attempt, r.state
       from absurd.%I r
      where r.run_id = $1
      for update',
    'r_' || p_queue_name
  )
  into v_task_id, v_attempt, v_run_state
  using p_run_id;

  if v_task_id is null then
    raise exception 'Run "%" cannot be failed in queue "%"', p_run_id, p_queue_name;
  end if;

  if v_run_state = 'cancelled' then
    raise exception sqlstate 'AB001' using message = 'Task has been cancelled';
  end if;

  if v_run_state = 'failed' then
    raise exception sqlstate 'AB002' using message = format('Run "%s" has already failed in queue "%s"', p_run_id, p_queue_name);
  end if;

  if v_run_state not in ('running', 'sleeping') then
    raise exception 'Run "%" cannot be failed in queue "%"', p_run_id, p_queue_name;
  end if;

  execute format(
    'select retry_strategy, max_attempts, first_started_at, cancellation
       from absurd.%I
      where task_id = $1
      for update',
    't_' || p_queue_name
  )
  into v_retry_strategy, v_max_attempts, v_first_started, v_cancellation
  using v_task_id;

  execute format(
    'update absurd.%I
        set state = ''failed'',
            wake_event = null,
            failed_at = $2,
            failure_reason = $3
      where run_id = $1',
    'r_' || p_queue_name
  ) using p_run_id, v_now, p_reason;

  v_next_attempt := v_attempt + 1;
  v_task_state_after := 'failed';
  v_recorded_attempt := v_attempt;

  if v_max_attempts is null or v_next_attempt <= v_max_attempts then
    if p_retry_at is not null then
      v_next_available := p_retry_at;
    else
      -- Legacy tasks may contain retry strategies that predate validation. If
      -- one is invalid, fail the task permanently rather than wedging the queue.
      begin
        v_delay_seconds := absurd.retry_delay_seconds(v_retry_strategy, v_attempt);
        v_next_available := v_now + (v_delay_seconds * interval '1 second');
      exception
        when sqlstate 'AB003' then
          v_next_available := null;
      end;
    end if;

    if v_next_available < v_now then
      v_next_available := v_now;
    end if;

    if v_cancellation is not null then
      v_max_duration := (v_cancellation->>'max_duration')::bigint;
      if v_max_duration is not null and v_first_started is not null then
        if extract(epoch from (v_next_available - v_first_started)) >= v_max_duration then
          v_task_cancel := true;
        end if;
      end if;
    end if;

    if not v_task_cancel and v_next_available is not null then
      v_task_state_after := case when v_next_available > v_now then 'sleeping' else 'pending' end;
      v_new_run_id := absurd.portable_uuidv7();
      v_recorded_attempt := v_next_attempt;
      v_last_attempt_run := v_new_run_id;
      execute format(
        'insert into absurd.%I (run_id, task_id, attempt, state, available_at, wake_event, event_payload, result, failure_reason)
         values ($1, $2, $3, $4, $5, null, null, null, null)',
        'r_' || p_queue_name
      )
      using v_new_run_id, v_task_id, v_next_attempt, v_task_state_after, v_next_available;
    end if;
  end if;

  if v_task_cancel then
    v_task_state_after := 'cancelled';
    v_cancelled_at := v_now;
    v_recorded_attempt := greatest(v_recorded_attempt, v_attempt);
    v_last_attempt_run := p_run_id;
  end if;

  execute format(
    'update absurd.%I
        set state = $2,
            attempts = greatest(attempts, $3),
            last_attempt_run = $4,
            cancelled_at = coalesce(cancelled_at, $5)
      where task_id = $1',
    't_' || p_queue_name
  ) using v_task_id, v_task_state_after, v_recorded_attempt, v_last_attempt_run, v_cancelled_at;

  execute format(
    'delete from absurd.%I where run_id = $1',
    'w_' || p_queue_name
  ) using p_run_id;
end;
$_$;


--
-- Name: get_queue_policy(text); Type: FUNCTION; Schema: absurd; Owner: -
--

CREATE FUNCTION absurd.get_queue_policy(p_queue_name text) RETURNS TABLE(queue_name text, storage_mode text, default_partition text, partition_lookahead interval, partition_lookback interval, cleanup_ttl interval, cleanup_limit integer, detach_mode text, detach_min_age interval)
    LANGUAGE sql
    AS $$
  select
    q.queue_name,
    q.storage_mode,
    q.default_partition,
    q.partition_lookahead,
    q.partition_lookback,
    q.cleanup_ttl,
    q.cleanup_limit,
    q.detach_mode,
    q.detach_min_age
  from absurd.queues q
  where q.queue_name = p_queue_name;
$$;


--
-- Name: get_schema_version(); Type: FUNCTION; Schema: absurd; Owner: -
--

CREATE FUNCTION absurd.get_schema_version() RETURNS text
    LANGUAGE sql
    AS $$
  select '0.5.1'::text;
$$;


--
-- Name: get_task_checkpoint_state(text, uuid, text, boolean); Type: FUNCTION; Schema: absurd; Owner: -
--

CREATE FUNCTION absurd.get_task_checkpoint_state(p_queue_name text, p_task_id uuid, p_step_name text, p_include_pending boolean DEFAULT false) RETURNS TABLE(checkpoint_name text, state jsonb, status text, owner_run_id uuid, updated_at timestamp with time zone)
    LANGUAGE plpgsql
    AS $_$
begin
  return query execute format(
    'select checkpoint_name, state, status, owner_run_id, updated_at
       from absurd.%I
      where task_id = $1
        and checkpoint_name = $2
        and ($3 or status = ''committed'')',
    'c_' || p_queue_name
  ) using p_task_id, p_step_name, coalesce(p_include_pending, false);
end;
$_$;


--
-- Name: get_task_checkpoint_states(text, uuid, uuid); Type: FUNCTION; Schema: absurd; Owner: -
--

CREATE FUNCTION absurd.get_task_checkpoint_states(p_queue_name text, p_task_id uuid, p_run_id uuid) RETURNS TABLE(checkpoint_name text, state jsonb, status text, owner_run_id uuid, updated_at timestamp with time zone)
    LANGUAGE plpgsql
    AS $_$
declare
  v_run_task_id uuid;
  v_run_attempt integer;
begin
  execute format(
    'select task_id, attempt
       from absurd.%I
      where run_id = $1',
    'r_' || p_queue_name
  )
  into v_run_task_id, v_run_attempt
  using p_run_id;

  if v_run_task_id is null then
    raise exception 'Run "%" not found in queue "%"', p_run_id, p_queue_name;
  end if;

  if v_run_task_id <> p_task_id then
    raise exception 'Run "%" does not belong to task "%" in queue "%"', p_run_id, p_task_id, p_queue_name;
  end if;

  return query execute format(
    'select c.checkpoint_name,
            c.state,
            c.status,
            c.owner_run_id,
            c.updated_at
       from absurd.%1$I c
       left join absurd.%2$I owner_run on owner_run.run_id = c.owner_run_id
      where c.task_id = $1
        and c.status = ''committed''
        and (owner_run.attempt is null or owner_run.attempt <= $2)
      order by c.updated_at asc',
    'c_' || p_queue_name,
    'r_' || p_queue_name
  ) using p_task_id, v_run_attempt;
end;
$_$;


--
-- Name: get_task_result(text, uuid); Type: FUNCTION; Schema: absurd; Owner: -
--

CREATE FUNCTION absurd.get_task_result(p_queue_name text, p_task_id uuid) RETURNS TABLE(task_id uuid, state text, result jsonb, failure_reason jsonb)
    LANGUAGE plpgsql
    AS $_$
begin
  p_queue_name := absurd.validate_queue_name(p_queue_name);

  return query execute format(
    'select t.task_id,
            t.state,
            case when t.state = ''completed'' then t.completed_payload else null end as result,
            case when t.state = ''failed'' then r.failure_reason else null end as failure_reason
       from absurd.%I t
       left join absurd.%I r on r.run_id = t.last_attempt_run
      where t.task_id = $1',
    't_' || p_queue_name,
    'r_' || p_queue_name
  ) using p_task_id;
end;
$_$;


--
-- Name: list_detach_candidates(text); Type: FUNCTION; Schema: absurd; Owner: -
--

CREATE FUNCTION absurd.list_detach_candidates(p_queue_name text DEFAULT NULL::text) RETURNS TABLE(queue_name text, parent_table text, partition_table text)
    LANGUAGE plpgsql
    AS $$
declare
  v_now timestamptz := absurd.current_time();
  v_queue record;
  v_parent_prefix text;
  v_parent_table text;
  v_parent_oid oid;
  v_part record;
  v_upper_uuid uuid;
  v_upper_ts timestamptz;
  v_has_rows boolean;
begin
  if p_queue_name is not null then
    p_queue_name := absurd.validate_queue_name(p_queue_name);

    if not exists (
      select 1
      from absurd.queues q
      where q.queue_name = p_queue_name
    ) then
      raise exception 'Queue "%" does not exist', p_queue_name;
    end if;
  end if;

  for v_queue in
    select
      q.queue_name,
      q.detach_mode,
      q.detach_min_age
    from absurd.queues q
    where q.storage_mode = 'partitioned'
      and q.detach_mode = 'empty'
      and (p_queue_name is null or q.queue_name = p_queue_name)
    order by q.queue_name
  loop
    foreach v_parent_prefix in array array['t', 'r', 'c', 'w'] loop
      v_parent_table := v_parent_prefix || '_' || v_queue.queue_name;

      select c.oid
        into v_parent_oid
        from pg_class c
        join pg_namespace n on n.oid = c.relnamespace
       where n.nspname = 'absurd'
         and c.relname = v_parent_table;

      if v_parent_oid is null then
        continue;
      end if;

      for v_part in
        select
          child.relname as partition_name,
          pg_get_expr(child.relpartbound, child.oid) as part_bound
        from pg_inherits inh
        join pg_class child on child.oid = inh.inhrelid
        where inh.inhparent = v_parent_oid
      loop
        if v_part.part_bound = 'DEFAULT' then
          continue;
        end if;

        select
          (regexp_match(v_part.part_bound, 'TO \(''([^'']+)''(::uuid)?\)'))[1]::uuid
          into v_upper_uuid;

        if v_upper_uuid is null then
          continue;
        end if;

        v_upper_ts := absurd.uuidv7_timestamp(v_upper_uuid);

        if v_upper_ts is null then
          continue;
        end if;

        if v_upper_ts >= (v_now - v_queue.detach_min_age) then
          continue;
        end if;

        execute format(
          'select exists (select 1 from absurd.%I limit 1)',
          v_part.partition_name
        )
        into v_has_rows;

        if coalesce(v_has_rows, false) then
          continue;
        end if;

        queue_name := v_queue.queue_name;
        parent_table := v_parent_table;
        partition_table := v_part.partition_name;
        return next;
      end loop;
    end loop;
  end loop;
end;
$$;


--
-- Name: list_queues(); Type: FUNCTION; Schema: absurd; Owner: -
--

CREATE FUNCTION absurd.list_queues() RETURNS TABLE(queue_name text)
    LANGUAGE sql
    AS $$
  select queue_name from absurd.queues order by queue_name;
$$;


--
-- Name: partition_week_tag(timestamp with time zone); Type: FUNCTION; Schema: absurd; Owner: -
--

CREATE FUNCTION absurd.partition_week_tag(p_ts timestamp with time zone) RETURNS text
    LANGUAGE sql IMMUTABLE STRICT
    AS $$
  with bucket as (
    select absurd.week_bucket_utc(p_ts) at time zone 'UTC' as ts
  )
  select
    ((extract(isoyear from ts)::int % 10)::text) ||
    lpad((extract(week from ts)::int)::text, 2, '0')
  from bucket;
$$;


--
-- Name: portable_uuidv7(); Type: FUNCTION; Schema: absurd; Owner: -
--

CREATE FUNCTION absurd.portable_uuidv7() RETURNS uuid
    LANGUAGE plpgsql
    AS $$
declare
  ts_ms bigint;
  b bytea;
  rnd bytea;
  i int;
begin
  if to_regprocedure('pg_catalog.uuidv7()') is not null then
    return pg_catalog.uuidv7 ();
  end if;
  ts_ms := floor(extract(epoch from absurd.current_time()) * 1000)::bigint;
  rnd := uuid_send(pg_catalog.gen_random_uuid ());
  b := repeat(E'\\000', 16)::bytea;
  for i in 0..5 loop
    b := set_byte(b, i, ((ts_ms >> ((5 - i) * 8)) & 255)::int);
  end loop;
  for i in 6..15 loop
    b := set_byte(b, i, get_byte(rnd, i));
  end loop;
  b := set_byte(b, 6, ((get_byte(b, 6) & 15) | (7 << 4)));
  b := set_byte(b, 8, ((get_byte(b, 8) & 63) | 128));
  return encode(b, 'hex')::uuid;
end;
$$;


--
-- Name: retry_delay_seconds(jsonb, integer); Type: FUNCTION; Schema: absurd; Owner: -
--

CREATE FUNCTION absurd.retry_delay_seconds(p_strategy jsonb, p_attempt integer) RETURNS double precision
    LANGUAGE plpgsql IMMUTABLE
    AS $$
declare
  v_limit constant double precision := 86400;
  v_kind text;
  v_base double precision;
  v_factor double precision;
  v_max_seconds double precision;
  v_exponent integer := greatest(coalesce(p_attempt, 1) - 1, 0);
begin
  if p_strategy is null then
    return 0;
  end if;
  if jsonb_typeof(p_strategy) <> 'object' then
    raise exception sqlstate 'AB003'
      using message = 'retry_strategy must be a JSON object';
  end if;

  v_kind := coalesce(p_strategy->>'kind', 'none');
  if v_kind not in ('none', 'fixed', 'exponential') then
    raise exception sqlstate 'AB003'
      using message = format('Unsupported retry strategy kind "%s"', v_kind);
  end if;
  if v_kind = 'none' then
    return 0;
  end if;

  v_base := coalesce(
    (p_strategy->>'base_seconds')::double precision,
    case when v_kind = 'fixed' then 60 else 30 end
  );
  if v_base not between 0 and v_limit then
    raise exception sqlstate 'AB003'
      using message = 'retry_strategy.base_seconds must be between 0 and 86400';
  end if;
  if v_kind = 'fixed' then
    return v_base;
  end if;

  v_factor := coalesce((p_strategy->>'factor')::double precision, 2);
  v_max_seconds := coalesce(
    (p_strategy->>'max_seconds')::double precision,
    v_limit
  );
  if v_factor < 0 or v_factor::text in ('NaN', 'Infinity', '-Infinity') then
    raise exception sqlstate 'AB003'
      using message = 'retry_strategy.factor must be a finite non-negative number';
  end if;
  if v_max_seconds not between 0 and v_limit then
    raise exception sqlstate 'AB003'
      using message = 'retry_strategy.max_seconds must be between 0 and 86400';
  end if;
  if v_base = 0 then
    return 0;
  end if;

  begin
    return least(v_base * power(v_factor, v_exponent), v_max_seconds);
  exception
    when numeric_value_out_of_range then
      return case when v_factor < 1 then 0 else v_max_seconds end;
  end;
exception
  when invalid_text_representation or numeric_value_out_of_range then
    raise exception sqlstate 'AB003'
      using message = 'retry_strategy contains an invalid number';
end;
$$;


--
-- Name: retry_task(text, uuid, jsonb); Type: FUNCTION; Schema: absurd; Owner: -
--

CREATE FUNCTION absurd.retry_task(p_queue_name text, p_task_id uuid, p_options jsonb DEFAULT '{}'::jsonb) RETURNS TABLE(task_id uuid, run_id uuid, attempt integer, created boolean)
    LANGUAGE plpgsql
    AS $_$
declare
  v_now timestamptz := absurd.current_time();
  v_spawn_new boolean := false;
  v_requested_max_attempts integer;

  v_task_name text;
  v_params jsonb;
  v_headers jsonb;
  v_retry_strategy jsonb;
  v_task_max_attempts integer;
  v_cancellation jsonb;
  v_task_attempts integer;
  v_task_state text;

  v_new_run_id uuid;
  v_new_attempt integer;
  v_spawn_options jsonb;
begin
  if p_options is not null then
    if p_options ? 'spawn_new' then
      v_spawn_new := coalesce((p_options->>'spawn_new')::boolean, false);
    end if;
    if p_options ? 'max_attempts' then
      v_requested_max_attempts := (p_options->>'max_attempts')::int;
      if v_requested_max_attempts is not null and v_requested_max_attempts < 1 then
        raise exception 'max_attempts must be >= 1';
      end if;
    end if;
  end if;

  execute format(
    'select task_name,
            params,
            headers,
            retry_strategy,
            max_attempts,
            cancellation,
            attempts,
            state
       from absurd.%I
      where task_id = $1
      for update',
    't_' || p_queue_name
  )
  into v_task_name,
       v_params,
       v_headers,
       v_retry_strategy,
       v_task_max_attempts,
       v_cancellation,
       v_task_attempts,
       v_task_state
  using p_task_id;

  if v_task_state is null then
    raise exception 'Task "%" not found in queue "%"', p_task_id, p_queue_name;
  end if;

  if v_task_state <> 'failed' then
    raise exception 'Task "%" is not currently failed in queue "%"', p_task_id, p_queue_name;
  end if;

  if v_spawn_new then
    v_spawn_options := jsonb_strip_nulls(jsonb_build_object(
      'headers', v_headers,
      'retry_strategy', v_retry_strategy,
      'max_attempts', coalesce(v_requested_max_attempts, v_task_max_attempts),
      'cancellation', v_cancellation
    ));

    return query
      select s.task_id, s.run_id, s.attempt, s.created
        from absurd.spawn_task(p_queue_name, v_task_name, v_params, v_spawn_options) s;
    return;
  end if;

  if v_requested_max_attempts is null then
    v_requested_max_attempts := coalesce(v_task_max_attempts, v_task_attempts) + 1;
  end if;

  if v_requested_max_attempts <= v_task_attempts then
    raise exception 'max_attempts (%) must be greater than current attempts (%)',
      v_requested_max_attempts,
      v_task_attempts;
  end if;

  v_new_run_id := absurd.portable_uuidv7();
  v_new_attempt := v_task_attempts + 1;

  execute format(
    'insert into absurd.%I (run_id, task_id, attempt, state, available_at, wake_event, event_payload, result, failure_reason)
     values ($1, $2, $3, ''pending'', $4, null, null, null, null)',
    'r_' || p_queue_name
  )
  using v_new_run_id, p_task_id, v_new_attempt, v_now;

  execute format(
    'update absurd.%I
        set state = ''pending'',
            attempts = greatest(attempts, $2),
            max_attempts = $3,
            last_attempt_run = $4,
            cancelled_at = null
      where task_id = $1',
    't_' || p_queue_name
  )
  using p_task_id, v_new_attempt, v_requested_max_attempts, v_new_run_id;

  return query select p_task_id, v_new_run_id, v_new_attempt, false;
end;
$_$;


--
-- Name: schedule_detach_jobs(text); Type: FUNCTION; Schema: absurd; Owner: -
--

CREATE FUNCTION absurd.schedule_detach_jobs(p_queue_name text DEFAULT NULL::text) RETURNS TABLE(job_name text, job_id bigint, queue_name text, partition_table text, job_kind text)
    LANGUAGE plpgsql
    AS $_$
declare
  v_scope text;
  v_candidate record;
  v_parent_key text;
  v_candidate_key text;
  v_detach_job_name text;
  v_drop_job_name text;
  v_detach_command text;
  v_drop_command text;
  v_parent_has_default_partition boolean;
  v_job_id bigint;
begin
  if p_queue_name is not null then
    p_queue_name := absurd.validate_queue_name(p_queue_name);
  end if;

  if to_regclass('cron.job') is null then
    raise exception 'pg_cron is not available (missing cron.job)';
  end if;

  if not exists (
    select 1
    from pg_proc p
    join pg_namespace n on n.oid = p.pronamespace
    where n.nspname = 'cron'
      and p.proname = 'schedule'
  ) then
    raise exception 'pg_cron is not available (missing cron.schedule)';
  end if;

  if not exists (
    select 1
    from pg_proc p
    join pg_namespace n on n.oid = p.pronamespace
    where n.nspname = 'cron'
      and p.proname = 'unschedule'
  ) then
    raise exception 'pg_cron is not available (missing cron.unschedule)';
  end if;

  v_scope := case
    when p_queue_name is null then 'all'
    else substr(md5(p_queue_name), 1, 12)
  end;

  for v_candidate in
    with candidates as (
      select
        c.*,
        absurd.uuidv7_timestamp(
          (regexp_match(
            pg_get_expr(child.relpartbound, child.oid),
            'TO \(''([^'']+)''(::uuid)?\)'
          ))[1]::uuid
        ) as upper_ts
      from absurd.list_detach_candidates(p_queue_name) c
      join pg_class child on child.relname = c.partition_table
      join pg_namespace n on n.oid = child.relnamespace
      where n.nspname = 'absurd'
    ),
    ranked as (
      select
        candidates.*,
        row_number() over (
          partition by candidates.parent_table
          order by candidates.upper_ts asc nulls last, candidates.partition_table asc
        ) as rn
      from candidates
    )
    select
      ranked.queue_name,
      ranked.parent_table,
      ranked.partition_table
    from ranked
    where ranked.rn = 1
    order by ranked.queue_name, ranked.parent_table, ranked.partition_table
  loop
    v_parent_key := substr(md5(v_candidate.parent_table), 1, 8);

    -- Only one active detach pipeline per parent table.
    if exists (
      select 1
      from cron.job
      where jobname like ('absurd_detach_run_%_' || v_parent_key || '_%')
         or jobname like ('absurd_drop_run_%_' || v_parent_key || '_%')
    ) then
      continue;
    end if;

    v_candidate_key := substr(
      md5(v_candidate.parent_table || ':' || v_candidate.partition_table),
      1,
      12
    );

    v_detach_job_name := format(
      'absurd_detach_run_%s_%s_%s',
      v_scope,
      v_parent_key,
      v_candidate_key
    );
    v_drop_job_name := format(
      'absurd_drop_run_%s_%s_%s',
      v_scope,
      v_parent_key,
      v_candidate_key
    );

    if not exists (
      select 1
      from cron.job
      where jobname = v_detach_job_name
         or jobname like ('absurd_detach_run_%_' || v_candidate_key)
    ) then
      select exists (
        select 1
        from pg_class parent
        join pg_namespace pn on pn.oid = parent.relnamespace
        join pg_inherits inh on inh.inhparent = parent.oid
        join pg_class child on child.oid = inh.inhrelid
        where pn.nspname = 'absurd'
          and parent.relname = v_candidate.parent_table
          and pg_get_expr(child.relpartbound, child.oid) = 'DEFAULT'
      )
      into v_parent_has_default_partition;

      v_detach_command := format(
        'alter table absurd.%I detach partition absurd.%I',
        v_candidate.parent_table,
        v_candidate.partition_table
      );

      if not coalesce(v_parent_has_default_partition, false) then
        v_detach_command := v_detach_command || ' concurrently';
      end if;

      execute 'select cron.schedule($1, $2, $3)'
        into v_job_id
        using v_detach_job_name, '* * * * *', v_detach_command;

      job_name := v_detach_job_name;
      job_id := v_job_id;
      queue_name := v_candidate.queue_name;
      partition_table := v_candidate.partition_table;
      job_kind := 'detach';
      return next;
    end if;

    if not exists (
      select 1
      from cron.job
      where jobname = v_drop_job_name
         or jobname like ('absurd_drop_run_%_' || v_candidate_key)
    ) then
      v_drop_command := format(
        'select absurd.drop_detached_partition(%L, %L);',
        v_candidate.partition_table,
        v_drop_job_name
      );

      execute 'select cron.schedule($1, $2, $3)'
        into v_job_id
        using v_drop_job_name, '* * * * *', v_drop_command;

      job_name := v_drop_job_name;
      job_id := v_job_id;
      queue_name := v_candidate.queue_name;
      partition_table := v_candidate.partition_table;
      job_kind := 'drop';
      return next;
    end if;
  end loop;
end;
$_$;


--
-- Name: schedule_run(text, uuid, timestamp with time zone); Type: FUNCTION; Schema: absurd; Owner: -
--

CREATE FUNCTION absurd.schedule_run(p_queue_name text, p_run_id uuid, p_wake_at timestamp with time zone) RETURNS void
    LANGUAGE plpgsql
    AS $_$
declare
  v_task_id uuid;
begin
  execute format(
    'select task_id
       from absurd.%I
      where run_id = $1
        and state = ''running''
      for update',
    'r_' || p_queue_name
  )
  into v_task_id
  using p_run_id;

  if v_task_id is null then
    raise exception 'Run "%" is not currently running in queue "%"', p_run_id, p_queue_name;
  end if;

  execute format(
    'update absurd.%I
        set state = ''sleeping'',
            claimed_by = null,
            claim_expires_at = null,
            available_at = $2,
            wake_event = null
      where run_id = $1',
    'r_' || p_queue_name
  ) using p_run_id, p_wake_at;

  execute format(
    'update absurd.%I
        set state = ''sleeping''
      where task_id = $1',
    't_' || p_queue_name
  ) using v_task_id;
end;
$_$;


--
-- Name: set_queue_policy(text, jsonb); Type: FUNCTION; Schema: absurd; Owner: -
--

CREATE FUNCTION absurd.set_queue_policy(p_queue_name text, p_policy jsonb) RETURNS void
    LANGUAGE plpgsql
    AS $$
declare
  v_policy jsonb := coalesce(p_policy, '{}'::jsonb);
  v_unknown_key text;
  v_exists boolean := false;
  v_storage_mode text;
  v_default_partition text;
  v_previous_default_partition text;
  v_parent_prefix text;
  v_parent_table text;
  v_default_table text;
  v_default_attached boolean;
  v_default_has_rows boolean;

  v_partition_lookahead interval;
  v_partition_lookback interval;
  v_cleanup_ttl interval;
  v_cleanup_limit integer;
  v_detach_mode text;
  v_detach_min_age interval;
begin
  p_queue_name := absurd.validate_queue_name(p_queue_name);

  if jsonb_typeof(v_policy) <> 'object' then
    raise exception 'Queue policy must be a JSON object';
  end if;

  select k.key
    into v_unknown_key
    from jsonb_object_keys(v_policy) as k(key)
   where k.key not in (
      'partition_lookahead',
      'partition_lookback',
      'cleanup_ttl',
      'cleanup_limit',
      'detach_mode',
      'detach_min_age',
      'default_partition'
   )
   limit 1;

  if v_unknown_key is not null then
    raise exception 'Unsupported queue policy key "%"', v_unknown_key;
  end if;

  select exists (
    select 1
    from absurd.queues
    where queue_name = p_queue_name
  )
  into v_exists;

  if not v_exists then
    raise exception 'Queue "%" does not exist', p_queue_name;
  end if;

  select
    storage_mode,
    default_partition,
    partition_lookahead,
    partition_lookback,
    cleanup_ttl,
    cleanup_limit,
    detach_mode,
    detach_min_age
  into
    v_storage_mode,
    v_default_partition,
    v_partition_lookahead,
    v_partition_lookback,
    v_cleanup_ttl,
    v_cleanup_limit,
    v_detach_mode,
    v_detach_min_age
  from absurd.queues
  where queue_name = p_queue_name
  for update;

  if v_policy ? 'partition_lookahead' then
    v_partition_lookahead := (v_policy->>'partition_lookahead')::interval;
  end if;

  if v_policy ? 'partition_lookback' then
    v_partition_lookback := (v_policy->>'partition_lookback')::interval;
  end if;

  if v_policy ? 'cleanup_ttl' then
    v_cleanup_ttl := (v_policy->>'cleanup_ttl')::interval;
  end if;

  if v_policy ? 'cleanup_limit' then
    v_cleanup_limit := (v_policy->>'cleanup_limit')::integer;
  end if;

  if v_policy ? 'detach_mode' then
    v_detach_mode := lower(trim(coalesce(v_policy->>'detach_mode', '')));
  end if;

  if v_policy ? 'detach_min_age' then
    v_detach_min_age := (v_policy->>'detach_min_age')::interval;
  end if;

  v_previous_default_partition := v_default_partition;

  if v_policy ? 'default_partition' then
    v_default_partition := lower(trim(coalesce(v_policy->>'default_partition', '')));
  end if;

  if v_partition_lookahead < interval '0 seconds' then
    raise exception 'partition_lookahead must be non-negative';
  end if;

  if v_partition_lookback < interval '0 seconds' then
    raise exception 'partition_lookback must be non-negative';
  end if;

  if v_cleanup_ttl < interval '0 seconds' then
    raise exception 'cleanup_ttl must be non-negative';
  end if;

  if v_cleanup_limit < 1 then
    raise exception 'cleanup_limit must be at least 1';
  end if;

  if v_detach_mode not in ('none', 'empty') then
    raise exception 'Unsupported detach mode "%"', v_detach_mode;
  end if;

  if v_detach_min_age < interval '0 seconds' then
    raise exception 'detach_min_age must be non-negative';
  end if;

  if v_default_partition not in ('enabled', 'disabled') then
    raise exception 'Unsupported default_partition mode "%"', v_default_partition;
  end if;

  if v_storage_mode <> 'partitioned' and v_policy ? 'default_partition' then
    raise exception 'default_partition policy is only supported for partitioned queues';
  end if;

  update absurd.queues
     set default_partition = v_default_partition,
         partition_lookahead = v_partition_lookahead,
         partition_lookback = v_partition_lookback,
         cleanup_ttl = v_cleanup_ttl,
         cleanup_limit = v_cleanup_limit,
         detach_mode = v_detach_mode,
         detach_min_age = v_detach_min_age
   where queue_name = p_queue_name;

  if v_storage_mode = 'partitioned'
     and v_previous_default_partition <> v_default_partition then
    if v_default_partition = 'enabled' then
      perform absurd.ensure_partitions(p_queue_name);
    else
      foreach v_parent_prefix in array array['t', 'r', 'c', 'w'] loop
        v_parent_table := v_parent_prefix || '_' || p_queue_name;
        v_default_table := v_parent_table || '_d';

        select exists (
          select 1
          from pg_inherits inh
          join pg_class parent on parent.oid = inh.inhparent
          join pg_class child on child.oid = inh.inhrelid
          join pg_namespace n on n.oid = parent.relnamespace
          where n.nspname = 'absurd'
            and parent.relname = v_parent_table
            and child.relname = v_default_table
        )
        into v_default_attached;

        if not coalesce(v_default_attached, false) then
          continue;
        end if;

        -- Block out-of-window writes into the default partition while we
        -- validate emptiness and detach/drop it.
        execute format(
          'lock table absurd.%I in access exclusive mode',
          v_default_table
        );

        execute format(
          'select exists (select 1 from absurd.%I limit 1)',
          v_default_table
        )
        into v_default_has_rows;

        if coalesce(v_default_has_rows, false) then
          raise exception
            'Cannot disable default_partition for queue "%": default partition "%" is not empty',
            p_queue_name,
            v_default_table;
        end if;

        execute format(
          'alter table absurd.%I detach partition absurd.%I',
          v_parent_table,
          v_default_table
        );
        execute format('drop table if exists absurd.%I', v_default_table);
      end loop;
    end if;
  end if;
end;
$$;


--
-- Name: set_task_checkpoint_state(text, uuid, text, jsonb, uuid, integer); Type: FUNCTION; Schema: absurd; Owner: -
--

CREATE FUNCTION absurd.set_task_checkpoint_state(p_queue_name text, p_task_id uuid, p_step_name text, p_state jsonb, p_owner_run uuid, p_extend_claim_by integer DEFAULT NULL::integer) RETURNS void
    LANGUAGE plpgsql
    AS $_$
declare
  v_now timestamptz := absurd.current_time();
  v_new_attempt integer;
  v_existing_attempt integer;
  v_existing_owner uuid;
  v_task_state text;
  v_run_state text;
begin
  if p_step_name is null or length(trim(p_step_name)) = 0 then
    raise exception 'step_name must be provided';
  end if;

  execute format(
    'select r.attempt, r.state, t.state
       from absurd.%I r
       join absurd.%I t on t.task_id = r.task_id
      where r.run_id = $1',
    'r_' || p_queue_name,
    't_' || p_queue_name
  )
  into v_new_attempt, v_run_state, v_task_state
  using p_owner_run;

  if v_new_attempt is null then
    raise exception 'Run "%" not found for checkpoint', p_owner_run;
  end if;

  if v_task_state = 'cancelled' then
    raise exception sqlstate 'AB001' using message = 'Task has been cancelled';
  end if;

  if v_run_state = 'failed' then
    raise exception sqlstate 'AB002' using message = format('Run "%s" has already failed in queue "%s"', p_owner_run, p_queue_name);
  end if;

  -- Extend the claim if requested
  if p_extend_claim_by is not null and p_extend_claim_by > 0 then
    execute format(
      'update absurd.%I
          set claim_expires_at = $2 + make_interval(secs => $3)
        where run_id = $1
          and state = ''running''
          and claim_expires_at is not null',
      'r_' || p_queue_name
    )
    using p_owner_run, v_now, p_extend_claim_by;
  end if;

  execute format(
    'select c.owner_run_id,
            r.attempt
       from absurd.%I c
       left join absurd.%I r on r.run_id = c.owner_run_id
      where c.task_id = $1
        and c.checkpoint_name = $2',
    'c_' || p_queue_name,
    'r_' || p_queue_name
  )
  into v_existing_owner, v_existing_attempt
  using p_task_id, p_step_name;

  if v_existing_owner is null or v_existing_attempt is null or v_new_attempt >= v_existing_attempt then
    execute format(
      'insert into absurd.%I (task_id, checkpoint_name, state, status, owner_run_id, updated_at)
       values ($1, $2, $3, ''committed'', $4, $5)
       on conflict (task_id, checkpoint_name)
       do update set state = excluded.state,
                     status = excluded.status,
                     owner_run_id = excluded.owner_run_id,
                     updated_at = excluded.updated_at',
      'c_' || p_queue_name
    ) using p_task_id, p_step_name, p_state, p_owner_run, v_now;
  end if;
end;
$_$;


--
-- Name: spawn_task(text, text, jsonb, jsonb); Type: FUNCTION; Schema: absurd; Owner: -
--

CREATE FUNCTION absurd.spawn_task(p_queue_name text, p_task_name text, p_params jsonb, p_options jsonb DEFAULT '{}'::jsonb) RETURNS TABLE(task_id uuid, run_id uuid, attempt integer, created boolean)
    LANGUAGE plpgsql
    AS $_$
declare
  v_task_id uuid := absurd.portable_uuidv7();
  v_run_id uuid := absurd.portable_uuidv7();
  v_attempt integer := 1;
  v_headers jsonb;
  v_retry_strategy jsonb;
  v_max_attempts integer;
  v_cancellation jsonb;
  v_idempotency_key text;
  v_existing_task_id uuid;
  v_existing_run_id uuid;
  v_existing_attempt integer;
  v_row_count integer;
  v_storage_mode text := 'unpartitioned';
  v_task_inserted boolean := false;
  v_now timestamptz := absurd.current_time();
  v_params jsonb := coalesce(p_params, 'null'::jsonb);
begin
  if p_task_name is null or length(trim(p_task_name)) = 0 then
    raise exception 'task_name must be provided';
  end if;

  if p_options is not null then
    v_headers := p_options->'headers';
    v_retry_strategy := p_options->'retry_strategy';
    perform absurd.retry_delay_seconds(v_retry_strategy, 1);
    if p_options ? 'max_attempts' then
      v_max_attempts := (p_options->>'max_attempts')::int;
      if v_max_attempts is not null and v_max_attempts < 1 then
        raise exception 'max_attempts must be >= 1';
      end if;
    end if;
    v_cancellation := p_options->'cancellation';
    v_idempotency_key := p_options->>'idempotency_key';
  end if;

  if v_idempotency_key is not null then
    select storage_mode into v_storage_mode
    from absurd.queues
    where queue_name = p_queue_name;

    v_storage_mode := coalesce(v_storage_mode, 'unpartitioned');
    if v_storage_mode not in ('unpartitioned', 'partitioned') then
      raise exception 'Unsupported queue storage mode "%"', v_storage_mode;
    end if;

    if v_storage_mode = 'partitioned' then
      -- Reserve idempotency key via dedicated side table.
      execute format(
        'insert into absurd.%I (idempotency_key, task_id)
         values ($1, $2)
         on conflict (idempotency_key) do nothing',
        'i_' || p_queue_name
      )
      using v_idempotency_key, v_task_id;

      get diagnostics v_row_count = row_count;

      if v_row_count = 0 then
        execute format(
          'select i.task_id, t.last_attempt_run, t.attempts
             from absurd.%I i
             join absurd.%I t on t.task_id = i.task_id
            where i.idempotency_key = $1
              for key share of i',
          'i_' || p_queue_name,
          't_' || p_queue_name
        )
        into v_existing_task_id, v_existing_run_id, v_existing_attempt
        using v_idempotency_key;

        if v_existing_task_id is null then
          raise exception 'Idempotency key "%" in queue "%" was concurrently cleaned up', v_idempotency_key, p_queue_name
            using errcode = '40001',
                  hint = 'Retry spawn_task with the same idempotency key.';
        end if;

        if v_existing_run_id is null then
          raise exception 'Idempotency key "%" in queue "%" resolved to task "%" without a run', v_idempotency_key, p_queue_name, v_existing_task_id;
        end if;

        return query select v_existing_task_id, v_existing_run_id, v_existing_attempt, false;
        return;
      end if;
    else
      -- Unpartitioned queues keep the original unique(idempotency_key)
      -- behavior directly on t_<queue>.
      execute format(
        'insert into absurd.%I (task_id, task_name, params, headers, retry_strategy, max_attempts, cancellation, enqueue_at, first_started_at, state, attempts, last_attempt_run, completed_payload, cancelled_at, idempotency_key)
         values ($1, $2, $3, $4, $5, $6, $7, $8, null, ''pending'', $9, $10, null, null, $11)
         on conflict (idempotency_key) do nothing',
        't_' || p_queue_name
      )
      using v_task_id, p_task_name, v_params, v_headers, v_retry_strategy, v_max_attempts, v_cancellation, v_now, v_attempt, v_run_id, v_idempotency_key;

      get diagnostics v_row_count = row_count;

      if v_row_count = 0 then
        execute format(
          'select task_id, last_attempt_run, attempts
             from absurd.%I
            where idempotency_key = $1',
          't_' || p_queue_name
        )
        into v_existing_task_id, v_existing_run_id, v_existing_attempt
        using v_idempotency_key;

        return query select v_existing_task_id, v_existing_run_id, v_existing_attempt, false;
        return;
      end if;

      v_task_inserted := true;
    end if;
  end if;

  if not v_task_inserted then
    execute format(
      'insert into absurd.%I (task_id, task_name, params, headers, retry_strategy, max_attempts, cancellation, enqueue_at, first_started_at, state, attempts, last_attempt_run, completed_payload, cancelled_at, idempotency_key)
       values ($1, $2, $3, $4, $5, $6, $7, $8, null, ''pending'', $9, $10, null, null, $11)',
      't_' || p_queue_name
    )
    using v_task_id, p_task_name, v_params, v_headers, v_retry_strategy, v_max_attempts, v_cancellation, v_now, v_attempt, v_run_id, v_idempotency_key;
  end if;

  execute format(
    'insert into absurd.%I (run_id, task_id, attempt, state, available_at, wake_event, event_payload, result, failure_reason)
     values ($1, $2, $3, ''pending'', $4, null, null, null, null)',
    'r_' || p_queue_name
  )
  using v_run_id, v_task_id, v_attempt, v_now;

  return query select v_task_id, v_run_id, v_attempt, true;
end;
$_$;


--
-- Name: uuidv7_floor(timestamp with time zone); Type: FUNCTION; Schema: absurd; Owner: -
--

CREATE FUNCTION absurd.uuidv7_floor(p_ts timestamp with time zone) RETURNS uuid
    LANGUAGE plpgsql IMMUTABLE STRICT
    AS $$
declare
  ts_ms bigint := floor(extract(epoch from p_ts) * 1000)::bigint;
  b bytea;
  i int;
begin
  if ts_ms < 0 or ts_ms > 281474976710655 then
    raise exception 'Timestamp "%" is outside UUIDv7 supported range', p_ts;
  end if;

  b := repeat(E'\\000', 16)::bytea;
  for i in 0..5 loop
    b := set_byte(b, i, ((ts_ms >> ((5 - i) * 8)) & 255)::int);
  end loop;

  -- Set UUIDv7 version and RFC4122 variant; keep all randomness bits at 0.
  b := set_byte(b, 6, (7 << 4));
  b := set_byte(b, 8, 128);

  return encode(b, 'hex')::uuid;
end;
$$;


--
-- Name: uuidv7_timestamp(uuid); Type: FUNCTION; Schema: absurd; Owner: -
--

CREATE FUNCTION absurd.uuidv7_timestamp(p_id uuid) RETURNS timestamp with time zone
    LANGUAGE sql IMMUTABLE STRICT
    AS $$
  with bytes as (
    select uuid_send(p_id) as b
  ),
  decoded as (
    select
      (get_byte(b, 6) >> 4) as version,
      ((get_byte(b, 0)::bigint << 40) |
       (get_byte(b, 1)::bigint << 32) |
       (get_byte(b, 2)::bigint << 24) |
       (get_byte(b, 3)::bigint << 16) |
       (get_byte(b, 4)::bigint << 8)  |
        get_byte(b, 5)::bigint) as ts_ms
    from bytes
  )
  select case
           when version = 7 then 'epoch'::timestamptz + (ts_ms * interval '1 millisecond')
           else null
         end
  from decoded;
$$;


--
-- Name: validate_queue_name(text); Type: FUNCTION; Schema: absurd; Owner: -
--

CREATE FUNCTION absurd.validate_queue_name(p_queue_name text) RETURNS text
    LANGUAGE plpgsql
    AS $$
begin
  if p_queue_name is null or p_queue_name = '' then
    raise exception 'Queue name must be provided';
  end if;

  if octet_length(p_queue_name) > 57 then
    raise exception 'Queue name "%" is too long (max 57 bytes).', p_queue_name;
  end if;

  return p_queue_name;
end;
$$;


--
-- Name: week_bucket_utc(timestamp with time zone); Type: FUNCTION; Schema: absurd; Owner: -
--

CREATE FUNCTION absurd.week_bucket_utc(p_ts timestamp with time zone) RETURNS timestamp with time zone
    LANGUAGE sql IMMUTABLE STRICT
    AS $$
  select date_trunc('week', p_ts at time zone 'UTC') at time zone 'UTC';
$$;


--
-- Name: claim_run(uuid, uuid, text); Type: FUNCTION; Schema: mainspring; Owner: -
--

CREATE FUNCTION mainspring.claim_run(p_task uuid, p_run uuid, p_host text) RETURNS void
    LANGUAGE plpgsql
    AS $$
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


--
-- Name: follow(bigint[], text[], text[]); Type: FUNCTION; Schema: mainspring; Owner: -
--

CREATE FUNCTION mainspring.follow(p_n bigint[], p_verb text[], p_execution text[]) RETURNS void
    LANGUAGE plpgsql
    AS $_$
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
END $_$;


--
-- Name: next_run(uuid, uuid, text); Type: FUNCTION; Schema: mainspring; Owner: -
--

CREATE FUNCTION mainspring.next_run(p_task uuid, p_run uuid, p_reason text) RETURNS uuid
    LANGUAGE plpgsql
    AS $$
DECLARE
  v_next UUID;
BEGIN
  PERFORM absurd.fail_run('mainspring', p_run, jsonb_build_object('name', p_reason), absurd.current_time());
  SELECT last_attempt_run INTO v_next FROM absurd.t_mainspring WHERE task_id = p_task;
  RETURN v_next;
END $$;


--
-- Name: work(text, double precision, integer); Type: FUNCTION; Schema: mainspring; Owner: -
--

CREATE FUNCTION mainspring.work(p_host text, p_now double precision, p_limit integer) RETURNS TABLE(session_id text, epoch bigint, handed_over boolean, due boolean)
    LANGUAGE plpgsql
    AS $_$
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
END $_$;


SET default_tablespace = '';

SET default_table_access_method = heap;

--
-- Name: c_mainspring; Type: TABLE; Schema: absurd; Owner: -
--

CREATE TABLE absurd.c_mainspring (
    task_id uuid NOT NULL,
    checkpoint_name text NOT NULL,
    state jsonb,
    status text DEFAULT 'committed'::text NOT NULL,
    owner_run_id uuid,
    updated_at timestamp with time zone DEFAULT absurd."current_time"() NOT NULL
)
WITH (fillfactor='70');


--
-- Name: e_mainspring; Type: TABLE; Schema: absurd; Owner: -
--

CREATE TABLE absurd.e_mainspring (
    event_name text NOT NULL,
    payload jsonb,
    emitted_at timestamp with time zone DEFAULT absurd."current_time"() NOT NULL
);


--
-- Name: queues; Type: TABLE; Schema: absurd; Owner: -
--

CREATE TABLE absurd.queues (
    queue_name text NOT NULL,
    created_at timestamp with time zone DEFAULT absurd."current_time"() NOT NULL,
    storage_mode text DEFAULT 'unpartitioned'::text NOT NULL,
    default_partition text DEFAULT 'enabled'::text NOT NULL,
    partition_lookahead interval DEFAULT '28 days'::interval NOT NULL,
    partition_lookback interval DEFAULT '1 day'::interval NOT NULL,
    cleanup_ttl interval DEFAULT '30 days'::interval NOT NULL,
    cleanup_limit integer DEFAULT 1000 NOT NULL,
    detach_mode text DEFAULT 'none'::text NOT NULL,
    detach_min_age interval DEFAULT '30 days'::interval NOT NULL,
    CONSTRAINT queues_cleanup_limit_check CHECK ((cleanup_limit >= 1)),
    CONSTRAINT queues_cleanup_ttl_check CHECK ((cleanup_ttl >= '00:00:00'::interval)),
    CONSTRAINT queues_default_partition_check CHECK ((default_partition = ANY (ARRAY['enabled'::text, 'disabled'::text]))),
    CONSTRAINT queues_detach_min_age_check CHECK ((detach_min_age >= '00:00:00'::interval)),
    CONSTRAINT queues_detach_mode_check CHECK ((detach_mode = ANY (ARRAY['none'::text, 'empty'::text]))),
    CONSTRAINT queues_partition_lookahead_check CHECK ((partition_lookahead >= '00:00:00'::interval)),
    CONSTRAINT queues_partition_lookback_check CHECK ((partition_lookback >= '00:00:00'::interval)),
    CONSTRAINT queues_storage_mode_check CHECK ((storage_mode = ANY (ARRAY['unpartitioned'::text, 'partitioned'::text])))
);


--
-- Name: r_mainspring; Type: TABLE; Schema: absurd; Owner: -
--

CREATE TABLE absurd.r_mainspring (
    run_id uuid NOT NULL,
    task_id uuid NOT NULL,
    attempt integer NOT NULL,
    state text NOT NULL,
    claimed_by text,
    claim_expires_at timestamp with time zone,
    available_at timestamp with time zone NOT NULL,
    wake_event text,
    event_payload jsonb,
    started_at timestamp with time zone,
    completed_at timestamp with time zone,
    failed_at timestamp with time zone,
    result jsonb,
    failure_reason jsonb,
    created_at timestamp with time zone DEFAULT absurd."current_time"() NOT NULL,
    CONSTRAINT r_mainspring_state_check CHECK ((state = ANY (ARRAY['pending'::text, 'running'::text, 'sleeping'::text, 'completed'::text, 'failed'::text, 'cancelled'::text])))
)
WITH (fillfactor='70');


--
-- Name: t_mainspring; Type: TABLE; Schema: absurd; Owner: -
--

CREATE TABLE absurd.t_mainspring (
    task_id uuid NOT NULL,
    task_name text NOT NULL,
    params jsonb NOT NULL,
    headers jsonb,
    retry_strategy jsonb,
    max_attempts integer,
    cancellation jsonb,
    enqueue_at timestamp with time zone DEFAULT absurd."current_time"() NOT NULL,
    first_started_at timestamp with time zone,
    state text NOT NULL,
    attempts integer DEFAULT 0 NOT NULL,
    last_attempt_run uuid,
    completed_payload jsonb,
    cancelled_at timestamp with time zone,
    idempotency_key text,
    CONSTRAINT t_mainspring_state_check CHECK ((state = ANY (ARRAY['pending'::text, 'running'::text, 'sleeping'::text, 'completed'::text, 'failed'::text, 'cancelled'::text])))
)
WITH (fillfactor='70');


--
-- Name: w_mainspring; Type: TABLE; Schema: absurd; Owner: -
--

CREATE TABLE absurd.w_mainspring (
    task_id uuid NOT NULL,
    run_id uuid NOT NULL,
    step_name text NOT NULL,
    event_name text NOT NULL,
    timeout_at timestamp with time zone,
    created_at timestamp with time zone DEFAULT absurd."current_time"() NOT NULL
);


--
-- Name: agent_versions; Type: TABLE; Schema: mainspring; Owner: -
--

CREATE TABLE mainspring.agent_versions (
    agent_id text NOT NULL COLLATE pg_catalog."C",
    version text NOT NULL COLLATE pg_catalog."C",
    published_at double precision NOT NULL,
    source bytea NOT NULL
);


--
-- Name: agents; Type: TABLE; Schema: mainspring; Owner: -
--

CREATE TABLE mainspring.agents (
    id text NOT NULL COLLATE pg_catalog."C",
    project_id text NOT NULL COLLATE pg_catalog."C",
    slug text NOT NULL COLLATE pg_catalog."C",
    version text NOT NULL COLLATE pg_catalog."C",
    created_at double precision NOT NULL,
    updated_at double precision NOT NULL,
    archived boolean DEFAULT false NOT NULL
);


--
-- Name: api_keys; Type: TABLE; Schema: mainspring; Owner: -
--

CREATE TABLE mainspring.api_keys (
    n bigint NOT NULL,
    id text NOT NULL COLLATE pg_catalog."C",
    project_id text NOT NULL COLLATE pg_catalog."C",
    name text NOT NULL COLLATE pg_catalog."C",
    prefix text NOT NULL COLLATE pg_catalog."C",
    digest bytea NOT NULL,
    scopes bytea NOT NULL,
    created_at double precision NOT NULL,
    expires_at double precision,
    revoked_at double precision
);


--
-- Name: api_keys_n_seq; Type: SEQUENCE; Schema: mainspring; Owner: -
--

ALTER TABLE mainspring.api_keys ALTER COLUMN n ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME mainspring.api_keys_n_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);


--
-- Name: heads; Type: TABLE; Schema: mainspring; Owner: -
--

CREATE TABLE mainspring.heads (
    n bigint NOT NULL,
    cursor bigint NOT NULL,
    epoch bigint NOT NULL,
    active_execution text COLLATE pg_catalog."C",
    waiting boolean NOT NULL,
    owner text COLLATE pg_catalog."C",
    wake_at double precision,
    pruned bigint DEFAULT 0 NOT NULL,
    stale_from double precision,
    task_id uuid,
    run_id uuid
)
WITH (fillfactor='50');


--
-- Name: hosts; Type: TABLE; Schema: mainspring; Owner: -
--

CREATE TABLE mainspring.hosts (
    id text NOT NULL COLLATE pg_catalog."C",
    lock integer NOT NULL,
    name text NOT NULL COLLATE pg_catalog."C",
    version text NOT NULL COLLATE pg_catalog."C",
    since double precision NOT NULL,
    seen double precision NOT NULL,
    draining boolean NOT NULL,
    running integer NOT NULL,
    readers integer NOT NULL,
    beat timestamp with time zone NOT NULL
);


--
-- Name: hosts_lock_seq; Type: SEQUENCE; Schema: mainspring; Owner: -
--

ALTER TABLE mainspring.hosts ALTER COLUMN lock ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME mainspring.hosts_lock_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);


--
-- Name: journal; Type: TABLE; Schema: mainspring; Owner: -
--

CREATE TABLE mainspring.journal (
    n bigint NOT NULL,
    last bigint NOT NULL,
    span integer NOT NULL,
    kind smallint NOT NULL,
    at double precision NOT NULL,
    data bytea NOT NULL
)
PARTITION BY HASH (n);


--
-- Name: journal_00; Type: TABLE; Schema: mainspring; Owner: -
--

CREATE TABLE mainspring.journal_00 (
    n bigint CONSTRAINT journal_n_not_null NOT NULL,
    last bigint CONSTRAINT journal_last_not_null NOT NULL,
    span integer CONSTRAINT journal_span_not_null NOT NULL,
    kind smallint CONSTRAINT journal_kind_not_null NOT NULL,
    at double precision CONSTRAINT journal_at_not_null NOT NULL,
    data bytea CONSTRAINT journal_data_not_null NOT NULL
);


--
-- Name: journal_01; Type: TABLE; Schema: mainspring; Owner: -
--

CREATE TABLE mainspring.journal_01 (
    n bigint CONSTRAINT journal_n_not_null NOT NULL,
    last bigint CONSTRAINT journal_last_not_null NOT NULL,
    span integer CONSTRAINT journal_span_not_null NOT NULL,
    kind smallint CONSTRAINT journal_kind_not_null NOT NULL,
    at double precision CONSTRAINT journal_at_not_null NOT NULL,
    data bytea CONSTRAINT journal_data_not_null NOT NULL
);


--
-- Name: journal_02; Type: TABLE; Schema: mainspring; Owner: -
--

CREATE TABLE mainspring.journal_02 (
    n bigint CONSTRAINT journal_n_not_null NOT NULL,
    last bigint CONSTRAINT journal_last_not_null NOT NULL,
    span integer CONSTRAINT journal_span_not_null NOT NULL,
    kind smallint CONSTRAINT journal_kind_not_null NOT NULL,
    at double precision CONSTRAINT journal_at_not_null NOT NULL,
    data bytea CONSTRAINT journal_data_not_null NOT NULL
);


--
-- Name: journal_03; Type: TABLE; Schema: mainspring; Owner: -
--

CREATE TABLE mainspring.journal_03 (
    n bigint CONSTRAINT journal_n_not_null NOT NULL,
    last bigint CONSTRAINT journal_last_not_null NOT NULL,
    span integer CONSTRAINT journal_span_not_null NOT NULL,
    kind smallint CONSTRAINT journal_kind_not_null NOT NULL,
    at double precision CONSTRAINT journal_at_not_null NOT NULL,
    data bytea CONSTRAINT journal_data_not_null NOT NULL
);


--
-- Name: journal_04; Type: TABLE; Schema: mainspring; Owner: -
--

CREATE TABLE mainspring.journal_04 (
    n bigint CONSTRAINT journal_n_not_null NOT NULL,
    last bigint CONSTRAINT journal_last_not_null NOT NULL,
    span integer CONSTRAINT journal_span_not_null NOT NULL,
    kind smallint CONSTRAINT journal_kind_not_null NOT NULL,
    at double precision CONSTRAINT journal_at_not_null NOT NULL,
    data bytea CONSTRAINT journal_data_not_null NOT NULL
);


--
-- Name: journal_05; Type: TABLE; Schema: mainspring; Owner: -
--

CREATE TABLE mainspring.journal_05 (
    n bigint CONSTRAINT journal_n_not_null NOT NULL,
    last bigint CONSTRAINT journal_last_not_null NOT NULL,
    span integer CONSTRAINT journal_span_not_null NOT NULL,
    kind smallint CONSTRAINT journal_kind_not_null NOT NULL,
    at double precision CONSTRAINT journal_at_not_null NOT NULL,
    data bytea CONSTRAINT journal_data_not_null NOT NULL
);


--
-- Name: journal_06; Type: TABLE; Schema: mainspring; Owner: -
--

CREATE TABLE mainspring.journal_06 (
    n bigint CONSTRAINT journal_n_not_null NOT NULL,
    last bigint CONSTRAINT journal_last_not_null NOT NULL,
    span integer CONSTRAINT journal_span_not_null NOT NULL,
    kind smallint CONSTRAINT journal_kind_not_null NOT NULL,
    at double precision CONSTRAINT journal_at_not_null NOT NULL,
    data bytea CONSTRAINT journal_data_not_null NOT NULL
);


--
-- Name: journal_07; Type: TABLE; Schema: mainspring; Owner: -
--

CREATE TABLE mainspring.journal_07 (
    n bigint CONSTRAINT journal_n_not_null NOT NULL,
    last bigint CONSTRAINT journal_last_not_null NOT NULL,
    span integer CONSTRAINT journal_span_not_null NOT NULL,
    kind smallint CONSTRAINT journal_kind_not_null NOT NULL,
    at double precision CONSTRAINT journal_at_not_null NOT NULL,
    data bytea CONSTRAINT journal_data_not_null NOT NULL
);


--
-- Name: journal_08; Type: TABLE; Schema: mainspring; Owner: -
--

CREATE TABLE mainspring.journal_08 (
    n bigint CONSTRAINT journal_n_not_null NOT NULL,
    last bigint CONSTRAINT journal_last_not_null NOT NULL,
    span integer CONSTRAINT journal_span_not_null NOT NULL,
    kind smallint CONSTRAINT journal_kind_not_null NOT NULL,
    at double precision CONSTRAINT journal_at_not_null NOT NULL,
    data bytea CONSTRAINT journal_data_not_null NOT NULL
);


--
-- Name: journal_09; Type: TABLE; Schema: mainspring; Owner: -
--

CREATE TABLE mainspring.journal_09 (
    n bigint CONSTRAINT journal_n_not_null NOT NULL,
    last bigint CONSTRAINT journal_last_not_null NOT NULL,
    span integer CONSTRAINT journal_span_not_null NOT NULL,
    kind smallint CONSTRAINT journal_kind_not_null NOT NULL,
    at double precision CONSTRAINT journal_at_not_null NOT NULL,
    data bytea CONSTRAINT journal_data_not_null NOT NULL
);


--
-- Name: journal_10; Type: TABLE; Schema: mainspring; Owner: -
--

CREATE TABLE mainspring.journal_10 (
    n bigint CONSTRAINT journal_n_not_null NOT NULL,
    last bigint CONSTRAINT journal_last_not_null NOT NULL,
    span integer CONSTRAINT journal_span_not_null NOT NULL,
    kind smallint CONSTRAINT journal_kind_not_null NOT NULL,
    at double precision CONSTRAINT journal_at_not_null NOT NULL,
    data bytea CONSTRAINT journal_data_not_null NOT NULL
);


--
-- Name: journal_11; Type: TABLE; Schema: mainspring; Owner: -
--

CREATE TABLE mainspring.journal_11 (
    n bigint CONSTRAINT journal_n_not_null NOT NULL,
    last bigint CONSTRAINT journal_last_not_null NOT NULL,
    span integer CONSTRAINT journal_span_not_null NOT NULL,
    kind smallint CONSTRAINT journal_kind_not_null NOT NULL,
    at double precision CONSTRAINT journal_at_not_null NOT NULL,
    data bytea CONSTRAINT journal_data_not_null NOT NULL
);


--
-- Name: journal_12; Type: TABLE; Schema: mainspring; Owner: -
--

CREATE TABLE mainspring.journal_12 (
    n bigint CONSTRAINT journal_n_not_null NOT NULL,
    last bigint CONSTRAINT journal_last_not_null NOT NULL,
    span integer CONSTRAINT journal_span_not_null NOT NULL,
    kind smallint CONSTRAINT journal_kind_not_null NOT NULL,
    at double precision CONSTRAINT journal_at_not_null NOT NULL,
    data bytea CONSTRAINT journal_data_not_null NOT NULL
);


--
-- Name: journal_13; Type: TABLE; Schema: mainspring; Owner: -
--

CREATE TABLE mainspring.journal_13 (
    n bigint CONSTRAINT journal_n_not_null NOT NULL,
    last bigint CONSTRAINT journal_last_not_null NOT NULL,
    span integer CONSTRAINT journal_span_not_null NOT NULL,
    kind smallint CONSTRAINT journal_kind_not_null NOT NULL,
    at double precision CONSTRAINT journal_at_not_null NOT NULL,
    data bytea CONSTRAINT journal_data_not_null NOT NULL
);


--
-- Name: journal_14; Type: TABLE; Schema: mainspring; Owner: -
--

CREATE TABLE mainspring.journal_14 (
    n bigint CONSTRAINT journal_n_not_null NOT NULL,
    last bigint CONSTRAINT journal_last_not_null NOT NULL,
    span integer CONSTRAINT journal_span_not_null NOT NULL,
    kind smallint CONSTRAINT journal_kind_not_null NOT NULL,
    at double precision CONSTRAINT journal_at_not_null NOT NULL,
    data bytea CONSTRAINT journal_data_not_null NOT NULL
);


--
-- Name: journal_15; Type: TABLE; Schema: mainspring; Owner: -
--

CREATE TABLE mainspring.journal_15 (
    n bigint CONSTRAINT journal_n_not_null NOT NULL,
    last bigint CONSTRAINT journal_last_not_null NOT NULL,
    span integer CONSTRAINT journal_span_not_null NOT NULL,
    kind smallint CONSTRAINT journal_kind_not_null NOT NULL,
    at double precision CONSTRAINT journal_at_not_null NOT NULL,
    data bytea CONSTRAINT journal_data_not_null NOT NULL
);


--
-- Name: letters; Type: TABLE; Schema: mainspring; Owner: -
--

CREATE TABLE mainspring.letters (
    n bigint NOT NULL,
    id text NOT NULL COLLATE pg_catalog."C",
    host text NOT NULL COLLATE pg_catalog."C",
    session_id text NOT NULL COLLATE pg_catalog."C",
    body bytea NOT NULL,
    sent timestamp with time zone NOT NULL,
    given boolean DEFAULT false NOT NULL,
    answer bytea
);


--
-- Name: letters_n_seq; Type: SEQUENCE; Schema: mainspring; Owner: -
--

ALTER TABLE mainspring.letters ALTER COLUMN n ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME mainspring.letters_n_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);


--
-- Name: schema_version; Type: TABLE; Schema: mainspring; Owner: -
--

CREATE TABLE mainspring.schema_version (
    version integer NOT NULL,
    applied_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL
);


--
-- Name: session_numbers; Type: SEQUENCE; Schema: mainspring; Owner: -
--

CREATE SEQUENCE mainspring.session_numbers
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;


--
-- Name: sessions; Type: TABLE; Schema: mainspring; Owner: -
--

CREATE TABLE mainspring.sessions (
    n bigint NOT NULL,
    id text NOT NULL COLLATE pg_catalog."C",
    project_id text NOT NULL COLLATE pg_catalog."C",
    agent_id text NOT NULL COLLATE pg_catalog."C",
    agent_slug text NOT NULL COLLATE pg_catalog."C",
    version text NOT NULL COLLATE pg_catalog."C",
    format text NOT NULL COLLATE pg_catalog."C",
    status text NOT NULL COLLATE pg_catalog."C",
    created_at double precision NOT NULL,
    updated_at double precision NOT NULL,
    expires_at double precision NOT NULL,
    start_key text COLLATE pg_catalog."C"
);


--
-- Name: session_records; Type: VIEW; Schema: mainspring; Owner: -
--

CREATE VIEW mainspring.session_records AS
 SELECT s.n,
    s.id,
    s.project_id,
    s.agent_id,
    s.agent_slug,
    s.version,
    s.format,
    s.status,
    s.created_at,
    s.updated_at,
    s.expires_at,
    h.epoch,
    h.active_execution,
    h.waiting,
    s.start_key,
    h.cursor,
    h.owner,
    h.wake_at
   FROM (mainspring.sessions s
     JOIN mainspring.heads h ON ((h.n = s.n)));


--
-- Name: snapshots; Type: TABLE; Schema: mainspring; Owner: -
--

CREATE TABLE mainspring.snapshots (
    n bigint NOT NULL,
    cursor bigint NOT NULL,
    data bytea NOT NULL
);
ALTER TABLE ONLY mainspring.snapshots ALTER COLUMN data SET STORAGE EXTERNAL;


--
-- Name: tokens; Type: TABLE; Schema: mainspring; Owner: -
--

CREATE TABLE mainspring.tokens (
    id text NOT NULL COLLATE pg_catalog."C",
    project_id text NOT NULL COLLATE pg_catalog."C",
    key_id text NOT NULL COLLATE pg_catalog."C",
    digest bytea NOT NULL,
    agent_id text NOT NULL COLLATE pg_catalog."C",
    session_id text COLLATE pg_catalog."C",
    limits bytea NOT NULL,
    created_at double precision NOT NULL,
    expires_at double precision NOT NULL,
    revoked_at double precision
);


--
-- Name: tool_call_numbers; Type: SEQUENCE; Schema: mainspring; Owner: -
--

CREATE SEQUENCE mainspring.tool_call_numbers
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;


--
-- Name: tool_calls; Type: TABLE; Schema: mainspring; Owner: -
--

CREATE TABLE mainspring.tool_calls (
    project_id text NOT NULL COLLATE pg_catalog."C",
    call_id text NOT NULL COLLATE pg_catalog."C",
    n bigint DEFAULT nextval('mainspring.tool_call_numbers'::regclass) NOT NULL,
    attempt integer NOT NULL,
    tool text NOT NULL COLLATE pg_catalog."C",
    session_id text NOT NULL COLLATE pg_catalog."C",
    call bytea NOT NULL,
    host text NOT NULL COLLATE pg_catalog."C",
    state text NOT NULL COLLATE pg_catalog."C",
    since timestamp with time zone NOT NULL,
    worker_id text COLLATE pg_catalog."C",
    batch bigint DEFAULT 0 NOT NULL,
    dropped boolean DEFAULT false NOT NULL,
    outcome bytea,
    answers jsonb DEFAULT '{}'::jsonb NOT NULL
);


--
-- Name: tool_offers; Type: TABLE; Schema: mainspring; Owner: -
--

CREATE TABLE mainspring.tool_offers (
    project_id text NOT NULL COLLATE pg_catalog."C",
    name text NOT NULL COLLATE pg_catalog."C",
    tool bytea NOT NULL,
    gone timestamp with time zone
);


--
-- Name: tool_workers; Type: TABLE; Schema: mainspring; Owner: -
--

CREATE TABLE mainspring.tool_workers (
    project_id text NOT NULL COLLATE pg_catalog."C",
    id text NOT NULL COLLATE pg_catalog."C",
    label text NOT NULL COLLATE pg_catalog."C",
    tools text[] NOT NULL COLLATE pg_catalog."C",
    number bigint DEFAULT 0 NOT NULL,
    seen timestamp with time zone NOT NULL
);


--
-- Name: journal_00; Type: TABLE ATTACH; Schema: mainspring; Owner: -
--

ALTER TABLE ONLY mainspring.journal ATTACH PARTITION mainspring.journal_00 FOR VALUES WITH (modulus 16, remainder 0);


--
-- Name: journal_01; Type: TABLE ATTACH; Schema: mainspring; Owner: -
--

ALTER TABLE ONLY mainspring.journal ATTACH PARTITION mainspring.journal_01 FOR VALUES WITH (modulus 16, remainder 1);


--
-- Name: journal_02; Type: TABLE ATTACH; Schema: mainspring; Owner: -
--

ALTER TABLE ONLY mainspring.journal ATTACH PARTITION mainspring.journal_02 FOR VALUES WITH (modulus 16, remainder 2);


--
-- Name: journal_03; Type: TABLE ATTACH; Schema: mainspring; Owner: -
--

ALTER TABLE ONLY mainspring.journal ATTACH PARTITION mainspring.journal_03 FOR VALUES WITH (modulus 16, remainder 3);


--
-- Name: journal_04; Type: TABLE ATTACH; Schema: mainspring; Owner: -
--

ALTER TABLE ONLY mainspring.journal ATTACH PARTITION mainspring.journal_04 FOR VALUES WITH (modulus 16, remainder 4);


--
-- Name: journal_05; Type: TABLE ATTACH; Schema: mainspring; Owner: -
--

ALTER TABLE ONLY mainspring.journal ATTACH PARTITION mainspring.journal_05 FOR VALUES WITH (modulus 16, remainder 5);


--
-- Name: journal_06; Type: TABLE ATTACH; Schema: mainspring; Owner: -
--

ALTER TABLE ONLY mainspring.journal ATTACH PARTITION mainspring.journal_06 FOR VALUES WITH (modulus 16, remainder 6);


--
-- Name: journal_07; Type: TABLE ATTACH; Schema: mainspring; Owner: -
--

ALTER TABLE ONLY mainspring.journal ATTACH PARTITION mainspring.journal_07 FOR VALUES WITH (modulus 16, remainder 7);


--
-- Name: journal_08; Type: TABLE ATTACH; Schema: mainspring; Owner: -
--

ALTER TABLE ONLY mainspring.journal ATTACH PARTITION mainspring.journal_08 FOR VALUES WITH (modulus 16, remainder 8);


--
-- Name: journal_09; Type: TABLE ATTACH; Schema: mainspring; Owner: -
--

ALTER TABLE ONLY mainspring.journal ATTACH PARTITION mainspring.journal_09 FOR VALUES WITH (modulus 16, remainder 9);


--
-- Name: journal_10; Type: TABLE ATTACH; Schema: mainspring; Owner: -
--

ALTER TABLE ONLY mainspring.journal ATTACH PARTITION mainspring.journal_10 FOR VALUES WITH (modulus 16, remainder 10);


--
-- Name: journal_11; Type: TABLE ATTACH; Schema: mainspring; Owner: -
--

ALTER TABLE ONLY mainspring.journal ATTACH PARTITION mainspring.journal_11 FOR VALUES WITH (modulus 16, remainder 11);


--
-- Name: journal_12; Type: TABLE ATTACH; Schema: mainspring; Owner: -
--

ALTER TABLE ONLY mainspring.journal ATTACH PARTITION mainspring.journal_12 FOR VALUES WITH (modulus 16, remainder 12);


--
-- Name: journal_13; Type: TABLE ATTACH; Schema: mainspring; Owner: -
--

ALTER TABLE ONLY mainspring.journal ATTACH PARTITION mainspring.journal_13 FOR VALUES WITH (modulus 16, remainder 13);


--
-- Name: journal_14; Type: TABLE ATTACH; Schema: mainspring; Owner: -
--

ALTER TABLE ONLY mainspring.journal ATTACH PARTITION mainspring.journal_14 FOR VALUES WITH (modulus 16, remainder 14);


--
-- Name: journal_15; Type: TABLE ATTACH; Schema: mainspring; Owner: -
--

ALTER TABLE ONLY mainspring.journal ATTACH PARTITION mainspring.journal_15 FOR VALUES WITH (modulus 16, remainder 15);


--
-- Data for Name: c_mainspring; Type: TABLE DATA; Schema: absurd; Owner: -
--

COPY absurd.c_mainspring (task_id, checkpoint_name, state, status, owner_run_id, updated_at) FROM stdin;
01a2052b-4102-7468-a512-142f350d2354	d29cf193-430d-406f-9021-a13dd62e4e60	null	committed	01a2052b-4102-74b1-9da7-465bb3340dba	2026-11-22 21:30:50.584426+00
\.


--
-- Data for Name: e_mainspring; Type: TABLE DATA; Schema: absurd; Owner: -
--

COPY absurd.e_mainspring (event_name, payload, emitted_at) FROM stdin;
d29cf193-430d-406f-9021-a13dd62e4e60	null	2026-11-22 21:30:50.584426+00
ea0e3820-73e3-4e1a-b3c6-d936f4879d08	\N	1970-01-01 00:00:00+00
781c4e31-0173-48c3-9817-516145856ff5	\N	1970-01-01 00:00:00+00
9d4a963e-443c-4f8a-9b4b-8168b715083f	\N	1970-01-01 00:00:00+00
\.


--
-- Data for Name: queues; Type: TABLE DATA; Schema: absurd; Owner: -
--

COPY absurd.queues (queue_name, created_at, storage_mode, default_partition, partition_lookahead, partition_lookback, cleanup_ttl, cleanup_limit, detach_mode, detach_min_age) FROM stdin;
mainspring	2026-11-22 21:30:37.051923+00	unpartitioned	enabled	28 days	1 day	30 days	1000	none	30 days
\.


--
-- Data for Name: r_mainspring; Type: TABLE DATA; Schema: absurd; Owner: -
--

COPY absurd.r_mainspring (run_id, task_id, attempt, state, claimed_by, claim_expires_at, available_at, wake_event, event_payload, started_at, completed_at, failed_at, result, failure_reason, created_at) FROM stdin;
01a2052b-29b7-76f1-8d72-20d8847c2d54	01a2052b-29b7-7675-bfb6-e978ecc50aa1	1	completed	hst_EUQZcfOwG0iiFLVM1L0oRz	\N	2026-11-22 21:30:44.537256+00	\N	\N	2026-11-22 21:30:44.537257+00	2026-11-22 21:30:45.261817+00	\N	\N	\N	2026-11-22 21:30:44.536571+00
01a2052b-3e39-7ce8-aaf3-7b8e8829a1f8	01a2052b-3e39-7c76-8a7a-eb80dd17d74a	1	completed	hst_dbw9caSZ4bthOvInd0JBOr	\N	2026-11-22 21:30:49.789444+00	\N	\N	2026-11-22 21:30:49.789446+00	2026-11-22 21:30:50.485613+00	\N	\N	\N	2026-11-22 21:30:49.788926+00
01a2052b-4102-74b1-9da7-465bb3340dba	01a2052b-4102-7468-a512-142f350d2354	1	completed	hst_dbw9caSZ4bthOvInd0JBOr	\N	2026-11-22 21:30:50.585711+00	\N	\N	2026-11-22 21:30:50.585712+00	2026-11-22 21:30:50.603372+00	\N	\N	\N	2026-11-22 21:30:50.498488+00
01a2052b-41df-7b24-a97e-60ebe6b863fd	01a2052b-41df-7ac7-95b1-fc32eff5f276	1	completed	hst_dbw9caSZ4bthOvInd0JBOr	\N	2026-11-22 21:30:50.720052+00	\N	\N	2026-11-22 21:30:50.720052+00	2026-11-22 21:30:50.727836+00	\N	\N	\N	2026-11-22 21:30:50.719906+00
01a2052b-4219-7f7d-8f62-d493ae3a5815	01a2052b-4219-7f1d-a8e2-b4d862a4d66c	1	sleeping	\N	\N	infinity	ea0e3820-73e3-4e1a-b3c6-d936f4879d08	\N	2026-11-22 21:30:50.778317+00	\N	\N	\N	\N	2026-11-22 21:30:50.778172+00
01a2052b-4256-7aad-86a8-debd410e9c82	01a2052b-4256-7a43-b1df-c9e227261879	1	sleeping	\N	\N	infinity	781c4e31-0173-48c3-9817-516145856ff5	\N	2026-11-22 21:30:50.83903+00	\N	\N	\N	\N	2026-11-22 21:30:50.838876+00
01a2052b-42eb-73df-956f-230f52937462	01a2052b-42eb-736e-8a62-9fa70a8b12d4	1	sleeping	\N	\N	infinity	9d4a963e-443c-4f8a-9b4b-8168b715083f	\N	2026-11-22 21:30:50.987642+00	\N	\N	\N	\N	2026-11-22 21:30:50.987503+00
01a2052b-4405-77a9-b4cf-36843ff02649	01a2052b-4405-773c-824f-207559b63572	1	completed	hst_dbw9caSZ4bthOvInd0JBOr	\N	2026-11-22 21:30:51.269791+00	\N	\N	2026-11-22 21:30:51.269792+00	2026-11-22 21:30:51.325257+00	\N	\N	\N	2026-11-22 21:30:51.269705+00
01a2052b-4464-722e-ab0b-bc3efeffb717	01a2052b-4464-71cd-b62a-5973a3bdbff5	1	running	hst_dbw9caSZ4bthOvInd0JBOr	\N	2026-11-22 21:30:51.36446+00	\N	\N	2026-11-22 21:30:51.364461+00	\N	\N	\N	\N	2026-11-22 21:30:51.364374+00
\.


--
-- Data for Name: t_mainspring; Type: TABLE DATA; Schema: absurd; Owner: -
--

COPY absurd.t_mainspring (task_id, task_name, params, headers, retry_strategy, max_attempts, cancellation, enqueue_at, first_started_at, state, attempts, last_attempt_run, completed_payload, cancelled_at, idempotency_key) FROM stdin;
01a2052b-29b7-7675-bfb6-e978ecc50aa1	execution	{"sessionId": "ses_5CLIjKwmBrP3doU441jHNK", "executionId": "exe_z5fln0N0RbF5Fo0rCxk1u0"}	\N	\N	\N	\N	2026-11-22 21:30:44.535596+00	2026-11-22 21:30:44.537416+00	completed	1	01a2052b-29b7-76f1-8d72-20d8847c2d54	\N	\N	\N
01a2052b-3e39-7c76-8a7a-eb80dd17d74a	execution	{"sessionId": "ses_xxD4h9g4q6tqPFH2exoG1o", "executionId": "exe_D3xEBcFfd27nG1LzrcwOMH"}	\N	\N	\N	\N	2026-11-22 21:30:49.785962+00	2026-11-22 21:30:49.78957+00	completed	1	01a2052b-3e39-7ce8-aaf3-7b8e8829a1f8	\N	\N	\N
01a2052b-4102-7468-a512-142f350d2354	execution	{"sessionId": "ses_xxD4h9g4q6tqPFH2exoG1o", "executionId": "exe_y5GP9zD14YfVZpxqFJ9Rrs"}	\N	\N	\N	\N	2026-11-22 21:30:50.498308+00	2026-11-22 21:30:50.498754+00	completed	1	01a2052b-4102-74b1-9da7-465bb3340dba	\N	\N	\N
01a2052b-41df-7ac7-95b1-fc32eff5f276	execution	{"sessionId": "ses_Nb18uIwttJw5jDtINd0h8n", "executionId": "exe_vHiNlxhFPLgw9coaV9a8FT"}	\N	\N	\N	\N	2026-11-22 21:30:50.719712+00	2026-11-22 21:30:50.720109+00	completed	1	01a2052b-41df-7b24-a97e-60ebe6b863fd	\N	\N	\N
01a2052b-4219-7f1d-a8e2-b4d862a4d66c	execution	{"sessionId": "ses_uKA2CbqIyOTk1zcjdhfKtw", "executionId": "exe_ngqwlcK91Y0IMivq9EAOBw"}	\N	\N	\N	\N	2026-11-22 21:30:50.777982+00	2026-11-22 21:30:50.778371+00	sleeping	1	01a2052b-4219-7f7d-8f62-d493ae3a5815	\N	\N	\N
01a2052b-4256-7a43-b1df-c9e227261879	execution	{"sessionId": "ses_BD9LsYqP3N1yCrgA9hj9y3", "executionId": "exe_hZQf9qX9kLfWhivK3rKLgS"}	\N	\N	\N	\N	2026-11-22 21:30:50.838683+00	2026-11-22 21:30:50.839086+00	sleeping	1	01a2052b-4256-7aad-86a8-debd410e9c82	\N	\N	\N
01a2052b-42eb-736e-8a62-9fa70a8b12d4	execution	{"sessionId": "ses_5mJiQWxCA2GCii11Cz4D4U", "executionId": "exe_7db0lmx5DZK9SOAKtJWNJa"}	\N	\N	\N	\N	2026-11-22 21:30:50.987257+00	2026-11-22 21:30:50.987676+00	sleeping	1	01a2052b-42eb-73df-956f-230f52937462	\N	\N	\N
01a2052b-4405-773c-824f-207559b63572	execution	{"sessionId": "ses_PGd5APKZ1Y0XQMdrbgXGTz", "executionId": "exe_lcmeFUtoR5MVHWtMGzKbdC"}	\N	\N	\N	\N	2026-11-22 21:30:51.269494+00	2026-11-22 21:30:51.269827+00	completed	1	01a2052b-4405-77a9-b4cf-36843ff02649	\N	\N	\N
01a2052b-4464-71cd-b62a-5973a3bdbff5	execution	{"sessionId": "ses_PGd5APKZ1Y0XQMdrbgXGTz", "executionId": "exe_aO7o3GqYcAek1M53XAoAoU"}	\N	\N	\N	\N	2026-11-22 21:30:51.364152+00	2026-11-22 21:30:51.364495+00	running	1	01a2052b-4464-722e-ab0b-bc3efeffb717	\N	\N	\N
\.


--
-- Data for Name: w_mainspring; Type: TABLE DATA; Schema: absurd; Owner: -
--

COPY absurd.w_mainspring (task_id, run_id, step_name, event_name, timeout_at, created_at) FROM stdin;
01a2052b-4219-7f1d-a8e2-b4d862a4d66c	01a2052b-4219-7f7d-8f62-d493ae3a5815	ea0e3820-73e3-4e1a-b3c6-d936f4879d08	ea0e3820-73e3-4e1a-b3c6-d936f4879d08	\N	2026-11-22 21:30:50.783839+00
01a2052b-4256-7a43-b1df-c9e227261879	01a2052b-4256-7aad-86a8-debd410e9c82	781c4e31-0173-48c3-9817-516145856ff5	781c4e31-0173-48c3-9817-516145856ff5	\N	2026-11-22 21:30:50.848131+00
01a2052b-42eb-736e-8a62-9fa70a8b12d4	01a2052b-42eb-73df-956f-230f52937462	9d4a963e-443c-4f8a-9b4b-8168b715083f	9d4a963e-443c-4f8a-9b4b-8168b715083f	\N	2026-11-22 21:30:51.051959+00
\.


--
-- Data for Name: agent_versions; Type: TABLE DATA; Schema: mainspring; Owner: -
--

COPY mainspring.agent_versions (agent_id, version, published_at, source) FROM stdin;
agt_el9LxiS7Lx4YHcDkOQeFaX	50618cd4a222aeb832508a10150cf71e9ab2cdbbc08caf9cd0fb864db9b14bfb	1795383044.062164	\\x7b2273657474696e6773223a7b22736c7567223a22706c61696e222c226e616d65223a22506c61696e222c22666f726d6174223a22696e746572616374697665227d2c2270726f746f636f6c223a22696e7075743a5c6e2020434f4d50414e593a207b747970653a20737472696e672c206f7074696f6e616c3a20747275652c2064656661756c743a2041636d657d5c6e74726967676572733a5c6e2020757365722d6d6573736167653a5c6e20202020696e7075743a5c6e202020202020555345525f4d4553534147453a207b747970653a20737472696e677d5c6e6167656e743a5c6e20206d6f64656c3a206f70656e61692f706c61696e5c6e202073797374656d3a2073797374656d5c6e2020696e7075743a205b434f4d50414e595d5c6e20206167656e7469633a20747275655c6e68616e646c6572733a5c6e2020757365722d6d6573736167653a5c6e20202020416464206d6573736167653a5c6e202020202020626c6f636b3a206164642d6d6573736167655c6e202020202020726f6c653a20757365725c6e20202020202070726f6d70743a20757365722d6d6573736167655c6e202020202020696e7075743a205b555345525f4d4553534147455d5c6e20202020526573706f6e643a5c6e202020202020626c6f636b3a206e6578742d6d6573736167655c6e222c2270726f6d707473223a5b7b226e616d65223a2273797374656d222c22636f6e74656e74223a22596f7520776f726b20666f72207b7b434f4d50414e597d7d2e227d2c7b226e616d65223a22757365722d6d657373616765222c22636f6e74656e74223a227b7b555345525f4d4553534147457d7d227d5d7d
agt_l5mChkYOolfRd99MA9yNSW	61e010897361e663f4a59ae7c8cf5a26c3b75b88aa1510214221c0ddec412d05	1795383044.0995991	\\x7b2273657474696e6773223a7b22736c7567223a2263686174222c226e616d65223a2243686174222c22666f726d6174223a22696e746572616374697665227d2c2270726f746f636f6c223a22696e7075743a5c6e2020434f4d50414e593a207b747970653a20737472696e672c206f7074696f6e616c3a20747275652c2064656661756c743a2041636d657d5c6e74726967676572733a5c6e2020757365722d6d6573736167653a5c6e20202020696e7075743a5c6e202020202020555345525f4d4553534147453a207b747970653a20737472696e677d5c6e746f6f6c733a5c6e20206765742d776561746865723a5c6e202020206465736372697074696f6e3a204c6f6f6b732075702074686520776561746865725c6e20202020646973706c61793a2073747265616d5c6e20202020706172616d65746572733a5c6e202020202020636974793a207b747970653a20737472696e672c206465736372697074696f6e3a2057686572657d5c6e20206765742d74696d653a5c6e202020206465736372697074696f6e3a2052656164732074686520636c6f636b5c6e20202020706172616d65746572733a5c6e2020202020207a6f6e653a207b747970653a20737472696e672c206f7074696f6e616c3a20747275652c206465736372697074696f6e3a2054696d65207a6f6e657d5c6e20207365637265742d61756469743a5c6e202020206465736372697074696f6e3a204e6f7465732077686174207761732061736b65645c6e20202020646973706c61793a2068696464656e5c6e20202020706172616d65746572733a5c6e2020202020206e6f74653a207b747970653a20737472696e672c206465736372697074696f6e3a20576861747d5c6e202061736b2d757365723a5c6e202020206465736372697074696f6e3a2041736b732074686520706572736f6e5c6e20202020646973706c61793a206e616d655c6e20202020706172616d65746572733a5c6e2020202020207175657374696f6e3a207b747970653a20737472696e672c206465736372697074696f6e3a205768617420746f2061736b7d5c6e6167656e743a5c6e20206d6f64656c3a206f70656e61692f636861745c6e202073797374656d3a2073797374656d5c6e2020696e7075743a205b434f4d50414e595d5c6e20206167656e7469633a20747275655c6e2020746f6f6c733a205b6765742d776561746865722c206765742d74696d652c207365637265742d61756469742c2061736b2d757365725d5c6e68616e646c6572733a5c6e2020757365722d6d6573736167653a5c6e20202020416464206d6573736167653a5c6e202020202020626c6f636b3a206164642d6d6573736167655c6e202020202020726f6c653a20757365725c6e20202020202070726f6d70743a20757365722d6d6573736167655c6e202020202020696e7075743a205b555345525f4d4553534147455d5c6e20202020526573706f6e643a5c6e202020202020626c6f636b3a206e6578742d6d6573736167655c6e222c2270726f6d707473223a5b7b226e616d65223a2273797374656d222c22636f6e74656e74223a22596f7520776f726b20666f72207b7b434f4d50414e597d7d2e227d2c7b226e616d65223a22757365722d6d657373616765222c22636f6e74656e74223a227b7b555345525f4d4553534147457d7d227d5d7d
agt_eJoEI1Wzl07ILypS3ZGMYq	c0ea51d0a9c6316ff9020ed28a2a93719838e4741c6e2d901588bd5e78e82ff3	1795383044.114511	\\x7b2273657474696e6773223a7b22736c7567223a22776f726b6572222c226e616d65223a22576f726b6572222c22666f726d6174223a22776f726b6572227d2c2270726f746f636f6c223a22696e7075743a5c6e2020544f5049433a207b747970653a20737472696e677d5c6e7661726961626c65733a5c6e202053554d4d4152593a207b747970653a20737472696e677d5c6e746f6f6c733a5c6e202066657463682d706167653a5c6e202020206465736372697074696f6e3a205265616473206120706167655c6e20202020646973706c61793a2073747265616d5c6e20202020706172616d65746572733a5c6e20202020202075726c3a207b747970653a20737472696e672c206465736372697074696f6e3a2057686963687d5c6e73746570733a5c6e2020426567696e3a5c6e20202020626c6f636b3a2073746172742d7468726561645c6e202020207468726561643a20776f726b5c6e202020206d6f64656c3a206f70656e61692f776f726b65725c6e2020202073797374656d3a20776f726b65725c6e20202020746f6f6c733a205b66657463682d706167655d5c6e202020206d617853746570733a20355c6e202041736b3a5c6e20202020626c6f636b3a206164642d6d6573736167655c6e202020207468726561643a20776f726b5c6e20202020726f6c653a20757365725c6e2020202070726f6d70743a20746f7069635c6e20202020696e7075743a205b544f5049435d5c6e202057726974653a5c6e20202020626c6f636b3a206e6578742d6d6573736167655c6e202020207468726561643a20776f726b5c6e202020206f75747075743a2053554d4d4152595c6e6f75747075743a2053554d4d4152595c6e222c2270726f6d707473223a5b7b226e616d65223a22776f726b6572222c22636f6e74656e74223a22596f752073756d6d61726973652e227d2c7b226e616d65223a22746f706963222c22636f6e74656e74223a2241626f7574207b7b544f5049437d7d2e227d5d7d
agt_E6vw8DmdaUJWV7hfI9Gvrq	ea6db985581133f93561ba0aa1b93d4582e66525948901530c70aeb87a02a944	1795383044.1242378	\\x7b2273657474696e6773223a7b22736c7567223a22706172656e74222c226e616d65223a22506172656e74222c22666f726d6174223a22696e746572616374697665227d2c2270726f746f636f6c223a22696e7075743a5c6e2020434f4d50414e593a207b747970653a20737472696e672c206f7074696f6e616c3a20747275652c2064656661756c743a2041636d657d5c6e74726967676572733a5c6e2020757365722d6d6573736167653a5c6e20202020696e7075743a5c6e202020202020555345525f4d4553534147453a207b747970653a20737472696e677d5c6e776f726b6572733a5c6e2020776f726b65723a5c6e202020206465736372697074696f6e3a2053756d6d6172697365735c6e20202020646973706c61793a2073747265616d5c6e20202020746f6f6c733a207b66657463682d706167653a206765742d776561746865727d5c6e7661726961626c65733a5c6e2020464f554e443a207b747970653a20737472696e677d5c6e746f6f6c733a5c6e20206765742d776561746865723a5c6e202020206465736372697074696f6e3a204c6f6f6b732075702074686520776561746865725c6e20202020646973706c61793a2073747265616d5c6e20202020706172616d65746572733a5c6e202020202020636974793a207b747970653a20737472696e672c206465736372697074696f6e3a2057686572657d5c6e20206765742d74696d653a5c6e202020206465736372697074696f6e3a2052656164732074686520636c6f636b5c6e20202020706172616d65746572733a5c6e2020202020207a6f6e653a207b747970653a20737472696e672c206f7074696f6e616c3a20747275652c206465736372697074696f6e3a2054696d65207a6f6e657d5c6e20207365637265742d61756469743a5c6e202020206465736372697074696f6e3a204e6f7465732077686174207761732061736b65645c6e20202020646973706c61793a2068696464656e5c6e20202020706172616d65746572733a5c6e2020202020206e6f74653a207b747970653a20737472696e672c206465736372697074696f6e3a20576861747d5c6e202061736b2d757365723a5c6e202020206465736372697074696f6e3a2041736b732074686520706572736f6e5c6e20202020646973706c61793a206e616d655c6e20202020706172616d65746572733a5c6e2020202020207175657374696f6e3a207b747970653a20737472696e672c206465736372697074696f6e3a205768617420746f2061736b7d5c6e6167656e743a5c6e20206d6f64656c3a206f70656e61692f706172656e745c6e202073797374656d3a2073797374656d5c6e2020696e7075743a205b434f4d50414e595d5c6e20206167656e7469633a20747275655c6e2020776f726b6572733a205b776f726b65725d5c6e68616e646c6572733a5c6e2020757365722d6d6573736167653a5c6e202020204c6f6f6b2069742075703a5c6e202020202020626c6f636b3a2072756e2d776f726b65725c6e202020202020776f726b65723a20776f726b65725c6e202020202020696e7075743a207b544f5049433a20555345525f4d4553534147457d5c6e2020202020206f75747075743a20464f554e445c6e20202020416464206d6573736167653a5c6e202020202020626c6f636b3a206164642d6d6573736167655c6e202020202020726f6c653a20757365725c6e20202020202070726f6d70743a20757365722d6d6573736167655c6e202020202020696e7075743a205b555345525f4d4553534147455d5c6e20202020526573706f6e643a5c6e202020202020626c6f636b3a206e6578742d6d6573736167655c6e222c2270726f6d707473223a5b7b226e616d65223a2273797374656d222c22636f6e74656e74223a22596f7520776f726b20666f72207b7b434f4d50414e597d7d2e227d2c7b226e616d65223a22757365722d6d657373616765222c22636f6e74656e74223a227b7b555345525f4d4553534147457d7d227d5d7d
agt_o7bY5rorEiqJOzgjHNhhSV	f5fd291cbb3281546141b259cdd7d4ba551ce2baa78a54b68a0864d7f5ba6fa2	1795383044.200997	\\x7b2273657474696e6773223a7b22736c7567223a2261736b696e67222c226e616d65223a2241736b696e67222c22666f726d6174223a22696e746572616374697665227d2c2270726f746f636f6c223a22696e7075743a5c6e2020434f4d50414e593a207b747970653a20737472696e672c206f7074696f6e616c3a20747275652c2064656661756c743a2041636d657d5c6e74726967676572733a5c6e2020757365722d6d6573736167653a5c6e20202020696e7075743a5c6e202020202020555345525f4d4553534147453a207b747970653a20737472696e677d5c6e746f6f6c733a5c6e20206765742d776561746865723a5c6e202020206465736372697074696f6e3a204c6f6f6b732075702074686520776561746865725c6e20202020706f6c6963793a207b617070726f76616c3a20616c776179737d5c6e20202020646973706c61793a2073747265616d5c6e20202020706172616d65746572733a5c6e202020202020636974793a207b747970653a20737472696e672c206465736372697074696f6e3a2057686572657d5c6e20206765742d74696d653a5c6e202020206465736372697074696f6e3a2052656164732074686520636c6f636b5c6e20202020706172616d65746572733a5c6e2020202020207a6f6e653a207b747970653a20737472696e672c206f7074696f6e616c3a20747275652c206465736372697074696f6e3a2054696d65207a6f6e657d5c6e20207365637265742d61756469743a5c6e202020206465736372697074696f6e3a204e6f7465732077686174207761732061736b65645c6e20202020646973706c61793a2068696464656e5c6e20202020706172616d65746572733a5c6e2020202020206e6f74653a207b747970653a20737472696e672c206465736372697074696f6e3a20576861747d5c6e202061736b2d757365723a5c6e202020206465736372697074696f6e3a2041736b732074686520706572736f6e5c6e20202020646973706c61793a206e616d655c6e20202020706172616d65746572733a5c6e2020202020207175657374696f6e3a207b747970653a20737472696e672c206465736372697074696f6e3a205768617420746f2061736b7d5c6e6167656e743a5c6e20206d6f64656c3a206f70656e61692f61736b696e675c6e202073797374656d3a2073797374656d5c6e2020696e7075743a205b434f4d50414e595d5c6e20206167656e7469633a20747275655c6e2020746f6f6c733a205b6765742d776561746865722c206765742d74696d652c207365637265742d61756469742c2061736b2d757365725d5c6e68616e646c6572733a5c6e2020757365722d6d6573736167653a5c6e20202020416464206d6573736167653a5c6e202020202020626c6f636b3a206164642d6d6573736167655c6e202020202020726f6c653a20757365725c6e20202020202070726f6d70743a20757365722d6d6573736167655c6e202020202020696e7075743a205b555345525f4d4553534147455d5c6e20202020526573706f6e643a5c6e202020202020626c6f636b3a206e6578742d6d6573736167655c6e222c2270726f6d707473223a5b7b226e616d65223a2273797374656d222c22636f6e74656e74223a22596f7520776f726b20666f72207b7b434f4d50414e597d7d2e227d2c7b226e616d65223a22757365722d6d657373616765222c22636f6e74656e74223a227b7b555345525f4d4553534147457d7d227d5d7d
\.


--
-- Data for Name: agents; Type: TABLE DATA; Schema: mainspring; Owner: -
--

COPY mainspring.agents (id, project_id, slug, version, created_at, updated_at, archived) FROM stdin;
agt_el9LxiS7Lx4YHcDkOQeFaX	default	plain	50618cd4a222aeb832508a10150cf71e9ab2cdbbc08caf9cd0fb864db9b14bfb	1795383044.062164	1795383044.062164	f
agt_l5mChkYOolfRd99MA9yNSW	default	chat	61e010897361e663f4a59ae7c8cf5a26c3b75b88aa1510214221c0ddec412d05	1795383044.0995991	1795383044.0995991	f
agt_eJoEI1Wzl07ILypS3ZGMYq	default	worker	c0ea51d0a9c6316ff9020ed28a2a93719838e4741c6e2d901588bd5e78e82ff3	1795383044.114511	1795383044.114511	f
agt_E6vw8DmdaUJWV7hfI9Gvrq	default	parent	ea6db985581133f93561ba0aa1b93d4582e66525948901530c70aeb87a02a944	1795383044.1242378	1795383044.1242378	f
agt_o7bY5rorEiqJOzgjHNhhSV	default	asking	f5fd291cbb3281546141b259cdd7d4ba551ce2baa78a54b68a0864d7f5ba6fa2	1795383044.200997	1795383044.200997	f
\.


--
-- Data for Name: api_keys; Type: TABLE DATA; Schema: mainspring; Owner: -
--

COPY mainspring.api_keys (n, id, project_id, name, prefix, digest, scopes, created_at, expires_at, revoked_at) FROM stdin;
1	key_Kf51n0R8KZZLSQMtaL07Kj	default		oct_sk_RK1Xpb	\\x08520deafe6c5b6d5dabd3a85fa9079a6510a045129fc0436c5857a04dc9bb94	\\x5b226167656e7473222c2273657373696f6e73225d	1795383039.8634105	\N	\N
\.


--
-- Data for Name: heads; Type: TABLE DATA; Schema: mainspring; Owner: -
--

COPY mainspring.heads (n, cursor, epoch, active_execution, waiting, owner, wake_at, pruned, stale_from, task_id, run_id) FROM stdin;
4	21	1	exe_ngqwlcK91Y0IMivq9EAOBw	t	hst_dbw9caSZ4bthOvInd0JBOr	\N	0	1795383050.7660182	01a2052b-4219-7f1d-a8e2-b4d862a4d66c	01a2052b-4219-7f7d-8f62-d493ae3a5815
1	20	1	\N	f	hst_EUQZcfOwG0iiFLVM1L0oRz	\N	20	\N	\N	\N
5	24	1	exe_hZQf9qX9kLfWhivK3rKLgS	t	hst_dbw9caSZ4bthOvInd0JBOr	\N	0	1795383050.7963245	01a2052b-4256-7a43-b1df-c9e227261879	01a2052b-4256-7aad-86a8-debd410e9c82
2	51	1	\N	f	hst_dbw9caSZ4bthOvInd0JBOr	\N	0	1795383049.6355338	\N	\N
3	21	1	\N	f	hst_dbw9caSZ4bthOvInd0JBOr	\N	0	1795383050.6907017	\N	\N
6	22	1	exe_7db0lmx5DZK9SOAKtJWNJa	t	hst_dbw9caSZ4bthOvInd0JBOr	\N	0	1795383050.9240458	01a2052b-42eb-736e-8a62-9fa70a8b12d4	01a2052b-42eb-73df-956f-230f52937462
7	31	1	exe_aO7o3GqYcAek1M53XAoAoU	f	hst_dbw9caSZ4bthOvInd0JBOr	\N	0	1795383051.0796545	01a2052b-4464-71cd-b62a-5973a3bdbff5	01a2052b-4464-722e-ab0b-bc3efeffb717
\.


--
-- Data for Name: hosts; Type: TABLE DATA; Schema: mainspring; Owner: -
--

COPY mainspring.hosts (id, lock, name, version, since, seen, draining, running, readers, beat) FROM stdin;
hst_dbw9caSZ4bthOvInd0JBOr	4	recorder	0.1.0	1795383049.0615237	1795383049.1627216	f	0	0	2026-11-22 21:30:49.185049+00
\.


--
-- Data for Name: journal_00; Type: TABLE DATA; Schema: mainspring; Owner: -
--

COPY mainspring.journal_00 (n, last, span, kind, at, data) FROM stdin;
\.


--
-- Data for Name: journal_01; Type: TABLE DATA; Schema: mainspring; Owner: -
--

COPY mainspring.journal_01 (n, last, span, kind, at, data) FROM stdin;
\.


--
-- Data for Name: journal_02; Type: TABLE DATA; Schema: mainspring; Owner: -
--

COPY mainspring.journal_02 (n, last, span, kind, at, data) FROM stdin;
\.


--
-- Data for Name: journal_03; Type: TABLE DATA; Schema: mainspring; Owner: -
--

COPY mainspring.journal_03 (n, last, span, kind, at, data) FROM stdin;
4	1	0	0	1795383050.7660182	\\x7b2274797065223a2273657373696f6e2d63726561746564222c2273657373696f6e4964223a227365735f754b413243627149794f546b317a636a6468664b7477222c2270726f6a6563744964223a2264656661756c74222c226167656e744964223a226167745f6c356d43686b594f6f6c66526439394d4139794e5357222c2276657273696f6e223a2236316530313038393733363165363633663461353961653763386366356132366333623735623838616131353130323134323231633064646563343132643035222c22666f726d6174223a22696e746572616374697665222c22696e707574223a7b22434f4d50414e59223a2241636d65227d2c227661726961626c6573223a7b7d2c227265736f7572636573223a7b7d2c226174223a313739353338333035302e373636303138327d
4	2	0	0	1795383050.7768843	\\x7b2274797065223a22747269676765726564222c22657865637574696f6e4964223a226578655f6e6771776c634b39315930494d6976713945414f4277222c22746f6b656e223a226e6771776c634b39315930494d6976713945414f4277222c2274726967676572223a22757365722d6d657373616765222c22696e707574223a7b22555345525f4d455353414745223a22576561746865723f227d2c226174223a313739353338333035302e373730373538327d
4	3	0	0	1795383050.7768855	\\x7b2274797065223a227374617274222c22657865637574696f6e4964223a226578655f6e6771776c634b39315930494d6976713945414f4277222c226d6573736167654964223a226d73675f6e6771776c634b39315930494d6976713945414f4277222c2273657373696f6e4964223a227365735f754b413243627149794f546b317a636a6468664b7477227d
4	4	0	0	1795383050.776886	\\x7b2274797065223a22626c6f636b2d626567616e222c226672616d65223a226d61696e222c22696e646578223a302c22626c6f636b4964223a22626c6b5f315f305f30227d
4	5	0	0	1795383050.7768865	\\x7b2274797065223a227468726561642d73746172746564222c226672616d65223a226d61696e222c22746872656164223a226d61696e222c2273797374656d223a22596f7520776f726b20666f722041636d652e222c2273657474696e6773223a7b226d6f64656c223a226f70656e61692f63686174222c226d61785374657073223a31302c226361636865223a226175746f222c22746f6f6c73223a5b226765742d77656174686572222c226765742d74696d65222c227365637265742d6175646974222c2261736b2d75736572225d7d2c226b656570223a747275657d
4	6	0	0	1795383050.7768867	\\x7b2274797065223a226d6573736167652d6164646564222c226672616d65223a226d61696e222c22746872656164223a226d61696e222c226d657373616765223a7b226964223a226d73675f6e6771776c634b39315930494d6976713945414f42775f305f30222c22726f6c65223a2275736572222c227061727473223a5b7b2274797065223a2274657874222c2274657874223a22576561746865723f227d5d2c226174223a313739353338333035302e373730373538322c227475726e4964223a226d73675f6e6771776c634b39315930494d6976713945414f42775f305f30227d7d
4	7	0	0	1795383050.7768872	\\x7b2274797065223a22626c6f636b2d646f6e65222c226672616d65223a226d61696e222c22696e646578223a307d
4	8	0	0	1795383050.776888	\\x7b2274797065223a22626c6f636b2d626567616e222c226672616d65223a226d61696e222c22696e646578223a312c22626c6f636b4964223a22626c6b5f315f305f31227d
4	9	0	0	1795383050.7768884	\\x7b2274797065223a22626c6f636b2d7374617274222c22626c6f636b4964223a22626c6b5f315f305f31222c22626c6f636b4e616d65223a22526573706f6e64222c22626c6f636b54797065223a226e6578742d6d657373616765222c22646973706c6179223a2273747265616d227d
4	10	0	0	1795383050.7768888	\\x7b2274797065223a2267656e65726174696f6e2d73746172746564222c2267656e65726174696f6e4964223a2267656e5f315f305f315f31222c226672616d65223a226d61696e222c22746872656164223a226d61696e222c2273746570223a312c226d6f64656c223a226f70656e61692f63686174227d
4	11	0	0	1795383050.7820063	\\x7b2274797065223a22746578742d7374617274222c226964223a227478745f315f305f315f315f315f30227d
4	12	0	4	1795383050.7823508	\\x7478745f315f305f315f315f315f300a4c6574206d65206c6f6f6b2e
4	13	0	0	1795383050.782017	\\x7b2274797065223a22746578742d656e64222c226964223a227478745f315f305f315f315f315f30227d
4	14	0	0	1795383050.782036	\\x7b2274797065223a22746f6f6c2d696e7075742d7374617274222c22746f6f6c43616c6c4964223a2263616c6c5f6e6771776c634b39315930494d6976713945414f42775f305f315f315f315f31222c22746f6f6c4e616d65223a226765742d77656174686572222c227469746c65223a224c6f6f6b73207570207468652077656174686572222c22646973706c6179223a2273747265616d227d
4	16	1	6	1795383050.7823508	\\x63616c6c5f6e6771776c634b39315930494d6976713945414f42775f305f315f315f315f310a7b5c22636974795c223a0a205c22526f6d655c227d
4	17	0	0	1795383050.782045	\\x7b2274797065223a22746f6f6c2d696e7075742d656e64222c22746f6f6c43616c6c4964223a2263616c6c5f6e6771776c634b39315930494d6976713945414f42775f305f315f315f315f31227d
4	18	0	0	1795383050.7823489	\\x7b2274797065223a2267656e65726174696f6e2d736574746c6564222c2267656e65726174696f6e4964223a2267656e5f315f305f315f31222c226672616d65223a226d61696e222c22746872656164223a226d61696e222c226d657373616765223a7b226964223a226d73675f6e6771776c634b39315930494d6976713945414f42775f315f305f315f31222c22726f6c65223a22617373697374616e74222c227061727473223a5b7b2274797065223a2274657874222c2274657874223a224c6574206d65206c6f6f6b2e227d2c7b2274797065223a22746f6f6c2d63616c6c222c2263616c6c4964223a2263616c6c5f6e6771776c634b39315930494d6976713945414f42775f305f315f315f315f31222c22746f6f6c223a226765742d77656174686572222c2261726773223a7b2263697479223a22526f6d65227d7d5d2c226174223a313739353338333035302e373832313036362c227475726e4964223a226d73675f6e6771776c634b39315930494d6976713945414f4277227d2c2270617274496473223a5b227478745f315f305f315f315f315f30222c2263616c6c5f6e6771776c634b39315930494d6976713945414f42775f305f315f315f315f31225d2c2266696e697368526561736f6e223a22746f6f6c2d63616c6c73222c227573616765223a7b22696e707574546f6b656e73223a31312c226f7574707574546f6b656e73223a377d2c226d6f64656c223a226f70656e61692f63686174222c22726177526561736f6e223a22746f6f6c5f63616c6c73222c22726573706f6e73654964223a2263686174636d706c2d31227d
4	19	0	0	1795383050.7823493	\\x7b2274797065223a22746f6f6c2d63616c6c6564222c2263616c6c4964223a2263616c6c5f6e6771776c634b39315930494d6976713945414f42775f305f315f315f315f31222c226672616d65223a226d61696e222c22746f6f6c223a226765742d77656174686572222c2261726773223a7b2263697479223a22526f6d65227d2c22736f75726365223a226c6c6d222c22626c6f636b496e646578223a312c22746872656164223a226d61696e222c2267656e65726174696f6e4964223a2267656e5f315f305f315f31222c22646973706c6179223a2273747265616d227d
4	20	0	0	1795383050.7823498	\\x7b2274797065223a22746f6f6c2d696e7075742d617661696c61626c65222c22746f6f6c43616c6c4964223a2263616c6c5f6e6771776c634b39315930494d6976713945414f42775f305f315f315f315f31222c22746f6f6c4e616d65223a226765742d77656174686572222c22696e707574223a7b2263697479223a22526f6d65227d7d
4	21	0	0	1795383050.78235	\\x7b2274797065223a22746f6f6c2d72657175657374222c22746f6f6c43616c6c73223a5b7b22746f6f6c43616c6c4964223a2263616c6c5f6e6771776c634b39315930494d6976713945414f42775f305f315f315f315f31222c22746f6f6c4e616d65223a226765742d77656174686572222c2261726773223a7b2263697479223a22526f6d65227d2c22736f75726365223a226c6c6d227d5d2c22657865637574696f6e4964223a226578655f6e6771776c634b39315930494d6976713945414f4277227d
6	1	0	0	1795383050.9240458	\\x7b2274797065223a2273657373696f6e2d63726561746564222c2273657373696f6e4964223a227365735f356d4a69515778434132474369693131437a34443455222c2270726f6a6563744964223a2264656661756c74222c226167656e744964223a226167745f6f37625935726f724569714a4f7a676a484e68685356222c2276657273696f6e223a2266356664323931636262333238313534363134316232353963646437643462613535316365326261613738613534623638613038363464376635626136666132222c22666f726d6174223a22696e746572616374697665222c22696e707574223a7b22434f4d50414e59223a2241636d65227d2c227661726961626c6573223a7b7d2c227265736f7572636573223a7b7d2c226174223a313739353338333035302e393234303435387d
6	2	0	0	1795383050.9792335	\\x7b2274797065223a22747269676765726564222c22657865637574696f6e4964223a226578655f376462306c6d7835445a4b39534f414b744a574e4a61222c22746f6b656e223a22376462306c6d7835445a4b39534f414b744a574e4a61222c2274726967676572223a22757365722d6d657373616765222c22696e707574223a7b22555345525f4d455353414745223a22576561746865723f227d2c226174223a313739353338333035302e393634333232387d
6	3	0	0	1795383050.9792345	\\x7b2274797065223a227374617274222c22657865637574696f6e4964223a226578655f376462306c6d7835445a4b39534f414b744a574e4a61222c226d6573736167654964223a226d73675f376462306c6d7835445a4b39534f414b744a574e4a61222c2273657373696f6e4964223a227365735f356d4a69515778434132474369693131437a34443455227d
6	4	0	0	1795383050.9792352	\\x7b2274797065223a22626c6f636b2d626567616e222c226672616d65223a226d61696e222c22696e646578223a302c22626c6f636b4964223a22626c6b5f315f305f30227d
6	5	0	0	1795383050.9792356	\\x7b2274797065223a227468726561642d73746172746564222c226672616d65223a226d61696e222c22746872656164223a226d61696e222c2273797374656d223a22596f7520776f726b20666f722041636d652e222c2273657474696e6773223a7b226d6f64656c223a226f70656e61692f61736b696e67222c226d61785374657073223a31302c226361636865223a226175746f222c22746f6f6c73223a5b226765742d77656174686572222c226765742d74696d65222c227365637265742d6175646974222c2261736b2d75736572225d7d2c226b656570223a747275657d
6	6	0	0	1795383050.979236	\\x7b2274797065223a226d6573736167652d6164646564222c226672616d65223a226d61696e222c22746872656164223a226d61696e222c226d657373616765223a7b226964223a226d73675f376462306c6d7835445a4b39534f414b744a574e4a615f305f30222c22726f6c65223a2275736572222c227061727473223a5b7b2274797065223a2274657874222c2274657874223a22576561746865723f227d5d2c226174223a313739353338333035302e393634333232382c227475726e4964223a226d73675f376462306c6d7835445a4b39534f414b744a574e4a615f305f30227d7d
6	7	0	0	1795383050.9792364	\\x7b2274797065223a22626c6f636b2d646f6e65222c226672616d65223a226d61696e222c22696e646578223a307d
6	8	0	0	1795383050.9792368	\\x7b2274797065223a22626c6f636b2d626567616e222c226672616d65223a226d61696e222c22696e646578223a312c22626c6f636b4964223a22626c6b5f315f305f31227d
6	9	0	0	1795383050.9792373	\\x7b2274797065223a22626c6f636b2d7374617274222c22626c6f636b4964223a22626c6b5f315f305f31222c22626c6f636b4e616d65223a22526573706f6e64222c22626c6f636b54797065223a226e6578742d6d657373616765222c22646973706c6179223a2273747265616d227d
6	10	0	0	1795383050.9792378	\\x7b2274797065223a2267656e65726174696f6e2d73746172746564222c2267656e65726174696f6e4964223a2267656e5f315f305f315f31222c226672616d65223a226d61696e222c22746872656164223a226d61696e222c2273746570223a312c226d6f64656c223a226f70656e61692f61736b696e67227d
6	11	0	0	1795383051.0222018	\\x7b2274797065223a22746578742d7374617274222c226964223a227478745f315f305f315f315f315f30227d
6	12	0	4	1795383051.0226288	\\x7478745f315f305f315f315f315f300a4c6574206d65206c6f6f6b2e
6	13	0	0	1795383051.0222147	\\x7b2274797065223a22746578742d656e64222c226964223a227478745f315f305f315f315f315f30227d
6	14	0	0	1795383051.0222347	\\x7b2274797065223a22746f6f6c2d696e7075742d7374617274222c22746f6f6c43616c6c4964223a2263616c6c5f376462306c6d7835445a4b39534f414b744a574e4a615f305f315f315f315f31222c22746f6f6c4e616d65223a226765742d77656174686572222c227469746c65223a224c6f6f6b73207570207468652077656174686572222c22646973706c6179223a2273747265616d227d
6	16	1	6	1795383051.0226288	\\x63616c6c5f376462306c6d7835445a4b39534f414b744a574e4a615f305f315f315f315f310a7b5c22636974795c223a0a205c22526f6d655c227d
6	17	0	0	1795383051.0222425	\\x7b2274797065223a22746f6f6c2d696e7075742d656e64222c22746f6f6c43616c6c4964223a2263616c6c5f376462306c6d7835445a4b39534f414b744a574e4a615f305f315f315f315f31227d
6	18	0	0	1795383051.022625	\\x7b2274797065223a2267656e65726174696f6e2d736574746c6564222c2267656e65726174696f6e4964223a2267656e5f315f305f315f31222c226672616d65223a226d61696e222c22746872656164223a226d61696e222c226d657373616765223a7b226964223a226d73675f376462306c6d7835445a4b39534f414b744a574e4a615f315f305f315f31222c22726f6c65223a22617373697374616e74222c227061727473223a5b7b2274797065223a2274657874222c2274657874223a224c6574206d65206c6f6f6b2e227d2c7b2274797065223a22746f6f6c2d63616c6c222c2263616c6c4964223a2263616c6c5f376462306c6d7835445a4b39534f414b744a574e4a615f305f315f315f315f31222c22746f6f6c223a226765742d77656174686572222c2261726773223a7b2263697479223a22526f6d65227d7d5d2c226174223a313739353338333035312e3032323331382c227475726e4964223a226d73675f376462306c6d7835445a4b39534f414b744a574e4a61227d2c2270617274496473223a5b227478745f315f305f315f315f315f30222c2263616c6c5f376462306c6d7835445a4b39534f414b744a574e4a615f305f315f315f315f31225d2c2266696e697368526561736f6e223a22746f6f6c2d63616c6c73222c227573616765223a7b22696e707574546f6b656e73223a31312c226f7574707574546f6b656e73223a377d2c226d6f64656c223a226f70656e61692f61736b696e67222c22726177526561736f6e223a22746f6f6c5f63616c6c73222c22726573706f6e73654964223a2263686174636d706c2d31227d
6	19	0	0	1795383051.0226257	\\x7b2274797065223a22746f6f6c2d63616c6c6564222c2263616c6c4964223a2263616c6c5f376462306c6d7835445a4b39534f414b744a574e4a615f305f315f315f315f31222c226672616d65223a226d61696e222c22746f6f6c223a226765742d77656174686572222c2261726773223a7b2263697479223a22526f6d65227d2c22736f75726365223a226c6c6d222c22626c6f636b496e646578223a312c22746872656164223a226d61696e222c2267656e65726174696f6e4964223a2267656e5f315f305f315f31222c22646973706c6179223a2273747265616d227d
6	20	0	0	1795383051.0226264	\\x7b2274797065223a22746f6f6c2d696e7075742d617661696c61626c65222c22746f6f6c43616c6c4964223a2263616c6c5f376462306c6d7835445a4b39534f414b744a574e4a615f305f315f315f315f31222c22746f6f6c4e616d65223a226765742d77656174686572222c22696e707574223a7b2263697479223a22526f6d65227d7d
6	21	0	0	1795383051.0226269	\\x7b2274797065223a22746f6f6c2d617070726f76616c2d72657175657374222c22617070726f76616c4964223a226170725f376462306c6d7835445a4b39534f414b744a574e4a615f305f315f315f315f315f31222c22746f6f6c43616c6c4964223a2263616c6c5f376462306c6d7835445a4b39534f414b744a574e4a615f305f315f315f315f31222c22746f6f6c4e616d65223a226765742d77656174686572222c22696e707574223a7b2263697479223a22526f6d65227d2c22657865637574696f6e4964223a226578655f376462306c6d7835445a4b39534f414b744a574e4a61222c22726561736f6e223a2265766572792063616c6c206f66207468697320746f6f6c206e6565647320617070726f76616c227d
6	22	0	0	1795383051.0226276	\\x7b2274797065223a22706175736564222c22657865637574696f6e4964223a226578655f376462306c6d7835445a4b39534f414b744a574e4a61227d
\.


--
-- Data for Name: journal_04; Type: TABLE DATA; Schema: mainspring; Owner: -
--

COPY mainspring.journal_04 (n, last, span, kind, at, data) FROM stdin;
\.


--
-- Data for Name: journal_05; Type: TABLE DATA; Schema: mainspring; Owner: -
--

COPY mainspring.journal_05 (n, last, span, kind, at, data) FROM stdin;
\.


--
-- Data for Name: journal_06; Type: TABLE DATA; Schema: mainspring; Owner: -
--

COPY mainspring.journal_06 (n, last, span, kind, at, data) FROM stdin;
\.


--
-- Data for Name: journal_07; Type: TABLE DATA; Schema: mainspring; Owner: -
--

COPY mainspring.journal_07 (n, last, span, kind, at, data) FROM stdin;
7	1	0	0	1795383051.0796545	\\x7b2274797065223a2273657373696f6e2d63726561746564222c2273657373696f6e4964223a227365735f5047643541504b5a31593058514d647262675847547a222c2270726f6a6563744964223a2264656661756c74222c226167656e744964223a226167745f656c394c786953374c7834594863446b4f5165466158222c2276657273696f6e223a2235303631386364346132323261656238333235303861313031353063663731653961623263646262633038636166396364306662383634646239623134626662222c22666f726d6174223a22696e746572616374697665222c22696e707574223a7b22434f4d50414e59223a2241636d65227d2c227661726961626c6573223a7b7d2c227265736f7572636573223a7b7d2c226174223a313739353338333035312e303739363534357d
7	2	0	0	1795383051.265224	\\x7b2274797065223a22747269676765726564222c22657865637574696f6e4964223a226578655f6c636d654655746f52354d564857744d477a4b626443222c22746f6b656e223a226c636d654655746f52354d564857744d477a4b626443222c2274726967676572223a22757365722d6d657373616765222c22696e707574223a7b22555345525f4d455353414745223a2248656c6c6f227d2c226174223a313739353338333035312e3233343738317d
7	3	0	0	1795383051.265225	\\x7b2274797065223a227374617274222c22657865637574696f6e4964223a226578655f6c636d654655746f52354d564857744d477a4b626443222c226d6573736167654964223a226d73675f6c636d654655746f52354d564857744d477a4b626443222c2273657373696f6e4964223a227365735f5047643541504b5a31593058514d647262675847547a227d
7	4	0	0	1795383051.2652254	\\x7b2274797065223a22626c6f636b2d626567616e222c226672616d65223a226d61696e222c22696e646578223a302c22626c6f636b4964223a22626c6b5f315f305f30227d
7	5	0	0	1795383051.2652256	\\x7b2274797065223a227468726561642d73746172746564222c226672616d65223a226d61696e222c22746872656164223a226d61696e222c2273797374656d223a22596f7520776f726b20666f722041636d652e222c2273657474696e6773223a7b226d6f64656c223a226f70656e61692f706c61696e222c226d61785374657073223a31302c226361636865223a226175746f227d2c226b656570223a747275657d
7	6	0	0	1795383051.2652261	\\x7b2274797065223a226d6573736167652d6164646564222c226672616d65223a226d61696e222c22746872656164223a226d61696e222c226d657373616765223a7b226964223a226d73675f6c636d654655746f52354d564857744d477a4b6264435f305f30222c22726f6c65223a2275736572222c227061727473223a5b7b2274797065223a2274657874222c2274657874223a2248656c6c6f227d5d2c226174223a313739353338333035312e3233343738312c227475726e4964223a226d73675f6c636d654655746f52354d564857744d477a4b6264435f305f30227d7d
7	7	0	0	1795383051.265227	\\x7b2274797065223a22626c6f636b2d646f6e65222c226672616d65223a226d61696e222c22696e646578223a307d
7	8	0	0	1795383051.2652278	\\x7b2274797065223a22626c6f636b2d626567616e222c226672616d65223a226d61696e222c22696e646578223a312c22626c6f636b4964223a22626c6b5f315f305f31227d
7	9	0	0	1795383051.265228	\\x7b2274797065223a22626c6f636b2d7374617274222c22626c6f636b4964223a22626c6b5f315f305f31222c22626c6f636b4e616d65223a22526573706f6e64222c22626c6f636b54797065223a226e6578742d6d657373616765222c22646973706c6179223a2273747265616d227d
7	10	0	0	1795383051.2652285	\\x7b2274797065223a2267656e65726174696f6e2d73746172746564222c2267656e65726174696f6e4964223a2267656e5f315f305f315f31222c226672616d65223a226d61696e222c22746872656164223a226d61696e222c2273746570223a312c226d6f64656c223a226f70656e61692f706c61696e227d
7	11	0	0	1795383051.323547	\\x7b2274797065223a22746578742d7374617274222c226964223a227478745f315f305f315f315f315f30227d
7	14	2	4	1795383051.3238206	\\x7478745f315f305f315f315f315f300a48656c6c6f200a74686572652c200a667269656e642e
7	15	0	0	1795383051.32356	\\x7b2274797065223a22746578742d656e64222c226964223a227478745f315f305f315f315f315f30227d
7	16	0	0	1795383051.3238165	\\x7b2274797065223a2267656e65726174696f6e2d736574746c6564222c2267656e65726174696f6e4964223a2267656e5f315f305f315f31222c226672616d65223a226d61696e222c22746872656164223a226d61696e222c226d657373616765223a7b226964223a226d73675f6c636d654655746f52354d564857744d477a4b6264435f315f305f315f31222c22726f6c65223a22617373697374616e74222c227061727473223a5b7b2274797065223a2274657874222c2274657874223a2248656c6c6f2074686572652c20667269656e642e227d5d2c226174223a313739353338333035312e333233363337322c227475726e4964223a226d73675f6c636d654655746f52354d564857744d477a4b626443227d2c2270617274496473223a5b227478745f315f305f315f315f315f30225d2c2266696e697368526561736f6e223a2273746f70222c227573616765223a7b22696e707574546f6b656e73223a31312c226f7574707574546f6b656e73223a377d2c226d6f64656c223a226f70656e61692f706c61696e222c22726177526561736f6e223a2273746f70222c22726573706f6e73654964223a2263686174636d706c2d31227d
7	17	0	0	1795383051.3238173	\\x7b2274797065223a22626c6f636b2d656e64222c22626c6f636b4964223a22626c6b5f315f305f31227d
7	18	0	0	1795383051.3238177	\\x7b2274797065223a22626c6f636b2d646f6e65222c226672616d65223a226d61696e222c22696e646578223a317d
7	19	0	0	1795383051.3238184	\\x7b2274797065223a2266696e697368222c2266696e697368526561736f6e223a2273746f70222c22657865637574696f6e4964223a226578655f6c636d654655746f52354d564857744d477a4b626443227d
7	20	0	0	1795383051.3238192	\\x7b2274797065223a22657865637574696f6e2d656e646564222c22657865637574696f6e4964223a226578655f6c636d654655746f52354d564857744d477a4b626443222c226f7574636f6d65223a2266696e6973686564222c227573616765223a7b22696e707574546f6b656e73223a31312c226f7574707574546f6b656e73223a377d2c226174223a313739353338333035312e333233363337327d
7	21	0	0	1795383051.357233	\\x7b2274797065223a22747269676765726564222c22657865637574696f6e4964223a226578655f614f376f334771596341656b314d353358416f416f55222c22746f6b656e223a22614f376f334771596341656b314d353358416f416f55222c2274726967676572223a22757365722d6d657373616765222c22696e707574223a7b22555345525f4d455353414745223a22486f6c64227d2c226174223a313739353338333035312e3335363933337d
7	22	0	0	1795383051.3572342	\\x7b2274797065223a227374617274222c22657865637574696f6e4964223a226578655f614f376f334771596341656b314d353358416f416f55222c226d6573736167654964223a226d73675f614f376f334771596341656b314d353358416f416f55222c226c6173744d6573736167654964223a226d73675f6c636d654655746f52354d564857744d477a4b626443222c2273657373696f6e4964223a227365735f5047643541504b5a31593058514d647262675847547a227d
7	23	0	0	1795383051.357235	\\x7b2274797065223a22626c6f636b2d626567616e222c226672616d65223a226d61696e222c22696e646578223a302c22626c6f636b4964223a22626c6b5f325f305f30227d
7	24	0	0	1795383051.3572354	\\x7b2274797065223a226d6573736167652d6164646564222c226672616d65223a226d61696e222c22746872656164223a226d61696e222c226d657373616765223a7b226964223a226d73675f614f376f334771596341656b314d353358416f416f555f305f30222c22726f6c65223a2275736572222c227061727473223a5b7b2274797065223a2274657874222c2274657874223a22486f6c64227d5d2c226174223a313739353338333035312e3335363933332c227475726e4964223a226d73675f614f376f334771596341656b314d353358416f416f555f305f30227d7d
7	25	0	0	1795383051.357236	\\x7b2274797065223a22626c6f636b2d646f6e65222c226672616d65223a226d61696e222c22696e646578223a307d
7	26	0	0	1795383051.3572361	\\x7b2274797065223a22626c6f636b2d626567616e222c226672616d65223a226d61696e222c22696e646578223a312c22626c6f636b4964223a22626c6b5f325f305f31227d
7	27	0	0	1795383051.3572366	\\x7b2274797065223a22626c6f636b2d7374617274222c22626c6f636b4964223a22626c6b5f325f305f31222c22626c6f636b4e616d65223a22526573706f6e64222c22626c6f636b54797065223a226e6578742d6d657373616765222c22646973706c6179223a2273747265616d227d
7	28	0	0	1795383051.3572373	\\x7b2274797065223a2267656e65726174696f6e2d73746172746564222c2267656e65726174696f6e4964223a2267656e5f325f305f315f31222c226672616d65223a226d61696e222c22746872656164223a226d61696e222c2273746570223a312c226d6f64656c223a226f70656e61692f706c61696e227d
7	29	0	0	1795383051.3695354	\\x7b2274797065223a22746578742d7374617274222c226964223a227478745f325f305f315f315f315f30227d
7	31	1	4	1795383051.3695567	\\x7478745f325f305f315f315f315f300a4974200a697320
\.


--
-- Data for Name: journal_08; Type: TABLE DATA; Schema: mainspring; Owner: -
--

COPY mainspring.journal_08 (n, last, span, kind, at, data) FROM stdin;
1	20	19	3	1795383045.229869	\\x789ca5564b6fdb4610a69df70371e2e41e95055ab49054522265c937c7b56b238e924a0910a3288425399268f185e532966bf827f4c86b2ffd05ed21a71c5a80b9b4871e7a08d0c7a5bdf6d45fd0d9a5442ab6e448e849d8e1eccc37df7cb3a33fa4d57869497abda41fcbec2800795d0e210c6ddf2b991408034b2e8e2dbb56fab5a36feeed1e3c3c741fd02755cb7fa669eac14ef3213a06d43f009309470bba2472185a490fbcd4467aac034e636f68b7d7f686dafe8ef9e9e0f1e7b04d9ea3db0ba03c0bbae94a4dad9b96462a950a01a35eade84a9da88aaa2b66774d8506312aa66518a6523749b7615a4ad7a8d734cb6818aa66740d0cd6f5a94b18c6b23d069498cc7e0168b6bd2042ebb1bcf9f8d1938de63e3a6c982ec827989e509b180e84f8198f14423fa2e6f8c863a96b0dbd5aaf2a9a56ae5475b5a6ea273f6ffcf6c39b1f576efe1d2f2f4bc9f719878cdabd1e50c11e0cc18cd8983f3c75bed2bb8ea7349596b1ad6ffb0add1c0ed4484157e60f801330db218d8b2e5108b4e4626390ddc9c29eb5b75a9d475bedf6c6675be8b6038ee3cb670bd01af55ab5521915f0de9fafe20b17a4e4eb5c048c50b618f81118e1e886bdd98e73ca29c3f63abe78514ab6326c86e39b8392013de2f14e53e272ab4b6c4f1061c1505e578aa99b486238838eda513a4a1ef3a7f8d22529f9366f581fd56e9544d9a26ba7c2a6dff37378143270f1bcef4785439f0e0aa8b802d7525954c898edf5b87664d7b7c041473f008fd89f044e1ac025c33683005d54c46a12b3cfb39188896e0d0002799dd10832c4bfc4972f4bc95f19e211dd256259f3001e4b0511d9e77748108503e03b30d2199f6ce405b17e91130643ae0ff193c9eccb593a43c7887aef9046daa1ace05fe32b57a4a47caaed96efc1ecae6797dfc457af2eaa19759a66d45c33bfc7d7ae4949702ae67852a65d1d599b69b6168481ef5963ebd3348a870c4e0cb265872891233182d841374fff4f7cfdba941c65e9f155c5978dcfe6846c73a38082c7148a00f32e4d332e3a6461aa64331cffc6376e4849f12d25642c086db1211b67e5bfe3abcdef6ec5376f2d271f1e8b017110f0ba5a4bb575cead975abcb222251fbf9d100491e7a783f8f66d5c6dafa6523642f0ff285b60aaf298a3c922f80a226d1e9b73bc0aac8f1ba558e8521b8b2f9f9d36bd5ca9346a5abd36d7b4f16786a7ddb578e2332462f0aeedd961bf0524145b39647e8090a2ac60be729ef28dc51f31948d1fb109cbdac90c212101e4f074542a66234cb787d927cc7403a7a4e622b81fdfb933298274f8201fa7e953db7cf97ebcbabae033a266973f88efde9592567639a5449ec5cddcdb324bf0517cef9e947c9325c822f0d216fdfb800d307d37c729ee2fd2afe972cac016ff03b63a789b
\.


--
-- Data for Name: journal_09; Type: TABLE DATA; Schema: mainspring; Owner: -
--

COPY mainspring.journal_09 (n, last, span, kind, at, data) FROM stdin;
3	1	0	0	1795383050.6907017	\\x7b2274797065223a2273657373696f6e2d63726561746564222c2273657373696f6e4964223a227365735f4e62313875497774744a77356a4474494e643068386e222c2270726f6a6563744964223a2264656661756c74222c226167656e744964223a226167745f6c356d43686b594f6f6c66526439394d4139794e5357222c2276657273696f6e223a2236316530313038393733363165363633663461353961653763386366356132366333623735623838616131353130323134323231633064646563343132643035222c22666f726d6174223a22696e746572616374697665222c22696e707574223a7b22434f4d50414e59223a2241636d65227d2c227661726961626c6573223a7b7d2c227265736f7572636573223a7b7d2c226174223a313739353338333035302e363930373031377d
3	2	0	0	1795383050.7186143	\\x7b2274797065223a22747269676765726564222c22657865637574696f6e4964223a226578655f7648694e6c786846504c677739636f61563961384654222c22746f6b656e223a227648694e6c786846504c677739636f61563961384654222c2274726967676572223a22757365722d6d657373616765222c22696e707574223a7b22555345525f4d455353414745223a2248656c6c6f227d2c226174223a313739353338333035302e373134393937337d
3	3	0	0	1795383050.7186153	\\x7b2274797065223a227374617274222c22657865637574696f6e4964223a226578655f7648694e6c786846504c677739636f61563961384654222c226d6573736167654964223a226d73675f7648694e6c786846504c677739636f61563961384654222c2273657373696f6e4964223a227365735f4e62313875497774744a77356a4474494e643068386e227d
3	4	0	0	1795383050.7186155	\\x7b2274797065223a22626c6f636b2d626567616e222c226672616d65223a226d61696e222c22696e646578223a302c22626c6f636b4964223a22626c6b5f315f305f30227d
3	5	0	0	1795383050.718616	\\x7b2274797065223a227468726561642d73746172746564222c226672616d65223a226d61696e222c22746872656164223a226d61696e222c2273797374656d223a22596f7520776f726b20666f722041636d652e222c2273657474696e6773223a7b226d6f64656c223a226f70656e61692f63686174222c226d61785374657073223a31302c226361636865223a226175746f222c22746f6f6c73223a5b226765742d77656174686572222c226765742d74696d65222c227365637265742d6175646974222c2261736b2d75736572225d7d2c226b656570223a747275657d
3	6	0	0	1795383050.7186165	\\x7b2274797065223a226d6573736167652d6164646564222c226672616d65223a226d61696e222c22746872656164223a226d61696e222c226d657373616765223a7b226964223a226d73675f7648694e6c786846504c677739636f615639613846545f305f30222c22726f6c65223a2275736572222c227061727473223a5b7b2274797065223a2274657874222c2274657874223a2248656c6c6f227d5d2c226174223a313739353338333035302e373134393937332c227475726e4964223a226d73675f7648694e6c786846504c677739636f615639613846545f305f30227d7d
3	7	0	0	1795383050.7186172	\\x7b2274797065223a22626c6f636b2d646f6e65222c226672616d65223a226d61696e222c22696e646578223a307d
3	8	0	0	1795383050.7186174	\\x7b2274797065223a22626c6f636b2d626567616e222c226672616d65223a226d61696e222c22696e646578223a312c22626c6f636b4964223a22626c6b5f315f305f31227d
3	9	0	0	1795383050.718618	\\x7b2274797065223a22626c6f636b2d7374617274222c22626c6f636b4964223a22626c6b5f315f305f31222c22626c6f636b4e616d65223a22526573706f6e64222c22626c6f636b54797065223a226e6578742d6d657373616765222c22646973706c6179223a2273747265616d227d
3	10	0	0	1795383050.7186182	\\x7b2274797065223a2267656e65726174696f6e2d73746172746564222c2267656e65726174696f6e4964223a2267656e5f315f305f315f31222c226672616d65223a226d61696e222c22746872656164223a226d61696e222c2273746570223a312c226d6f64656c223a226f70656e61692f63686174227d
3	11	0	0	1795383050.7224505	\\x7b2274797065223a22746578742d7374617274222c226964223a227478745f315f305f315f315f315f30227d
3	12	0	4	1795383050.7225213	\\x7478745f315f305f315f315f315f300a48656c6c6f20
3	14	1	4	1795383050.7265935	\\x7478745f315f305f315f315f315f300a74686572652c200a667269656e642e
3	15	0	0	1795383050.7262876	\\x7b2274797065223a22746578742d656e64222c226964223a227478745f315f305f315f315f315f30227d
3	16	0	0	1795383050.7265902	\\x7b2274797065223a2267656e65726174696f6e2d736574746c6564222c2267656e65726174696f6e4964223a2267656e5f315f305f315f31222c226672616d65223a226d61696e222c22746872656164223a226d61696e222c226d657373616765223a7b226964223a226d73675f7648694e6c786846504c677739636f615639613846545f315f305f315f31222c22726f6c65223a22617373697374616e74222c227061727473223a5b7b2274797065223a2274657874222c2274657874223a2248656c6c6f2074686572652c20667269656e642e227d5d2c226174223a313739353338333035302e373236333735332c227475726e4964223a226d73675f7648694e6c786846504c677739636f61563961384654227d2c2270617274496473223a5b227478745f315f305f315f315f315f30225d2c2266696e697368526561736f6e223a2273746f70222c227573616765223a7b22696e707574546f6b656e73223a31312c226f7574707574546f6b656e73223a377d2c226d6f64656c223a226f70656e61692f63686174222c22726177526561736f6e223a2273746f70222c22726573706f6e73654964223a2263686174636d706c2d31227d
3	17	0	0	1795383050.7265909	\\x7b2274797065223a22626c6f636b2d656e64222c22626c6f636b4964223a22626c6b5f315f305f31227d
3	18	0	0	1795383050.7265913	\\x7b2274797065223a22626c6f636b2d646f6e65222c226672616d65223a226d61696e222c22696e646578223a317d
3	19	0	0	1795383050.726592	\\x7b2274797065223a2266696e697368222c2266696e697368526561736f6e223a2273746f70222c22657865637574696f6e4964223a226578655f7648694e6c786846504c677739636f61563961384654227d
3	20	0	0	1795383050.7265923	\\x7b2274797065223a22657865637574696f6e2d656e646564222c22657865637574696f6e4964223a226578655f7648694e6c786846504c677739636f61563961384654222c226f7574636f6d65223a2266696e6973686564222c227573616765223a7b22696e707574546f6b656e73223a31312c226f7574707574546f6b656e73223a377d2c226174223a313739353338333035302e373236333735337d
3	21	0	0	1795383050.747323	\\x7b2274797065223a2273657373696f6e2d65787069726564222c226361757365223a22636c6561726564222c226174223a313739353338333035302e373437323538377d
\.


--
-- Data for Name: journal_10; Type: TABLE DATA; Schema: mainspring; Owner: -
--

COPY mainspring.journal_10 (n, last, span, kind, at, data) FROM stdin;
2	1	0	0	1795383049.6355338	\\x7b2274797065223a2273657373696f6e2d63726561746564222c2273657373696f6e4964223a227365735f7878443468396734713674715046483265786f47316f222c2270726f6a6563744964223a2264656661756c74222c226167656e744964223a226167745f6c356d43686b594f6f6c66526439394d4139794e5357222c2276657273696f6e223a2236316530313038393733363165363633663461353961653763386366356132366333623735623838616131353130323134323231633064646563343132643035222c22666f726d6174223a22696e746572616374697665222c22696e707574223a7b22434f4d50414e59223a2241636d65227d2c227661726961626c6573223a7b7d2c227265736f7572636573223a7b7d2c226174223a313739353338333034392e363335353333387d
2	2	0	0	1795383049.7814896	\\x7b2274797065223a22747269676765726564222c22657865637574696f6e4964223a226578655f44337845426346666432376e47314c7a7263774f4d48222c22746f6b656e223a2244337845426346666432376e47314c7a7263774f4d48222c2274726967676572223a22757365722d6d657373616765222c22696e707574223a7b22555345525f4d455353414745223a2248656c6c6f227d2c226174223a313739353338333034392e373638383938357d
2	3	0	0	1795383049.7814913	\\x7b2274797065223a227374617274222c22657865637574696f6e4964223a226578655f44337845426346666432376e47314c7a7263774f4d48222c226d6573736167654964223a226d73675f44337845426346666432376e47314c7a7263774f4d48222c2273657373696f6e4964223a227365735f7878443468396734713674715046483265786f47316f227d
2	4	0	0	1795383049.781492	\\x7b2274797065223a22626c6f636b2d626567616e222c226672616d65223a226d61696e222c22696e646578223a302c22626c6f636b4964223a22626c6b5f315f305f30227d
2	5	0	0	1795383049.7814925	\\x7b2274797065223a227468726561642d73746172746564222c226672616d65223a226d61696e222c22746872656164223a226d61696e222c2273797374656d223a22596f7520776f726b20666f722041636d652e222c2273657474696e6773223a7b226d6f64656c223a226f70656e61692f63686174222c226d61785374657073223a31302c226361636865223a226175746f222c22746f6f6c73223a5b226765742d77656174686572222c226765742d74696d65222c227365637265742d6175646974222c2261736b2d75736572225d7d2c226b656570223a747275657d
2	6	0	0	1795383049.7814932	\\x7b2274797065223a226d6573736167652d6164646564222c226672616d65223a226d61696e222c22746872656164223a226d61696e222c226d657373616765223a7b226964223a226d73675f44337845426346666432376e47314c7a7263774f4d485f305f30222c22726f6c65223a2275736572222c227061727473223a5b7b2274797065223a2274657874222c2274657874223a2248656c6c6f227d5d2c226174223a313739353338333034392e373638383938352c227475726e4964223a226d73675f44337845426346666432376e47314c7a7263774f4d485f305f30227d7d
2	7	0	0	1795383049.781494	\\x7b2274797065223a22626c6f636b2d646f6e65222c226672616d65223a226d61696e222c22696e646578223a307d
2	8	0	0	1795383049.7814946	\\x7b2274797065223a22626c6f636b2d626567616e222c226672616d65223a226d61696e222c22696e646578223a312c22626c6f636b4964223a22626c6b5f315f305f31227d
2	9	0	0	1795383049.7814972	\\x7b2274797065223a22626c6f636b2d7374617274222c22626c6f636b4964223a22626c6b5f315f305f31222c22626c6f636b4e616d65223a22526573706f6e64222c22626c6f636b54797065223a226e6578742d6d657373616765222c22646973706c6179223a2273747265616d227d
2	10	0	0	1795383049.7814987	\\x7b2274797065223a2267656e65726174696f6e2d73746172746564222c2267656e65726174696f6e4964223a2267656e5f315f305f315f31222c226672616d65223a226d61696e222c22746872656164223a226d61696e222c2273746570223a312c226d6f64656c223a226f70656e61692f63686174227d
2	11	0	0	1795383050.4795861	\\x7b2274797065223a22746578742d7374617274222c226964223a227478745f315f305f315f315f315f30227d
2	14	2	4	1795383050.4798877	\\x7478745f315f305f315f315f315f300a48656c6c6f200a74686572652c200a667269656e642e
2	15	0	0	1795383050.4796078	\\x7b2274797065223a22746578742d656e64222c226964223a227478745f315f305f315f315f315f30227d
2	16	0	0	1795383050.4798837	\\x7b2274797065223a2267656e65726174696f6e2d736574746c6564222c2267656e65726174696f6e4964223a2267656e5f315f305f315f31222c226672616d65223a226d61696e222c22746872656164223a226d61696e222c226d657373616765223a7b226964223a226d73675f44337845426346666432376e47314c7a7263774f4d485f315f305f315f31222c22726f6c65223a22617373697374616e74222c227061727473223a5b7b2274797065223a2274657874222c2274657874223a2248656c6c6f2074686572652c20667269656e642e227d5d2c226174223a313739353338333035302e343739363837352c227475726e4964223a226d73675f44337845426346666432376e47314c7a7263774f4d48227d2c2270617274496473223a5b227478745f315f305f315f315f315f30225d2c2266696e697368526561736f6e223a2273746f70222c227573616765223a7b22696e707574546f6b656e73223a31312c226f7574707574546f6b656e73223a377d2c226d6f64656c223a226f70656e61692f63686174222c22726177526561736f6e223a2273746f70222c22726573706f6e73654964223a2263686174636d706c2d31227d
2	17	0	0	1795383050.4798846	\\x7b2274797065223a22626c6f636b2d656e64222c22626c6f636b4964223a22626c6b5f315f305f31227d
2	18	0	0	1795383050.479885	\\x7b2274797065223a22626c6f636b2d646f6e65222c226672616d65223a226d61696e222c22696e646578223a317d
2	19	0	0	1795383050.4798858	\\x7b2274797065223a2266696e697368222c2266696e697368526561736f6e223a2273746f70222c22657865637574696f6e4964223a226578655f44337845426346666432376e47314c7a7263774f4d48227d
2	20	0	0	1795383050.4798863	\\x7b2274797065223a22657865637574696f6e2d656e646564222c22657865637574696f6e4964223a226578655f44337845426346666432376e47314c7a7263774f4d48222c226f7574636f6d65223a2266696e6973686564222c227573616765223a7b22696e707574546f6b656e73223a31312c226f7574707574546f6b656e73223a377d2c226174223a313739353338333035302e343739363837357d
2	21	0	0	1795383050.4951973	\\x7b2274797065223a22747269676765726564222c22657865637574696f6e4964223a226578655f79354750397a4431345966565a707871464a39527273222c22746f6b656e223a2279354750397a4431345966565a707871464a39527273222c2274726967676572223a22757365722d6d657373616765222c22696e707574223a7b22555345525f4d455353414745223a22576561746865723f227d2c226174223a313739353338333035302e343934383435367d
2	22	0	0	1795383050.4951987	\\x7b2274797065223a227374617274222c22657865637574696f6e4964223a226578655f79354750397a4431345966565a707871464a39527273222c226d6573736167654964223a226d73675f79354750397a4431345966565a707871464a39527273222c226c6173744d6573736167654964223a226d73675f44337845426346666432376e47314c7a7263774f4d48222c2273657373696f6e4964223a227365735f7878443468396734713674715046483265786f47316f227d
2	23	0	0	1795383050.4951992	\\x7b2274797065223a22626c6f636b2d626567616e222c226672616d65223a226d61696e222c22696e646578223a302c22626c6f636b4964223a22626c6b5f325f305f30227d
2	24	0	0	1795383050.4951997	\\x7b2274797065223a226d6573736167652d6164646564222c226672616d65223a226d61696e222c22746872656164223a226d61696e222c226d657373616765223a7b226964223a226d73675f79354750397a4431345966565a707871464a395272735f305f30222c22726f6c65223a2275736572222c227061727473223a5b7b2274797065223a2274657874222c2274657874223a22576561746865723f227d5d2c226174223a313739353338333035302e343934383435362c227475726e4964223a226d73675f79354750397a4431345966565a707871464a395272735f305f30227d7d
2	25	0	0	1795383050.4952	\\x7b2274797065223a22626c6f636b2d646f6e65222c226672616d65223a226d61696e222c22696e646578223a307d
2	26	0	0	1795383050.4952004	\\x7b2274797065223a22626c6f636b2d626567616e222c226672616d65223a226d61696e222c22696e646578223a312c22626c6f636b4964223a22626c6b5f325f305f31227d
2	27	0	0	1795383050.495201	\\x7b2274797065223a22626c6f636b2d7374617274222c22626c6f636b4964223a22626c6b5f325f305f31222c22626c6f636b4e616d65223a22526573706f6e64222c22626c6f636b54797065223a226e6578742d6d657373616765222c22646973706c6179223a2273747265616d227d
2	28	0	0	1795383050.4952016	\\x7b2274797065223a2267656e65726174696f6e2d73746172746564222c2267656e65726174696f6e4964223a2267656e5f325f305f315f31222c226672616d65223a226d61696e222c22746872656164223a226d61696e222c2273746570223a312c226d6f64656c223a226f70656e61692f63686174227d
2	29	0	0	1795383050.5595472	\\x7b2274797065223a22746578742d7374617274222c226964223a227478745f325f305f315f315f315f30227d
2	30	0	4	1795383050.5600128	\\x7478745f325f305f315f315f315f300a4c6574206d65206c6f6f6b2e
2	31	0	0	1795383050.5595663	\\x7b2274797065223a22746578742d656e64222c226964223a227478745f325f305f315f315f315f30227d
2	32	0	0	1795383050.5595915	\\x7b2274797065223a22746f6f6c2d696e7075742d7374617274222c22746f6f6c43616c6c4964223a2263616c6c5f79354750397a4431345966565a707871464a395272735f305f315f315f315f31222c22746f6f6c4e616d65223a226765742d77656174686572222c227469746c65223a224c6f6f6b73207570207468652077656174686572222c22646973706c6179223a2273747265616d227d
2	34	1	6	1795383050.5600128	\\x63616c6c5f79354750397a4431345966565a707871464a395272735f305f315f315f315f310a7b5c22636974795c223a0a205c22526f6d655c227d
2	35	0	0	1795383050.559602	\\x7b2274797065223a22746f6f6c2d696e7075742d656e64222c22746f6f6c43616c6c4964223a2263616c6c5f79354750397a4431345966565a707871464a395272735f305f315f315f315f31227d
2	36	0	0	1795383050.5600092	\\x7b2274797065223a2267656e65726174696f6e2d736574746c6564222c2267656e65726174696f6e4964223a2267656e5f325f305f315f31222c226672616d65223a226d61696e222c22746872656164223a226d61696e222c226d657373616765223a7b226964223a226d73675f79354750397a4431345966565a707871464a395272735f325f305f315f31222c22726f6c65223a22617373697374616e74222c227061727473223a5b7b2274797065223a2274657874222c2274657874223a224c6574206d65206c6f6f6b2e227d2c7b2274797065223a22746f6f6c2d63616c6c222c2263616c6c4964223a2263616c6c5f79354750397a4431345966565a707871464a395272735f305f315f315f315f31222c22746f6f6c223a226765742d77656174686572222c2261726773223a7b2263697479223a22526f6d65227d7d5d2c226174223a313739353338333035302e3535393730392c227475726e4964223a226d73675f79354750397a4431345966565a707871464a39527273227d2c2270617274496473223a5b227478745f325f305f315f315f315f30222c2263616c6c5f79354750397a4431345966565a707871464a395272735f305f315f315f315f31225d2c2266696e697368526561736f6e223a22746f6f6c2d63616c6c73222c227573616765223a7b22696e707574546f6b656e73223a31312c226f7574707574546f6b656e73223a377d2c226d6f64656c223a226f70656e61692f63686174222c22726177526561736f6e223a22746f6f6c5f63616c6c73222c22726573706f6e73654964223a2263686174636d706c2d31227d
2	37	0	0	1795383050.56001	\\x7b2274797065223a22746f6f6c2d63616c6c6564222c2263616c6c4964223a2263616c6c5f79354750397a4431345966565a707871464a395272735f305f315f315f315f31222c226672616d65223a226d61696e222c22746f6f6c223a226765742d77656174686572222c2261726773223a7b2263697479223a22526f6d65227d2c22736f75726365223a226c6c6d222c22626c6f636b496e646578223a312c22746872656164223a226d61696e222c2267656e65726174696f6e4964223a2267656e5f325f305f315f31222c22646973706c6179223a2273747265616d227d
2	38	0	0	1795383050.5600104	\\x7b2274797065223a22746f6f6c2d696e7075742d617661696c61626c65222c22746f6f6c43616c6c4964223a2263616c6c5f79354750397a4431345966565a707871464a395272735f305f315f315f315f31222c22746f6f6c4e616d65223a226765742d77656174686572222c22696e707574223a7b2263697479223a22526f6d65227d7d
2	39	0	0	1795383050.5600111	\\x7b2274797065223a22746f6f6c2d72657175657374222c22746f6f6c43616c6c73223a5b7b22746f6f6c43616c6c4964223a2263616c6c5f79354750397a4431345966565a707871464a395272735f305f315f315f315f31222c22746f6f6c4e616d65223a226765742d77656174686572222c2261726773223a7b2263697479223a22526f6d65227d2c22736f75726365223a226c6c6d227d5d2c22657865637574696f6e4964223a226578655f79354750397a4431345966565a707871464a39527273227d
2	40	0	0	1795383050.5828323	\\x7b2274797065223a22746f6f6c2d736574746c6564222c2263616c6c4964223a2263616c6c5f79354750397a4431345966565a707871464a395272735f305f315f315f315f31222c22746f6f6c223a226765742d77656174686572222c2272616e223a2263616c6c6572222c226f7574707574223a2273756e6e79222c22646973706c6179223a2273747265616d227d
2	41	0	0	1795383050.5828338	\\x7b2274797065223a22726f756e642d636c6f736564222c226672616d65223a226d61696e222c22746872656164223a226d61696e222c2267656e65726174696f6e4964223a2267656e5f325f305f315f31222c226d6573736167654964223a226d73675f79354750397a4431345966565a707871464a395272735f325f305f315f315f726573756c7473222c226174223a313739353338333035302e353832353033387d
2	42	0	0	1795383050.582834	\\x7b2274797065223a2267656e65726174696f6e2d73746172746564222c2267656e65726174696f6e4964223a2267656e5f325f305f315f32222c226672616d65223a226d61696e222c22746872656164223a226d61696e222c2273746570223a322c226d6f64656c223a226f70656e61692f63686174227d
2	43	0	0	1795383050.5982325	\\x7b2274797065223a22746578742d7374617274222c226964223a227478745f325f305f315f325f315f30227d
2	45	1	4	1795383050.5984852	\\x7478745f325f305f315f325f315f300a4974206973200a73756e6e792e
2	46	0	0	1795383050.5982537	\\x7b2274797065223a22746578742d656e64222c226964223a227478745f325f305f315f325f315f30227d
2	47	0	0	1795383050.5984817	\\x7b2274797065223a2267656e65726174696f6e2d736574746c6564222c2267656e65726174696f6e4964223a2267656e5f325f305f315f32222c226672616d65223a226d61696e222c22746872656164223a226d61696e222c226d657373616765223a7b226964223a226d73675f79354750397a4431345966565a707871464a395272735f325f305f315f32222c22726f6c65223a22617373697374616e74222c227061727473223a5b7b2274797065223a2274657874222c2274657874223a2249742069732073756e6e792e227d5d2c226174223a313739353338333035302e353938333134382c227475726e4964223a226d73675f79354750397a4431345966565a707871464a39527273227d2c2270617274496473223a5b227478745f325f305f315f325f315f30225d2c2266696e697368526561736f6e223a2273746f70222c227573616765223a7b22696e707574546f6b656e73223a31312c226f7574707574546f6b656e73223a377d2c226d6f64656c223a226f70656e61692f63686174222c22726177526561736f6e223a2273746f70222c22726573706f6e73654964223a2263686174636d706c2d31227d
2	48	0	0	1795383050.5984824	\\x7b2274797065223a22626c6f636b2d656e64222c22626c6f636b4964223a22626c6b5f325f305f31227d
2	49	0	0	1795383050.5984828	\\x7b2274797065223a22626c6f636b2d646f6e65222c226672616d65223a226d61696e222c22696e646578223a317d
2	50	0	0	1795383050.5984836	\\x7b2274797065223a2266696e697368222c2266696e697368526561736f6e223a2273746f70222c22657865637574696f6e4964223a226578655f79354750397a4431345966565a707871464a39527273227d
2	51	0	0	1795383050.5984838	\\x7b2274797065223a22657865637574696f6e2d656e646564222c22657865637574696f6e4964223a226578655f79354750397a4431345966565a707871464a39527273222c226f7574636f6d65223a2266696e6973686564222c227573616765223a7b22696e707574546f6b656e73223a32322c226f7574707574546f6b656e73223a31347d2c226174223a313739353338333035302e353938333134387d
\.


--
-- Data for Name: journal_11; Type: TABLE DATA; Schema: mainspring; Owner: -
--

COPY mainspring.journal_11 (n, last, span, kind, at, data) FROM stdin;
\.


--
-- Data for Name: journal_12; Type: TABLE DATA; Schema: mainspring; Owner: -
--

COPY mainspring.journal_12 (n, last, span, kind, at, data) FROM stdin;
\.


--
-- Data for Name: journal_13; Type: TABLE DATA; Schema: mainspring; Owner: -
--

COPY mainspring.journal_13 (n, last, span, kind, at, data) FROM stdin;
5	1	0	0	1795383050.7963245	\\x7b2274797065223a2273657373696f6e2d63726561746564222c2273657373696f6e4964223a227365735f4244394c73597150334e31794372674139686a397933222c2270726f6a6563744964223a2264656661756c74222c226167656e744964223a226167745f4536767738446d6461554a5756376866493947767271222c2276657273696f6e223a2265613664623938353538313133336639333536316261306161316239336434353832653636353235393438393031353330633730616562383761303261393434222c22666f726d6174223a22696e746572616374697665222c22696e707574223a7b22434f4d50414e59223a2241636d65227d2c227661726961626c6573223a7b7d2c227265736f7572636573223a7b7d2c226174223a313739353338333035302e373936333234357d
5	2	0	0	1795383050.8357706	\\x7b2274797065223a22747269676765726564222c22657865637574696f6e4964223a226578655f685a5166397158396b4c66576869764b33724b4c6753222c22746f6b656e223a22685a5166397158396b4c66576869764b33724b4c6753222c2274726967676572223a22757365722d6d657373616765222c22696e707574223a7b22555345525f4d455353414745223a22576561746865723f227d2c226174223a313739353338333035302e383134373139347d
5	3	0	0	1795383050.8357713	\\x7b2274797065223a227374617274222c22657865637574696f6e4964223a226578655f685a5166397158396b4c66576869764b33724b4c6753222c226d6573736167654964223a226d73675f685a5166397158396b4c66576869764b33724b4c6753222c2273657373696f6e4964223a227365735f4244394c73597150334e31794372674139686a397933227d
5	4	0	0	1795383050.8357718	\\x7b2274797065223a22626c6f636b2d626567616e222c226672616d65223a226d61696e222c22696e646578223a302c22626c6f636b4964223a22626c6b5f315f305f30227d
5	5	0	0	1795383050.8357723	\\x7b2274797065223a22626c6f636b2d7374617274222c22626c6f636b4964223a22626c6b5f315f305f30222c22626c6f636b4e616d65223a224c6f6f6b206974207570222c22626c6f636b54797065223a2272756e2d776f726b6572222c22646973706c6179223a2273747265616d227d
5	6	0	0	1795383050.8357725	\\x7b2274797065223a226672616d652d6f70656e6564222c226672616d65223a2277726b5f685a5166397158396b4c66576869764b33724b4c67535f305f30222c2276657273696f6e223a2263306561353164306139633633313666663930323065643238613261393337313938333865343734316336653264393031353838626435653738653832666633222c22696e707574223a7b22544f504943223a22576561746865723f227d2c227661726961626c6573223a7b7d2c22706172656e74223a226d61696e222c22736c7567223a22776f726b6572222c22746f6f6c73223a7b2266657463682d70616765223a226765742d77656174686572227d7d
5	7	0	0	1795383050.835773	\\x7b2274797065223a22776f726b65722d7374617274222c22776f726b65724964223a2277726b5f685a5166397158396b4c66576869764b33724b4c67535f305f30222c22776f726b6572536c7567223a22776f726b6572222c226465736372697074696f6e223a2253756d6d617269736573222c22696e707574223a7b22544f504943223a22576561746865723f227d7d
5	8	0	0	1795383050.8357732	\\x7b2274797065223a22626c6f636b2d626567616e222c226672616d65223a2277726b5f685a5166397158396b4c66576869764b33724b4c67535f305f30222c22696e646578223a302c22626c6f636b4964223a22626c6b5f315f315f30227d
5	9	0	0	1795383050.8357735	\\x7b2274797065223a227468726561642d73746172746564222c226672616d65223a2277726b5f685a5166397158396b4c66576869764b33724b4c67535f305f30222c22746872656164223a22776f726b222c2273797374656d223a22596f752073756d6d61726973652e222c2273657474696e6773223a7b226d6f64656c223a226f70656e61692f776f726b6572222c226d61785374657073223a352c226361636865223a226175746f222c22746f6f6c73223a5b2266657463682d70616765225d7d7d
5	10	0	0	1795383050.835774	\\x7b2274797065223a22626c6f636b2d646f6e65222c226672616d65223a2277726b5f685a5166397158396b4c66576869764b33724b4c67535f305f30222c22696e646578223a307d
5	11	0	0	1795383050.8357742	\\x7b2274797065223a22626c6f636b2d626567616e222c226672616d65223a2277726b5f685a5166397158396b4c66576869764b33724b4c67535f305f30222c22696e646578223a312c22626c6f636b4964223a22626c6b5f315f315f31227d
5	12	0	0	1795383050.8357747	\\x7b2274797065223a226d6573736167652d6164646564222c226672616d65223a2277726b5f685a5166397158396b4c66576869764b33724b4c67535f305f30222c22746872656164223a22776f726b222c226d657373616765223a7b226964223a226d73675f685a5166397158396b4c66576869764b33724b4c67535f315f31222c22726f6c65223a2275736572222c227061727473223a5b7b2274797065223a2274657874222c2274657874223a2241626f757420576561746865723f2e227d5d2c226174223a313739353338333035302e383134373139342c227475726e4964223a226d73675f685a5166397158396b4c66576869764b33724b4c67535f315f31227d7d
5	13	0	0	1795383050.835775	\\x7b2274797065223a22626c6f636b2d646f6e65222c226672616d65223a2277726b5f685a5166397158396b4c66576869764b33724b4c67535f305f30222c22696e646578223a317d
5	14	0	0	1795383050.8357751	\\x7b2274797065223a22626c6f636b2d626567616e222c226672616d65223a2277726b5f685a5166397158396b4c66576869764b33724b4c67535f305f30222c22696e646578223a322c22626c6f636b4964223a22626c6b5f315f315f32227d
5	15	0	0	1795383050.8357759	\\x7b2274797065223a22626c6f636b2d7374617274222c22626c6f636b4964223a22626c6b5f315f315f32222c22626c6f636b4e616d65223a225772697465222c22626c6f636b54797065223a226e6578742d6d657373616765222c22646973706c6179223a2273747265616d222c22746872656164223a22776f726b222c22776f726b65724964223a2277726b5f685a5166397158396b4c66576869764b33724b4c67535f305f30227d
5	16	0	0	1795383050.8357763	\\x7b2274797065223a2267656e65726174696f6e2d73746172746564222c2267656e65726174696f6e4964223a2267656e5f315f315f325f31222c226672616d65223a2277726b5f685a5166397158396b4c66576869764b33724b4c67535f305f30222c22746872656164223a22776f726b222c2273746570223a312c226d6f64656c223a226f70656e61692f776f726b6572227d
5	17	0	0	1795383050.8434434	\\x7b2274797065223a22746f6f6c2d696e7075742d7374617274222c22746f6f6c43616c6c4964223a2263616c6c5f685a5166397158396b4c66576869764b33724b4c67535f315f325f315f315f31222c22746f6f6c4e616d65223a2266657463682d70616765222c227469746c65223a22526561647320612070616765222c22646973706c6179223a2273747265616d222c22776f726b65724964223a2277726b5f685a5166397158396b4c66576869764b33724b4c67535f305f30227d
5	19	1	6	1795383050.8441312	\\x63616c6c5f685a5166397158396b4c66576869764b33724b4c67535f315f325f315f315f310a7b5c2275726c5c223a205c2268747470733a222c22776f726b65724964223a2277726b5f685a5166397158396b4c66576869764b33724b4c67535f305f300a2f2f6578616d706c652e636f6d5c227d222c22776f726b65724964223a2277726b5f685a5166397158396b4c66576869764b33724b4c67535f305f30
5	20	0	0	1795383050.8434584	\\x7b2274797065223a22746f6f6c2d696e7075742d656e64222c22746f6f6c43616c6c4964223a2263616c6c5f685a5166397158396b4c66576869764b33724b4c67535f315f325f315f315f31222c22776f726b65724964223a2277726b5f685a5166397158396b4c66576869764b33724b4c67535f305f30227d
5	21	0	0	1795383050.8441288	\\x7b2274797065223a2267656e65726174696f6e2d736574746c6564222c2267656e65726174696f6e4964223a2267656e5f315f315f325f31222c226672616d65223a2277726b5f685a5166397158396b4c66576869764b33724b4c67535f305f30222c22746872656164223a22776f726b222c226d657373616765223a7b226964223a226d73675f685a5166397158396b4c66576869764b33724b4c67535f315f315f325f31222c22726f6c65223a22617373697374616e74222c227061727473223a5b7b2274797065223a22746f6f6c2d63616c6c222c2263616c6c4964223a2263616c6c5f685a5166397158396b4c66576869764b33724b4c67535f315f325f315f315f31222c22746f6f6c223a2266657463682d70616765222c2261726773223a7b2275726c223a2268747470733a2f2f6578616d706c652e636f6d227d7d5d2c226174223a313739353338333035302e3834333635322c227475726e4964223a226d73675f685a5166397158396b4c66576869764b33724b4c6753227d2c2270617274496473223a5b2263616c6c5f685a5166397158396b4c66576869764b33724b4c67535f315f325f315f315f31225d2c2266696e697368526561736f6e223a22746f6f6c2d63616c6c73222c227573616765223a7b22696e707574546f6b656e73223a31312c226f7574707574546f6b656e73223a377d2c226d6f64656c223a226f70656e61692f776f726b6572222c22726177526561736f6e223a22746f6f6c5f63616c6c73222c22726573706f6e73654964223a2263686174636d706c2d31227d
5	22	0	0	1795383050.8441296	\\x7b2274797065223a22746f6f6c2d63616c6c6564222c2263616c6c4964223a2263616c6c5f685a5166397158396b4c66576869764b33724b4c67535f315f325f315f315f31222c226672616d65223a2277726b5f685a5166397158396b4c66576869764b33724b4c67535f305f30222c22746f6f6c223a2266657463682d70616765222c2261726773223a7b2275726c223a2268747470733a2f2f6578616d706c652e636f6d227d2c22736f75726365223a226c6c6d222c22626c6f636b496e646578223a322c22746872656164223a22776f726b222c2267656e65726174696f6e4964223a2267656e5f315f315f325f31222c22646973706c6179223a2273747265616d222c2261736b65644173223a226765742d77656174686572227d
5	23	0	0	1795383050.84413	\\x7b2274797065223a22746f6f6c2d696e7075742d617661696c61626c65222c22746f6f6c43616c6c4964223a2263616c6c5f685a5166397158396b4c66576869764b33724b4c67535f315f325f315f315f31222c22746f6f6c4e616d65223a2266657463682d70616765222c22696e707574223a7b2275726c223a2268747470733a2f2f6578616d706c652e636f6d227d2c22776f726b65724964223a2277726b5f685a5166397158396b4c66576869764b33724b4c67535f305f30227d
5	24	0	0	1795383050.8441303	\\x7b2274797065223a22746f6f6c2d72657175657374222c22746f6f6c43616c6c73223a5b7b22746f6f6c43616c6c4964223a2263616c6c5f685a5166397158396b4c66576869764b33724b4c67535f315f325f315f315f31222c22746f6f6c4e616d65223a226765742d77656174686572222c2261726773223a7b2275726c223a2268747470733a2f2f6578616d706c652e636f6d227d2c22736f75726365223a226c6c6d222c22746872656164223a22776f726b222c22776f726b65724964223a2277726b5f685a5166397158396b4c66576869764b33724b4c67535f305f30227d5d2c22657865637574696f6e4964223a226578655f685a5166397158396b4c66576869764b33724b4c6753227d
\.


--
-- Data for Name: journal_14; Type: TABLE DATA; Schema: mainspring; Owner: -
--

COPY mainspring.journal_14 (n, last, span, kind, at, data) FROM stdin;
\.


--
-- Data for Name: journal_15; Type: TABLE DATA; Schema: mainspring; Owner: -
--

COPY mainspring.journal_15 (n, last, span, kind, at, data) FROM stdin;
\.


--
-- Data for Name: letters; Type: TABLE DATA; Schema: mainspring; Owner: -
--

COPY mainspring.letters (n, id, host, session_id, body, sent, given, answer) FROM stdin;
\.


--
-- Data for Name: schema_version; Type: TABLE DATA; Schema: mainspring; Owner: -
--

COPY mainspring.schema_version (version, applied_at) FROM stdin;
1	2026-11-22 21:30:36.898294+00
2	2026-11-22 21:30:36.912186+00
3	2026-11-22 21:30:36.98838+00
\.


--
-- Data for Name: sessions; Type: TABLE DATA; Schema: mainspring; Owner: -
--

COPY mainspring.sessions (n, id, project_id, agent_id, agent_slug, version, format, status, created_at, updated_at, expires_at, start_key) FROM stdin;
1	ses_5CLIjKwmBrP3doU441jHNK	default	agt_el9LxiS7Lx4YHcDkOQeFaX	plain	50618cd4a222aeb832508a10150cf71e9ab2cdbbc08caf9cd0fb864db9b14bfb	interactive	active	1795383044.2351615	1795383045.229842	4948983045.229842	\N
2	ses_xxD4h9g4q6tqPFH2exoG1o	default	agt_l5mChkYOolfRd99MA9yNSW	chat	61e010897361e663f4a59ae7c8cf5a26c3b75b88aa1510214221c0ddec412d05	interactive	active	1795383049.6355338	1795383050.5984607	4948983050.598461	\N
3	ses_Nb18uIwttJw5jDtINd0h8n	default	agt_l5mChkYOolfRd99MA9yNSW	chat	61e010897361e663f4a59ae7c8cf5a26c3b75b88aa1510214221c0ddec412d05	interactive	expired	1795383050.6907017	1795383050.7473125	4948983050.747313	\N
4	ses_uKA2CbqIyOTk1zcjdhfKtw	default	agt_l5mChkYOolfRd99MA9yNSW	chat	61e010897361e663f4a59ae7c8cf5a26c3b75b88aa1510214221c0ddec412d05	interactive	active	1795383050.7660182	1795383050.782328	4948983050.782328	\N
5	ses_BD9LsYqP3N1yCrgA9hj9y3	default	agt_E6vw8DmdaUJWV7hfI9Gvrq	parent	ea6db985581133f93561ba0aa1b93d4582e66525948901530c70aeb87a02a944	interactive	active	1795383050.7963245	1795383050.8441052	4948983050.844105	\N
6	ses_5mJiQWxCA2GCii11Cz4D4U	default	agt_o7bY5rorEiqJOzgjHNhhSV	asking	f5fd291cbb3281546141b259cdd7d4ba551ce2baa78a54b68a0864d7f5ba6fa2	interactive	active	1795383050.9240458	1795383051.022601	4948983051.022601	\N
7	ses_PGd5APKZ1Y0XQMdrbgXGTz	default	agt_el9LxiS7Lx4YHcDkOQeFaX	plain	50618cd4a222aeb832508a10150cf71e9ab2cdbbc08caf9cd0fb864db9b14bfb	interactive	active	1795383051.0796545	1795383051.3572123	4948983051.357212	\N
\.


--
-- Data for Name: snapshots; Type: TABLE DATA; Schema: mainspring; Owner: -
--

COPY mainspring.snapshots (n, cursor, data) FROM stdin;
\.


--
-- Data for Name: tokens; Type: TABLE DATA; Schema: mainspring; Owner: -
--

COPY mainspring.tokens (id, project_id, key_id, digest, agent_id, session_id, limits, created_at, expires_at, revoked_at) FROM stdin;
\.


--
-- Data for Name: tool_calls; Type: TABLE DATA; Schema: mainspring; Owner: -
--

COPY mainspring.tool_calls (project_id, call_id, n, attempt, tool, session_id, call, host, state, since, worker_id, batch, dropped, outcome, answers) FROM stdin;
\.


--
-- Data for Name: tool_offers; Type: TABLE DATA; Schema: mainspring; Owner: -
--

COPY mainspring.tool_offers (project_id, name, tool, gone) FROM stdin;
\.


--
-- Data for Name: tool_workers; Type: TABLE DATA; Schema: mainspring; Owner: -
--

COPY mainspring.tool_workers (project_id, id, label, tools, number, seen) FROM stdin;
\.


--
-- Name: api_keys_n_seq; Type: SEQUENCE SET; Schema: mainspring; Owner: -
--

SELECT pg_catalog.setval('mainspring.api_keys_n_seq', 1, true);


--
-- Name: hosts_lock_seq; Type: SEQUENCE SET; Schema: mainspring; Owner: -
--

SELECT pg_catalog.setval('mainspring.hosts_lock_seq', 5, true);


--
-- Name: letters_n_seq; Type: SEQUENCE SET; Schema: mainspring; Owner: -
--

SELECT pg_catalog.setval('mainspring.letters_n_seq', 1, false);


--
-- Name: session_numbers; Type: SEQUENCE SET; Schema: mainspring; Owner: -
--

SELECT pg_catalog.setval('mainspring.session_numbers', 7, true);


--
-- Name: tool_call_numbers; Type: SEQUENCE SET; Schema: mainspring; Owner: -
--

SELECT pg_catalog.setval('mainspring.tool_call_numbers', 1, false);


--
-- Name: c_mainspring c_mainspring_pkey; Type: CONSTRAINT; Schema: absurd; Owner: -
--

ALTER TABLE ONLY absurd.c_mainspring
    ADD CONSTRAINT c_mainspring_pkey PRIMARY KEY (task_id, checkpoint_name);


--
-- Name: e_mainspring e_mainspring_pkey; Type: CONSTRAINT; Schema: absurd; Owner: -
--

ALTER TABLE ONLY absurd.e_mainspring
    ADD CONSTRAINT e_mainspring_pkey PRIMARY KEY (event_name);


--
-- Name: queues queues_pkey; Type: CONSTRAINT; Schema: absurd; Owner: -
--

ALTER TABLE ONLY absurd.queues
    ADD CONSTRAINT queues_pkey PRIMARY KEY (queue_name);


--
-- Name: r_mainspring r_mainspring_pkey; Type: CONSTRAINT; Schema: absurd; Owner: -
--

ALTER TABLE ONLY absurd.r_mainspring
    ADD CONSTRAINT r_mainspring_pkey PRIMARY KEY (run_id);


--
-- Name: t_mainspring t_mainspring_idempotency_key_key; Type: CONSTRAINT; Schema: absurd; Owner: -
--

ALTER TABLE ONLY absurd.t_mainspring
    ADD CONSTRAINT t_mainspring_idempotency_key_key UNIQUE (idempotency_key);


--
-- Name: t_mainspring t_mainspring_pkey; Type: CONSTRAINT; Schema: absurd; Owner: -
--

ALTER TABLE ONLY absurd.t_mainspring
    ADD CONSTRAINT t_mainspring_pkey PRIMARY KEY (task_id);


--
-- Name: w_mainspring w_mainspring_pkey; Type: CONSTRAINT; Schema: absurd; Owner: -
--

ALTER TABLE ONLY absurd.w_mainspring
    ADD CONSTRAINT w_mainspring_pkey PRIMARY KEY (run_id, step_name);


--
-- Name: agent_versions agent_versions_pkey; Type: CONSTRAINT; Schema: mainspring; Owner: -
--

ALTER TABLE ONLY mainspring.agent_versions
    ADD CONSTRAINT agent_versions_pkey PRIMARY KEY (agent_id, version);


--
-- Name: agents agents_pkey; Type: CONSTRAINT; Schema: mainspring; Owner: -
--

ALTER TABLE ONLY mainspring.agents
    ADD CONSTRAINT agents_pkey PRIMARY KEY (id);


--
-- Name: api_keys api_keys_digest_key; Type: CONSTRAINT; Schema: mainspring; Owner: -
--

ALTER TABLE ONLY mainspring.api_keys
    ADD CONSTRAINT api_keys_digest_key UNIQUE (digest);


--
-- Name: api_keys api_keys_pkey; Type: CONSTRAINT; Schema: mainspring; Owner: -
--

ALTER TABLE ONLY mainspring.api_keys
    ADD CONSTRAINT api_keys_pkey PRIMARY KEY (id);


--
-- Name: heads heads_pkey; Type: CONSTRAINT; Schema: mainspring; Owner: -
--

ALTER TABLE ONLY mainspring.heads
    ADD CONSTRAINT heads_pkey PRIMARY KEY (n);


--
-- Name: hosts hosts_pkey; Type: CONSTRAINT; Schema: mainspring; Owner: -
--

ALTER TABLE ONLY mainspring.hosts
    ADD CONSTRAINT hosts_pkey PRIMARY KEY (id);


--
-- Name: journal journal_pkey; Type: CONSTRAINT; Schema: mainspring; Owner: -
--

ALTER TABLE ONLY mainspring.journal
    ADD CONSTRAINT journal_pkey PRIMARY KEY (n, last);


--
-- Name: journal_00 journal_00_pkey; Type: CONSTRAINT; Schema: mainspring; Owner: -
--

ALTER TABLE ONLY mainspring.journal_00
    ADD CONSTRAINT journal_00_pkey PRIMARY KEY (n, last);


--
-- Name: journal_01 journal_01_pkey; Type: CONSTRAINT; Schema: mainspring; Owner: -
--

ALTER TABLE ONLY mainspring.journal_01
    ADD CONSTRAINT journal_01_pkey PRIMARY KEY (n, last);


--
-- Name: journal_02 journal_02_pkey; Type: CONSTRAINT; Schema: mainspring; Owner: -
--

ALTER TABLE ONLY mainspring.journal_02
    ADD CONSTRAINT journal_02_pkey PRIMARY KEY (n, last);


--
-- Name: journal_03 journal_03_pkey; Type: CONSTRAINT; Schema: mainspring; Owner: -
--

ALTER TABLE ONLY mainspring.journal_03
    ADD CONSTRAINT journal_03_pkey PRIMARY KEY (n, last);


--
-- Name: journal_04 journal_04_pkey; Type: CONSTRAINT; Schema: mainspring; Owner: -
--

ALTER TABLE ONLY mainspring.journal_04
    ADD CONSTRAINT journal_04_pkey PRIMARY KEY (n, last);


--
-- Name: journal_05 journal_05_pkey; Type: CONSTRAINT; Schema: mainspring; Owner: -
--

ALTER TABLE ONLY mainspring.journal_05
    ADD CONSTRAINT journal_05_pkey PRIMARY KEY (n, last);


--
-- Name: journal_06 journal_06_pkey; Type: CONSTRAINT; Schema: mainspring; Owner: -
--

ALTER TABLE ONLY mainspring.journal_06
    ADD CONSTRAINT journal_06_pkey PRIMARY KEY (n, last);


--
-- Name: journal_07 journal_07_pkey; Type: CONSTRAINT; Schema: mainspring; Owner: -
--

ALTER TABLE ONLY mainspring.journal_07
    ADD CONSTRAINT journal_07_pkey PRIMARY KEY (n, last);


--
-- Name: journal_08 journal_08_pkey; Type: CONSTRAINT; Schema: mainspring; Owner: -
--

ALTER TABLE ONLY mainspring.journal_08
    ADD CONSTRAINT journal_08_pkey PRIMARY KEY (n, last);


--
-- Name: journal_09 journal_09_pkey; Type: CONSTRAINT; Schema: mainspring; Owner: -
--

ALTER TABLE ONLY mainspring.journal_09
    ADD CONSTRAINT journal_09_pkey PRIMARY KEY (n, last);


--
-- Name: journal_10 journal_10_pkey; Type: CONSTRAINT; Schema: mainspring; Owner: -
--

ALTER TABLE ONLY mainspring.journal_10
    ADD CONSTRAINT journal_10_pkey PRIMARY KEY (n, last);


--
-- Name: journal_11 journal_11_pkey; Type: CONSTRAINT; Schema: mainspring; Owner: -
--

ALTER TABLE ONLY mainspring.journal_11
    ADD CONSTRAINT journal_11_pkey PRIMARY KEY (n, last);


--
-- Name: journal_12 journal_12_pkey; Type: CONSTRAINT; Schema: mainspring; Owner: -
--

ALTER TABLE ONLY mainspring.journal_12
    ADD CONSTRAINT journal_12_pkey PRIMARY KEY (n, last);


--
-- Name: journal_13 journal_13_pkey; Type: CONSTRAINT; Schema: mainspring; Owner: -
--

ALTER TABLE ONLY mainspring.journal_13
    ADD CONSTRAINT journal_13_pkey PRIMARY KEY (n, last);


--
-- Name: journal_14 journal_14_pkey; Type: CONSTRAINT; Schema: mainspring; Owner: -
--

ALTER TABLE ONLY mainspring.journal_14
    ADD CONSTRAINT journal_14_pkey PRIMARY KEY (n, last);


--
-- Name: journal_15 journal_15_pkey; Type: CONSTRAINT; Schema: mainspring; Owner: -
--

ALTER TABLE ONLY mainspring.journal_15
    ADD CONSTRAINT journal_15_pkey PRIMARY KEY (n, last);


--
-- Name: letters letters_pkey; Type: CONSTRAINT; Schema: mainspring; Owner: -
--

ALTER TABLE ONLY mainspring.letters
    ADD CONSTRAINT letters_pkey PRIMARY KEY (id);


--
-- Name: schema_version schema_version_pkey; Type: CONSTRAINT; Schema: mainspring; Owner: -
--

ALTER TABLE ONLY mainspring.schema_version
    ADD CONSTRAINT schema_version_pkey PRIMARY KEY (version);


--
-- Name: sessions sessions_id_key; Type: CONSTRAINT; Schema: mainspring; Owner: -
--

ALTER TABLE ONLY mainspring.sessions
    ADD CONSTRAINT sessions_id_key UNIQUE (id);


--
-- Name: sessions sessions_pkey; Type: CONSTRAINT; Schema: mainspring; Owner: -
--

ALTER TABLE ONLY mainspring.sessions
    ADD CONSTRAINT sessions_pkey PRIMARY KEY (n);


--
-- Name: snapshots snapshots_pkey; Type: CONSTRAINT; Schema: mainspring; Owner: -
--

ALTER TABLE ONLY mainspring.snapshots
    ADD CONSTRAINT snapshots_pkey PRIMARY KEY (n);


--
-- Name: tokens tokens_digest_key; Type: CONSTRAINT; Schema: mainspring; Owner: -
--

ALTER TABLE ONLY mainspring.tokens
    ADD CONSTRAINT tokens_digest_key UNIQUE (digest);


--
-- Name: tokens tokens_pkey; Type: CONSTRAINT; Schema: mainspring; Owner: -
--

ALTER TABLE ONLY mainspring.tokens
    ADD CONSTRAINT tokens_pkey PRIMARY KEY (id);


--
-- Name: tool_calls tool_calls_pkey; Type: CONSTRAINT; Schema: mainspring; Owner: -
--

ALTER TABLE ONLY mainspring.tool_calls
    ADD CONSTRAINT tool_calls_pkey PRIMARY KEY (project_id, call_id);


--
-- Name: tool_offers tool_offers_pkey; Type: CONSTRAINT; Schema: mainspring; Owner: -
--

ALTER TABLE ONLY mainspring.tool_offers
    ADD CONSTRAINT tool_offers_pkey PRIMARY KEY (project_id, name);


--
-- Name: tool_workers tool_workers_pkey; Type: CONSTRAINT; Schema: mainspring; Owner: -
--

ALTER TABLE ONLY mainspring.tool_workers
    ADD CONSTRAINT tool_workers_pkey PRIMARY KEY (project_id, id);


--
-- Name: e_mainspring_eai; Type: INDEX; Schema: absurd; Owner: -
--

CREATE INDEX e_mainspring_eai ON absurd.e_mainspring USING btree (emitted_at);


--
-- Name: r_mainspring_cei; Type: INDEX; Schema: absurd; Owner: -
--

CREATE INDEX r_mainspring_cei ON absurd.r_mainspring USING btree (claim_expires_at) WHERE ((state = 'running'::text) AND (claim_expires_at IS NOT NULL));


--
-- Name: r_mainspring_sai; Type: INDEX; Schema: absurd; Owner: -
--

CREATE INDEX r_mainspring_sai ON absurd.r_mainspring USING btree (state, available_at);


--
-- Name: r_mainspring_ti; Type: INDEX; Schema: absurd; Owner: -
--

CREATE INDEX r_mainspring_ti ON absurd.r_mainspring USING btree (task_id);


--
-- Name: t_mainspring_ci; Type: INDEX; Schema: absurd; Owner: -
--

CREATE INDEX t_mainspring_ci ON absurd.t_mainspring USING btree (task_id) WHERE (cancellation IS NOT NULL);


--
-- Name: w_mainspring_eni; Type: INDEX; Schema: absurd; Owner: -
--

CREATE INDEX w_mainspring_eni ON absurd.w_mainspring USING btree (event_name);


--
-- Name: w_mainspring_ti; Type: INDEX; Schema: absurd; Owner: -
--

CREATE INDEX w_mainspring_ti ON absurd.w_mainspring USING btree (task_id);


--
-- Name: agents_slug; Type: INDEX; Schema: mainspring; Owner: -
--

CREATE UNIQUE INDEX agents_slug ON mainspring.agents USING btree (project_id, slug) WHERE (NOT archived);


--
-- Name: api_keys_of_project; Type: INDEX; Schema: mainspring; Owner: -
--

CREATE INDEX api_keys_of_project ON mainspring.api_keys USING btree (project_id, created_at);


--
-- Name: heads_running; Type: INDEX; Schema: mainspring; Owner: -
--

CREATE INDEX heads_running ON mainspring.heads USING btree (n) WHERE ((active_execution IS NOT NULL) AND (NOT waiting));


--
-- Name: heads_stale; Type: INDEX; Schema: mainspring; Owner: -
--

CREATE INDEX heads_stale ON mainspring.heads USING btree (stale_from) WHERE (stale_from IS NOT NULL);


--
-- Name: heads_wake; Type: INDEX; Schema: mainspring; Owner: -
--

CREATE INDEX heads_wake ON mainspring.heads USING btree (wake_at) WHERE (wake_at IS NOT NULL);


--
-- Name: letters_to; Type: INDEX; Schema: mainspring; Owner: -
--

CREATE INDEX letters_to ON mainspring.letters USING btree (host, n) WHERE (answer IS NULL);


--
-- Name: sessions_due; Type: INDEX; Schema: mainspring; Owner: -
--

CREATE INDEX sessions_due ON mainspring.sessions USING btree (expires_at) WHERE (status = 'active'::text);


--
-- Name: sessions_of_agent; Type: INDEX; Schema: mainspring; Owner: -
--

CREATE INDEX sessions_of_agent ON mainspring.sessions USING btree (agent_id, updated_at, id);


--
-- Name: sessions_of_project; Type: INDEX; Schema: mainspring; Owner: -
--

CREATE INDEX sessions_of_project ON mainspring.sessions USING btree (project_id, updated_at, id);


--
-- Name: sessions_start_key; Type: INDEX; Schema: mainspring; Owner: -
--

CREATE UNIQUE INDEX sessions_start_key ON mainspring.sessions USING btree (project_id, start_key) WHERE (start_key IS NOT NULL);


--
-- Name: tokens_over; Type: INDEX; Schema: mainspring; Owner: -
--

CREATE INDEX tokens_over ON mainspring.tokens USING btree (expires_at);


--
-- Name: tool_calls_done; Type: INDEX; Schema: mainspring; Owner: -
--

CREATE INDEX tool_calls_done ON mainspring.tool_calls USING btree (host) WHERE (state = 'done'::text);


--
-- Name: tool_calls_of_worker; Type: INDEX; Schema: mainspring; Owner: -
--

CREATE INDEX tool_calls_of_worker ON mainspring.tool_calls USING btree (project_id, worker_id) WHERE (worker_id IS NOT NULL);


--
-- Name: tool_calls_ready; Type: INDEX; Schema: mainspring; Owner: -
--

CREATE INDEX tool_calls_ready ON mainspring.tool_calls USING btree (project_id, n) WHERE (state = 'ready'::text);


--
-- Name: tool_calls_since; Type: INDEX; Schema: mainspring; Owner: -
--

CREATE INDEX tool_calls_since ON mainspring.tool_calls USING btree (since);


--
-- Name: journal_00_pkey; Type: INDEX ATTACH; Schema: mainspring; Owner: -
--

ALTER INDEX mainspring.journal_pkey ATTACH PARTITION mainspring.journal_00_pkey;


--
-- Name: journal_01_pkey; Type: INDEX ATTACH; Schema: mainspring; Owner: -
--

ALTER INDEX mainspring.journal_pkey ATTACH PARTITION mainspring.journal_01_pkey;


--
-- Name: journal_02_pkey; Type: INDEX ATTACH; Schema: mainspring; Owner: -
--

ALTER INDEX mainspring.journal_pkey ATTACH PARTITION mainspring.journal_02_pkey;


--
-- Name: journal_03_pkey; Type: INDEX ATTACH; Schema: mainspring; Owner: -
--

ALTER INDEX mainspring.journal_pkey ATTACH PARTITION mainspring.journal_03_pkey;


--
-- Name: journal_04_pkey; Type: INDEX ATTACH; Schema: mainspring; Owner: -
--

ALTER INDEX mainspring.journal_pkey ATTACH PARTITION mainspring.journal_04_pkey;


--
-- Name: journal_05_pkey; Type: INDEX ATTACH; Schema: mainspring; Owner: -
--

ALTER INDEX mainspring.journal_pkey ATTACH PARTITION mainspring.journal_05_pkey;


--
-- Name: journal_06_pkey; Type: INDEX ATTACH; Schema: mainspring; Owner: -
--

ALTER INDEX mainspring.journal_pkey ATTACH PARTITION mainspring.journal_06_pkey;


--
-- Name: journal_07_pkey; Type: INDEX ATTACH; Schema: mainspring; Owner: -
--

ALTER INDEX mainspring.journal_pkey ATTACH PARTITION mainspring.journal_07_pkey;


--
-- Name: journal_08_pkey; Type: INDEX ATTACH; Schema: mainspring; Owner: -
--

ALTER INDEX mainspring.journal_pkey ATTACH PARTITION mainspring.journal_08_pkey;


--
-- Name: journal_09_pkey; Type: INDEX ATTACH; Schema: mainspring; Owner: -
--

ALTER INDEX mainspring.journal_pkey ATTACH PARTITION mainspring.journal_09_pkey;


--
-- Name: journal_10_pkey; Type: INDEX ATTACH; Schema: mainspring; Owner: -
--

ALTER INDEX mainspring.journal_pkey ATTACH PARTITION mainspring.journal_10_pkey;


--
-- Name: journal_11_pkey; Type: INDEX ATTACH; Schema: mainspring; Owner: -
--

ALTER INDEX mainspring.journal_pkey ATTACH PARTITION mainspring.journal_11_pkey;


--
-- Name: journal_12_pkey; Type: INDEX ATTACH; Schema: mainspring; Owner: -
--

ALTER INDEX mainspring.journal_pkey ATTACH PARTITION mainspring.journal_12_pkey;


--
-- Name: journal_13_pkey; Type: INDEX ATTACH; Schema: mainspring; Owner: -
--

ALTER INDEX mainspring.journal_pkey ATTACH PARTITION mainspring.journal_13_pkey;


--
-- Name: journal_14_pkey; Type: INDEX ATTACH; Schema: mainspring; Owner: -
--

ALTER INDEX mainspring.journal_pkey ATTACH PARTITION mainspring.journal_14_pkey;


--
-- Name: journal_15_pkey; Type: INDEX ATTACH; Schema: mainspring; Owner: -
--

ALTER INDEX mainspring.journal_pkey ATTACH PARTITION mainspring.journal_15_pkey;


--
-- PostgreSQL database dump complete
--

\unrestrict BQu259bLpci97so4Um0PAcQ2Iilb2FwOTy5wSfQxyBInXqduW2ayO5ohCfwsiY9

