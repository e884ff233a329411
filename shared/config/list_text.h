/*
 * Several texts in one, separated by commas. Pure; any thread.
 */
#ifndef DTUHUB_CONFIG_LIST_TEXT_H
#define DTUHUB_CONFIG_LIST_TEXT_H

/** list_text_normal(text): a new text with the same parts, without blanks around them and without
 * empty ones. */
char *list_text_normal(const char *text);

/** list_text_check_cidrs(list): NULL where every part of a normal list is an address or a network
 * (10.0.0.0/8, 2001:db8::/32), else a new text that says what is wrong. */
char *list_text_check_cidrs(const char *list);

#endif
