/*
 * The writer's connection to the database: made, with the schema brought up to date and the
 * collector's name claimed, for the stream, or not at all.
 *
 * Belongs to the writer's thread, but for link_cut().
 */
#ifndef DTUHUB_COLLECTOR_STORE_WRITER_LINK_H
#define DTUHUB_COLLECTOR_STORE_WRITER_LINK_H

#include "shared/config/server_config.h"
#include "shared/db/db.h"

#include <pthread.h>
#include <stdbool.h>

struct writer_link {
    MYSQL *conn;                /* NULL: not connected */
    bool bulk;                  /* the server executes in bulk, and may */
    struct mysql_section mysql; /* strings are copies */
    char *collector;
    unsigned stream;      /* whose writer's it is */
    pthread_mutex_t lock; /* guards ${fd} */
    int fd;               /* the socket; -1: none */
};

/** link_init(link, config, stream): copy what is needed of ${config}. link_clear(link) disconnects
 * too. */
void link_init(struct writer_link *link, const struct server_config *config, unsigned stream);
void link_clear(struct writer_link *link);

/** link_open(link, error): one attempt. 0, or -1 with ${error} filled. */
int link_open(struct writer_link *link, struct db_error *error);
void link_close(struct writer_link *link);

/** link_cut(link): from another thread: whatever waits for the server's answer fails at once. */
void link_cut(struct writer_link *link);

/**
 * link_tidy_up(link, error): whom an earlier life of this collector left online is offline until it
 * dials in again, since it was last heard of. One transaction, so that the history has each such
 * end once. 0, or -1 with ${error} filled.
 */
int link_tidy_up(struct writer_link *link, struct db_error *error);

#endif
