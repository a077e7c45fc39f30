-- Answers that were returned. A partition is a day in UTC, so that a day is dropped at once when its retention is over.
CREATE TABLE served_answers (
    day integer NOT NULL,
    id bytea NOT NULL,
    at_ms bigint NOT NULL,
    -- NULL for an answer to nobody in particular.
    is_session integer NULL,
    subject text NULL,
    -- Kind, source, placement, model, share, items: ServedAnswerFormat.
    body bytea NOT NULL,
    PRIMARY KEY (day, id)
) PARTITION BY RANGE (day);
CREATE INDEX served_answers_by_subject ON served_answers (subject, at_ms) WHERE subject IS NOT NULL;
