-- Orders an erasure among the fold-ins of its user, so that those from before it are refused.
ALTER TABLE erasures ADD COLUMN revision bigint NOT NULL DEFAULT 0;
