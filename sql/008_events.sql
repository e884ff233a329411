-- Events with an id and their data, alarms, and the outbox of webhooks.

ALTER TABLE events
    ADD COLUMN uid VARCHAR(48) CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT '' COMMENT 'the same wherever the event shows up',
    ADD COLUMN severity ENUM('info', 'warning', 'critical') NOT NULL DEFAULT 'info',
    ADD COLUMN data TEXT NULL COMMENT 'the event as a JSON object',
    ADD KEY kind (kind, id),
    ADD KEY severity (severity, id);

-- Nothing was written to it before. A row is one delivery to one target: a call that is made again until it succeeds.
DROP TABLE webhook_deliveries;
CREATE TABLE webhook_deliveries (
    id          BIGINT UNSIGNED NOT NULL AUTO_INCREMENT COMMENT 'the order in which they go out',
    uid         VARCHAR(48) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'what the receiver sees, the same for each try',
    collector   VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL COMMENT 'who delivers it',
    target      VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    kind        VARCHAR(32) NOT NULL COMMENT 'of its events',
    device_id   VARCHAR(191) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL DEFAULT '' COMMENT 'empty: of several or none',
    events      MEDIUMTEXT NOT NULL COMMENT 'JSON list of event objects',
    `count`     INT UNSIGNED NOT NULL COMMENT 'of events',
    joinable    SMALLINT UNSIGNED NOT NULL DEFAULT 0 COMMENT 'most events in one call with others; 0: it goes out as it is',
    status      ENUM('pending', 'delivered', 'dead') NOT NULL DEFAULT 'pending',
    attempts    INT UNSIGNED NOT NULL DEFAULT 0,
    next_try    DATETIME(3) NULL COMMENT 'null: at once',
    last_try    DATETIME(3) NULL,
    http_status SMALLINT UNSIGNED NULL,
    error       VARCHAR(255) NOT NULL DEFAULT '',
    `timestamp` DATETIME(3) NOT NULL COMMENT 'when it was put here',
    PRIMARY KEY (id),
    KEY waiting (collector, status, target, id),
    KEY status (status, id),
    KEY uid (uid),
    KEY time (`timestamp`),
    KEY device (device_id, id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;

-- Each try of a delivery.
CREATE TABLE webhook_tries (
    id          BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
    delivery    BIGINT UNSIGNED NOT NULL COMMENT 'webhook_deliveries.id',
    `timestamp` DATETIME(3) NOT NULL,
    took_ms     INT UNSIGNED NOT NULL,
    http_status SMALLINT UNSIGNED NULL COMMENT 'null: no answer',
    error       VARCHAR(255) NOT NULL DEFAULT '',
    request     TEXT NOT NULL COMMENT 'the first bytes of the body',
    answer      VARBINARY(512) NOT NULL COMMENT 'its first bytes',
    PRIMARY KEY (id),
    KEY delivery (delivery, id),
    KEY time (`timestamp`)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;

-- Targets that answered 410 Gone: not called until somebody says so.
CREATE TABLE webhook_disabled (
    collector   VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    target      VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    `timestamp` DATETIME(3) NOT NULL,
    reason      VARCHAR(255) NOT NULL,
    PRIMARY KEY (collector, target)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;

-- The life of each alarm, in one row.
CREATE TABLE alarms (
    uid             VARCHAR(48) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'that of the event that raised it',
    collector       VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    rule            VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    device_id       VARCHAR(191) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    point           VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL DEFAULT '',
    severity        ENUM('info', 'warning', 'critical') NOT NULL,
    state           ENUM('raised', 'acknowledged', 'cleared') NOT NULL,
    raised          DATETIME(3) NOT NULL,
    acknowledged    DATETIME(3) NULL,
    cleared         DATETIME(3) NULL,
    value           DOUBLE NULL,
    message_en      VARCHAR(512) NOT NULL DEFAULT '',
    message_zh      VARCHAR(512) NOT NULL DEFAULT '',
    actor           VARCHAR(64) NOT NULL DEFAULT '' COMMENT 'who acknowledged it',
    comment         VARCHAR(512) NOT NULL DEFAULT '',
    PRIMARY KEY (uid),
    KEY open (state, raised),
    KEY device (device_id, raised),
    KEY time (raised),
    KEY cleared (cleared)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;
