#include "collector/store/names.h"

#include "shared/base/alloc.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

struct entry {
    UT_hash_handle hh;
    uint32_t ref;
    struct point_name point;   /* of a point only */
    struct device_name device; /* of a device only */
    char key[];
};

struct table {
    struct entry *by_key;
    struct entry **by_ref;
    size_t count, room;
};

struct names {
    pthread_mutex_t lock;
    struct table devices, points;
    unsigned revision;
};

struct names *names_new(void)
{
    struct names *names = xcalloc(1, sizeof(*names));
    pthread_mutex_init(&names->lock, NULL);
    return names;
}

void names_point_clear(struct point_name *point)
{
    free(point->profile);
    free(point->name);
    free(point->unit);
    memset(point, 0, sizeof(*point));
}

void names_device_clear(struct device_name *name)
{
    free(name->name);
    free(name->tags);
    free(name->profile);
    memset(name, 0, sizeof(*name));
}

static void table_clear(struct table *table)
{
    HASH_CLEAR(hh, table->by_key);
    for (size_t i = 0; i < table->count; i++) {
        names_point_clear(&table->by_ref[i]->point);
        names_device_clear(&table->by_ref[i]->device);
        free(table->by_ref[i]);
    }
    free(table->by_ref);
}

void names_free(struct names *names)
{
    if (names == NULL)
        return;
    table_clear(&names->devices);
    table_clear(&names->points);
    pthread_mutex_destroy(&names->lock);
    free(names);
}

/* The entry of ${key}, made where it is new. */
static struct entry *table_get(struct table *table, const char *key, size_t len)
{
    struct entry *entry;
    HASH_FIND(hh, table->by_key, key, len, entry);
    if (entry != NULL)
        return entry;
    entry = xcalloc(1, sizeof(*entry) + len + 1);
    memcpy(entry->key, key, len);
    entry->ref = (uint32_t)table->count;
    if (table->count == table->room) {
        table->room = table->room ? 2 * table->room : 64;
        table->by_ref = xreallocarray(table->by_ref, table->room, sizeof(*table->by_ref));
    }
    table->by_ref[table->count++] = entry;
    HASH_ADD_KEYPTR(hh, table->by_key, entry->key, len, entry);
    return entry;
}

uint32_t names_device(struct names *names, const char *id)
{
    pthread_mutex_lock(&names->lock);
    uint32_t ref = table_get(&names->devices, id, strlen(id))->ref;
    pthread_mutex_unlock(&names->lock);
    return ref;
}

int names_find_device(struct names *names, const char *id, uint32_t *ref)
{
    struct entry *entry;
    pthread_mutex_lock(&names->lock);
    HASH_FIND(hh, names->devices.by_key, id, strlen(id), entry);
    if (entry != NULL)
        *ref = entry->ref;
    pthread_mutex_unlock(&names->lock);
    return entry != NULL ? 0 : -1;
}

static void replace(char **known, const char *text, unsigned *changes)
{
    if (*known != NULL && strcmp(*known, text) == 0)
        return;
    free(*known);
    *known = xstrdup(text);
    ++*changes;
}

void names_describe_device(struct names *names, uint32_t ref, const char *name, const char *tags,
                           const char *profile)
{
    pthread_mutex_lock(&names->lock);
    if (ref < names->devices.count) {
        struct device_name *device = &names->devices.by_ref[ref]->device;
        replace(&device->name, name, &device->revision);
        replace(&device->tags, tags, &device->revision);
        replace(&device->profile, profile, &device->revision);
    }
    pthread_mutex_unlock(&names->lock);
}

int names_get_device_name(struct names *names, uint32_t ref, struct device_name *out)
{
    int rc = -1;
    pthread_mutex_lock(&names->lock);
    if (ref < names->devices.count && names->devices.by_ref[ref]->device.name != NULL) {
        *out = names->devices.by_ref[ref]->device;
        out->name = xstrdup(out->name);
        out->tags = xstrdup(out->tags);
        out->profile = xstrdup(out->profile);
        rc = 0;
    }
    pthread_mutex_unlock(&names->lock);
    return rc;
}

