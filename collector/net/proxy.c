#include "collector/net/proxy.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum {
    V2_FIXED = 16,
    V2_AT_COMMAND = 12,
    V2_AT_FAMILY = 13,
    V2_AT_LENGTH = 14,
    V2_LOCAL = 0x20,
    V2_PROXY = 0x21,
    V2_TCP4 = 0x11,
    V2_TCP6 = 0x21,
    V2_FAMILY_LAST = 3,    /* unspecified, IPv4, IPv6, unix */
    V2_TRANSPORT_LAST = 2, /* unspecified, stream, datagram */
};

static const char v1_start[] = "PROXY ";
static const uint8_t v2_start[12] = {0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d,
                                     0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a};

/* Addresses */

static void set_v4(struct record_connection *source, const uint8_t *bytes)
{
    inet_ntop(AF_INET, bytes, source->address, sizeof(source->address));
}

static void set_v6(struct record_connection *source, const uint8_t *bytes)
{
    struct in6_addr address;
    memcpy(&address, bytes, sizeof(address));
    if (IN6_IS_ADDR_V4MAPPED(&address))
        set_v4(source, bytes + 12);
    else
        inet_ntop(AF_INET6, &address, source->address, sizeof(source->address));
}

/* Version 1 */

/* The next word of the line: it ends at one space, or at the line's end. */
static const char *next_word(char **rest)
{
    char *word = *rest;
    if (word == NULL)
        return "";
    char *space = strchr(word, ' ');
    *rest = space != NULL ? space + 1 : NULL;
    if (space != NULL)
        *space = '\0';
    return word;
}

static int read_port(const char *word, uint16_t *port)
{
    size_t len = strlen(word);
    if (len == 0 || len > 5 || strspn(word, "0123456789") != len || (len > 1 && word[0] == '0'))
        return -1;
    unsigned long value = strtoul(word, NULL, 10);
    if (value > UINT16_MAX)
        return -1;
    *port = (uint16_t)value;
    return 0;
}

/* "SOURCE DESTINATION PORT PORT", and nothing else. */
static int read_v1_addresses(char *rest, bool v6, struct proxy_header *out)
{
    const int family = v6 ? AF_INET6 : AF_INET;
    uint8_t source[16], destination[16];
    uint16_t port;
    if (inet_pton(family, next_word(&rest), source) != 1 ||
        inet_pton(family, next_word(&rest), destination) != 1 ||
        read_port(next_word(&rest), &out->source.port) != 0 ||
        read_port(next_word(&rest), &port) != 0 || rest != NULL)
        return -1;
    out->kind = PROXY_RELAYED;
    if (v6)
        set_v6(&out->source, source);
    else
        set_v4(&out->source, source);
    return 0;
}

/* The line without its end and without "PROXY ". */
static int read_v1_line(const char *bytes, size_t len, struct proxy_header *out)
{
    char line[PROXY_V1_MAX], *rest = line;
    memcpy(line, bytes, len);
    line[len] = '\0';
    const char *family = next_word(&rest);
    if (strcmp(family, "UNKNOWN") == 0) {
        out->kind = PROXY_UNKNOWN;
        return 0;
    }
    if (memchr(bytes, '\0', len) != NULL)
        return -1;
    if (strcmp(family, "TCP4") == 0)
        return read_v1_addresses(rest, false, out);
    if (strcmp(family, "TCP6") == 0)
        return read_v1_addresses(rest, true, out);
    return -1;
}

static int parse_v1(const uint8_t *bytes, size_t len, struct proxy_header *out)
{
    const size_t start = sizeof(v1_start) - 1;
    size_t seen = len < PROXY_V1_MAX ? len : PROXY_V1_MAX;
    const uint8_t *lf = memchr(bytes, '\n', seen);
    if (lf == NULL)
        return len < PROXY_V1_MAX ? 0 : -1;
    size_t size = (size_t)(lf - bytes) + 1;
    if (size < start + 2 || lf[-1] != '\r')
        return -1;
    if (read_v1_line((const char *)bytes + start, size - start - 2, out) != 0)
        return -1;
    return (int)size;
}

/* Version 2 */

static int read_v2_source(uint8_t family, const uint8_t *body, size_t len, struct proxy_header *out)
{
    const bool v6 = family == V2_TCP6;
    const size_t width = v6 ? 16 : 4;
    if (family >> 4 > V2_FAMILY_LAST || (family & 0x0f) > V2_TRANSPORT_LAST)
        return -1;
    out->kind = PROXY_UNKNOWN;
    if (family != V2_TCP4 && !v6)
        return 0;
    if (len < 2 * width + 4)
        return -1;
    out->kind = PROXY_RELAYED;
    if (v6)
        set_v6(&out->source, body);
    else
        set_v4(&out->source, body);
    out->source.port = (uint16_t)(body[2 * width] << 8 | body[2 * width + 1]);
    return 0;
}

static int parse_v2(const uint8_t *bytes, size_t len, struct proxy_header *out)
{
    if (len < V2_FIXED)
        return 0;
    const uint8_t command = bytes[V2_AT_COMMAND];
    size_t body = (size_t)bytes[V2_AT_LENGTH] << 8 | bytes[V2_AT_LENGTH + 1];
    if ((command != V2_LOCAL && command != V2_PROXY) || body > PROXY_V2_BODY_MAX)
        return -1;
    if (len < V2_FIXED + body)
        return 0;
    out->kind = PROXY_LOCAL;
    if (command == V2_PROXY &&
        read_v2_source(bytes[V2_AT_FAMILY], bytes + V2_FIXED, body, out) != 0)
        return -1;
    return (int)(V2_FIXED + body);
}

static bool starts_like(const uint8_t *bytes, size_t len, const void *start, size_t size)
{
    return memcmp(bytes, start, len < size ? len : size) == 0;
}

int proxy_parse(const uint8_t *bytes, size_t len, struct proxy_header *out)
{
    memset(out, 0, sizeof(*out));
    if (len == 0)
        return 0;
    if (starts_like(bytes, len, v2_start, sizeof(v2_start)))
        return parse_v2(bytes, len, out);
    if (starts_like(bytes, len, v1_start, sizeof(v1_start) - 1))
        return parse_v1(bytes, len, out);
    return -1;
}
