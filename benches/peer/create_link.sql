-- What createLink writes, one row a statement: the floor that scripts/load-api compares createLink with.
-- pgbench fills in :workspace and :job (-D), and takes :customer and :link from what the statements return.
BEGIN;
INSERT INTO customer (id, workspace_id, external_id, created_at)
  VALUES (gen_random_uuid(), :workspace, 'pgbench-' || gen_random_uuid(), 1795000000000)
  ON CONFLICT (workspace_id, external_id) DO NOTHING RETURNING id AS customer \gset
INSERT INTO link (id, workspace_id, customer_id, job_id, status, sequence, expires_at, created_at, updated_at, metadata, token_key)
  VALUES (gen_random_uuid(), :workspace, :customer, :job, 'CREATED', 1, 1795600000000, 1795000000000, 1795000000000,
          '{"order": "A-17"}', 1) RETURNING id AS link \gset
INSERT INTO event (id, workspace_id, link_id, sequence, type, facts, occurred_at)
  VALUES (gen_random_uuid(), :workspace, :link, 1, 'link.created', '{"status": "CREATED", "usable": true}', 1795000000000)
  RETURNING position;
COMMIT;
