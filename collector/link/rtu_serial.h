/*
 * What rtu, hex and escaped have in common: their serial bytes are RTU frames. The functions of
 * struct scheme, see search.h.
 */
#ifndef DTUHUB_COLLECTOR_LINK_RTU_SERIAL_H
#define DTUHUB_COLLECTOR_LINK_RTU_SERIAL_H

#include "collector/link/search.h"

ssize_t rtu_serial_answer_size(const struct expectation *expected, const uint8_t *bytes,
                               size_t len);
bool rtu_serial_right(const struct expectation *expected, const uint8_t *bytes, size_t size);

/** Functions 01 to 06, 15, 16 and their exceptions, of any unit. */
ssize_t rtu_serial_foreign_size(const uint8_t *bytes, size_t len);
bool rtu_serial_foreign_right(const uint8_t *bytes, size_t size);

void rtu_serial_put(const uint8_t *bytes, size_t size, struct frame *frame);

#endif
