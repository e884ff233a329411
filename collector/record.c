#include "collector/record.h"

#include "collector/alarm.h"
#include "collector/record_news.h"

#include <string.h>

int record_add_sample(struct record_body *body, uint32_t point, const struct reg_value *value)
{
    size_t text = strlen(value->text);
    struct record_sample sample = {
        .point = point,
        .flags =
            (uint16_t)((value->has_number ? SAMPLE_HAS_NUMBER : 0) |
                       (value->has_raw ? SAMPLE_HAS_RAW : 0) | (text > 0 ? SAMPLE_HAS_TEXT : 0)),
        .text_size = (uint16_t)text,
        .number = value->has_number ? value->number : 0,
        .raw = value->has_raw ? value->raw : 0,
    };
    if (sizeof(sample) + text > sizeof(body->bytes) - body->size)
        return -1;
    memcpy(body->bytes + body->size, &sample, sizeof(sample));
    memcpy(body->bytes + body->size + sizeof(sample), value->text, text);
    body->size += (uint32_t)(sizeof(sample) + text);
    body->count++;
    return 0;
}

int record_next_sample(const uint8_t *body, size_t size, size_t *offset,
                       struct record_sample *sample, const char **text)
{
    if (*offset == size)
        return 0;
    if (size - *offset < sizeof(*sample))
        return -1;
    memcpy(sample, body + *offset, sizeof(*sample));
    if (sample->text_size > size - *offset - sizeof(*sample))
        return -1;
    *text = (const char *)body + *offset + sizeof(*sample);
    *offset += sizeof(*sample) + sample->text_size;
    return 1;
}

int record_next(const uint8_t *bytes, size_t size, size_t *offset, struct record_head *head,
                const uint8_t **body)
{
    if (*offset == size)
        return 0;
    if (size - *offset < sizeof(*head))
        return -1;
    memcpy(head, bytes + *offset, sizeof(*head));
    if (head->type < RECORD_SAMPLES || head->type >= RECORD_TYPES ||
        head->body_size > size - *offset - sizeof(*head))
        return -1;
    *body = bytes + *offset + sizeof(*head);
    *offset += sizeof(*head) + head->body_size;
    return 1;
}

int record_parse_write(const uint8_t *body, size_t size, struct write_entry *out)
{
    struct record_write head;
    if (size < sizeof(head))
        return -1;
    memcpy(&head, body, sizeof(head));
    *out = (struct write_entry){.slave = head.slave,
                                .function = head.function,
                                .address = head.address,
                                .count = head.count};
    const struct {
        struct write_text *text;
        size_t size;
    } texts[] = {
        {&out->actor, head.actor_size},     {&out->point, head.point_size},
        {&out->value, head.value_size},     {&out->result, head.result_size},
        {&out->details, head.details_size},
    };
    size_t at = sizeof(head);
    for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
        if (texts[i].size > size - at)
            return -1;
        *texts[i].text = (struct write_text){(const char *)body + at, texts[i].size};
        at += texts[i].size;
    }
    return at == size ? 0 : -1;
}

static bool samples_sound(const struct record_head *head, const uint8_t *body)
{
    struct record_sample sample;
    const char *text;
    size_t at = 0, n = 0;
    int more;
    while ((more = record_next_sample(body, head->body_size, &at, &sample, &text)) > 0)
        n++;
    return more == 0 && n == head->count;
}

static bool connection_sound(const struct record_head *head, const uint8_t *body)
{
    struct record_connection peer;
    if (head->body_size < sizeof(peer) || head->body_size > sizeof(peer) + RECORD_DETAILS_MAX ||
        head->code < LINE_CONNECT || head->code > LINE_HEARTBEAT_TIMEOUT)
        return false;
    memcpy(&peer, body, sizeof(peer));
    return memchr(peer.address, '\0', sizeof(peer.address)) != NULL;
}

static bool alarm_sound(const char *body, size_t size)
{
    struct alarm *alarm = alarm_decode(body, size);
    alarm_free(alarm);
    return alarm != NULL;
}

bool record_sound(const struct record_head *head, const uint8_t *body)
{
    struct write_entry entry;
    struct news news;
    switch (head->type) {
    case RECORD_SAMPLES:
        return samples_sound(head, body);
    case RECORD_PACKET:
        return head->code >= PACKET_REGISTER && head->code <= PACKET_NOISE &&
               head->body_size <= RECORD_PACKET_MAX;
    case RECORD_HEARTBEAT:
        return head->body_size == 0;
    case RECORD_CONNECTION:
        return connection_sound(head, body);
    case RECORD_EVENT:
        return head->body_size <= RECORD_DETAILS_MAX;
    case RECORD_WRITE:
        return record_parse_write(body, head->body_size, &entry) == 0;
    case RECORD_NEWS:
        return news_parse(body, head->body_size, &news) == 0;
    case RECORD_ALARM:
        return alarm_sound((const char *)body, head->body_size);
    }
    return false;
}
