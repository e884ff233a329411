-- The first schema. All instants are UTC.

CREATE TABLE devices (
    id         INT UNSIGNED NOT NULL AUTO_INCREMENT,
    device_id  VARCHAR(191) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL COMMENT 'registration id, made printable',
    profile    VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL DEFAULT 'default',
    ip_address VARCHAR(45) NOT NULL DEFAULT '',
    port       SMALLINT UNSIGNED NOT NULL DEFAULT 0,
    first_seen DATETIME(3) NOT NULL,
    last_seen  DATETIME(3) NOT NULL,
    status     ENUM('online', 'offline') NOT NULL DEFAULT 'offline',
    collector  VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL DEFAULT '' COMMENT 'the collector it last registered at',
    PRIMARY KEY (id),
    UNIQUE KEY device_id (device_id),
    KEY status (status)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;

CREATE TABLE points (
    id       SMALLINT UNSIGNED NOT NULL AUTO_INCREMENT,
    profile  VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    name     VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    address  SMALLINT UNSIGNED NOT NULL COMMENT 'wire address of the first register',
    kind     VARCHAR(16) NOT NULL COMMENT 'int, uint, float, bits, string, bcd',
    unit     VARCHAR(16) NOT NULL DEFAULT '',
    decimals TINYINT NOT NULL DEFAULT -1 COMMENT 'digits shown behind the point, -1: as many as there are',
    PRIMARY KEY (id),
    UNIQUE KEY profile_name (profile, name)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;

-- No secondary index: rows come in batches and are read by device and time.
CREATE TABLE readings (
    device_id INT UNSIGNED NOT NULL,
    ts        DATETIME(3) NOT NULL,
    point_id  SMALLINT UNSIGNED NOT NULL,
    value     DOUBLE NULL,
    raw       BIGINT UNSIGNED NULL COMMENT 'the bytes on the wire as one big-endian integer',
    PRIMARY KEY (device_id, ts, point_id)
) ENGINE = InnoDB
PARTITION BY RANGE COLUMNS (ts) (PARTITION pmax VALUES LESS THAN (MAXVALUE));

-- The values of string points; their row in readings has neither value nor more than eight raw bytes.
CREATE TABLE reading_texts (
    device_id INT UNSIGNED NOT NULL,
    ts        DATETIME(3) NOT NULL,
    point_id  SMALLINT UNSIGNED NOT NULL,
    value     VARCHAR(256) NOT NULL,
    PRIMARY KEY (device_id, ts, point_id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4
PARTITION BY RANGE COLUMNS (ts) (PARTITION pmax VALUES LESS THAN (MAXVALUE));

CREATE VIEW device_data AS
SELECT d.device_id AS device_id, p.name AS data_point, r.value AS value, r.raw AS raw_value, r.ts AS `timestamp`
FROM readings r
JOIN devices d ON d.id = r.device_id
JOIN points p ON p.id = r.point_id;

CREATE TABLE connection_history (
    id          BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
    device_id   VARCHAR(191) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    event       ENUM('connect', 'disconnect', 'heartbeat_timeout') NOT NULL,
    `timestamp` DATETIME(3) NOT NULL,
    details     VARCHAR(255) NOT NULL DEFAULT '',
    PRIMARY KEY (id, `timestamp`),
    KEY device_time (device_id, `timestamp`),
    KEY time (`timestamp`)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;

CREATE TABLE heartbeat_log (
    id          BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
    device_id   VARCHAR(191) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    `timestamp` DATETIME(3) NOT NULL,
    PRIMARY KEY (id, `timestamp`),
    KEY device_time (device_id, `timestamp`)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;

CREATE TABLE raw_packets (
    id          BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
    device_id   VARCHAR(191) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    packet_type ENUM('register', 'heartbeat', 'data', 'modbus') NOT NULL,
    raw_data    VARBINARY(1024) NOT NULL COMMENT 'the whole packet as it was received',
    `timestamp` DATETIME(3) NOT NULL,
    PRIMARY KEY (id, `timestamp`),
    KEY device_time (device_id, `timestamp`)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;

-- What came in, by the minute of its timestamp: what a day's totals and the dashboard's curve are read from.
CREATE TABLE traffic_minutes (
    minute     DATETIME NOT NULL,
    readings   INT UNSIGNED NOT NULL DEFAULT 0,
    heartbeats INT UNSIGNED NOT NULL DEFAULT 0,
    packets    INT UNSIGNED NOT NULL DEFAULT 0,
    PRIMARY KEY (minute)
) ENGINE = InnoDB;

CREATE TABLE events (
    id          BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
    kind        VARCHAR(32) NOT NULL,
    device_id   VARCHAR(191) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL DEFAULT '',
    `timestamp` DATETIME(3) NOT NULL,
    details     TEXT NOT NULL,
    PRIMARY KEY (id, `timestamp`),
    KEY time (`timestamp`)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;

CREATE TABLE webhook_deliveries (
    id          BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
    event_id    BIGINT UNSIGNED NOT NULL,
    target      VARCHAR(64) NOT NULL,
    status      ENUM('pending', 'delivered', 'failed') NOT NULL DEFAULT 'pending',
    attempts    INT UNSIGNED NOT NULL DEFAULT 0,
    `timestamp` DATETIME(3) NOT NULL,
    PRIMARY KEY (id),
    KEY target_status (target, status)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;

-- How far a collector's stream is stored: written in the transaction of the rows themselves.
CREATE TABLE ingest_position (
    collector VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    stream    SMALLINT UNSIGNED NOT NULL,
    seq       BIGINT UNSIGNED NOT NULL,
    PRIMARY KEY (collector, stream)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;
