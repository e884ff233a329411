/*
 * Several texts in one, separated by commas. Pure; any thread.
 */
#ifndef DTUHUB_CONFIG_LIST_TEXT_H
#define DTUHUB_CONFIG_LIST_TEXT_H

#include <stdbool.h>

/** list_text_normal(text): a new text with the same parts, without blanks around them and without
 * empty ones. */
char *list_text_normal(const char *text);

/** list_text_check_cidrs(list): NULL where every part of a normal list is an address or a network
 * (10.0.0.0/8, 2001:db8::/32), else a new text that says what is wrong. */
char *list_text_check_cidrs(const char *list);

/** list_text_split(list): the parts of a normal list, NULL at the end, in one piece of memory for
 * free(); NULL where ${list} is NULL or has none. */
char **list_text_split(const char *list);

/** list_text_matches(patterns, text): whether ${text} fits one of ${patterns} (with * and ?, NULL
 * at the end); all fit where ${patterns} is NULL, else a ${text} of NULL fits none. */
bool list_text_matches(char *const *patterns, const char *text);

/** list_text_has(wanted, list): whether a part of the normal ${list} (NULL: none) is one of
 * ${wanted} (NULL at the end); any list has where ${wanted} is NULL. */
bool list_text_has(char *const *wanted, const char *list);

/** list_text_is_pattern(part): whether it stands for several names. */
bool list_text_is_pattern(const char *part);

#endif
