/*
 * The body of a RECORD_NEWS: an event as it is stored and told, and the targets of webhooks that
 * are to be called about it. Layout: struct record_news; for each target a struct record_target and
 * its name; the message; the JSON text: the event objects, with commas between them and without
 * brackets around them. Pure; any thread.
 */
#ifndef DTUHUB_COLLECTOR_RECORD_NEWS_H
#define DTUHUB_COLLECTOR_RECORD_NEWS_H

#include "collector/record.h"

#include <stddef.h>
#include <stdint.h>

enum { NEWS_TARGETS_MAX = 64, NEWS_NAME_MAX = 64, NEWS_MESSAGE_MAX = 500 };

struct record_news {
    char id[EVENT_ID_SIZE]; /* of the event; of the first one where there are several */
    uint8_t severity;
    uint8_t ntargets;
    uint16_t count; /* event objects in the JSON text */
    uint16_t message_size;
    uint32_t json_size;
};

struct record_target {
    uint16_t joinable; /* most events in one call together with those of other records; 0: alone */
    uint8_t name_size;
};

struct news_target {
    const char *name; /* not terminated where it comes from a record */
    size_t name_size;
    uint16_t joinable;
};

/** The same in a form to work with; texts are borrowed, and not terminated where they come from a
 * record. */
struct news {
    char id[EVENT_ID_SIZE];
    enum severity severity;
    uint16_t count;
    const char *message;
    size_t message_size;
    const char *json;
    size_t json_size;
    struct news_target targets[NEWS_TARGETS_MAX];
    size_t ntargets;
};

/** news_encode(news, out): the body; returns its size, or 0 where it is more than RECORD_BODY_MAX:
 * then nothing is lost but the room it needs. A message is cut at NEWS_MESSAGE_MAX. */
size_t news_encode(const struct news *news, uint8_t out[RECORD_BODY_MAX]);

/** news_parse(body, size, out): 0, or -1 where the bytes make no sense. */
int news_parse(const uint8_t *body, size_t size, struct news *out);

#endif