static const char *const kinds[] = {
    [REG_INT] = "int",   [REG_UINT] = "uint",     [REG_FLOAT] = "float",
    [REG_BITS] = "bits", [REG_STRING] = "string", [REG_BCD] = "bcd",
};

static const char *kind_name(enum reg_kind kind)
{
    return kinds[kind];
}

/* The same text, but one that stays; NULL where it is none of them. */
static const char *kind_by_name(const char *name)
{
    for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
        if (kinds[i] != NULL && strcmp(kinds[i], name) == 0)
            return kinds[i];
    }
    return NULL;
}

static int same_description(const struct point_name *known, const struct point_def *def)
{
    return known->name != NULL && strcmp(known->unit, def->unit) == 0 &&
           strcmp(known->kind, kind_name(def->type.kind)) == 0 && known->address == def->address &&
           known->decimals == def->decimals;
}

static void describe(struct point_name *point, const char *profile, const struct point_def *def)
{
    names_point_clear(point);
    point->profile = xstrdup(profile);
    point->name = xstrdup(def->name);
    point->unit = xstrdup(def->unit);
    point->kind = kind_name(def->type.kind);
    point->address = def->address;
    point->decimals = def->decimals;
}

/* Names are printable text, so a NUL between the two parts keeps every pair apart. */
static char *point_key(const char *profile, const char *name, size_t *len)
{
    size_t first = strlen(profile) + 1;
    *len = first + strlen(name);
    char *key = xcalloc(1, *len + 1);
    memcpy(key, profile, first);
    memcpy(key + first, name, *len - first);
    return key;
}

int names_replayed_point(struct names *names, const struct point_name *point, uint32_t *ref)
{
    const char *kind = kind_by_name(point->kind);
    if (kind == NULL)
        return -1;
    size_t len;
    char *key = point_key(point->profile, point->name, &len);
    pthread_mutex_lock(&names->lock);
    struct entry *entry = table_get(&names->points, key, len);
    if (entry->point.name == NULL)
        entry->point = (struct point_name){.profile = xstrdup(point->profile),
                                           .name = xstrdup(point->name),
                                           .unit = xstrdup(point->unit),
                                           .kind = kind,
                                           .address = point->address,
                                           .decimals = point->decimals};
    *ref = entry->ref;
    pthread_mutex_unlock(&names->lock);
    free(key);
    return 0;
}

uint32_t names_point(struct names *names, const char *profile, const struct point_def *def)
{
    size_t len;
    char *key = point_key(profile, def->name, &len);
    pthread_mutex_lock(&names->lock);
    struct entry *entry = table_get(&names->points, key, len);
    if (!same_description(&entry->point, def)) {
        names->revision += entry->point.name != NULL;
        describe(&entry->point, profile, def);
    }
    uint32_t ref = entry->ref;
    pthread_mutex_unlock(&names->lock);
    free(key);
    return ref;
}

char *names_get_device(struct names *names, uint32_t ref)
{
    char *id = NULL;
    pthread_mutex_lock(&names->lock);
    if (ref < names->devices.count)
        id = xstrdup(names->devices.by_ref[ref]->key);
    pthread_mutex_unlock(&names->lock);
    return id;
}

int names_get_point(struct names *names, uint32_t ref, struct point_name *out)
{
    int rc = -1;
    pthread_mutex_lock(&names->lock);
    if (ref < names->points.count) {
        *out = names->points.by_ref[ref]->point;
        out->profile = xstrdup(out->profile);
        out->name = xstrdup(out->name);
        out->unit = xstrdup(out->unit);
        rc = 0;
    }
    pthread_mutex_unlock(&names->lock);
    return rc;
}

unsigned names_revision(struct names *names)
{
    pthread_mutex_lock(&names->lock);
    unsigned revision = names->revision;
    pthread_mutex_unlock(&names->lock);
    return revision;
}
