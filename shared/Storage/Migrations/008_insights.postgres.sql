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
    PRIMARY KEY (id, day)
) PARTITION BY RANGE (day);
CREATE INDEX served_answers_by_subject ON served_answers (subject, at_ms) WHERE subject IS NOT NULL;
-- Outcomes: what came of an answer, once for each event. day: of the answer.
CREATE TABLE outcomes (
    sequence BIGINT NOT NULL PRIMARY KEY,
    answer_id bytea NOT NULL,
    day INTEGER NOT NULL,
    item_key INTEGER NOT NULL,
    is_conversion INTEGER NOT NULL,
    value DOUBLE PRECISION NOT NULL,
    at_ms BIGINT NOT NULL
);
CREATE INDEX outcomes_by_answer ON outcomes (answer_id);
CREATE INDEX outcomes_by_day ON outcomes (day);
-- Events that name an answer that has not been stored yet.
CREATE TABLE open_outcomes (
    sequence BIGINT NOT NULL PRIMARY KEY,
    answer_id bytea NOT NULL,
    item_key INTEGER NOT NULL,
    is_conversion INTEGER NOT NULL,
    value DOUBLE PRECISION NOT NULL,
    at_ms BIGINT NOT NULL,
    until_ms BIGINT NOT NULL
);
CREATE INDEX open_outcomes_by_answer ON open_outcomes (answer_id);
-- Sums over the answers of an hour (UTC, since 1970), each answer times 1 / share. placement '': none.
CREATE TABLE figures (
    hour INTEGER NOT NULL,
    placement TEXT NOT NULL,
    kind INTEGER NOT NULL,
    source TEXT NOT NULL,
    model_version BIGINT NOT NULL,
    recorded BIGINT NOT NULL,
    answers DOUBLE PRECISION NOT NULL,
    items DOUBLE PRECISION NOT NULL,
    clicked_answers DOUBLE PRECISION NOT NULL,
    clicks DOUBLE PRECISION NOT NULL,
    converted_answers DOUBLE PRECISION NOT NULL,
    conversions DOUBLE PRECISION NOT NULL,
    value DOUBLE PRECISION NOT NULL,
    value_squares DOUBLE PRECISION NOT NULL,
    PRIMARY KEY (hour, placement, kind, source, model_version)
);
-- How often items were in answers of a day.
CREATE TABLE shown_items (
    day INTEGER NOT NULL,
    placement TEXT NOT NULL,
    item_key INTEGER NOT NULL,
    shown DOUBLE PRECISION NOT NULL,
    PRIMARY KEY (day, placement, item_key)
);
