/*
 * From a request to its handler and back: parsing, the viewer's preferences, the route, its
 * parameters, errors.
 */
#ifndef DTUHUB_WEBAPP_DISPATCH_H
#define DTUHUB_WEBAPP_DISPATCH_H

#include "webapp/call.h"

/** dispatch(worker, source, sink, cookie): answer one request. Return 0, or -1 where the connection
 * must be cut because a body broke off. */
int dispatch(struct worker *worker, const struct request_source *source, response_sink sink,
             void *cookie);

#endif
