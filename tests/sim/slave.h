/*
 * The Modbus slave behind a simulated DTU: a query in, an answer out.
 *
 * It has one unit with holding registers that read the same as input registers (functions 03 and
 * 04). The points of a profile are encoded into them by their waveforms; registers without a point
 * read 0. What it refuses: other functions with exception 01, a range past 65535 with 02, a count
 * of 0 or over 125 with 03. A frame with a wrong CRC and a broadcast stay unanswered, as the
 * standard says. One slave serves every device: what differs is in the moment. Pure after
 * slave_new(); any thread.
 */
#ifndef DTUHUB_SIM_SLAVE_H
#define DTUHUB_SIM_SLAVE_H

#include "shared/config/data_config.h"
#include "shared/modbus/adu.h"
#include "tests/sim/waveform.h"

/** What a query for a unit that is not there gets. */
enum slave_absent {
    SLAVE_ABSENT_EXCEPTION, /* exception 0B, as a gateway says */
    SLAVE_ABSENT_SILENCE,   /* as a serial bus says */
};

struct slave;

struct slave_answer {
    enum { SLAVE_SILENT, SLAVE_REGISTERS, SLAVE_EXCEPTION } kind;
    struct adu_request request; /* SLAVE_EXCEPTION: unit and function always, start and count where
                                it was a read */
    uint8_t code;               /* SLAVE_EXCEPTION */
    size_t len;                 /* bytes of ${frame} to send, 0 when silent */
    uint8_t frame[ADU_MAX];
};

/** slave_new(profile, unit, absent): ${profile} must outlive the slave. Ends the program where
 * memory is out.
 */
struct slave *slave_new(const struct profile *profile, uint8_t unit, enum slave_absent absent);

/** slave_free(slave): NULL is allowed. */
void slave_free(struct slave *slave);

/** slave_serve(slave, query, len, moment, out): answer a whole frame. */
void slave_serve(const struct slave *slave, const uint8_t *query, size_t len,
                 const struct waveform_moment *moment, struct slave_answer *out);

/** slave_first_point(profile, address): index of the first point at ${address} or behind it. */
size_t slave_first_point(const struct profile *profile, uint32_t address);

#endif
