/*
 * A group of the journal from hostile bytes. The checksum is made to fit, so that what is behind it
 * is reached; what is taken for a group must hold sound records whose references are known.
 */
#include "collector/store/group.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void require(int holds)
{
    if (!holds)
        abort();
}

static void check_points(struct names *names, const struct record_head *head, const uint8_t *body)
{
    struct record_sample sample;
    struct point_name point;
    const char *text;
    for (size_t at = 0; record_next_sample(body, head->body_size, &at, &sample, &text) > 0;) {
        require(names_get_point(names, sample.point, &point) == 0);
        names_point_clear(&point);
    }
}

static void check(struct names *names, const struct cache_chunk *chunk)
{
    struct record_head head;
    const uint8_t *body;
    uint32_t records = 0;
    int more;
    for (size_t at = 0; (more = record_next(chunk->bytes, chunk->size, &at, &head, &body)) > 0;) {
        char *id = names_get_device(names, head.device);
        require(id != NULL && record_sound(&head, body));
        free(id);
        if (head.type == RECORD_SAMPLES)
            check_points(names, &head, body);
        records++;
    }
    require(more == 0 && records == chunk->records);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct names *names = names_new();
    struct group_info info;
    const char *problem = NULL;
    uint8_t *exact = malloc(len > 0 ? len : 1);
    require(exact != NULL);
    memcpy(exact, data, len);
    struct cache_chunk *chunk =
        group_read(exact, len, group_crc(exact, len), names, &info, &problem);
    free(exact);
    require((chunk == NULL) == (problem != NULL));
    if (chunk != NULL) {
        require(chunk->records == info.records && strlen(info.id) == 32 && info.first_seq > 0);
        check(names, chunk);
        free(chunk);
    }
    names_free(names);
    return 0;
}
