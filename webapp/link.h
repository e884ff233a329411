/*
 * Addresses of the portal's own pages. Device ids are hostile text: a link is built here and
 * nowhere else. Pure.
 */
#ifndef DTUHUB_WEBAPP_LINK_H
#define DTUHUB_WEBAPP_LINK_H

/** link_device(before, device_id, after): "${before}/${device_id encoded}${after}", the caller's to
 * free; aborts where memory is out. */
char *link_device(const char *before, const char *device_id, const char *after);

/** A parameter of a link; text NULL leaves it out. */
struct link_param {
    const char *name; /* NULL ends a list */
    const char *text;
};

/** link_query(path, params): "${path}?name=text&..." or ${path} alone, the caller's to free. */
char *link_query(const char *path, const struct link_param *params);

#endif
