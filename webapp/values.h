/* Short hands for the json values that pages are rendered from. Memory out aborts. */
#ifndef DTUHUB_WEBAPP_VALUES_H
#define DTUHUB_WEBAPP_VALUES_H

#include <json-c/json_object.h>
#include <stdbool.h>
#include <stdint.h>

/** values_text(object, key, text): a copy of ${text}; NULL leaves the key out. */
void values_text(struct json_object *object, const char *key, const char *text);

/** values_owned(object, key, text): the same, and free ${text}. */
void values_owned(struct json_object *object, const char *key, char *text);

void values_flag(struct json_object *object, const char *key, bool flag);

/** values_count(object, key, n): ${n} for people to read: "1,234,567". */
void values_count(struct json_object *object, const char *key, int64_t n);

/** values_get(object, key): the text of ${key}, or NULL where it is missing, null or no text. */
const char *values_get(struct json_object *object, const char *key);

#endif
