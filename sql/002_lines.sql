-- What a line is besides its readings: names and tags of devices, noise, and the audit of writes.

-- ALGORITHM is left to the server: new columns at the end and a new last word of an ENUM are changes of the table's
-- description alone (MariaDB 10.3, MySQL 8.0.12), whatever the number of rows.
ALTER TABLE devices
    ADD COLUMN name VARCHAR(64)  CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL DEFAULT '' COMMENT 'for people, from data_config.yml',
    ADD COLUMN tags VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL DEFAULT '' COMMENT 'comma-separated, from data_config.yml';

ALTER TABLE raw_packets
    MODIFY COLUMN packet_type ENUM('register', 'heartbeat', 'data', 'modbus', 'noise') NOT NULL;

-- Who wrote what to which device, and what became of it. A row is never changed.
CREATE TABLE write_log (
    id          BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
    `timestamp` DATETIME(3) NOT NULL,
    device_id   VARCHAR(191) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    point       VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL DEFAULT '' COMMENT 'empty where registers were named',
    slave       TINYINT UNSIGNED NOT NULL,
    `function`  TINYINT UNSIGNED NOT NULL,
    address     SMALLINT UNSIGNED NOT NULL COMMENT 'wire address of the first register or coil',
    `count`     SMALLINT UNSIGNED NOT NULL,
    value       VARCHAR(255) NOT NULL COMMENT 'as asked, several separated by spaces',
    actor       VARCHAR(255) NOT NULL COMMENT 'who asked',
    result      VARCHAR(32) NOT NULL COMMENT 'written, not verified, exception, time-out, line lost, cancelled, refused',
    details     VARCHAR(255) NOT NULL DEFAULT '',
    PRIMARY KEY (id, `timestamp`),
    KEY device (device_id, id),
    KEY time (`timestamp`)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;

-- Read by device, newest first.
ALTER TABLE events
    ADD KEY device (device_id, id);
