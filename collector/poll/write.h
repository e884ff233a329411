/*
 * Writing a point, or registers as they are: from what a person asks to the request on the line,
 * and from what is read back to the verdict. Pure; any thread.
 *
 * The session (collector/session.h) sends an order ahead of its polls, reads back what it wrote,
 * and says what came of it.
 */
#ifndef DTUHUB_COLLECTOR_POLL_WRITE_H
#define DTUHUB_COLLECTOR_POLL_WRITE_H

#include "shared/config/data_config.h"
#include "shared/modbus/adu.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

enum write_status {
    WRITE_DONE,         /* written, and read back as written */
    WRITE_NOT_VERIFIED, /* the slave said yes, but what was read back is not what was written, or
                           could not be read */
    WRITE_EXCEPTION,    /* the slave refused: ${exception} */
    WRITE_TIMEOUT,      /* no answer: it may or may not be written */
    WRITE_LINE_LOST,    /* the line closed before the answer: the same */
    WRITE_CANCELLED,    /* not sent: the line closed, or its time was over before its turn came */
};

enum { WRITE_NUMBER_SIZE = 32 };
enum { WRITE_ACTOR_SIZE = 65, WRITE_VALUE_SIZE = 201, WRITE_POINT_SIZE = POINT_NAME_MAX + 1 };

struct write_result {
    enum write_status status;
    uint8_t exception;         /* WRITE_EXCEPTION: its code, of the write */
    bool read;                 /* something was read back */
    uint8_t data[ADU_PDU_MAX]; /* what: registers, or bits eight to a byte */
    size_t size;
    int64_t took_ms; /* from the order to its end */
};

/** One write. Whoever makes it owns it until it is handed to session_write(); after ${done} it is
 * the maker's again. */
struct write_order {
    TAILQ_ENTRY(write_order) link; /* the session's */
    int64_t due_ms;                /* the session's: monotonic, when it was taken */
    struct adu_request request;    /* the write */
    uint8_t data[ADU_PDU_MAX]; /* its registers or bits, also where the request holds them itself
                                  (05, 06): what the read-back must give */
    size_t size;
    struct adu_request read_back; /* a read of the same place */
    struct reg_type type;         /* of the point; size 0: registers as they are */
    double scale, offset;
    char actor[WRITE_ACTOR_SIZE];
    char point[WRITE_POINT_SIZE]; /* "" where registers were named */
    char value[WRITE_VALUE_SIZE]; /* as asked, for people */
    void (*done)(struct write_order *order, const struct write_result *result);
    void *cookie;
};

/**
 * write_point(point, value, order, error, size): make ${order} (request, data, read_back, type,
 * scale, offset, point, value) of ${value}, in the point's scaled unit. 0, or -1 with a text in
 * ${error} that names the point, what is wrong and what is allowed: not writable, no number,
 * outside of min and max, not representable by its type (an integer out of range; a fraction that
 * its scale cannot hold: where decoding shows only so many decimals, what it shows counts).
 * For a point of coils ${point}->address is its first coil's: see write_first_coil().
 */
int write_point(const struct point_def *point, double value, struct write_order *order, char *error,
                size_t size);

/**
 * write_first_coil(profile, point): the wire address of the first coil of a point that is read by
 * function 1: the tasks that read it say it, since a point of coils keeps only its place within
 * the answer's bytes. Its own address where no task reads it, or it is no point of coils.
 */
uint16_t write_first_coil(const struct profile *profile, const struct point_def *point);

/** What is written without a point. */
struct write_raw {
    uint32_t slave, function, address; /* 1 to 247; 5, 6, 15 or 16 */
    const uint32_t *values;            /* registers 0 to 65535, or bits 0 and 1 */
    size_t count;
};

/** write_registers(raw, order, error, size): the same for registers or coils as they are. */
int write_registers(const struct write_raw *raw, struct write_order *order, char *error,
                    size_t size);

/** write_list(values, n, text, size): "1 2 3", cut with " ..." where it does not fit. */
void write_list(const uint32_t *values, size_t n, char *text, size_t size);

/** write_verified(order, data, size): whether what was read back is what was written (the bits that
 * the order does not write do not count). */
bool write_verified(const struct write_order *order, const uint8_t *data, size_t size);

/** write_value(order, data, size, value): what was read back, in the point's scaled unit. False
 * where the order names no point, or ${data} holds no number. */
bool write_value(const struct write_order *order, const uint8_t *data, size_t size, double *value);

/** write_number_text(number, text): the fewest decimal digits that give ${number} again. */
char *write_number_text(double number, char text[WRITE_NUMBER_SIZE]);

/** write_status_name(status): "written", "not verified", "exception", "time-out", "line lost",
 * "cancelled". */
const char *write_status_name(enum write_status status);

#endif
