-- Items of an erased user as a JSON array, until the erasure is closed: their transitions are counted again.
ALTER TABLE erasures ADD COLUMN item_keys TEXT NULL;
