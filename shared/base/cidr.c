#include "shared/base/cidr.h"

#include "shared/base/alloc.h"
#include "shared/base/text.h"

#include <arpa/inet.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define SEPARATORS ", \t\r\n"

enum {
    MAPPED_BITS = 96,   /* the start that all IPv4-mapped addresses share */
    ENTRY_SIZE = 64,    /* the longest address, its prefix and a NUL fit in */
    SHOWN_SIZE = 4 * 64 /* of a wrong entry in a message */
};

struct address {
    bool v6;
    uint8_t bytes[16]; /* the first 4 of them for IPv4 */
};

struct network {
    struct address first;
    unsigned bits;
};

struct cidr_list {
    size_t count;
    struct network *networks;
};

static const uint8_t mapped_start[12] = {[10] = 0xff, [11] = 0xff};

static unsigned width(const struct address *address)
{
    return address->v6 ? 128 : 32;
}

/* As written; a mapped address stays IPv6 here, because a prefix behind it counts from its start.
 */
static int read_address(const char *text, struct address *out)
{
    memset(out, 0, sizeof(*out));
    if (inet_pton(AF_INET, text, out->bytes) == 1)
        return 0;
    out->v6 = true;
    return inet_pton(AF_INET6, text, out->bytes) == 1 ? 0 : -1;
}

static bool is_mapped(const struct address *address)
{
    return address->v6 && memcmp(address->bytes, mapped_start, sizeof(mapped_start)) == 0;
}

static void unmap(struct address *address)
{
    memmove(address->bytes, address->bytes + sizeof(mapped_start), 4);
    memset(address->bytes + 4, 0, 12);
    address->v6 = false;
}

/* A prefix: digits only, without a sign or needless zeros; -1 where it is none up to ${max}. */
static int read_bits(const char *text, unsigned max)
{
    size_t len = strlen(text);
    if (len == 0 || len > 3 || strspn(text, "0123456789") != len || (len > 1 && text[0] == '0'))
        return -1;
    unsigned long bits = strtoul(text, NULL, 10);
    return bits <= max ? (int)bits : -1;
}

/* Set all bits behind the first ${bits} to 0; return whether any was set. */
static bool clear_host(struct address *address, unsigned bits)
{
    bool was_set = false;
    for (unsigned i = 0; i < width(address) / 8; i++) {
        unsigned kept = bits > 8 * i ? bits - 8 * i : 0;
        uint8_t mask = (uint8_t)(kept >= 8 ? 0xff : 0xff00 >> kept);
        was_set = was_set || (address->bytes[i] & ~mask) != 0;
        address->bytes[i] &= mask;
    }
    return was_set;
}

static char *host_bits_problem(const char *entry, const char *host, const struct network *network)
{
    char first[INET6_ADDRSTRLEN];
    inet_ntop(network->first.v6 ? AF_INET6 : AF_INET, network->first.bytes, first, sizeof(first));
    return xasprintf("\"%s\" has bits set behind its first %u: write %s/%u for the network or %s "
                     "for the one address",
                     entry, network->bits, first, network->bits, host);
}

static char *form_problem(const char *entry, size_t len)
{
    char shown[SHOWN_SIZE];
    text_printable(entry, len < ENTRY_SIZE ? len : ENTRY_SIZE, shown, sizeof(shown));
    return xasprintf("\"%s%s\" is no address or network: write IPv4 like 10.1.2.3 or 10.0.0.0/8, "
                     "IPv6 like fd00::1 or fd00::/8, several separated by commas",
                     shown, len > ENTRY_SIZE ? "..." : "");
}

/* One entry of the list; NULL, or what is wrong with it. */
static char *read_network(const char *entry, size_t len, struct network *out)
{
    char whole[ENTRY_SIZE], host[ENTRY_SIZE];
    if (len >= sizeof(whole))
        return form_problem(entry, len);
    memcpy(whole, entry, len);
    whole[len] = '\0';
    size_t host_size = strcspn(whole, "/");
    memcpy(host, whole, host_size);
    host[host_size] = '\0';
    if (read_address(host, &out->first) != 0)
        return form_problem(entry, len);
    unsigned max = width(&out->first);
    int bits = whole[host_size] == '/' ? read_bits(whole + host_size + 1, max) : (int)max;
    if (bits < 0)
        return xasprintf("\"%.*s\": behind the slash of an %s network belongs a number from 0 to "
                         "%u, the bits that all its addresses share",
                         (int)host_size, host, out->first.v6 ? "IPv6" : "IPv4", max);
    out->bits = (unsigned)bits;
    if (clear_host(&out->first, out->bits))
        return host_bits_problem(whole, host, out);
    if (out->bits >= MAPPED_BITS && is_mapped(&out->first)) {
        unmap(&out->first);
        out->bits -= MAPPED_BITS;
    }
    return NULL;
}

struct cidr_list *cidr_list_parse(const char *text, char **problem)
{
    struct cidr_list *list = xcalloc(1, sizeof(*list));
    *problem = NULL;
    text += strspn(text, SEPARATORS);
    while (*text != '\0') {
        size_t len = strcspn(text, SEPARATORS);
        list->networks = xreallocarray(list->networks, list->count + 1, sizeof(*list->networks));
        *problem = read_network(text, len, &list->networks[list->count]);
        if (*problem != NULL) {
            cidr_list_free(list);
            return NULL;
        }
        list->count++;
        text += len;
        text += strspn(text, SEPARATORS);
    }
    return list;
}

static bool network_holds(const struct network *network, struct address address)
{
    if (network->first.v6 != address.v6)
        return false;
    clear_host(&address, network->bits);
    return memcmp(network->first.bytes, address.bytes, sizeof(address.bytes)) == 0;
}

bool cidr_list_holds(const struct cidr_list *list, const char *address)
{
    struct address wanted;
    if (read_address(address, &wanted) != 0)
        return false;
    if (is_mapped(&wanted))
        unmap(&wanted);
    for (size_t i = 0; i < list->count; i++)
        if (network_holds(&list->networks[i], wanted))
            return true;
    return false;
}

size_t cidr_list_count(const struct cidr_list *list)
{
    return list != NULL ? list->count : 0;
}

void cidr_list_free(struct cidr_list *list)
{
    if (list == NULL)
        return;
    free(list->networks);
    free(list);
}
