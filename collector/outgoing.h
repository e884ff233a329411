/*
 * What the collector tells others: the outbox and the webhooks, tied to the writer that fills the
 * one and to the loop that the other runs on. Belongs to the loop's thread.
 */
#ifndef DTUHUB_COLLECTOR_OUTGOING_H
#define DTUHUB_COLLECTOR_OUTGOING_H

struct collector;
struct server_config;

/** outgoing_start(collector): after the writer. 0, or -1 where no thread can be made. */
int outgoing_start(struct collector *collector);

/** outgoing_configure(collector, config): other targets, from a reload. */
void outgoing_configure(struct collector *collector, const struct server_config *config);

/** outgoing_end_calls(collector): no more calls, and nothing of the writer; before that is stopped.
 * outgoing_stop(collector): what came of the calls is written meanwhile; end. */
void outgoing_end_calls(struct collector *collector);
void outgoing_stop(struct collector *collector);

#endif
