/*
 * The Modbus slaves behind a simulated DTU: a query in, an answer out.
 *
 * Each has holding registers that read the same as input registers (functions 03 and 04) and coils
 * that read the same as discrete inputs (01 and 02). The points of a profile are encoded into them
 * by their waveforms, into those of every slave, or only of the one (and the function) that a point
 * names; what has no point reads 0. Points of coils are found by the profile's tasks that read
 * coils. What functions 05, 06, 15 and 16 write is read back as written, whatever the points say.
 *
 * With ${unique} no register says what a point says, but slave_unique() of the answer's number.
 *
 * What a slave refuses: other functions with exception 01, a range past 65535 with 02, a count of 0
 * or too many, and a write that contradicts itself, with 03. A frame with a wrong CRC and a
 * broadcast stay unanswered, as the standard says. One struct slave serves every device: what
 * differs is in the moment and in the memory. Pure after slave_new() but for that memory; any
 * thread.
 */
#ifndef DTUHUB_SIM_SLAVE_H
#define DTUHUB_SIM_SLAVE_H

#include "shared/config/data_config.h"
#include "shared/modbus/adu.h"
#include "tests/sim/memory.h"
#include "tests/sim/units.h"
#include "tests/sim/waveform.h"

/** What a query for a unit that is not there gets. */
enum slave_absent {
    SLAVE_ABSENT_EXCEPTION, /* exception 0B, as a gateway says */
    SLAVE_ABSENT_SILENCE,   /* as a serial bus says */
};

struct slave_options {
    struct units units; /* that are there */
    struct units dead;  /* that never answer, there or not */
    enum slave_absent absent;
    bool unique;
    bool reject_writes; /* exception 02 */
    bool forget_writes; /* say yes and keep nothing */
};

struct slave;

struct slave_query {
    const uint8_t *bytes; /* a whole RTU frame */
    size_t len;
    const struct waveform_moment *moment;
    struct memory *memory; /* of the DTU that is asked */
};

struct slave_answer {
    enum { SLAVE_SILENT, SLAVE_REGISTERS, SLAVE_WRITTEN, SLAVE_EXCEPTION } kind;
    struct adu_request request; /* SLAVE_EXCEPTION: unit and function always, start and count where
                                it was a read */
    uint8_t code;               /* SLAVE_EXCEPTION */
    uint8_t written_size;       /* SLAVE_WRITTEN: bytes of ${written} */
    const uint8_t *written;     /* SLAVE_WRITTEN: registers or bits, inside of the query */
    size_t len;                 /* bytes of ${frame} to send, 0 when silent */
    uint8_t frame[ADU_MAX];
};

/** slave_new(profile, options): ${profile} must outlive the slave. Ends the program where memory is
 * out. */
struct slave *slave_new(const struct profile *profile, const struct slave_options *options);

/** slave_free(slave): NULL is allowed. */
void slave_free(struct slave *slave);

/** slave_serve(slave, query, out): answer a whole frame. */
void slave_serve(const struct slave *slave, const struct slave_query *query,
                 struct slave_answer *out);

/** slave_first_point(profile, address): index of the first point at ${address} or behind it. */
size_t slave_first_point(const struct profile *profile, uint32_t address);

/** slave_coil_points(profile): one for each point: whether a task takes it from coils. The caller
 * frees it. */
bool *slave_coil_points(const struct profile *profile);

/** slave_reads_point(point, request): whether ${point} is of the slave and the function that
 * ${request} asks. */
static inline bool slave_reads_point(const struct point_def *point,
                                     const struct adu_request *request)
{
    return (point->slave == 0 || point->slave == request->unit) &&
           (point->function == 0 || point->function == request->function);
}

/**
 * slave_unique(n, address): what ${address} says in a DTU's ${n}-th answer with ${unique}:
 * (131 n + address) mod 65521. 65521 is prime, so a register gives n back, as long as that is less:
 * n = (value - address) * 53017 mod 65521. Coil c is bit c mod 16 of slave_unique(n, c / 16).
 */
uint16_t slave_unique(uint64_t n, uint32_t address);

#endif
