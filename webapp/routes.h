/* The one table of what the portal answers. */
#ifndef DTUHUB_WEBAPP_ROUTES_H
#define DTUHUB_WEBAPP_ROUTES_H

#include "webapp/http/route.h"

extern const struct route routes[];
extern const size_t routes_count;

/** routes_allow(path, out, size): the methods that ${path} takes, for the Allow header. */
void routes_allow(const char *path, char *out, size_t size);

#endif
