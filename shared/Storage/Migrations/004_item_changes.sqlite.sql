-- The revision at which an item last changed: its ETag. Statistics do not count as a change.
ALTER TABLE items ADD COLUMN version INTEGER NOT NULL DEFAULT 0;

-- Changes that were applied to items. First 16 bytes of SHA-256 of the item id, a zero byte and the change id.
CREATE TABLE item_changes (
    id BLOB PRIMARY KEY
) WITHOUT ROWID;

-- 1: the producer stated the time. 0: the server assigned it. NULL: stored before this was recorded.
ALTER TABLE events ADD COLUMN occurred_at_stated INTEGER NULL;

ALTER TABLE state ADD COLUMN duplicate_events INTEGER NOT NULL DEFAULT 0;      -- events that were stored already
ALTER TABLE state ADD COLUMN conflicting_events INTEGER NOT NULL DEFAULT 0;    -- events whose id another event has
ALTER TABLE state ADD COLUMN dropped_events INTEGER NOT NULL DEFAULT 0;        -- events of erased users, or older than what is kept
ALTER TABLE state ADD COLUMN ignored_item_changes INTEGER NOT NULL DEFAULT 0;  -- changes applied before, and patches of deleted items
ALTER TABLE state ADD COLUMN vectors INTEGER NOT NULL DEFAULT 0;               -- items that have a vector
ALTER TABLE state ADD COLUMN vector_length INTEGER NULL;                       -- length of every vector; NULL when there is none

-- A deleted item has no vector: it must not keep the catalogue from taking another length.
UPDATE items SET item = json_remove(item, '$.vector') WHERE deleted <> 0 AND json_array_length(item, '$.vector') > 0;
-- A catalogue with vectors of several lengths keeps the most frequent one.
UPDATE state SET
    vectors = (SELECT count(*) FROM items WHERE json_array_length(item, '$.vector') > 0),
    vector_length = (SELECT n FROM (SELECT json_array_length(item, '$.vector') AS n FROM items) WHERE n > 0 GROUP BY n ORDER BY count(*) DESC, n LIMIT 1);
