#include "collector/events/rule.h"

#include <math.h>
#include <string.h>

void rule_begin(const struct rule_def *rule, struct rule_state *state, int64_t mono_ms)
{
    (void)rule;
    *state = (struct rule_state){.last_ms = mono_ms};
}

void rule_restore(const struct rule_def *rule, struct rule_state *state, int64_t mono_ms)
{
    rule_begin(rule, state, mono_ms);
    state->raised = true;
    state->told_ms = mono_ms;
}

/* By how much a value must come back over the limit that it passed, before it counts as good. */
static double margin(const struct rule_def *rule, const struct rule_state *state)
{
    return state->raised ? rule->hysteresis : 0;
}

static bool rate_is_true(const struct rule_def *rule, const struct rule_state *state, double value,
                         int64_t mono_ms)
{
    const struct rule_expr *when = &rule->when;
    if (!state->has_last || mono_ms <= state->last_ms)
        return state->raised;
    double change =
        (value - state->last) * (double)when->time_ms / (double)(mono_ms - state->last_ms);
    if (when->condition == RULE_FALLS)
        change = -change;
    return change >= when->low - margin(rule, state);
}

/* Whether the condition is true of the value, seen from the state that the rule is in. */
static bool is_true(const struct rule_def *rule, const struct rule_state *state,
                    const struct reg_value *value, int64_t mono_ms)
{
    const struct rule_expr *when = &rule->when;
    double number = value->number, by = margin(rule, state);
    switch (when->condition) {
    case RULE_ABOVE:
        return number > when->low - by;
    case RULE_BELOW:
        return number < when->low + by;
    case RULE_EQUALS:
        return fabs(number - when->low) <= by;
    case RULE_NOT:
        return number != when->low;
    case RULE_BETWEEN:
        return number >= when->low - by && number <= when->high + by;
    case RULE_OUTSIDE:
        return number < when->low + by || number > when->high - by;
    case RULE_BIT_SET:
        return value->raw >> when->bit & 1;
    case RULE_BIT_CLEAR:
        return !(value->raw >> when->bit & 1);
    case RULE_RISES:
    case RULE_FALLS:
        return rate_is_true(rule, state, number, mono_ms);
    case RULE_CHANGES:
    case RULE_NO_DATA:
        break;
    }
    return false;
}

/* Whether the value says anything to the condition. */
static bool is_usable(const struct rule_def *rule, const struct reg_value *value)
{
    if (rule->when.condition == RULE_BIT_SET || rule->when.condition == RULE_BIT_CLEAR)
        return value->has_raw;
    return value->has_number;
}

static enum rule_verdict turn(struct rule_state *state, bool raised, int64_t mono_ms)
{
    state->raised = raised;
    state->since_ms = 0;
    state->told_ms = mono_ms;
    return raised ? RULE_RAISE : RULE_CLEAR;
}

/* How long the other condition must hold before the state turns. */
static int64_t hold_ms(const struct rule_def *rule, const struct rule_state *state)
{
    return state->raised ? rule->clear_hold_ms : rule->hold_ms;
}

/* The condition is ${true_now}: turn, or wait for the hold time. */
static enum rule_verdict settle(const struct rule_def *rule, struct rule_state *state,
                                bool true_now, int64_t mono_ms)
{
    if (true_now == state->raised) {
        state->since_ms = 0;
        return RULE_NOTHING;
    }
    if (state->since_ms == 0)
        state->since_ms = mono_ms > 0 ? mono_ms : 1;
    if (mono_ms - state->since_ms >= hold_ms(rule, state))
        return turn(state, true_now, mono_ms);
    return RULE_NOTHING;
}

static bool differs(const struct rule_def *rule, const struct rule_state *state,
                    const struct reg_value *value)
{
    if (value->has_number)
        return fabs(value->number - state->last) > rule->hysteresis;
    return value->has_raw && value->raw != state->last_raw;
}

static void remember(struct rule_state *state, const struct reg_value *value, int64_t mono_ms)
{
    state->has_last = true;
    state->last = value->has_number ? value->number : 0;
    state->last_raw = value->raw;
    state->last_ms = mono_ms;
}

/* A change is over as soon as it is told: the caller sees a raise, and the state is as before. */
static enum rule_verdict changed(const struct rule_def *rule, struct rule_state *state,
                                 const struct reg_value *value, int64_t mono_ms)
{
    bool first = !state->has_last, change = !first && differs(rule, state, value);
    if (first || change)
        remember(state, value, mono_ms);
    if (!change)
        return RULE_NOTHING;
    state->told_ms = mono_ms;
    return RULE_RAISE;
}

enum rule_verdict rule_value(const struct rule_def *rule, struct rule_state *state,
                             const struct reg_value *value, int64_t mono_ms)
{
    enum rule_verdict verdict;
    if (rule->when.condition == RULE_CHANGES)
        return changed(rule, state, value, mono_ms);
    if (rule->when.condition == RULE_NO_DATA) {
        state->last_ms = mono_ms;
        return settle(rule, state, false, mono_ms);
    }
    if (!is_usable(rule, value))
        return RULE_NOTHING;
    verdict = settle(rule, state, is_true(rule, state, value, mono_ms), mono_ms);
    remember(state, value, mono_ms);
    return verdict;
}

/* What waits for its hold time, and whether there was no data, are a matter of time alone. */
enum rule_verdict rule_time(const struct rule_def *rule, struct rule_state *state, int64_t mono_ms)
{
    if (rule->when.condition == RULE_NO_DATA && !state->raised &&
        mono_ms - state->last_ms >= rule->when.time_ms)
        return turn(state, true, mono_ms);
    if (state->since_ms > 0 && mono_ms - state->since_ms >= hold_ms(rule, state))
        return turn(state, !state->raised, mono_ms);
    if (state->raised && rule->repeat_ms > 0 && mono_ms - state->told_ms >= rule->repeat_ms) {
        state->told_ms = mono_ms;
        return RULE_REPEAT;
    }
    return RULE_NOTHING;
}

static void least(int64_t *due_ms, int64_t ms)
{
    if (ms < *due_ms)
        *due_ms = ms;
}

int64_t rule_due_ms(const struct rule_def *rule, const struct rule_state *state)
{
    int64_t due_ms = INT64_MAX;
    if (rule->when.condition == RULE_NO_DATA && !state->raised)
        least(&due_ms, state->last_ms + rule->when.time_ms);
    if (state->since_ms > 0)
        least(&due_ms, state->since_ms + hold_ms(rule, state));
    if (state->raised && rule->repeat_ms > 0)
        least(&due_ms, state->told_ms + rule->repeat_ms);
    return due_ms;
}

bool rule_is_quiet(const struct rule_def *rule, unsigned minute)
{
    if (!rule->has_quiet)
        return false;
    if (rule->quiet_from <= rule->quiet_to)
        return minute >= rule->quiet_from && minute < rule->quiet_to;
    return minute >= rule->quiet_from || minute < rule->quiet_to;
}
