/*
 * What all threads of the webapp share. It is fixed once the threads run.
 */
#ifndef DTUHUB_WEBAPP_APP_H
#define DTUHUB_WEBAPP_APP_H

#include "webapp/live_config.h"
#include "webapp/view.h"

#include <semaphore.h>

enum { EXPORTS_AT_ONCE = 2, TESTS_AT_ONCE = 2 };

struct app {
    struct live_config *live;   /* what a reload changes */
    const char *control_socket; /* of the collector, or NULL */
    struct view *view;
    char assets_version[24]; /* part of the addresses of scripts and styles, which browsers keep for
                                ever */
    sem_t
        *exports; /* slots: a long export holds its thread, and must leave threads for the pages */
    sem_t *tests; /* the same for calls of a webhook that somebody waits for */
};

#endif
