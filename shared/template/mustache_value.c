#include "shared/template/mustache_value.h"

#include <inttypes.h>
#include <json-c/json.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool value_true(const struct json_object *value)
{
    switch (json_object_get_type(value)) {
    case json_type_null:
        return false;
    case json_type_boolean:
        return json_object_get_boolean(value);
    case json_type_string:
        return json_object_get_string_len(value) > 0;
    case json_type_array:
        return json_object_array_length(value) > 0;
    default:
        return true;
    }
}

static int integer_text(const struct json_object *value, char buf[VALUE_TEXT_SIZE])
{
    int64_t number = json_object_get_int64(value);
    if (number < INT64_MAX)
        return snprintf(buf, VALUE_TEXT_SIZE, "%" PRId64, number);
    return snprintf(buf, VALUE_TEXT_SIZE, "%" PRIu64, json_object_get_uint64(value));
}

/* 15 digits are right for what people write; 17 are for every number there is. */
static int double_text(double number, char buf[VALUE_TEXT_SIZE])
{
    if (!isfinite(number))
        return 0;
    number += 0.0; /* no "-0" */
    int len = 0;
    for (int digits = 15; digits <= 17; digits++) {
        len = snprintf(buf, VALUE_TEXT_SIZE, "%.*g", digits, number);
        if (strtod(buf, NULL) == number)
            break;
    }
    return len;
}

struct slice value_text(struct json_object *value, char buf[VALUE_TEXT_SIZE])
{
    switch (json_object_get_type(value)) {
    case json_type_string:
        return (struct slice){json_object_get_string(value),
                              (size_t)json_object_get_string_len(value)};
    case json_type_int:
        return (struct slice){buf, (size_t)integer_text(value, buf)};
    case json_type_double:
        return (struct slice){buf, (size_t)double_text(json_object_get_double(value), buf)};
    case json_type_boolean:
        return json_object_get_boolean(value) ? (struct slice){"true", 4}
                                              : (struct slice){"false", 5};
    default:
        return (struct slice){"", 0};
    }
}

/* Inside of a JSON text (RFC 8259, section 7). */
static const char *json_escape(char c, char buf[VALUE_ESCAPE_SIZE])
{
    if (c == '"')
        return "\\\"";
    if (c == '\\')
        return "\\\\";
    if ((unsigned char)c >= 0x20)
        return NULL;
    snprintf(buf, VALUE_ESCAPE_SIZE, "\\u%04x", (unsigned)c);
    return buf;
}

static const char *html_escape(char c)
{
    switch (c) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    case '\'':
        return "&#39;";
    default:
        return NULL;
    }
}

const char *value_escape(enum mustache_escape escape, char c, char buf[VALUE_ESCAPE_SIZE])
{
    switch (escape) {
    case MUSTACHE_HTML:
        return html_escape(c);
    case MUSTACHE_JSON:
        return json_escape(c, buf);
    case MUSTACHE_PLAIN:
        break;
    }
    return NULL;
}
