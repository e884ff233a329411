/*
 * The header that a load balancer sends in front of a connection's own bytes, to say who is behind
 * it: the PROXY protocol, version 1 (one line of text) and 2 (binary), as HAProxy publishes it in
 * doc/proxy-protocol.txt, sections 2.1 and 2.2.
 *
 * Only for peers that are known to be balancers: anybody can write such a header. Pure; any thread.
 */
#ifndef DTUHUB_COLLECTOR_NET_PROXY_H
#define DTUHUB_COLLECTOR_NET_PROXY_H

#include "collector/record.h"

#include <stddef.h>
#include <stdint.h>

enum {
    PROXY_V1_MAX = 107,      /* the line with its CR LF */
    PROXY_V2_BODY_MAX = 536, /* addresses and TLVs behind the 16 fixed bytes */
    PROXY_MAX = 16 + PROXY_V2_BODY_MAX,
};

enum proxy_kind {
    PROXY_RELAYED, /* the header says from where */
    PROXY_LOCAL,   /* the balancer itself: a health check */
    PROXY_UNKNOWN, /* relayed, but the header does not say from where */
};

struct proxy_header {
    enum proxy_kind kind;
    struct record_connection source; /* PROXY_RELAYED only; a mapped address is given as IPv4 */
};

/**
 * proxy_parse(bytes, len, out): read the header at the start of ${bytes}, of which ${len} have come
 * so far. Return its size and fill ${out}; or 0, more bytes are needed; or -1, this is no header of
 * the protocol, or one longer than the bounds above. Once -1, more bytes do not mend it. TLVs are
 * skipped, their checksum included.
 */
int proxy_parse(const uint8_t *bytes, size_t len, struct proxy_header *out)
    __attribute__((warn_unused_result));

#endif
