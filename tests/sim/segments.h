/*
 * How bytes that belong together are cut into sends, and what is sent in one with them. Pure; any
 * thread.
 */
#ifndef DTUHUB_SIM_SEGMENTS_H
#define DTUHUB_SIM_SEGMENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum segments {
    SEGMENTS_WHOLE,  /* each packet is a send of its own */
    SEGMENTS_ONE,    /* each byte is */
    SEGMENTS_GLUED,  /* heartbeats are held together with what is before or behind them */
    SEGMENTS_RANDOM, /* by chance all of these */
    SEGMENTS_KINDS,
};

/** segments_by_name(name, out): "whole", "one", "glued" or "random". 0, or -1 for another. */
int segments_by_name(const char *name, enum segments *out);

/** segments_end(how, chance, sent, len): ${sent} of ${len} bytes are sent: where the next send
 * ends.
 * ${chance} is one number for all ${len} bytes. */
size_t segments_end(enum segments how, uint64_t chance, size_t sent, size_t len);

/** segments_heartbeats(how, chance, before, behind): whether a heartbeat goes into one send with
 * the packet, in front of it and behind it. */
void segments_heartbeats(enum segments how, uint64_t chance, bool *before, bool *behind);

#endif
