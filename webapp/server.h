/*
 * The FastCGI side: a listening unix socket and a fixed set of threads, each of which takes a
 * request, answers it, and takes the next. A stop lets requests in flight finish.
 */
#ifndef DTUHUB_WEBAPP_SERVER_H
#define DTUHUB_WEBAPP_SERVER_H

#include "webapp/app.h"

/**
 * server_listen(path): make the unix socket, mode 0660; a stale one of a process that is gone is
 * replaced, one that answers is left alone. Return the descriptor, or -1 with the reason logged.
 */
int server_listen(const char *path);

/**
 * server_run(app, listen_fd, threads): serve until SIGTERM or SIGINT. SIGHUP reads the
 * configuration again. The service manager is told that the program lives while threads get on, or
 * nothing waits for them. Return 0, or -1 where it could not start, or where a request was still
 * running after the time-out of shutting down.
 */
int server_run(const struct app *app, int listen_fd, unsigned threads);

#endif
