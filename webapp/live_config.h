/*
 * The configuration that runs. A reload puts the next one in its place; who took one keeps it until
 * it is given back, so that a request sees one configuration from its beginning to its end. Any
 * thread.
 */
#ifndef DTUHUB_WEBAPP_LIVE_CONFIG_H
#define DTUHUB_WEBAPP_LIVE_CONFIG_H

#include "shared/config/server_config.h"

#include <stddef.h>

struct live_config;

struct snapshot {
    const struct server_config *config;
    unsigned holders; /* for live.c alone */
};

/**
 * live_config_load(dir, faults): read both files of the folder ${dir}, which must stay. Both are
 * checked, so that both daemons take the same folders for good; only the server's is used. NULL,
 * with ${faults} filled and sorted, where anything is wrong.
 */
struct live_config *live_config_load(const char *dir, struct faults *faults);

/** live_config_free(live): everything taken must have been given back. NULL is allowed. */
void live_config_free(struct live_config *live);

/** live_config_take(live): the newest, until live_config_give_back(). */
struct snapshot *live_config_take(struct live_config *live);

/** live_config_give_back(live, snapshot): NULL is allowed. */
void live_config_give_back(struct live_config *live, struct snapshot *snapshot);

/**
 * live_config_reload(live, problem, size): read the folder again and set up the log anew, with
 * lines in it that say what became of it. Where anything is wrong the configuration stays, the log
 * file is opened anew all the same, and the first fault is in ${problem}, which is "" otherwise.
 * One thread alone calls it.
 */
void live_config_reload(struct live_config *live, char *problem, size_t size);

#endif
