-- name: send
INSERT INTO mainspring.letters (id, host, session_id, body, sent)
SELECT $1, $2, $3, $4, clock_timestamp() WHERE EXISTS (SELECT 1 FROM mainspring.hosts WHERE id = $2)
ON CONFLICT (id) DO NOTHING;

-- name: look
SELECT answer FROM mainspring.letters WHERE id = $1;

-- name: fetch
UPDATE mainspring.letters SET given = TRUE WHERE host = $1 AND answer IS NULL AND NOT given
RETURNING n, id, host, session_id, body;

-- name: answer
UPDATE mainspring.letters SET answer = $2 WHERE id = $1 AND answer IS NULL RETURNING id;

-- name: settle
DELETE FROM mainspring.letters WHERE id = $1 AND (answer IS NOT NULL OR NOT given);

-- name: come_back
DELETE FROM mainspring.letters WHERE host = $1 AND answer IS NULL RETURNING id;

-- name: forget
DELETE FROM mainspring.letters WHERE sent < clock_timestamp() - interval '1 hour';
