/*
 * The record of what the simulator served, for tests that compare it with what was stored.
 * Tab-separated, the first column says the kind of line:
 *
 *   answer     wall_ms device poll unit function start count registers name=value/raw ...
 *   exception  wall_ms device unit function start count code
 *   heartbeat  wall_ms device
 *
 * wall_ms is the moment of the values (UTC milliseconds, see waveform.h); poll counts the device's
 * answers from 1; registers are hexadecimal. One name=value/raw follows for each point that lies
 * wholly inside of the answer: value is scaled, %.17g, and raw the bytes as one unsigned big-endian
 * integer; "-" where there is none (text, NaN, more than 8 bytes). A name may hold "=": the last
 * one counts. start and count of an exception are 0 where the query was no read. A line is written
 * after the kernel took the answer whole.
 *
 * All functions belong to one thread; a NULL record takes everything and writes nothing.
 */
#ifndef DTUHUB_SIM_SERVED_H
#define DTUHUB_SIM_SERVED_H

#include "tests/sim/slave.h"

struct served;

/** served_open(path, profile): begin a record in a new file, or on stdout for "-". NULL with errno
 * on error. */
struct served *served_open(const char *path, const struct profile *profile);

/** served_answer(served, moment, answer): one line about an answer of registers or an exception. */
void served_answer(struct served *served, const struct waveform_moment *moment,
                   const struct slave_answer *answer);

void served_heartbeat(struct served *served, int64_t wall_ms, uint32_t device);

/** served_flush(served): hand buffered lines to the kernel. 0, or -1 with errno where any line
 * since the start was lost. */
int served_flush(struct served *served);

/** served_close(served): flush and free; the result of the flush. */
int served_close(struct served *served);

#endif
