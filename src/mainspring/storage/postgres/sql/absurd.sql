-- name: exists
SELECT to_regproc('absurd.get_schema_version') IS NOT NULL;

-- name: version
SELECT absurd.get_schema_version();

-- name: has_queue
SELECT EXISTS (SELECT 1 FROM absurd.queues WHERE queue_name = $1);

-- name: create_queue
SELECT absurd.create_queue('mainspring');
