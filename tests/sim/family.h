/*
 * Families of DTUs: how each says who it is and that it is there, and how it wraps Modbus. What is
 * known of their wire formats is written down here a second time, apart from the collector, so that
 * the two can be held against one another. Pure and without state; any thread.
 *
 * A DTU of every family is made of a number (--first-id and up): its id is that number in the form
 * of the family. Its imaginary address is 10.0.0.1, port 5000, where a packet carries one.
 */
#ifndef DTUHUB_SIM_FAMILY_H
#define DTUHUB_SIM_FAMILY_H

#include "shared/modbus/adu.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum {
    FAMILY_ID_SIZE = 24,                  /* an id as text, and its NUL */
    FAMILY_PACKET_MAX = 160,              /* bytes of a registration or heartbeat */
    FAMILY_ANSWER_MAX = 2 * ADU_MAX + 48, /* bytes of a wrapped answer */
    FAMILY_QUERY_MAX = 2 * ADU_MAX + 48,  /* bytes of a wrapped query */
};

enum family_item_kind {
    ITEM_MORE,             /* the bytes end inside of an item */
    ITEM_REGISTRATION_ACK, /* what the DTU waits for */
    ITEM_HEARTBEAT_ACK,
    ITEM_ACK,   /* of a registration or a heartbeat: both are answered with the same */
    ITEM_OTHER, /* a packet that asks for nothing */
    ITEM_QUERY,
    ITEM_NOISE,  /* a byte that begins nothing */
    ITEM_BROKEN, /* the same, where there is no way to find the next item */
};

/** What the server said. */
struct family_item {
    enum family_item_kind kind;
    size_t size;          /* bytes it takes; 0 for ITEM_MORE and ITEM_BROKEN */
    const char *why;      /* ITEM_BROKEN */
    uint16_t transaction; /* ITEM_QUERY, of framings with transactions */
    size_t adu_len;       /* ITEM_QUERY: as an RTU frame, whatever it was wrapped in */
    uint8_t adu[ADU_MAX];
};

struct family {
    const char *name;
    const char *about; /* for --help */

    /* id(number, out): as the collector shows it. */
    void (*id)(uint32_t number, char out[FAMILY_ID_SIZE]);

    /* registration(number, out), heartbeat(number, out): write the packet, return its size. NULL:
     * the family has none. */
    size_t (*registration)(uint32_t number, uint8_t out[FAMILY_PACKET_MAX]);
    size_t (*heartbeat)(uint32_t number, uint8_t out[FAMILY_PACKET_MAX]);

    /* wrap(number, adu, len, transaction, out): an RTU frame for the line; returns its size. */
    size_t (*wrap)(uint32_t number, const uint8_t *adu, size_t len, uint16_t transaction,
                   uint8_t out[FAMILY_ANSWER_MAX]);

    /* next(number, bytes, len, item): the first item of what the server said. It takes nothing
     * away, so a cut stream is read by asking again with more bytes. */
    void (*next)(uint32_t number, const uint8_t *bytes, size_t len, struct family_item *item);

    bool acknowledged; /* the DTU waits for the answer to its registration */
    bool beats_acknowledged;
    bool marked;   /* packets have a beginning and an end: no heartbeat can be inside of one */
    bool ends;     /* the end of the registration can be told: a heartbeat may be glued to it */
    bool restarts; /* it drops a line on which the server says nothing for long */
};

extern const struct family family_tlv, family_usr, family_usr_every, family_hiflying, family_ebyte,
    family_ebyte_mbap, family_waveshare, family_tlink, family_digits, family_none, family_mbap,
    family_irtu, family_irtu_imei, family_irtu_bin, family_irtu_hex, family_ddp, family_ddp_udp,
    family_four_faith, family_alotcer;

/** family_at(i): the ${i}-th of all families, NULL behind the last one. */
const struct family *family_at(size_t i);

/** family_by_name(name): or NULL. */
const struct family *family_by_name(const char *name);

/* Parts that families share. */

/** family_query_size(bytes, len): the query that begins in a stream of raw Modbus RTU: its size, 0
 * where ${len} bytes are too few to say, -1 where none begins there (its CRC is wrong). */
ssize_t family_query_size(const uint8_t *bytes, size_t len);

/** family_next_rtu(number, bytes, len, item): next() of raw RTU; wrap() of it. */
void family_next_rtu(uint32_t number, const uint8_t *bytes, size_t len, struct family_item *item);
size_t family_wrap_rtu(uint32_t number, const uint8_t *adu, size_t len, uint16_t transaction,
                       uint8_t out[FAMILY_ANSWER_MAX]);

/** family_query(adu, len, size, item): a query of ${len} bytes in a packet of ${size}. */
void family_query(const uint8_t *adu, size_t len, size_t size, struct family_item *item);

/** family_put(text, out): write a text without its NUL; returns its size. */
size_t family_put(const char *text, uint8_t *out);

/** family_beat_ping(number, out): the heartbeat "ping". */
size_t family_beat_ping(uint32_t number, uint8_t out[FAMILY_PACKET_MAX]);

void family_id_decimal(uint32_t number, char out[FAMILY_ID_SIZE]);
void family_id_imei(uint32_t number, char out[FAMILY_ID_SIZE]);  /* 86 and 13 digits */
void family_id_phone(uint32_t number, char out[FAMILY_ID_SIZE]); /* 1 and 10 digits */

#endif
