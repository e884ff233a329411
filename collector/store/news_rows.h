/*
 * Rows of events, of deliveries to webhooks, and of alarms. Deliveries to one target that may go
 * out in one call are joined here as far as one transaction holds them: the outbox joins the rest.
 * Belongs to the writer's thread.
 */
#ifndef DTUHUB_COLLECTOR_STORE_NEWS_ROWS_H
#define DTUHUB_COLLECTOR_STORE_NEWS_ROWS_H

#include "collector/record.h"
#include "collector/store/rowset.h"

struct news_rows;

/** news_rows_new(collector, events, deliveries, alarms): where the rows go, see tables.h. */
struct news_rows *news_rows_new(const char *collector, struct rowset *events,
                                struct rowset *deliveries, struct rowset *alarms);
void news_rows_free(struct news_rows *news);

/** news_rows_add(news, id, head, body): a RECORD_NEWS of the device ${id}, "" for none. 0, or -1
 * where its bytes make no sense: then no row is made. */
int news_rows_add(struct news_rows *news, const char *id, const struct record_head *head,
                  const uint8_t *body);

/** news_rows_add_alarm(news, head, body): the same for a RECORD_ALARM. */
int news_rows_add_alarm(struct news_rows *news, const struct record_head *head,
                        const uint8_t *body);

/** news_rows_finish(news): what was joined becomes rows; to be called when all were added. */
void news_rows_finish(struct news_rows *news);

#endif
