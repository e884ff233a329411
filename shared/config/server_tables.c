#include "shared/config/server_tables.h"

#include "shared/config/server_config.h"

#include <assert.h>

/* SETTING_CHOICE stores an int. */
static_assert(sizeof(enum log_level) == sizeof(int), "enum log_level");
static_assert(sizeof(enum journal_sync) == sizeof(int), "enum journal_sync");
static_assert(sizeof(enum log_format) == sizeof(int), "enum log_format");

enum { SOCKET_PATH_MAX = 107, PATH_LENGTH_MAX = 1023, URL_LENGTH_MAX = 2047, CIDRS_MAX = 4095 };

#define DAYS_MAX 36500

#define HOUR 3600.0

#define KEY(section, key, field, kind)                                                             \
    .path = #section "." #key, .offset = offsetof(struct server_config, section.field), .type = kind

static const struct setting server_settings[] = {
    {KEY(server, host, host, SETTING_ADDRESS), .def = "0.0.0.0",
     .help = "address on which DTUs are accepted; 0.0.0.0 or :: is every interface"},
    {KEY(server, main_port, main_port, SETTING_PORT), .def = "22334",
     .help = "TCP port that DTUs dial"},
    {KEY(server, web_port, web_port, SETTING_PORT), .def = "8080",
     .help = "port of the web interface, on which nginx listens"},
    {KEY(server, name, name, SETTING_STRING), .def = "collector", .min = 1, .max = 64,
     .help = "name of this collector in the database; give each collector on one database its own"},
    {KEY(server, control_socket, control_socket, SETTING_PATH), .max = SOCKET_PATH_MAX,
     .help = "unix socket of the control channel; without it control.sock in $RUNTIME_DIRECTORY, "
             "where that is set"},
    {KEY(server, heartbeat_timeout, heartbeat_timeout_ms, SETTING_SECONDS), .def = "60", .min = 0.1,
     .max = 24 * HOUR, .reload = true,
     .help = "seconds of silence after which one heartbeat counts as missed"},
    {KEY(server, max_missed, max_missed, SETTING_UINT), .def = "3", .min = 1, .max = 100,
     .reload = true, .help = "missed heartbeats after which the collector probes the line itself"},
    {KEY(server, max_connections, max_connections, SETTING_UINT), .def = "1000", .min = 1,
     .max = 1000000, .reload = true, .help = "DTUs connected at once; one more is refused"},
    {KEY(server, connection_pool_size, connection_pool_size, SETTING_UINT), .def = "100", .min = 0,
     .max = 1000000, .reload = true,
     .help = "sessions whose memory is allocated ahead; no more than max_connections"},
    {KEY(server, registration_timeout, registration_timeout_ms, SETTING_SECONDS), .def = "30",
     .min = 0.1, .max = HOUR, .reload = true,
     .help = "seconds that a new connection has to send its registration packet"},
    {KEY(server, allow, allow, SETTING_CIDRS), .max = CIDRS_MAX, .reload = true,
     .help = "addresses and networks that DTUs may come from, such as 10.0.0.0/8; without it all"},
    {KEY(server, proxy_from, proxy_from, SETTING_CIDRS), .max = CIDRS_MAX, .reload = true,
     .help = "addresses and networks of balancers in front, whose connections begin with a PROXY "
             "header; without it none"},
    {KEY(server, accept_rate, accept_rate, SETTING_UINT), .def = "500", .max = 1000000,
     .reload = true, .help = "new connections a second at the most; 0 is no limit"},
    {KEY(server, flap_count, flap_count, SETTING_UINT), .def = "6", .min = 2, .max = 32,
     .reload = true,
     .help = "registrations within flap_window from which on a device counts as flapping"},
    {KEY(server, flap_window, flap_window_ms, SETTING_SECONDS), .def = "300", .min = 1,
     .max = 24 * HOUR, .reload = true,
     .help = "seconds in which flap_count registrations make a device flapping"},
    {KEY(server, shutdown_timeout, shutdown_timeout_ms, SETTING_SECONDS), .def = "10", .min = 0.1,
     .max = 600, .reload = true, .help = "seconds to write out what is in memory when stopped"},
};

static const struct setting mysql_settings[] = {
    {KEY(mysql, host, host, SETTING_STRING), .def = "127.0.0.1", .min = 1,
     .help = "name or address of the MariaDB or MySQL server"},
    {KEY(mysql, socket, socket, SETTING_PATH), .max = SOCKET_PATH_MAX,
     .help = "unix socket of a database on this machine; wins over host and port"},
    {KEY(mysql, port, port, SETTING_PORT), .def = "3306", .help = "TCP port of the database"},
    {KEY(mysql, user, user, SETTING_STRING), .required = true, .min = 1, .max = 128, .reload = true,
     .help = "account to log in with; a reload is for new connections"},
    {KEY(mysql, password, password, SETTING_SECRET), .def = "", .reload = true,
     .help = "its password; better ${VARIABLE}, or password_file"},
    {KEY(mysql, password_file, password_file, SETTING_PATH), .max = PATH_LENGTH_MAX, .reload = true,
     .help = "file that holds the password, in place of password; a relative path starts from the "
             "folder of this file"},
    {KEY(mysql, database, database, SETTING_STRING), .def = "dtu_data", .min = 1, .max = 64,
     .help = "name of the database"},
    {KEY(mysql, pool_size, pool_size, SETTING_UINT), .def = "8", .min = 1, .max = 256,
     .help = "database connections, and so threads, of the web interface"},
    {KEY(mysql, bulk, bulk, SETTING_BOOL), .def = "true",
     .help = "use MariaDB's bulk execute where the server has it"},
};

