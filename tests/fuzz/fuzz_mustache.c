/*
 * Templates from hostile bytes. Input: up to four templates, one after the other with a byte 0xFF
 * between them; the first is rendered, the others are its partials "p", "q" and "r". Data is fixed:
 * enough of every kind of value to reach each branch.
 */
#include "shared/template/mustache.h"

#include <json-c/json.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

enum { TEMPLATES = 4, OUTPUT_MAX = 1 << 20 };

static const char *const names[TEMPLATES] = {"page", "p", "q", "r"};

static const char values[] =
    "{\"a\":1,\"b\":{\"c\":{\"d\":\"<&>\\\"'\"}},\"l\":[{\"x\":1.5},{\"x\":null},[1,[2]]],"
    "\"t\":true,\"f\":false,\"e\":\"\",\"n\":\"p\",\"z\":[]}";

static const struct mustache *load(void *cookie, const char *name)
{
    struct mustache **parsed = cookie;
    for (size_t i = 1; i < TEMPLATES; i++) {
        if (strcmp(name, names[i]) == 0)
            return parsed[i];
    }
    return NULL;
}

static int count(void *cookie, const char *bytes, size_t len)
{
    size_t *left = cookie;
    if (len > *left || (len > 0 && memchr(bytes, 0xFF, len) != NULL))
        return -1;
    *left -= len;
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct mustache *parsed[TEMPLATES] = {NULL};
    char error[MUSTACHE_ERROR_SIZE];
    for (size_t i = 0; i < TEMPLATES && len > 0; i++) {
        const uint8_t *end = memchr(data, 0xFF, len);
        size_t part = end != NULL ? (size_t)(end - data) : len;
        parsed[i] = mustache_parse(names[i], (const char *)data, part, error);
        if (parsed[i] == NULL && strlen(error) >= sizeof(error))
            abort();
        part += end != NULL;
        data += part;
        len -= part;
    }
    struct json_object *json = json_tokener_parse(values);
    struct mustache_view view = {&json, 1, load, parsed};
    size_t left = OUTPUT_MAX;
    if (parsed[0] != NULL && mustache_render(parsed[0], &view, count, &left, error) &&
        error[0] == '\0')
        abort();
    json_object_put(json);
    for (size_t i = 0; i < TEMPLATES; i++)
        mustache_free(parsed[i]);
    return 0;
}
