#include "collector/write_request.h"

#include "shared/base/text.h"

#include <json-c/json.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { DEEPEST = 4, SHOWN_SIZE = 100 };

enum key {
    KEY_DEVICE,
    KEY_POINT,
    KEY_VALUE,
    KEY_SLAVE,
    KEY_FUNCTION,
    KEY_ADDRESS,
    KEY_VALUES,
    KEY_ACTOR,
    KEYS
};

static const char *const names[KEYS] = {"device",   "point",   "value",  "slave",
                                        "function", "address", "values", "actor"};

/* Where a fault is said. */
struct reader {
    struct json_object *found[KEYS];
    char *error;
    size_t size;
};

#define REFUSE(reader, ...) (snprintf((reader)->error, (reader)->size, __VA_ARGS__), -1)

static int unknown_key(struct reader *reader, const char *key)
{
    const char *near = text_nearest(key, names, KEYS);
    char shown[SHOWN_SIZE];
    text_printable(key, strlen(key), shown, sizeof(shown));
    if (near != NULL)
        return REFUSE(reader, "%s is not known: did you mean %s?", shown, near);
    return REFUSE(reader,
                  "%s is not known: the keys are device, actor, and point, value or slave, "
                  "function, address, values",
                  shown);
}

static int find_keys(struct reader *reader, struct json_object *root)
{
    json_object_object_foreach(root, name, item)
    {
        size_t key = 0;
        while (key < KEYS && strcmp(names[key], name) != 0)
            key++;
        if (key == KEYS)
            return unknown_key(reader, name);
        if (item == NULL)
            return REFUSE(reader, "%s is null: write a value, or leave the key out", name);
        reader->found[key] = item;
    }
    return 0;
}

/* A text of 1 to ${size} - 1 bytes without control characters. */
static int read_text(struct reader *reader, enum key key, char *out, size_t size)
{
    struct json_object *item = reader->found[key];
    if (!json_object_is_type(item, json_type_string))
        return REFUSE(reader, "%s: write a text in quotes", names[key]);
    const char *text = json_object_get_string(item);
    size_t len = (size_t)json_object_get_string_len(item);
    if (len < 1 || len >= size)
        return REFUSE(reader, "%s has %zu bytes: write 1 to %zu", names[key], len, size - 1);
    for (size_t i = 0; i < len; i++) {
        if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f)
            return REFUSE(reader, "%s: byte %zu is a control character: leave it out", names[key],
                          i + 1);
    }
    memcpy(out, text, len + 1);
    return 0;
}

/* A double holds whole numbers of 53 bits, and some longer ones: no other may become one of them
 * unsaid. */
static int read_number(struct reader *reader, struct json_object *item, double *out)
{
    if (!json_object_is_type(item, json_type_int) && !json_object_is_type(item, json_type_double))
        return REFUSE(reader, "value: write a number, without quotes");
    *out = json_object_get_double(item);
    if (!isfinite(*out))
        return REFUSE(reader, "value: the number is too large");
    if (!json_object_is_type(item, json_type_int))
        return 0;
    bool same = *out < 0 ? *out >= -0x1p63 && (int64_t)*out == json_object_get_int64(item)
                         : *out < 0x1p64 && (uint64_t)*out == json_object_get_uint64(item);
    if (!same)
        return REFUSE(reader, "value: the number has more digits than can be kept: write its "
                              "registers with slave, function, address, values");
    return 0;
}

static int read_whole(struct reader *reader, struct json_object *item, const char *what,
                      uint32_t *out)
{
    if (!json_object_is_type(item, json_type_int))
        return REFUSE(reader, "%s: write a whole number, without quotes", what);
    int64_t number = json_object_get_int64(item);
    if (number < 0 || number > UINT16_MAX)
        return REFUSE(reader, "%s: %lld is out of range: write 0 to 65535", what,
                      (long long)number);
    *out = (uint32_t)number;
    return 0;
}

