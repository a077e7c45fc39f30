-- One row: the counters of the store. Every writing transaction changes it.
CREATE TABLE state (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    sequence INTEGER NOT NULL,           -- sequence of the newest event = number of events ever stored
    revision INTEGER NOT NULL,           -- newest revision given to any user
    events INTEGER NOT NULL,             -- events held now
    last_stored_at_ms INTEGER NULL,
    retained_from_ms INTEGER NOT NULL    -- events that occurred before this were removed by age and are not taken again
);
INSERT INTO state VALUES (1, 0, 0, 0, NULL, -62135596800000);

-- Users and sessions. AUTOINCREMENT: a key is never given twice, not even after an erasure.
CREATE TABLE users (
    user_key INTEGER PRIMARY KEY AUTOINCREMENT,
    is_session INTEGER NOT NULL,
    user_id TEXT NOT NULL,
    revision INTEGER NOT NULL,
    events INTEGER NOT NULL,
    last_at_ms INTEGER NOT NULL,
    properties TEXT NULL,                -- JSON object; NULL when no profile was given
    UNIQUE (is_session, user_id)
);

CREATE TABLE items (
    item_key INTEGER PRIMARY KEY AUTOINCREMENT,
    item_id TEXT NOT NULL UNIQUE,
    item TEXT NULL,                      -- JSON; NULL for an item known only from events
    deleted INTEGER NOT NULL,
    popularity REAL NOT NULL,
    trend REAL NOT NULL,                 -- log2; -Infinity when there is none
    created_at_ms INTEGER NOT NULL
);

CREATE TABLE event_types (
    type_id INTEGER PRIMARY KEY,         -- dense, from 0
    name TEXT NOT NULL UNIQUE
);

CREATE TABLE events (
    sequence INTEGER PRIMARY KEY,
    event_id TEXT NOT NULL UNIQUE,
    user_key INTEGER NOT NULL,
    item_key INTEGER NOT NULL,
    type_id INTEGER NOT NULL,
    value REAL NULL,
    occurred_at_ms INTEGER NOT NULL,
    session_id TEXT NULL,
    recommendation_id TEXT NULL,
    context TEXT NULL
);
CREATE INDEX events_by_user ON events (user_key, occurred_at_ms);
CREATE INDEX events_by_item ON events (item_key);   -- an erasure recomputes what its items lose

-- Session events up to through_ms belong to the user, also those that arrive after the merge.
CREATE TABLE merges (
    session_id TEXT NOT NULL,
    merged_at_ms INTEGER NOT NULL,
    through_ms INTEGER NOT NULL,
    user_id TEXT NOT NULL,
    PRIMARY KEY (session_id, merged_at_ms)
) WITHOUT ROWID;
CREATE INDEX merges_by_user ON merges (user_id);

-- SHA-256 of the erased user's (or merged session's) key: the id itself is gone.
CREATE TABLE tombstones (
    user_hash BLOB PRIMARY KEY,
    erased_at_ms INTEGER NOT NULL        -- events that occurred up to this are dropped
) WITHOUT ROWID;

CREATE TABLE erasures (
    erasure_id TEXT PRIMARY KEY,
    events_removed INTEGER NOT NULL,
    model_version INTEGER NULL
);
CREATE TABLE erasure_stages (
    erasure_id TEXT NOT NULL,
    stage TEXT NOT NULL,
    at_ms INTEGER NOT NULL,
    PRIMARY KEY (erasure_id, stage)
);

CREATE TABLE models (
    version INTEGER PRIMARY KEY,
    info TEXT NOT NULL,                  -- ModelInfo as JSON; state and time of release in the columns are the valid ones
    state TEXT NOT NULL,
    released_at_ms INTEGER NULL,
    bytes INTEGER NULL                   -- length of the model; NULL once pruned
);
CREATE UNIQUE INDEX one_released_model ON models (state) WHERE state = 'released';
CREATE TABLE model_chunks (
    version INTEGER NOT NULL,
    chunk INTEGER NOT NULL,
    body BLOB NOT NULL,
    PRIMARY KEY (version, chunk)
);

CREATE TABLE settings (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
);
