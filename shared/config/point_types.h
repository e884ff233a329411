/*
 * What point tables of vendors call the types of data_points. Pure; any thread.
 */
#ifndef DTUHUB_CONFIG_POINT_TYPES_H
#define DTUHUB_CONFIG_POINT_TYPES_H

#include <stdio.h>

/**
 * point_type_find(text): the type of data_points that ${text} means: its own name or another one,
 * in any case, blanks, _ and - apart; NULL where it is none. Static.
 */
const char *point_type_find(const char *text);

/** point_types_reference(out): the other names as Markdown. */
void point_types_reference(FILE *out);

#endif
