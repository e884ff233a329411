/*
 * One value of a configuration file: from its text to the field of a struct. Pure; any thread.
 */
#ifndef DTUHUB_CONFIG_SETTING_VALUE_H
#define DTUHUB_CONFIG_SETTING_VALUE_H

#include "shared/config/settings.h"

/**
 * setting_value_parse(setting, text, shown, field): check ${text} and store it at ${field}; a text
 * that is there already is freed. Messages quote ${shown}, what the file says, since ${text} may
 * hold an expanded variable. Return NULL, or a new text that says what is wrong, and ${field} is as
 * it was.
 */
char *setting_value_parse(const struct setting *setting, const char *text, const char *shown,
                          void *field) __attribute__((warn_unused_result));

/** setting_value_free(setting, field): free a text (a secret or a URL is wiped first); nothing for
 * other types. */
void setting_value_free(const struct setting *setting, void *field);

/** setting_value_equal(setting, a, b): whether two fields hold the same value. */
bool setting_value_equal(const struct setting *setting, const void *a, const void *b);

#endif