static const struct setting cache_settings[] = {
    {KEY(cache, max_size, max_size, SETTING_UINT), .def = "200000", .min = 10, .max = 100000000,
     .reload = true, .help = "records held in memory at the most"},
    {KEY(cache, flush_interval, flush_interval_ms, SETTING_SECONDS), .def = "1", .min = 0.01,
     .max = HOUR, .reload = true, .help = "seconds that a record waits at the most to be written"},
};

static const char *const sync_choices[] = {"full", "normal", "off", NULL};

static const struct setting journal_settings[] = {
    {KEY(journal, enabled, enabled, SETTING_BOOL), .def = "true",
     .help = "keep records in a file until the database has them; data packets are "
             "acknowledged once they are in it"},
    {KEY(journal, dir, dir, SETTING_PATH), .max = PATH_LENGTH_MAX,
     .help = "folder of the files; a relative path starts from the folder of this file; without it "
             "journal in $STATE_DIRECTORY, where that is set, else beside this file"},
    {KEY(journal, sync, sync, SETTING_CHOICE), .def = "full", .choices = sync_choices,
     .help = "full survives a power failure; normal may lose the last records to one; off leaves "
             "all of it to the system"},
    {KEY(journal, max_bytes, max_bytes, SETTING_SIZE), .def = "10G", .min = 1 << 20,
     .max = 1099511627776.0 * 64, .reload = true,
     .help = "bytes on disk at the most, logs included, also as 500M or 10G; past that the oldest "
             "records are dropped"},
    {KEY(journal, retention, retention_ms, SETTING_SECONDS), .def = "600", .min = 0,
     .max = 7 * 24 * HOUR, .reload = true,
     .help = "seconds that records stay in the journal after the database has taken them"},
    {KEY(journal, streams, streams, SETTING_UINT), .def = "1", .min = 1, .max = 16,
     .help = "connections that store at once, each with a journal of its own and its part of the "
             "devices, of cache.max_size and of journal.max_bytes; may be changed from start to "
             "start"},
};

static const struct setting retention_settings[] = {
    {KEY(retention, readings, readings, SETTING_UINT), .def = "0", .max = DAYS_MAX, .reload = true,
     .help = "days that readings and their texts are kept; they go by whole days; 0 is for ever, "
             "here and below"},
    {KEY(retention, readings_minute, readings_minute, SETTING_UINT), .def = "0", .max = DAYS_MAX,
     .reload = true, .help = "days that roll-ups by the minute are kept; they go by whole months"},
    {KEY(retention, readings_hour, readings_hour, SETTING_UINT), .def = "0", .max = DAYS_MAX,
     .reload = true, .help = "days that roll-ups by the hour are kept; they go by whole months"},
    {KEY(retention, raw_packets, raw_packets, SETTING_UINT), .def = "0", .max = DAYS_MAX,
     .reload = true, .help = "days that packets are kept"},
    {KEY(retention, heartbeat_log, heartbeat_log, SETTING_UINT), .def = "0", .max = DAYS_MAX,
     .reload = true, .help = "days that heartbeats are kept"},
    {KEY(retention, connection_history, connection_history, SETTING_UINT), .def = "0",
     .max = DAYS_MAX, .reload = true, .help = "days that connects and disconnects are kept"},
    {KEY(retention, events, events, SETTING_UINT), .def = "0", .max = DAYS_MAX, .reload = true,
     .help = "days that events are kept"},
    {KEY(retention, write_log, write_log, SETTING_UINT), .def = "0", .max = DAYS_MAX,
     .reload = true, .help = "days that the audit of writes is kept"},
    {KEY(retention, rejected_records, rejected_records, SETTING_UINT), .def = "0", .max = DAYS_MAX,
     .reload = true, .help = "days that records which the database refused are kept"},
    {KEY(retention, webhook_deliveries, webhook_deliveries, SETTING_UINT), .def = "0",
     .max = DAYS_MAX, .reload = true,
     .help = "days that deliveries to webhooks and their tries are kept; none goes "
             "before it ended"},
    {KEY(retention, alarms, alarms, SETTING_UINT), .def = "0", .max = DAYS_MAX, .reload = true,
     .help = "days that alarms are kept from when they cleared"},
    {KEY(retention, traffic_minutes, traffic_minutes, SETTING_UINT), .def = "0", .max = DAYS_MAX,
     .reload = true,
     .help = "days that the counts of each minute are kept; no minute goes before its readings"},
    {KEY(retention, check_interval, check_interval_ms, SETTING_SECONDS), .def = "60", .min = 0.1,
     .max = HOUR, .reload = true,
     .help = "seconds between two looks at partitions and at rows that are too old"},
    {KEY(retention, rollup_interval, rollup_interval_ms, SETTING_SECONDS), .def = "5", .min = 0.1,
     .max = HOUR, .reload = true,
     .help = "seconds between two looks for minutes and hours to roll up"},
};

