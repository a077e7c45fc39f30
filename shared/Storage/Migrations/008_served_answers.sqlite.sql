-- Answers that were returned. day: in UTC, since 1970.
CREATE TABLE served_answers (
    day INTEGER NOT NULL,
    id BLOB NOT NULL,
    at_ms INTEGER NOT NULL,
    -- NULL for an answer to nobody in particular.
    is_session INTEGER NULL,
    subject TEXT NULL,
    -- Kind, source, placement, model, share, items: ServedAnswerFormat.
    body BLOB NOT NULL,
    PRIMARY KEY (day, id)
) WITHOUT ROWID;
CREATE INDEX served_answers_by_id ON served_answers (id);
CREATE INDEX served_answers_by_subject ON served_answers (subject, at_ms) WHERE subject IS NOT NULL;
