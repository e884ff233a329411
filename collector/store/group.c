#include "collector/store/group.h"

#include "collector/record.h"
#include "shared/base/alloc.h"

#include <stdlib.h>
#include <string.h>
#include <uthash.h>
#include <zlib.h>

/* The machine that reads must have the byte order, and the layout of records, of the one that
 * wrote. */
enum { MAGIC = 0x314a5444 /* "DTJ1" */, ORDER = 0x01020304, VERSION = 1 };

struct header {
    uint32_t magic, order;
    uint16_t version, head_size, sample_size, connection_size;
    char id[32];
    uint64_t first_seq;
    int64_t made_ms;
    uint32_t records;
    uint32_t devices, points; /* entries of the dictionary, devices first */
    uint32_t dictionary_size, records_size;
    uint32_t reserved;
};

/* An entry of the dictionary, followed by its texts: of a device its id alone. */
struct entry {
    uint32_t ref;
    uint16_t address;
    int8_t decimals;
    uint8_t reserved;
    uint16_t sizes[4]; /* id; or profile, name, unit, kind */
};

enum { TEXTS = 4 };

/* Making */

struct bytes {
    uint8_t *at;
    size_t size, room;
};

/* References that the group has already, by reference: the number of the group. */
struct marks {
    uint32_t *at;
    size_t room;
};

struct group_maker {
    struct names *names;
    struct bytes bytes;
    struct marks devices, points;
    uint32_t group;
};

struct group_maker *group_maker_new(struct names *names)
{
    struct group_maker *maker = xcalloc(1, sizeof(*maker));
    maker->names = names;
    return maker;
}

void group_maker_free(struct group_maker *maker)
{
    if (maker == NULL)
        return;
    free(maker->bytes.at);
    free(maker->devices.at);
    free(maker->points.at);
    free(maker);
}

uint32_t group_crc(const uint8_t *bytes, size_t size)
{
    return (uint32_t)crc32_z(crc32_z(0, NULL, 0), bytes, size);
}

static void add(struct bytes *bytes, const void *from, size_t size)
{
    if (bytes->room - bytes->size < size) {
        bytes->room = 2 * bytes->room + size + 4096;
        bytes->at = xreallocarray(bytes->at, bytes->room, 1);
    }
    if (size > 0)
        memcpy(bytes->at + bytes->size, from, size);
    bytes->size += size;
}

static void add_entry(struct bytes *bytes, struct entry entry, const char *const texts[TEXTS])
{
    for (int i = 0; i < TEXTS; i++)
        entry.sizes[i] = texts[i] != NULL ? (uint16_t)strnlen(texts[i], UINT16_MAX) : 0;
    add(bytes, &entry, sizeof(entry));
    for (int i = 0; i < TEXTS; i++)
        add(bytes, texts[i], entry.sizes[i]);
}

/* Whether ${ref} is new in this group. */
static bool mark(struct marks *marks, uint32_t ref, uint32_t group)
{
    if (ref >= marks->room) {
        size_t room = 2 * (size_t)ref + 64;
        marks->at = xreallocarray(marks->at, room, sizeof(*marks->at));
        memset(marks->at + marks->room, 0, (room - marks->room) * sizeof(*marks->at));
        marks->room = room;
    }
    if (marks->at[ref] == group)
        return false;
    marks->at[ref] = group;
    return true;
}

static int add_device(struct group_maker *maker, struct header *header, uint32_t ref)
{
    char *id = names_get_device(maker->names, ref);
    if (id == NULL)
        return -1;
    if (mark(&maker->devices, ref, maker->group)) {
        add_entry(&maker->bytes, (struct entry){.ref = ref}, (const char *[TEXTS]){id});
        header->devices++;
    }
    free(id);
    return 0;
}

static int add_point(struct group_maker *maker, struct header *header, uint32_t ref)
{
    struct point_name point;
    if (names_get_point(maker->names, ref, &point) != 0)
        return -1;
    if (mark(&maker->points, ref, maker->group)) {
        add_entry(&maker->bytes,
                  (struct entry){.ref = ref, .address = point.address, .decimals = point.decimals},
                  (const char *[TEXTS]){point.profile, point.name, point.unit, point.kind});
        header->points++;
    }
    names_point_clear(&point);
    return 0;
}

static bool marked(const struct marks *marks, uint32_t ref, uint32_t group)
{
    return ref < marks->room && marks->at[ref] == group;
}

static int add_points_of(struct group_maker *maker, struct header *header,
                         const struct record_head *head, const uint8_t *body)
{
    struct record_sample sample;
    const char *text;
    for (size_t at = 0; record_next_sample(body, head->body_size, &at, &sample, &text) > 0;) {
        if (!marked(&maker->points, sample.point, maker->group) &&
            add_point(maker, header, sample.point) != 0)
            return -1;
    }
    return 0;
}

