/*
 * What goes out in one piece or in pieces that belong together: a registration, a heartbeat, or an
 * answer with what is glued to it and what is wrong with it. Pure; any thread.
 */
#ifndef DTUHUB_SIM_PARCEL_H
#define DTUHUB_SIM_PARCEL_H

#include "tests/sim/family.h"
#include "tests/sim/fault_mix.h"
#include "tests/sim/segments.h"

enum {
    PARCEL_NOISE_MAX = 12, /* bytes on one side */
    PARCEL_MAX = FAMILY_ANSWER_MAX + 3 * FAMILY_PACKET_MAX + 2 * PARCEL_NOISE_MAX,
};

struct parcel {
    uint16_t len;
    uint16_t cuts[2];   /* where it must be cut, whatever the segments say; 0: nowhere */
    uint8_t heartbeats; /* in it */
    bool answer;        /* there is one in it */
    enum segments segments;
    uint64_t chance; /* of its segments */
    uint8_t bytes[PARCEL_MAX];
};

/** How a parcel is made. */
struct parcel_way {
    const struct family *family;
    uint32_t number;
    enum segments segments;
    uint64_t chance; /* well mixed, another one for each parcel */
};

/** parcel_registration(way, out): empty where the family has none. A heartbeat may be glued to it
 * where its end can be told and the family waits for no answer. */
void parcel_registration(const struct parcel_way *way, struct parcel *out);

void parcel_heartbeat(const struct parcel_way *way, struct parcel *out);

/** parcel_can(family, fault): whether an answer of ${family} can have it. */
bool parcel_can(const struct family *family, enum fault_kind fault);

struct parcel_answer {
    const uint8_t *frame; /* RTU, intact */
    size_t len;
    uint16_t transaction;
    enum fault_kind fault;
};

/** parcel_answer(way, answer, out): an answer, spoilt as ${answer}->fault says; those faults that
 * are a matter of time leave it intact. */
void parcel_answer(const struct parcel_way *way, const struct parcel_answer *answer,
                   struct parcel *out);

#endif
