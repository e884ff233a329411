-- A journal's position belongs to its id, whatever the collector is called: it is looked for by that alone.

-- Of a journal that was stored under two names, the one that is further on counts.
DELETE less FROM ingest_position AS less JOIN ingest_position AS further
    ON less.journal = further.journal AND less.stream = further.stream
    WHERE less.journal <> '' AND
        (less.seq < further.seq OR (less.seq = further.seq AND less.collector > further.collector));

ALTER TABLE ingest_position
    MODIFY collector VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL COMMENT 'who began it',
    DROP PRIMARY KEY,
    ADD PRIMARY KEY (journal, stream, collector);
