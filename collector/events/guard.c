#include "collector/events/guard.h"

#include "shared/base/alloc.h"
#include "shared/config/webhook_config.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

const char guard_default[] = WEBHOOK_DENY_DEFAULT;

struct guard {
    struct cidr_list *deny;
};

struct guard *guard_new(const char *cidrs)
{
    char *problem = NULL;
    struct guard *guard = xcalloc(1, sizeof(*guard));
    guard->deny = cidr_list_parse(cidrs, &problem);
    if (guard->deny == NULL) /* was checked with the configuration */
        abort();
    return guard;
}

void guard_free(struct guard *guard)
{
    if (guard == NULL)
        return;
    cidr_list_free(guard->deny);
    free(guard);
}

/* 64:ff9b::/96 (RFC 6052): the network translates it to the IPv4 address at its end. */
static bool is_translated(const uint8_t bytes[16])
{
    static const uint8_t nat64[12] = {0, 0x64, 0xff, 0x9b};
    return memcmp(bytes, nat64, sizeof(nat64)) == 0;
}

bool guard_allows(const struct guard *guard, const struct sockaddr *address)
{
    char text[INET6_ADDRSTRLEN];
    const void *bytes;
    int family = address->sa_family;
    if (family == AF_INET) {
        bytes = &((const struct sockaddr_in *)(const void *)address)->sin_addr;
    } else if (family == AF_INET6) {
        bytes = &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr;
        if (is_translated(bytes)) {
            family = AF_INET;
            bytes = (const uint8_t *)bytes + 12;
        }
    } else {
        return false;
    }
    return inet_ntop(family, bytes, text, sizeof(text)) != NULL &&
           !cidr_list_holds(guard->deny, text);
}
