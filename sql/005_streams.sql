-- Several writers of one collector store at once.

-- Each counts in rows of its own: a row that all add to would make each wait for the COMMIT of the others.
ALTER TABLE traffic_minutes
    ADD COLUMN stream SMALLINT UNSIGNED NOT NULL DEFAULT 0 COMMENT 'which of a collector''s writers has counted',
    DROP PRIMARY KEY,
    ADD PRIMARY KEY (minute, stream);
