-- Content vectors of items. They are computed from the items again where they are missing, so a backup leaves them out.
CREATE TABLE item_vectors (
    item_key integer NOT NULL REFERENCES items (item_key),
    name text NOT NULL,         -- what the vector is of: text
    model text NOT NULL,        -- encoder
    version bigint NOT NULL,     -- version of the item that was encoded
    hash bytea NOT NULL,        -- of the content: the same content is encoded once
    vector bytea NOT NULL,      -- empty: the content has nothing to encode
    PRIMARY KEY (item_key, name)
);
CREATE INDEX item_vectors_by_content ON item_vectors (model, hash);
CREATE INDEX items_by_version ON items (version, item_key);
