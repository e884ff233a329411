/*
 * Addresses that no webhook may call, checked on the address that the connection is made to: so a
 * name that resolves to something else the second time is of no use. Pure but for the callback.
 */
#ifndef DTUHUB_COLLECTOR_EVENTS_GUARD_H
#define DTUHUB_COLLECTOR_EVENTS_GUARD_H

#include "shared/base/cidr.h"

#include <stdbool.h>
#include <sys/socket.h>

/** What is denied unless webhooks.deny says otherwise: WEBHOOK_DENY_DEFAULT. */
extern const char guard_default[];

struct guard;

/** guard_new(cidrs): ${cidrs} was checked; comma-separated. */
struct guard *guard_new(const char *cidrs);
void guard_free(struct guard *guard);

/** guard_allows(guard, address): an IPv4 address in an IPv6 one (::ffff:a.b.c.d, 64:ff9b::) counts
 * as the IPv4 address. */
bool guard_allows(const struct guard *guard, const struct sockaddr *address);

#endif
