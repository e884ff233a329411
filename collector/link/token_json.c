/*
 * A JSON object (RFC 8259): its end is found by its braces, then json-c reads it. The id and the
 * secret are texts or integers at its top level.
 */
#include "collector/link/token_kinds.h"

#include <json-c/json.h>
#include <stdio.h>

enum { DEPTH_MAX = 8 };

/* The bytes of the object that opens at the first byte: 0 where its end is not there, -1 where it
 * is none. */
static ssize_t object_size(const uint8_t *bytes, size_t len)
{
    bool in_text = false, escaped = false;
    int depth = 0;
    if (bytes[0] != '{')
        return -1;
    for (size_t i = 0; i < len; i++) {
        uint8_t byte = bytes[i];
        if (byte < 0x20 && (in_text || (byte != '\t' && byte != '\n' && byte != '\r')))
            return -1;
        if (in_text) {
            in_text = escaped || byte != '"';
            escaped = !escaped && byte == '\\';
            continue;
        }
        if (byte > 0x7E)
            return -1;
        in_text = byte == '"';
        if (byte == '{' && ++depth > DEPTH_MAX)
            return -1;
        if (byte == '}' && --depth == 0)
            return (ssize_t)i + 1;
    }
    return 0;
}

static int put_member(struct json_object *object, const char *key, char out[LINK_ID_SIZE])
{
    struct json_object *member;
    if (!json_object_object_get_ex(object, key, &member))
        return -1;
    if (json_object_is_type(member, json_type_string)) {
        size_t len = (size_t)json_object_get_string_len(member);
        return len > 0 ? token_put(json_object_get_string(member), len, out) : -1;
    }
    if (!json_object_is_type(member, json_type_int))
        return -1;
    /* What does not fit becomes the nearest that does: then different numbers would be one id. */
    uint64_t positive = json_object_get_uint64(member);
    int64_t number = json_object_get_int64(member);
    if (positive == UINT64_MAX || number == INT64_MIN)
        return -1;
    if (number < 0)
        snprintf(out, LINK_ID_SIZE, "%lld", (long long)number);
    else
        snprintf(out, LINK_ID_SIZE, "%llu", (unsigned long long)positive);
    return 0;
}

static int put_members(const struct token_def *token, struct json_object *object,
                       struct token_match *out)
{
    if (!json_object_is_type(object, json_type_object))
        return -1;
    if (token->id_key != NULL && put_member(object, token->id_key, out->id) < 0)
        return -1;
    if (token->secret_key != NULL && put_member(object, token->secret_key, out->secret) < 0)
        out->secret[0] = '\0';
    return 0;
}

ssize_t token_json(const struct token_def *token, const uint8_t *bytes, size_t len, bool cut,
                   struct token_match *out)
{
    (void)cut;
    ssize_t size = object_size(bytes, len);
    if (size <= 0)
        return size;
    struct json_tokener *tokener = json_tokener_new_ex(DEPTH_MAX);
    if (tokener == NULL)
        return -1;
    json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
    struct json_object *object = json_tokener_parse_ex(tokener, (const char *)bytes, (int)size);
    int put = object != NULL && json_tokener_get_parse_end(tokener) == (size_t)size
                  ? put_members(token, object, out)
                  : -1;
    json_object_put(object);
    json_tokener_free(tokener);
    return put < 0 ? -1 : size;
}
