-- Readings by the minute and by the hour, which the collector's keeper makes. All instants are UTC.

-- Read by one point along time. Whole months go by retention.
CREATE TABLE readings_minute (
    device_id INT UNSIGNED NOT NULL,
    point_id  SMALLINT UNSIGNED NOT NULL,
    start     DATETIME NOT NULL,
    `min`     DOUBLE NOT NULL,
    `max`     DOUBLE NOT NULL,
    `sum`     DOUBLE NOT NULL,
    `count`   INT UNSIGNED NOT NULL COMMENT 'readings that have a value',
    PRIMARY KEY (device_id, point_id, start),
    KEY time (start) COMMENT 'an hour of all devices'
) ENGINE = InnoDB
PARTITION BY RANGE COLUMNS (start) (PARTITION pmax VALUES LESS THAN (MAXVALUE));

CREATE TABLE readings_hour (
    device_id INT UNSIGNED NOT NULL,
    point_id  SMALLINT UNSIGNED NOT NULL,
    start     DATETIME NOT NULL,
    `min`     DOUBLE NOT NULL,
    `max`     DOUBLE NOT NULL,
    `sum`     DOUBLE NOT NULL,
    `count`   INT UNSIGNED NOT NULL COMMENT 'readings that have a value',
    PRIMARY KEY (device_id, point_id, start)
) ENGINE = InnoDB
PARTITION BY RANGE COLUMNS (start) (PARTITION pmax VALUES LESS THAN (MAXVALUE));

-- How many readings traffic_minutes knew when the minute was rolled up: where it knows another number now, the minute
-- has changed. In a table of its own, because the writers hold locks on the rows of traffic_minutes.
CREATE TABLE rollup_minutes (
    minute   DATETIME NOT NULL,
    readings INT UNSIGNED NOT NULL,
    PRIMARY KEY (minute)
) ENGINE = InnoDB;

-- Hours that have new minutes: written in the transaction of the minute, gone in that of the hour.
CREATE TABLE rollup_hours (
    start DATETIME NOT NULL,
    PRIMARY KEY (start)
) ENGINE = InnoDB;