static const struct setting webhooks_settings[] = {
    [WEBHOOKS_ONLINE] = {KEY(webhooks, device_online, device_online, SETTING_URL),
                         .max = URL_LENGTH_MAX, .reload = true,
                         .help = "URL that is told when a device comes online"},
    [WEBHOOKS_OFFLINE] = {KEY(webhooks, device_offline, device_offline, SETTING_URL),
                          .max = URL_LENGTH_MAX, .reload = true,
                          .help = "URL that is told when a device goes offline"},
    [WEBHOOKS_DATA] = {KEY(webhooks, data_received, data_received, SETTING_URL),
                       .max = URL_LENGTH_MAX, .reload = true,
                       .help = "URL that is told every reading"},
    [WEBHOOKS_DENY] = {.path = "webhooks.deny",
                       .offset = offsetof(struct server_config, hooks.deny),
                       .type = SETTING_CIDRS,
                       .def = WEBHOOK_DENY_DEFAULT,
                       .max = CIDRS_MAX,
                       .reload = true,
                       .help = "addresses and networks that are never called, whatever a name "
                               "stands for; [] is none"},
    [WEBHOOKS_TARGETS] = {KEY(webhooks, targets, targets, SETTING_BLOCK), .reload = true,
                          .help = "who else is told of what, and how: an entry for each"},
};

static const struct setting polling_settings[] = {
    {KEY(polling, response_timeout, response_timeout_ms, SETTING_SECONDS), .def = "3", .min = 0.05,
     .max = 300, .reload = true, .help = "seconds to wait for the answer to a query"},
    {KEY(polling, request_gap, request_gap_ms, SETTING_SECONDS), .def = "0.1", .min = 0, .max = 60,
     .reload = true, .help = "seconds of silence between an answer and the next query"},
    {KEY(polling, slave_gap, slave_gap_ms, SETTING_SECONDS), .def = "0.1", .min = 0, .max = 60,
     .reload = true,
     .help = "the same where the next query goes to another slave; no less than request_gap"},
    {KEY(polling, retries, retries, SETTING_UINT), .def = "1", .min = 0, .max = 10, .reload = true,
     .help = "times that an unanswered query is sent again, on lines with one slave"},
    {KEY(polling, max_timeouts, max_timeouts, SETTING_UINT), .def = "10", .max = 10000,
     .reload = true,
     .help = "unanswered queries in a row after which the connection is closed; 0 is never"},
    {KEY(polling, stagger, stagger_ms, SETTING_SECONDS), .def = "5", .min = 0, .max = 600,
     .reload = true,
     .help = "seconds over which the first queries of DTUs that come at once are spread"},
};

static const char *const level_choices[] = {"error", "warn", "info", "debug", NULL};
static const char *const format_choices[] = {"text", "json", NULL};

static const struct setting log_settings[] = {
    {KEY(log, level, level, SETTING_CHOICE), .def = "info", .choices = level_choices,
     .reload = true, .help = "least weighty kind of line that is written"},
    {KEY(log, format, format, SETTING_CHOICE), .def = "text", .choices = format_choices,
     .reload = true, .help = "form of a line"},
    {KEY(log, file, file, SETTING_PATH), .max = PATH_LENGTH_MAX, .reload = true,
     .help = "file to append to; without it standard error"},
};

#define TABLE(list)                                                                                \
    {                                                                                              \
        .settings = (list), .count = sizeof(list) / sizeof(*(list))                                \
    }

const struct server_table server_tables[] = {
    {"server", "How DTUs connect.", TABLE(server_settings)},
    {"mysql", "Where readings are stored.", TABLE(mysql_settings)},
    {"cache", "What waits in memory to be written.", TABLE(cache_settings)},
    {"journal", "What keeps records on disk while the database is away.", TABLE(journal_settings)},
    {"retention", "How long the database keeps what. Without the section nothing is deleted.",
     TABLE(retention_settings)},
    {"webhooks", "Who is told of what happens, by an HTTP request (docs/webhooks.md).",
     TABLE(webhooks_settings)},
    {"polling", "How DTUs are asked.", TABLE(polling_settings)},
    {"log", "What the collector says, and where.", TABLE(log_settings)},
};
const size_t server_tables_count = sizeof(server_tables) / sizeof(*server_tables);
