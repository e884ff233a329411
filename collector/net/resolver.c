#include "collector/net/resolver.h"

#include "shared/base/alloc.h"
#include "shared/base/clock.h"

#include <event2/dns.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/queue.h>
#include <sys/socket.h>

enum { RENEW_AFTER_MS = 30000 };

struct lookup {
    LIST_ENTRY(lookup) link;
    struct resolver *resolver; /* NULL: it is gone */
    struct evdns_getaddrinfo_request *request;
    resolver_found *found; /* NULL: cancelled */
    void *cookie;
};

LIST_HEAD(lookup_list, lookup);

struct resolver {
    struct event_base *base;
    struct evdns_base *dns; /* NULL until a name is to be looked up */
    int64_t made_ms;
    bool failed;
    struct lookup_list lookups;
};

struct resolver *resolver_new(struct event_base *base)
{
    struct resolver *resolver = xcalloc(1, sizeof(*resolver));
    resolver->base = base;
    LIST_INIT(&resolver->lookups);
    return resolver;
}

/* The look-ups outlive the resolver: evdns tells each of them its end later, from the loop. */
void resolver_free(struct resolver *resolver)
{
    if (resolver == NULL)
        return;
    struct lookup *lookup;
    while ((lookup = LIST_FIRST(&resolver->lookups)) != NULL) {
        LIST_REMOVE(lookup, link);
        lookup->resolver = NULL;
        lookup->found = NULL;
    }
    if (resolver->dns != NULL)
        evdns_base_free(resolver->dns, 1);
    free(resolver);
}

/* Where the files cannot be read evdns asks a name server on this machine. Names are asked for in
 * plain letters: some routers' name servers do not know them in mixed case. */
static struct evdns_base *make_dns(struct event_base *base)
{
    struct evdns_base *dns = evdns_base_new(base, EVDNS_BASE_DISABLE_WHEN_INACTIVE);
    if (dns == NULL)
        return NULL;
    evdns_base_resolv_conf_parse(dns, DNS_OPTIONS_ALL, "/etc/resolv.conf");
    evdns_base_set_option(dns, "randomize-case:", "0");
    evdns_base_set_option(dns, "timeout:", "3");
    return dns;
}

static void renew(struct resolver *resolver)
{
    int64_t now_ms = clock_mono_ms();
    bool stale = resolver->failed && LIST_EMPTY(&resolver->lookups) &&
                 now_ms - resolver->made_ms >= RENEW_AFTER_MS;
    if (resolver->dns != NULL && !stale)
        return;
    if (resolver->dns != NULL)
        evdns_base_free(resolver->dns, 0);
    resolver->dns = make_dns(resolver->base);
    resolver->made_ms = now_ms;
    resolver->failed = false;
}

static void on_found(int error, struct evutil_addrinfo *addresses, void *cookie)
{
    struct lookup *lookup = cookie;
    if (lookup->resolver != NULL) {
        LIST_REMOVE(lookup, link);
        lookup->resolver->failed = lookup->resolver->failed || error != 0;
    }
    if (lookup->found != NULL && error == 0 && addresses != NULL)
        lookup->found(lookup->cookie, addresses, NULL);
    else if (lookup->found != NULL)
        lookup->found(lookup->cookie, NULL,
                      error != 0 ? evutil_gai_strerror(error) : "the name has no address");
    if (addresses != NULL)
        evutil_freeaddrinfo(addresses);
    free(lookup);
}

struct lookup *resolver_find(struct resolver *resolver, const char *host, uint16_t port,
                             resolver_found *found, void *cookie)
{
    renew(resolver);
    if (resolver->dns == NULL) {
        found(cookie, NULL, "names cannot be looked up here");
        return NULL;
    }
    struct evutil_addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    char service[8];
    snprintf(service, sizeof(service), "%u", (unsigned)port);
    struct lookup *lookup = xcalloc(1, sizeof(*lookup));
    lookup->resolver = resolver;
    lookup->found = found;
    lookup->cookie = cookie;
    LIST_INSERT_HEAD(&resolver->lookups, lookup, link);
    struct evdns_getaddrinfo_request *request =
        evdns_getaddrinfo(resolver->dns, host, service, &hints, on_found, lookup);
    if (request == NULL) /* on_found() was called */
        return NULL;
    lookup->request = request;
    return lookup;
}

void resolver_cancel(struct lookup *lookup)
{
    lookup->found = NULL;
    evdns_getaddrinfo_cancel(lookup->request);
}
