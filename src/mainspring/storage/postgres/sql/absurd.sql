-- name: exists
SELECT to_regproc('absurd.get_schema_version') IS NOT NULL;

-- name: version
SELECT absurd.get_schema_version();

-- name: has_queue
SELECT EXISTS (SELECT 1 FROM absurd.queues WHERE queue_name = $1);

-- name: create_queue
SELECT absurd.create_queue('mainspring');

-- name: follow
SELECT mainspring.follow($1::bigint[], $2::text[], $3::text[]);

-- name: forget
SELECT absurd.cleanup_tasks('mainspring', $1, $2), absurd.cleanup_events('mainspring', $1, $2);
