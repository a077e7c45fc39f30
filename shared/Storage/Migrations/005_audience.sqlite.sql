-- Who counts in the statistics of which item: one row for each user and item with events that say something. Follows from the events.
CREATE TABLE audience (
    user_key INTEGER NOT NULL,
    item_key INTEGER NOT NULL,
    counts_at_ms INTEGER NULL,           -- time of the newest positive event; NULL: the user does not count
    mixed INTEGER NOT NULL,              -- 1: what a further event does follows only from all events of the pair
    PRIMARY KEY (user_key, item_key)
) WITHOUT ROWID;
CREATE INDEX audience_by_item ON audience (item_key);
ALTER TABLE items ADD COLUMN users INTEGER NOT NULL DEFAULT 0;   -- that count; popularity is log2 from now on, as trend
-- The rules that the statistics were counted by; NULL: they have to be recounted. Whether copies of them are up to date.
ALTER TABLE state ADD COLUMN statistics_rules TEXT NULL;
ALTER TABLE state ADD COLUMN statistics_copied INTEGER NOT NULL DEFAULT 0;
-- A pair's events are found by its keys, and the audience answers who had events on an item.
DROP INDEX events_by_item;
DROP INDEX events_by_user;
CREATE INDEX events_by_pair ON events (user_key, item_key);
