/*
 * Requests of the control channel that are answered later. A request is libevent's until it is
 * answered; where its client goes away meanwhile, libevent leaves it to us, and the answer then
 * only frees it. Only the end of the server frees it under us: so each is known here, and lost
 * before that. Belongs to the loop's thread.
 */
#ifndef DTUHUB_COLLECTOR_CONTROL_LATER_H
#define DTUHUB_COLLECTOR_CONTROL_LATER_H

#include <event2/http.h>

struct control_laters;
struct control_later;

struct control_laters *control_laters_new(void);

/** control_laters_free(laters): before the server of the requests is freed: those that wait are
 * answered with 503. */
void control_laters_free(struct control_laters *laters);

/** control_later(laters, request): it is answered when control_later_take() is called. */
struct control_later *control_later(struct control_laters *laters, struct evhttp_request *request);

/** control_later_take(later): the request, to be answered now; NULL where it was answered by the
 * end of the server. Frees ${later}. */
struct evhttp_request *control_later_take(struct control_later *later);

#endif
