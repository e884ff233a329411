/*
 * The control channel's resources, one file each. What a handler gets is a GET, or a HEAD,
 * which it answers in the same way, at once. Belongs to the loop's thread.
 */
#ifndef DTUHUB_COLLECTOR_CONTROL_PARTS_H
#define DTUHUB_COLLECTOR_CONTROL_PARTS_H

#include "collector/collector.h"

#include <event2/http.h>

enum { CONTROL_READINESS_SIZE = sizeof(((struct collector *)0)->reload_error) + 2048 };

/** control_readiness(collector, text, size): what GET /readyz says, and its status. */
int control_readiness(struct collector *collector, char *text, size_t size);

void control_metrics(struct evhttp_request *request, struct collector *collector);
void control_healthz(struct evhttp_request *request, struct collector *collector);
void control_readyz(struct evhttp_request *request, struct collector *collector);
void control_status(struct evhttp_request *request, struct collector *collector);
void control_get_lines(struct evhttp_request *request, struct collector *collector);
void control_get_line(struct evhttp_request *request, struct collector *collector);
void control_get_quarantine(struct evhttp_request *request, struct collector *collector);
void control_get_dials(struct evhttp_request *request, struct collector *collector);
void control_get_refusals(struct evhttp_request *request, struct collector *collector);
void control_get_expected(struct evhttp_request *request, struct collector *collector);

#endif
