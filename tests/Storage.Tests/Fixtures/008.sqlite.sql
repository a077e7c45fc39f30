-- A database of schema version 8, as the program of that version left it before it had recounted the statistics: Migrations/001 to 008 and these rows.
INSERT INTO event_types VALUES (0, 'view'), (1, 'purchase');
INSERT INTO users (user_key, is_session, user_id, revision, events, last_at_ms, properties) VALUES
    (1, 0, 'ann', 2, 2, 1709294400000, '{"properties":{"age":30}}'),
    (2, 1, 'guest', 1, 1, 1709290800000, NULL);
INSERT INTO items (item_key, item_id, item, deleted, popularity, trend, created_at_ms, version) VALUES
    (1, 'a', '{"itemId":"a","title":"Älter","categories":[],"tags":[],"properties":{},"available":true,"vector":[0.5,1,2]}', 0, 2, 6594.5, 1709280000000, 1),
    (2, 'b', NULL, 0, 1, 6594.25, 1709290800000, 0),
    (3, 'c', '{"itemId":"c","title":"C","categories":[],"tags":[],"properties":{"p":1},"available":true}', 1, 0, -9e999, 1709290800000, 2);
INSERT INTO merges VALUES ('other', 1709294400000, 1709294400000, 'ann');
INSERT INTO tombstones VALUES (x'e924cca5bd86e7acfde794c1d89d7dc73ecdd9bc9f6482bd51f6f588df43408a', 1709294400000);
INSERT INTO erasures VALUES ('x-1', 3, NULL, 2, NULL, NULL, 0, NULL), ('x-2', 0, NULL, 2, NULL, NULL, 0, NULL), ('x-3', 1, NULL, 2, 'eve', 1709294400000, 0, '[1]');
INSERT INTO erasure_stages VALUES ('x-1', 'requested', 1709294400000), ('x-1', 'store', 1709294401000),
    ('x-3', 'requested', 1709294400000), ('x-3', 'store', 1709294401000), ('x-3', 'factorStore', 1709294402000),
    ('x-2', 'requested', 1709294400000), ('x-2', 'store', 1709294401000), ('x-2', 'factorStore', 1709294402000), ('x-2', 'serving', 1709294403000), ('x-2', 'queues', 1709294403000);
INSERT INTO models VALUES (1, '{"version":1,"state":"trained","trainedAt":"2024-03-01T12:00:00+00:00","trainSeconds":1,"learner":"ials","rank":2,"users":1,"items":2,"interactions":2,"watermark":3,"settings":{}}', 'released', 1709294400000, 4);
INSERT INTO model_chunks VALUES (1, 0, x'01020304');
INSERT INTO settings VALUES ('tuned', '{"alpha":1}');

INSERT INTO events VALUES
    (1, 'e1', 1, 1, 0, NULL, 1709294400000, NULL, NULL, NULL, 1),
    (2, 'e2', 1, 2, 1, 2.5, 1709290800000, 's', 'r', '{"k":1}', 0),
    (3, 'e3', 2, 1, 0, NULL, 1709290800000, 'guest', NULL, NULL, NULL);
UPDATE state SET sequence = 3, revision = 2, events = 3, last_stored_at_ms = 1709294400000, vectors = 1, vector_length = 3;
