-- When an erasure is looked at again; NULL when nothing is left to do. The default makes rows of older backups due at once.
ALTER TABLE erasures ADD COLUMN due_at_ms INTEGER NULL DEFAULT 0;
-- Counts the changes of an erasure under way: a change that was based on an older version is refused.
ALTER TABLE erasures ADD COLUMN version INTEGER NOT NULL DEFAULT 0;
UPDATE erasures SET due_at_ms = NULL WHERE user_id IS NULL;
CREATE INDEX erasures_due ON erasures (due_at_ms) WHERE due_at_ms IS NOT NULL;
CREATE INDEX erasures_open ON erasures (revision) WHERE user_id IS NOT NULL;
