/* What the tests of configuration share: the faults of a list as one text. */
#ifndef DTUHUB_TESTS_CONFIG_EXPECT_H
#define DTUHUB_TESTS_CONFIG_EXPECT_H

#include "shared/config/fault.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* The caller frees the text. */
static inline char *faults_text(const struct faults *faults)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    assert_non_null(out);
    faults_print(faults, out);
    assert_int_equal(fclose(out), 0);
    return text;
}

/* Hold the list against one "file:line: message" a line, and clear it. */
static inline void expect_faults(struct faults *faults, const char *expected)
{
    char *text = faults_text(faults);
    assert_string_equal(text, expected);
    free(text);
    faults_clear(faults);
}

#endif
