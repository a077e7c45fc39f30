-- Who is being erased, while that is under way: what is left to do needs the id. NULL once everything but the next model is done.
ALTER TABLE erasures ADD COLUMN user_id TEXT NULL;
-- Erasures that were done before the queues were a stage of their own stay done.
INSERT INTO erasure_stages (erasure_id, stage, at_ms) SELECT erasure_id, 'queues', at_ms FROM erasure_stages WHERE stage = 'serving';
