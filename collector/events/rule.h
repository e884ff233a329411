/*
 * One rule watching one point of one device: the state, and what a value or the time does to it.
 * Pure: no clock, no memory of its own.
 *
 *   quiet --condition true--> pending --true for hold--> raised --false (hysteresis) for
 * clear_hold--> quiet
 *
 * "changes" is raised by each change and clears by itself at once. Values without a number (a NaN,
 * a text) count as no value for all conditions but "changes" and "no data".
 */
#ifndef DTUHUB_COLLECTOR_EVENTS_RULE_H
#define DTUHUB_COLLECTOR_EVENTS_RULE_H

#include "shared/config/rule_config.h"
#include "shared/modbus/regtype.h"

#include <stdbool.h>
#include <stdint.h>

struct rule_state {
    bool raised;
    bool has_last;
    double last; /* number of the last value; "changes": compared, rates: measured from */
    uint64_t last_raw;
    int64_t last_ms;  /* monotonic time of the last value */
    int64_t since_ms; /* monotonic: since when the condition is the other one than raised; 0: it is
                         not */
    int64_t told_ms;  /* monotonic: raised or repeated last */
};

enum rule_verdict { RULE_NOTHING, RULE_RAISE, RULE_CLEAR, RULE_REPEAT };

/** rule_value(rule, state, value, mono_ms): a value came. */
enum rule_verdict rule_value(const struct rule_def *rule, struct rule_state *state,
                             const struct reg_value *value, int64_t mono_ms);

/** rule_time(rule, state, mono_ms): time passed: hold, repeat and no data. */
enum rule_verdict rule_time(const struct rule_def *rule, struct rule_state *state, int64_t mono_ms);

/** rule_due_ms(rule, state): when rule_time() has something to say; INT64_MAX: not by time. */
int64_t rule_due_ms(const struct rule_def *rule, const struct rule_state *state);

/** rule_begin(rule, state, mono_ms): a state from now on (no data counts from here);
 * rule_restore(): the same, with the alarm raised since an earlier life. */
void rule_begin(const struct rule_def *rule, struct rule_state *state, int64_t mono_ms);
void rule_restore(const struct rule_def *rule, struct rule_state *state, int64_t mono_ms);

/** rule_is_quiet(rule, minute): whether the minute of the day is in its quiet hours. */
bool rule_is_quiet(const struct rule_def *rule, unsigned minute);

#endif
