/*
 * What server_config.yml may hold: its sections and their keys, as tables. Offsets are those of
 * struct server_config.
 */
#ifndef DTUHUB_CONFIG_SERVER_TABLES_H
#define DTUHUB_CONFIG_SERVER_TABLES_H

#include "shared/config/settings.h"

struct server_table {
    const char *name; /* the section's key */
    const char *help; /* what it is about, one sentence */
    struct settings_table table;
};

/* Keys of the section webhooks, in the order of its table. */
enum webhooks_key {
    WEBHOOKS_ONLINE,
    WEBHOOKS_OFFLINE,
    WEBHOOKS_DATA,
    WEBHOOKS_DENY,
    WEBHOOKS_TARGETS,
    WEBHOOKS_KEYS
};

extern const struct server_table server_tables[];
extern const size_t server_tables_count;

#endif
