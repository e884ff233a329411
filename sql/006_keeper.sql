-- What the keeper has under way. All instants are UTC.

-- A table that is copied into partitions, and how far: see collector/store/keeper_move.h.
CREATE TABLE partition_moves (
    name    VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'of the table',
    phase   ENUM('copy', 'follow', 'rest', 'check') NOT NULL,
    turn    INT UNSIGNED NOT NULL DEFAULT 0 COMMENT 'passes of the phase follow that are done',
    since   DATETIME NOT NULL COMMENT 'this pass leaves out what is earlier',
    started DATETIME NOT NULL COMMENT 'when this pass began',
    device  INT UNSIGNED NOT NULL DEFAULT 0 COMMENT 'the last key that this pass has copied',
    key1    VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT '',
    key2    VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT '',
    PRIMARY KEY (name)
) ENGINE = InnoDB;
