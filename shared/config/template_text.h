/*
 * A Mustache template that stands in a configuration file.
 */
#ifndef DTUHUB_CONFIG_TEMPLATE_TEXT_H
#define DTUHUB_CONFIG_TEMPLATE_TEXT_H

#include "shared/template/mustache.h"

/** template_text_parse(path, text, problem): ${path}, "rules.tank.message", is what errors of a
 * rendering call it. Return the template, or NULL and in ${problem} a new text that says what is
 * wrong, and in which line of ${text}. */
struct mustache *template_text_parse(const char *path, const char *text, char **problem);

#endif
