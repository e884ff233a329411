#include "collector/record_news.h"

#include <string.h>

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

static void put(uint8_t *out, size_t *used, const void *bytes, size_t size)
{
    if (size > 0)
        memcpy(out + *used, bytes, size);
    *used += size;
}

size_t news_encode(const struct news *news, uint8_t out[RECORD_BODY_MAX])
{
    struct record_news head = {
        .severity = (uint8_t)news->severity,
        .ntargets = (uint8_t)least(news->ntargets, NEWS_TARGETS_MAX),
        .count = news->count,
        .message_size = (uint16_t)least(news->message_size, NEWS_MESSAGE_MAX),
        .json_size = (uint32_t)news->json_size,
    };
    size_t used = 0;
    size_t most = sizeof(head) + head.ntargets * (sizeof(struct record_target) + NEWS_NAME_MAX);
    if (news->json_size > RECORD_BODY_MAX - NEWS_MESSAGE_MAX - most)
        return 0;
    memcpy(head.id, news->id, sizeof(head.id));
    put(out, &used, &head, sizeof(head));
    for (size_t i = 0; i < head.ntargets; i++) {
        const struct news_target *target = &news->targets[i];
        struct record_target entry = {
            .joinable = target->joinable,
            .name_size = (uint8_t)least(target->name_size, NEWS_NAME_MAX),
        };
        put(out, &used, &entry, sizeof(entry));
        put(out, &used, target->name, entry.name_size);
    }
    put(out, &used, news->message, head.message_size);
    put(out, &used, news->json, head.json_size);
    return used;
}

/* The next ${size} bytes; NULL where there are not so many. */
static const uint8_t *take(const uint8_t *body, size_t size, size_t *at, size_t wanted)
{
    if (wanted > size - *at)
        return NULL;
    *at += wanted;
    return body + *at - wanted;
}

static int parse_targets(const uint8_t *body, size_t size, size_t *at, struct news *out)
{
    for (size_t i = 0; i < out->ntargets; i++) {
        struct record_target entry;
        const uint8_t *bytes = take(body, size, at, sizeof(entry));
        if (bytes == NULL)
            return -1;
        memcpy(&entry, bytes, sizeof(entry));
        const uint8_t *name = take(body, size, at, entry.name_size);
        if (name == NULL || entry.name_size == 0 || entry.name_size > NEWS_NAME_MAX)
            return -1;
        out->targets[i] = (struct news_target){
            .name = (const char *)name, .name_size = entry.name_size, .joinable = entry.joinable};
    }
    return 0;
}

int news_parse(const uint8_t *body, size_t size, struct news *out)
{
    struct record_news head;
    size_t at = 0;
    const uint8_t *bytes = take(body, size, &at, sizeof(head));
    if (bytes == NULL)
        return -1;
    memcpy(&head, bytes, sizeof(head));
    if (memchr(head.id, '\0', sizeof(head.id)) == NULL || head.severity >= SEVERITIES ||
        head.ntargets > NEWS_TARGETS_MAX || head.message_size > NEWS_MESSAGE_MAX)
        return -1;
    memcpy(out->id, head.id, sizeof(out->id));
    out->severity = (enum severity)head.severity;
    out->count = head.count;
    out->ntargets = head.ntargets;
    if (parse_targets(body, size, &at, out) != 0)
        return -1;
    out->message_size = head.message_size;
    out->message = (const char *)take(body, size, &at, head.message_size);
    out->json_size = head.json_size;
    out->json = (const char *)take(body, size, &at, head.json_size);
    return out->message != NULL && out->json != NULL && at == size ? 0 : -1;
}
