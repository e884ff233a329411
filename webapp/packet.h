/*
 * A received packet taken apart, field by field, for people to read: its framing, as far as its
 * bytes show it (tlv, Modbus TCP's header, DDP, hexadecimal text, escapes, or none), and the Modbus
 * frame inside of it. Hostile bytes: what does not fit is shown as it is. Pure.
 */
#ifndef DTUHUB_WEBAPP_PACKET_H
#define DTUHUB_WEBAPP_PACKET_H

#include <stddef.h>
#include <stdint.h>

enum packet_verdict { PACKET_NEUTRAL, PACKET_GOOD, PACKET_BAD };

enum { PACKET_FIELDS_MAX = 12, PACKET_TEXT_SIZE = 200 };

struct packet_field {
    size_t offset, length;
    const char *name;            /* key of its name in the catalogues */
    const char *meaning;         /* key of what its value means, or NULL */
    char text[PACKET_TEXT_SIZE]; /* the value: digits, "" where ${meaning} says all */
    enum packet_verdict verdict;
};

struct packet_fields {
    struct packet_field items[PACKET_FIELDS_MAX];
    size_t count;
    enum packet_verdict verdict; /* the CRC's; neutral where the packet has none */
};

/** packet_decode(type, bytes, len, out): ${type} is "register", "heartbeat", "data", "modbus" or
 * "noise". The fields lie one behind the other and cover all bytes. */
void packet_decode(const char *type, const uint8_t *bytes, size_t len, struct packet_fields *out);

#endif
