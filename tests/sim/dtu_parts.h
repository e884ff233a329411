/*
 * The parts of a DTU, for one another: dtu.c (its line and its timers), dtu_hear.c (what the server
 * says), dtu_answer.c (what it says itself). Everybody else needs dtu.h only.
 *
 * Functions that return int return 0, or -1 where the line is no more: then what the caller was
 * about is over.
 */
#ifndef DTUHUB_SIM_DTU_PARTS_H
#define DTUHUB_SIM_DTU_PARTS_H

#include "tests/sim/dtu.h"

/** dtu_lost(dtu, reason): the line is gone; dial again later. Always -1. */
int dtu_lost(struct dtu *dtu, const char *reason);

/** dtu_go_dark(dtu): leave the line open without a word, and dial again. Always -1. */
int dtu_go_dark(struct dtu *dtu);

void dtu_set_state(struct dtu *dtu, enum dtu_state state);

/** dtu_start_timer(dtu, timer, ms): for timers of one length for many DTUs: libevent keeps these in
 * a queue instead of its heap. */
void dtu_start_timer(struct dtu *dtu, struct event *timer, int64_t ms);

/** dtu_become_online(dtu): it is registered. */
void dtu_become_online(struct dtu *dtu);

/** dtu_consume(dtu): take from ${dtu}->in all that is whole, and stop at a query that is still to
 * be answered. */
void dtu_consume(struct dtu *dtu);

/** dtu_way(dtu, chance): how its next parcel is made. */
struct parcel_way dtu_way(struct dtu *dtu, enum dtu_chance chance);

/** dtu_push(dtu): send the parcel in the line, and record it when it is sent. */
int dtu_push(struct dtu *dtu);

/** dtu_record_cut(dtu): the line goes; whether an answer is on its way: it is then on the record,
 * in front of the loss, since all of it that matters may have arrived. */
bool dtu_record_cut(struct dtu *dtu);

/** dtu_answer(dtu): answer ${dtu}->query; where a late answer waits, that one goes first, and where
 * that is not sent at once the query waits too (query_waits). */
int dtu_answer(struct dtu *dtu);

/** dtu_answer_late(dtu): send the answer that is late. The line must not be busy. */
int dtu_answer_late(struct dtu *dtu);

#endif
