/*
 * A device as data_config.yml states it, before its profile is found and its address is taken
 * apart.
 */
#ifndef DTUHUB_CONFIG_DEVICE_DRAFT_H
#define DTUHUB_CONFIG_DEVICE_DRAFT_H

#include "shared/config/settings.h"

enum device_key {
    DEVICE_NAME,
    DEVICE_PROFILE,
    DEVICE_TAGS,
    DEVICE_SECRET,
    DEVICE_SECRET_FILE,
    DEVICE_FROM,
    DEVICE_DIAL,
    DEVICE_KEYS
};

struct device_draft {
    char *name, *profile, *tags, *secret, *secret_file, *from, *dial;
    unsigned lines[DEVICE_KEYS];
};

extern const struct settings_table device_table;

#endif
