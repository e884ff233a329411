-- Positions of each journal, and what the database refuses to store.

-- How far a collector's stream is stored. Records that no journal holds count under the empty journal id.
ALTER TABLE ingest_position
    ADD COLUMN journal CHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT '' COMMENT 'id of the journal that the records are numbered in',
    ADD COLUMN updated DATETIME(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
    DROP PRIMARY KEY,
    ADD PRIMARY KEY (collector, stream, journal);

-- Records that the database refused (a trigger, a check, a column too narrow). They are kept so that nobody has to guess
-- what is missing; docs/rejected-records.md says how to store them after all.
CREATE TABLE rejected_records (
    id          BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
    `timestamp` DATETIME(3) NOT NULL COMMENT 'when it was refused',
    collector   VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    journal     CHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    seq         BIGINT UNSIGNED NOT NULL COMMENT 'its number in the journal',
    device_id   VARCHAR(191) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    kind        VARCHAR(16) NOT NULL COMMENT 'samples, packet, heartbeat, connection, event, write',
    reason      VARCHAR(512) NOT NULL COMMENT 'what the database said',
    content     MEDIUMTEXT NOT NULL COMMENT 'what it says, as JSON',
    record      MEDIUMBLOB NOT NULL COMMENT 'the bytes, see collector/record.h',
    PRIMARY KEY (id),
    KEY time (`timestamp`),
    KEY device (device_id, id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;