/* One pass over the records for devices, one for points. */
static int add_dictionary(struct group_maker *maker, struct header *header,
                          const struct cache_chunks *chunks, bool points)
{
    const struct cache_chunk *chunk;
    struct record_head head;
    const uint8_t *body;
    TAILQ_FOREACH (chunk, chunks, link) {
        int more;
        for (size_t at = 0;
             (more = record_next(chunk->bytes, chunk->size, &at, &head, &body)) > 0;) {
            if (!points && !marked(&maker->devices, head.device, maker->group) &&
                add_device(maker, header, head.device) != 0)
                return -1;
            if (points && head.type == RECORD_SAMPLES &&
                add_points_of(maker, header, &head, body) != 0)
                return -1;
        }
        if (more < 0)
            return -1;
    }
    return 0;
}

static struct header header_of(const struct group_info *info)
{
    struct header header = {
        .magic = MAGIC,
        .order = ORDER,
        .version = VERSION,
        .head_size = sizeof(struct record_head),
        .sample_size = sizeof(struct record_sample),
        .connection_size = sizeof(struct record_connection),
        .first_seq = info->first_seq,
        .made_ms = info->made_ms,
        .records = info->records,
    };
    memcpy(header.id, info->id, sizeof(header.id));
    return header;
}

const uint8_t *group_make(struct group_maker *maker, const struct group_info *info,
                          const struct cache_chunks *chunks, size_t *size, uint32_t *crc)
{
    struct header header = header_of(info);
    const struct cache_chunk *chunk;
    maker->bytes.size = 0;
    if (++maker->group == 0) { /* round: old marks would be taken for new ones */
        memset(maker->devices.at, 0, maker->devices.room * sizeof(*maker->devices.at));
        memset(maker->points.at, 0, maker->points.room * sizeof(*maker->points.at));
        maker->group = 1;
    }
    add(&maker->bytes, &header, sizeof(header));
    if (add_dictionary(maker, &header, chunks, false) != 0 ||
        add_dictionary(maker, &header, chunks, true) != 0)
        return NULL;
    header.dictionary_size = (uint32_t)(maker->bytes.size - sizeof(header));
    TAILQ_FOREACH (chunk, chunks, link) {
        add(&maker->bytes, chunk->bytes, chunk->size);
        header.records_size += (uint32_t)chunk->size;
    }
    memcpy(maker->bytes.at, &header, sizeof(header));
    *size = maker->bytes.size;
    *crc = group_crc(maker->bytes.at, *size);
    return maker->bytes.at;
}

/* Reading */

struct mapping {
    UT_hash_handle hh;
    uint32_t was, is;
};

struct dictionary {
    struct mapping *all; /* in one piece */
    struct mapping *devices, *points;
};

static void free_dictionary(struct dictionary *dictionary)
{
    HASH_CLEAR(hh, dictionary->devices);
    HASH_CLEAR(hh, dictionary->points);
    free(dictionary->all);
}

static const char *check_header(const uint8_t *bytes, size_t size, uint32_t crc,
                                struct header *header)
{
    if (size < sizeof(*header))
        return "is cut off";
    memcpy(header, bytes, sizeof(*header));
    if (header->magic != MAGIC || header->order != ORDER)
        return "is of a machine with another byte order, or no group at all";
    if (header->version != VERSION || header->head_size != sizeof(struct record_head) ||
        header->sample_size != sizeof(struct record_sample) ||
        header->connection_size != sizeof(struct record_connection))
        return "is of another version of this program";
    if (group_crc(bytes, size) != crc)
        return "is damaged: the checksum is wrong";
    if ((uint64_t)sizeof(*header) + header->dictionary_size + header->records_size != size ||
        header->records == 0 || header->first_seq == 0 ||
        header->first_seq > INT64_MAX - (uint64_t)header->records)
        return "contradicts itself";
    for (size_t i = 0; i < sizeof(header->id); i++) {
        if (strchr("0123456789abcdef", header->id[i]) == NULL || header->id[i] == '\0')
            return "names no journal";
    }
    return NULL;
}

static void fill_info(const struct header *header, struct group_info *info)
{
    *info = (struct group_info){
        .first_seq = header->first_seq, .records = header->records, .made_ms = header->made_ms};
    memcpy(info->id, header->id, sizeof(header->id));
}

int group_peek(const uint8_t *bytes, size_t size, uint32_t crc, struct group_info *info)
{
    struct header header;
    if (check_header(bytes, size, crc, &header) != NULL)
        return -1;
    fill_info(&header, info);
    return 0;
}

/* The next entry with its texts, each a new one; 0, or -1. */
static int next_entry(const uint8_t *bytes, size_t size, size_t *at, struct entry *entry,
                      char *texts[TEXTS])
{
    if (size - *at < sizeof(*entry))
        return -1;
    memcpy(entry, bytes + *at, sizeof(*entry));
    *at += sizeof(*entry);
    size_t all = 0;
    for (int i = 0; i < TEXTS; i++)
        all += entry->sizes[i];
    if (all > size - *at || memchr(bytes + *at, '\0', all) != NULL)
        return -1;
    for (int i = 0; i < TEXTS; i++) {
        texts[i] = xstrndup((const char *)bytes + *at, entry->sizes[i]);
        *at += entry->sizes[i];
    }
    return 0;
}

