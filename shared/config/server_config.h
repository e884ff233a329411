/*
 * server_config.yml: the settings of both daemons.
 *
 * A loaded configuration is an immutable snapshot: read it from any thread, free it once.
 * Each section is described by one table in server_config.c (name, type, bounds, default, whether a
 * reload may change it); the checker, docs/configuration.md and the tests all come from that table.
 */
#ifndef DTUHUB_CONFIG_SERVER_CONFIG_H
#define DTUHUB_CONFIG_SERVER_CONFIG_H

#include "shared/base/log.h"
#include "shared/config/fault.h"
#include "shared/config/webhook_config.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct server_section {
    char *host; /* address the DTU listener binds, "0.0.0.0" */
    char *name; /* this collector in the database: ingest_position.collector; "collector" */
    char *control_socket; /* path of the control channel, or NULL: $RUNTIME_DIRECTORY/control.sock
                             or none */
    uint16_t main_port;   /* DTUs dial this, 22334 */
    uint16_t web_port;    /* nginx listens here, 8080 */
    int64_t
        heartbeat_timeout_ms; /* one heartbeat is missed after this silence; file: seconds, 60 */
    uint32_t max_missed;      /* missed heartbeats before the line is probed, 3 */
    uint32_t max_connections; /* DTUs at once, 1000 */
    uint32_t connection_pool_size;   /* sessions whose memory is allocated ahead, 100; never above
                                        max_connections */
    int64_t registration_timeout_ms; /* deadline of the first packet; file: seconds, 30 */
    char *allow; /* addresses and networks, comma-separated, that DTUs may come from; NULL: all */
    char *proxy_from; /* those of balancers, whose connections begin with a PROXY header; NULL: none
                       */
    uint32_t accept_rate;   /* new connections a second, 0: no limit; 500 */
    uint32_t flap_count;    /* registrations within flap_window_ms from which on a device counts as
                               flapping, 6 */
    int64_t flap_window_ms; /* file: seconds, 300 */
    int64_t shutdown_timeout_ms; /* time to flush at SIGTERM; file: seconds, 10 */
};

struct mysql_section {
    char *host;          /* "127.0.0.1" */
    char *socket;        /* unix socket path; wins over host and port; NULL */
    char *user;          /* required */
    char *password;      /* "" ; from password, ${ENV} in it, or password_file */
    char *password_file; /* as the file gives it, or NULL; its content is in password */
    char *database;      /* "dtu_data" */
    uint16_t port;       /* 3306 */
    uint32_t pool_size;  /* database connections (and so threads) of the webapp, 8 */
    bool bulk;           /* use MariaDB's bulk execute where the server has it, true */
};

struct cache_section {
    uint32_t max_size; /* records held in memory at the most, 200000 */
    int64_t
        flush_interval_ms; /* a record waits no longer than this for its write; file: seconds, 1 */
};

enum journal_sync { JOURNAL_SYNC_FULL, JOURNAL_SYNC_NORMAL, JOURNAL_SYNC_OFF };

struct journal_section {
    bool enabled;           /* true */
    char *dir;              /* its folder; NULL: journal in $STATE_DIRECTORY, or beside the
                               configuration */
    enum journal_sync sync; /* full */
    uint64_t max_bytes;     /* 10 GiB */
    int64_t retention_ms;   /* what is stored stays this long; file: seconds, 600 */
    uint32_t streams;       /* 1 */
};

/* Days that rows are kept; 0: for ever. */
struct retention_section {
    uint32_t readings;                       /* and reading_texts; 0 */
    uint32_t readings_minute, readings_hour; /* 0 */
    uint32_t raw_packets, heartbeat_log;     /* 0 */
    uint32_t connection_history, events;     /* 0 */
    uint32_t write_log, rejected_records;    /* 0 */
    uint32_t webhook_deliveries;             /* and webhook_tries; 0 */
    uint32_t alarms;                         /* from when they cleared; 0 */
    uint32_t traffic_minutes;                /* and rollup_minutes; 0 */
    int64_t check_interval_ms; /* between two looks at partitions and old rows; file: seconds, 60 */
    int64_t rollup_interval_ms; /* between two looks for readings to roll up; file: seconds, 5 */
};

struct webhooks_section { /* the short form: URLs or NULL */
    char *device_online;
    char *device_offline;
    char *data_received;
    const void *targets; /* the section, while the file is read */
};

struct polling_section {
    int64_t response_timeout_ms; /* file: seconds, 3 */
    int64_t request_gap_ms; /* silence between an answer and the next query; file: seconds, 0.1 */
    int64_t slave_gap_ms;   /* the same where the next query goes to another slave; at least
                               request_gap_ms; file: seconds, 0.1 */
    uint32_t retries;       /* of an unanswered query, 1 */
    uint32_t max_timeouts;  /* unanswered queries in a row that close the line, 10; 0: never */
    int64_t stagger_ms;     /* first queries of lines that come at once are spread over this time;
                               file: seconds, 5 */
};

struct log_section {
    enum log_level level;   /* info */
    enum log_format format; /* text */
    char *file;             /* NULL: stderr */
};

struct server_config {
    struct server_section server;
    struct mysql_section mysql;
    struct cache_section cache;
    struct journal_section journal;
    struct retention_section retention;
    struct webhooks_section webhooks; /* the short form as it stands in the file */
    struct webhook_config hooks;      /* all targets, those of the short form too */
    struct polling_section polling;
    struct log_section log;
};

/**
 * server_config_load(path, faults): read, check and return a snapshot, or NULL with every fault
 * appended. A relative password_file is taken from the folder of ${path}.
 */
struct server_config *server_config_load(const char *path, struct faults *faults);

/**
 * server_config_load_without_webhooks(path, faults): the same as if the section webhooks: were not
 * there: for a program that calls none, in whose environment their secrets are not, and that may
 * not read their files.
 */
struct server_config *server_config_load_without_webhooks(const char *path, struct faults *faults);

/**
 * server_config_parse(path, bytes, len, faults): the same for the content ${bytes} of the file
 * ${path}, which is not opened itself.
 */
struct server_config *server_config_parse(const char *path, const void *bytes, size_t len,
                                          struct faults *faults);

/** server_config_free(config): NULL is allowed. The password's memory is wiped. */
void server_config_free(struct server_config *config);

/**
 * server_config_fixed_changed(running, next): the "section.key" of the first setting that differs
 * and that only a restart can change, or NULL. The text is static.
 */
const char *server_config_fixed_changed(const struct server_config *running,
                                        const struct server_config *next);

/** server_config_reference(out): print the reference of all keys as a Markdown table, from the same
 * tables. */
void server_config_reference(FILE *out);

/** mysql_section_copy(to, from): with strings of its own, but without the name of the password's
 * file: so a thread outlives a reload. mysql_section_clear(section): free them; the password is
 * wiped. */
void mysql_section_copy(struct mysql_section *to, const struct mysql_section *from);

/** mysql_section_log_in_as(to, from): take over user and password of ${from}. */
void mysql_section_log_in_as(struct mysql_section *to, const struct mysql_section *from);
void mysql_section_clear(struct mysql_section *section);

#endif
