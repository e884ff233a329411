/*
 * What goes wrong with an answer, and how often: "crc=5,late=2.5,silence=1" in percent, or one
 * number that is spread evenly over all kinds. Pure; any thread.
 */
#ifndef DTUHUB_SIM_FAULT_MIX_H
#define DTUHUB_SIM_FAULT_MIX_H

#include <stddef.h>
#include <stdint.h>

enum fault_kind {
    FAULT_NONE,
    FAULT_CRC,             /* wrong CRC; without one in the framing, a wrong transaction */
    FAULT_WRONG_SLAVE,     /* another slave's unit id, with a right CRC */
    FAULT_EXCEPTION,       /* exception 04 instead */
    FAULT_SILENCE,         /* nothing */
    FAULT_LATE,            /* long after, or when the next query has come */
    FAULT_SPLIT_HEARTBEAT, /* a heartbeat between the two halves of it */
    FAULT_NOISE,           /* bytes that mean nothing before it, behind it, or both */
    FAULT_HALF_OPEN,       /* the line goes dead without being closed, a new one is dialled */
    FAULT_KINDS,
};

struct fault_mix {
    double percent[FAULT_KINDS]; /* of FAULT_NONE: unused */
};

/** fault_mix_parse(text, out, error, size): 0, or -1 with what is wrong in ${error}. */
int fault_mix_parse(const char *text, struct fault_mix *out, char *error, size_t size);

/** fault_choose(mix, chance): the fault of one answer, by 64 well-mixed bits. */
enum fault_kind fault_choose(const struct fault_mix *mix, uint64_t chance);

/** fault_name(kind): "crc", "wrong_slave", ...; "none". */
const char *fault_name(enum fault_kind kind);

#endif