static int map_entry(struct names *names, bool device, const struct entry *entry,
                     char *const texts[TEXTS], uint32_t *ref)
{
    if (device) {
        *ref = names_device(names, texts[0]);
        return 0;
    }
    struct point_name point = {.profile = texts[0],
                               .name = texts[1],
                               .unit = texts[2],
                               .kind = texts[3],
                               .address = entry->address,
                               .decimals = entry->decimals};
    return names_replayed_point(names, &point, ref);
}

static int read_dictionary(const struct header *header, const uint8_t *bytes, struct names *names,
                           struct dictionary *dictionary)
{
    size_t size = header->dictionary_size, at = 0;
    uint64_t count = (uint64_t)header->devices + header->points;
    if (count > size / sizeof(struct entry))
        return -1;
    dictionary->all = xcalloc(count > 0 ? count : 1, sizeof(*dictionary->all));
    for (uint64_t i = 0; i < count; i++) {
        struct mapping *mapping = &dictionary->all[i];
        struct entry entry;
        char *texts[TEXTS];
        if (next_entry(bytes, size, &at, &entry, texts) != 0)
            return -1;
        mapping->was = entry.ref;
        bool device = i < header->devices;
        int rc = map_entry(names, device, &entry, texts, &mapping->is);
        for (int k = 0; k < TEXTS; k++)
            free(texts[k]);
        if (rc != 0)
            return -1;
        struct mapping *known, **table = device ? &dictionary->devices : &dictionary->points;
        HASH_FIND(hh, *table, &mapping->was, sizeof(mapping->was), known);
        if (known != NULL)
            return -1;
        HASH_ADD_KEYPTR(hh, *table, &mapping->was, sizeof(mapping->was), mapping);
    }
    return at == size ? 0 : -1;
}

static int map(struct mapping *table, uint8_t *ref)
{
    struct mapping *known;
    uint32_t was;
    memcpy(&was, ref, sizeof(was));
    HASH_FIND(hh, table, &was, sizeof(was), known);
    if (known == NULL)
        return -1;
    memcpy(ref, &known->is, sizeof(known->is));
    return 0;
}

static int map_samples(const struct dictionary *dictionary, uint8_t *body, size_t size)
{
    struct record_sample sample;
    const char *text;
    for (size_t at = 0, here = 0; record_next_sample(body, size, &at, &sample, &text) > 0;
         here = at) {
        if (map(dictionary->points, body + here + offsetof(struct record_sample, point)) != 0)
            return -1;
    }
    return 0;
}

/* This process's references into the records of the chunk, and a look at each of them. */
static int map_records(const struct dictionary *dictionary, struct cache_chunk *chunk)
{
    struct record_head head;
    const uint8_t *body;
    uint32_t records = 0;
    int more;
    for (size_t at = 0, here = 0;
         (more = record_next(chunk->bytes, chunk->size, &at, &head, &body)) > 0; here = at) {
        uint8_t *own = chunk->bytes + here;
        if (!record_sound(&head, body) ||
            map(dictionary->devices, own + offsetof(struct record_head, device)) != 0)
            return -1;
        if (head.type == RECORD_SAMPLES &&
            map_samples(dictionary, own + sizeof(head), head.body_size) != 0)
            return -1;
        records++;
    }
    return more == 0 && records == chunk->records ? 0 : -1;
}

static struct cache_chunk *copy_records(const struct header *header, const uint8_t *bytes)
{
    struct cache_chunk *chunk = xcalloc(1, sizeof(*chunk) + header->records_size);
    chunk->size = chunk->room = header->records_size;
    chunk->records = header->records;
    memcpy(chunk->bytes, bytes, header->records_size);
    return chunk;
}

struct cache_chunk *group_read(const uint8_t *bytes, size_t size, uint32_t crc, struct names *names,
                               struct group_info *info, const char **problem)
{
    struct header header;
    struct dictionary dictionary = {0};
    struct cache_chunk *chunk = NULL;
    *problem = check_header(bytes, size, crc, &header);
    if (*problem != NULL)
        return NULL;
    const uint8_t *entries = bytes + sizeof(header);
    if (read_dictionary(&header, entries, names, &dictionary) == 0) {
        chunk = copy_records(&header, entries + header.dictionary_size);
        if (map_records(&dictionary, chunk) != 0) {
            free(chunk);
            chunk = NULL;
        }
    }
    free_dictionary(&dictionary);
    fill_info(&header, info);
    if (chunk == NULL)
        *problem = "makes no sense";
    return chunk;
}