static int read_values(struct reader *reader, struct write_request *out)
{
    struct json_object *list = reader->found[KEY_VALUES];
    if (!json_object_is_type(list, json_type_array))
        return REFUSE(reader, "values: write a list, like [1, 2]");
    out->count = json_object_array_length(list);
    if (out->count < 1 || out->count > ADU_MAX_WRITE_BITS)
        return REFUSE(reader, "values: %zu of them: write 1 to 123 registers, or 1 to %d coils",
                      out->count, ADU_MAX_WRITE_BITS);
    for (size_t i = 0; i < out->count; i++) {
        char what[32];
        snprintf(what, sizeof(what), "values[%zu]", i);
        if (read_whole(reader, json_object_array_get_idx(list, i), what, &out->values[i]) != 0)
            return -1;
    }
    return 0;
}

static int read_point(struct reader *reader, struct write_request *out)
{
    for (enum key key = KEY_SLAVE; key <= KEY_VALUES; key++) {
        if (reader->found[key] != NULL)
            return REFUSE(reader,
                          "%s goes with registers, and point names them already: leave one "
                          "of the two out",
                          names[key]);
    }
    if (reader->found[KEY_VALUE] == NULL)
        return REFUSE(reader, "value is missing: what point %s is to be set to", out->point);
    return read_number(reader, reader->found[KEY_VALUE], &out->value);
}

static int read_registers(struct reader *reader, struct write_request *out)
{
    uint32_t *const numbers[] = {&out->slave, &out->function, &out->address};
    out->registers = true;
    if (reader->found[KEY_VALUE] != NULL)
        return REFUSE(reader, "value goes with point: write values: [...] for registers");
    for (enum key key = KEY_SLAVE; key <= KEY_VALUES; key++) {
        if (reader->found[key] == NULL)
            return REFUSE(reader,
                          "%s is missing: name a point and its value, or slave, function, "
                          "address and values",
                          names[key]);
    }
    for (enum key key = KEY_SLAVE; key <= KEY_ADDRESS; key++) {
        if (read_whole(reader, reader->found[key], names[key], numbers[key - KEY_SLAVE]) != 0)
            return -1;
    }
    return read_values(reader, out);
}

static int read_request(struct reader *reader, struct json_object *root, struct write_request *out)
{
    memset(out, 0, sizeof(*out));
    if (!json_object_is_type(root, json_type_object))
        return REFUSE(reader, "the body is no object: write {\"device\": ..., \"point\": ..., "
                              "\"value\": ...}");
    if (find_keys(reader, root) != 0)
        return -1;
    if (reader->found[KEY_DEVICE] == NULL)
        return REFUSE(reader, "device is missing: the DTU's registration id, as the pages show it");
    if (read_text(reader, KEY_DEVICE, out->device, sizeof(out->device)) != 0)
        return -1;
    strcpy(out->actor, "control");
    if (reader->found[KEY_ACTOR] != NULL &&
        read_text(reader, KEY_ACTOR, out->actor, sizeof(out->actor)) != 0)
        return -1;
    if (reader->found[KEY_POINT] == NULL)
        return read_registers(reader, out);
    if (read_text(reader, KEY_POINT, out->point, sizeof(out->point)) != 0)
        return -1;
    return read_point(reader, out);
}

int write_request_parse(const char *text, size_t len, struct write_request *out, char *error,
                        size_t size)
{
    struct reader reader = {.error = error, .size = size};
    struct json_tokener *tokener = json_tokener_new_ex(DEEPEST);
    if (len == 0 || len > INT32_MAX || tokener == NULL) {
        json_tokener_free(tokener);
        return REFUSE(&reader, "the body is empty: write {\"device\": ..., \"point\": ..., "
                               "\"value\": ...}");
    }
    json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
    struct json_object *root = json_tokener_parse_ex(tokener, text, (int)len);
    enum json_tokener_error fault = json_tokener_get_error(tokener);
    size_t end = json_tokener_get_parse_end(tokener);
    json_tokener_free(tokener);
    int rc;
    if (fault == json_tokener_continue)
        rc = REFUSE(&reader, "the body is not whole JSON: it ends after byte %zu", len);
    else if (fault != json_tokener_success)
        rc = REFUSE(&reader, "the body is no JSON: %s at byte %zu", json_tokener_error_desc(fault),
                    end + 1);
    else
        rc = read_request(&reader, root, out);
    json_object_put(root);
    return rc;
}
