/*
 * The collector as a whole: its parts, their start and end, and the reload. Belongs to the loop's
 * thread.
 */
#ifndef DTUHUB_COLLECTOR_COLLECTOR_H
#define DTUHUB_COLLECTOR_COLLECTOR_H

#include "collector/acknowledger.h"
#include "collector/entrance.h"
#include "collector/events/bus.h"
#include "collector/events/ledger.h"
#include "collector/events/live.h"
#include "collector/events/rules.h"
#include "collector/hub.h"
#include "collector/storage_watch.h"
#include "collector/store/keeper.h"
#include "collector/store/store.h"
#include "shared/config/data_config.h"
#include "shared/config/server_config.h"

struct control;

struct collector {
    const char *config_dir;
    struct server_config *config;  /* the last one taken over */
    struct server_config *started; /* the first one: its fixed settings are what runs */
    struct event_base *base;
    struct store *store;
    struct keeper *keeper;
    struct bus *bus;
    struct ledger *ledger;
    struct live *live;
    struct acknowledger *acknowledger;
    struct rules *rules;
    struct event *rules_timer;
    struct storage_watch *storage_watch;
    struct hub hub;
    struct entrance *entrance;
    struct control *control;
    int64_t started_wall_ms, started_ms, reloaded_wall_ms;
    int64_t reload_tried_wall_ms; /* the last reload, well or not; 0: none yet */
    char reload_error[4096]; /* its faults, a line each; "" where the last reload was taken over,
                                all of it */
};

/** collector_load(dir, server, data, faults): read both files of the folder ${dir}, and check
 * what only both together can tell. 0, or -1 with ${faults}. */
int collector_load(const char *dir, struct server_config **server, struct data_config **data,
                   struct faults *faults);

/**
 * collector_start(collector, dir, server, data): start all parts; takes over ${server} and the hold
 * on ${data}. 0, or -1 with the reason in the log.
 */
int collector_start(struct collector *collector, const char *dir, struct server_config *server,
                    struct data_config *data);

/** collector_reload(collector): read the folder again; a fault changes nothing. Every connection
 * stays. */
void collector_reload(struct collector *collector);

/** collector_stop(collector): close all lines, store what is left, free everything. 0, or -1 where
 * records were lost. */
int collector_stop(struct collector *collector);

#endif
