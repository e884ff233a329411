/*
 * Storing on change: whether a value differs enough from the last one stored. Pure; a state belongs
 * to its session, so a device that comes back is stored anew.
 */
#ifndef DTUHUB_COLLECTOR_POLL_CHANGE_H
#define DTUHUB_COLLECTOR_POLL_CHANGE_H

#include "shared/config/data_config.h"

#include <stdbool.h>
#include <stdint.h>

/** The last value stored of one point; zeroed: none yet. */
struct change_state {
    double number;
    uint64_t raw; /* the raw value, or a digest of a text */
    int64_t stored_ms;
    bool known, has_number;
};

/**
 * change_wanted(point, state, value, now_ms): whether ${value} (scaled) is to be stored: the first
 * one, one that differs by more than point->deadband (or at all, where it is 0), one that turned
 * into a number or ceased to be one, and any once point->max_interval_ms is over (monotonic
 * ${now_ms}). Then it is the one stored.
 */
bool change_wanted(const struct point_def *point, struct change_state *state,
                   const struct reg_value *value, int64_t now_ms);

#endif
