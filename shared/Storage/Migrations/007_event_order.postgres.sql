-- Transitions follow the events in the order of storing. Rows of a partition are in that order, so a few bytes for some pages suffice.
CREATE INDEX events_by_sequence ON events USING brin (sequence) WITH (autosummarize = on);
-- Items of an erased user as a JSON array, until the erasure is closed: their transitions are counted again.
ALTER TABLE erasures ADD COLUMN item_keys text NULL;
