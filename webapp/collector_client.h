/*
 * Asks the collector over its control channel (HTTP on a unix socket). That the collector is down
 * is a state that pages show, not an error. A client belongs to one thread.
 */
#ifndef DTUHUB_WEBAPP_COLLECTOR_CLIENT_H
#define DTUHUB_WEBAPP_COLLECTOR_CLIENT_H

#include <json-c/json_object.h>
#include <stdint.h>

struct collector_client;

/** collector_client_new(socket_path): ${socket_path} may be NULL: then the collector counts as
 * down. Aborts where memory is out. */
struct collector_client *collector_client_new(const char *socket_path);

/** collector_client_free(client): NULL is allowed. */
void collector_client_free(struct collector_client *client);

/**
 * collector_client_get(client, path, code): what GET ${path} (with its query, encoded) answers, the
 * caller's. NULL where it is no JSON, or ${code} is not 200; ${code} is 0 where there is no answer
 * within half a second.
 */
struct json_object *collector_client_get(struct collector_client *client, const char *path,
                                         long *code);

/**
 * collector_client_post(client, path, body, timeout_ms, code): what POST ${path} with the JSON
 * object
 * ${body} answers, whatever ${code} is, the caller's; NULL where it is no JSON. Without an answer,
 * ${code} is COLLECTOR_AWAY: it was not asked; or COLLECTOR_SILENT: it was, and may have done it.
 */
enum { COLLECTOR_AWAY = 0, COLLECTOR_SILENT = -1 };
struct json_object *collector_client_post(struct collector_client *client, const char *path,
                                          struct json_object *body, int64_t timeout_ms, long *code);

/** collector_client_status(client): the object that GET /status answers, the caller's; NULL where
 * there is no answer within half a second. */
struct json_object *collector_client_status(struct collector_client *client);

#endif
