-- name: name_of_this
SELECT pg_current_xact_id_if_assigned()::text;

-- name: fate_of
SELECT pg_xact_status($1::text::xid8);

-- name: wait_for
SELECT n FROM mainspring.heads WHERE n = $1 FOR NO KEY UPDATE;

-- name: witness
SELECT span, kind, at, data FROM mainspring.journal WHERE n = $1 AND last = $2;
