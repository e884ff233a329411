/*
 * The record of what the simulator served, for tests that compare it with what was stored.
 * Tab-separated, the first column says the kind of line:
 *
 *   answer      wall_ms device poll unit function start count registers name=value/raw ...
 *   exception   wall_ms device unit function start count code
 *   fault KIND  wall_ms device poll unit function start count registers name=value/raw ...
 *   write       wall_ms device unit function start count registers
 *   heartbeat   wall_ms device
 *   lost        wall_ms device
 *
 * wall_ms is the moment of the values (UTC milliseconds, see waveform.h); device is the id as the
 * collector shows it; poll counts the device's answers from 1, faulted ones too; registers are
 * hexadecimal (of functions 01 and 02: bits, eight to a byte, as on the wire). One name=value/raw
 * follows for each point that lies wholly inside of the answer: value is scaled, %.17g, and raw the
 * bytes as one unsigned big-endian integer; "-" where there is none (text, NaN, more than 8 bytes).
 * Points of coils are named where the answer is to a task of the profile. A name may hold "=": the
 * last one counts. start and count of an exception are 0 where the query was no read.
 *
 * answer: intact and in time. fault: what would have been that; KIND (see fault_mix.h) is a column
 * of its own, registers are "-" where the answer had none. With split_heartbeat and noise the bytes
 * of the answer are whole, a collector may find it. write: the slave took it, whatever became of
 * the answer; registers are those written (of 05: FF00 or 0000). lost: the line closed, or was
 * dropped: an answer just before it may not have been read.
 *
 * A line about bytes is written after the kernel took them all. All functions belong to one thread;
 * a NULL record takes everything and writes nothing.
 */
#ifndef DTUHUB_SIM_SERVED_H
#define DTUHUB_SIM_SERVED_H

#include "tests/sim/slave.h"

struct served;

/** served_open(path, profile): begin a record in a new file, or on stdout for "-". NULL with errno
 * on error. */
struct served *served_open(const char *path, const struct profile *profile);

/** served_answer(served, device, moment, answer): one line about an answer of registers or an
 * exception; none about any other. */
void served_answer(struct served *served, const char *device, const struct waveform_moment *moment,
                   const struct slave_answer *answer);

/** served_fault(served, kind, device, moment, answer): one line about ${answer}, which went wrong.
 */
void served_fault(struct served *served, const char *kind, const char *device,
                  const struct waveform_moment *moment, const struct slave_answer *answer);

/** served_write(served, device, wall_ms, answer): one line about a write (SLAVE_WRITTEN). */
void served_write(struct served *served, const char *device, int64_t wall_ms,
                  const struct slave_answer *answer);

void served_heartbeat(struct served *served, const char *device, int64_t wall_ms);

void served_lost(struct served *served, const char *device, int64_t wall_ms);

/** served_flush(served): hand buffered lines to the kernel. 0, or -1 with errno where any line
 * since the start was lost. */
int served_flush(struct served *served);

/** served_close(served): flush and free; the result of the flush. */
int served_close(struct served *served);

#endif
