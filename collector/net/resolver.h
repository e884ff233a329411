/*
 * Looks names up without holding up the loop: /etc/hosts and the name servers of /etc/resolv.conf,
 * through libevent's evdns. Both files are read anew some time after a look-up has failed, so that
 * a network that came up late needs no restart.
 *
 * Belongs to the loop's thread.
 */
#ifndef DTUHUB_COLLECTOR_NET_RESOLVER_H
#define DTUHUB_COLLECTOR_NET_RESOLVER_H

#include <event2/event.h>
#include <event2/util.h>
#include <stdint.h>

struct resolver;
struct lookup;

/** Called once with the addresses (at least one, valid during the call), or with NULL and what went
 * wrong. */
typedef void resolver_found(void *cookie, const struct evutil_addrinfo *addresses,
                            const char *problem);

struct resolver *resolver_new(struct event_base *base);

/** resolver_free(resolver): look-ups under way are cancelled. NULL is allowed. */
void resolver_free(struct resolver *resolver);

/**
 * resolver_find(resolver, host, port, found, cookie): look ${host} up; the addresses carry ${port}.
 * Return the look-up, for resolver_cancel(), or NULL where found() was called before the return.
 */
struct lookup *resolver_find(struct resolver *resolver, const char *host, uint16_t port,
                             resolver_found *found, void *cookie);

/** resolver_cancel(lookup): found() is not called any more. Not to be called in or after found().
 */
void resolver_cancel(struct lookup *lookup);

#endif
