/* What the tests of a line share: reading one from a text. */
#ifndef DTUHUB_TESTS_CONFIG_LINE_PARTS_H
#define DTUHUB_TESTS_CONFIG_LINE_PARTS_H

#include "shared/config/link_config.h"
#include "tests/unit/shared/config/expect.h"

/* Read the line that ${text}, a whole file t.yml, is. ${dir}: see struct config_files. */
static inline int read_line(const char *text, const char *dir, struct link_def *link,
                            struct faults *faults)
{
    struct yaml_doc *doc = yaml_doc_parse("t.yml", text, strlen(text), faults);
    assert_non_null(doc);
    const struct settings_reader reader = {.doc = doc, .faults = faults};
    const struct settings_place place = {yaml_doc_root(doc), "profiles.p.line", 1};
    const struct config_files files = {dir};
    int result = link_config_read(&reader, &place, &files, link);
    yaml_doc_free(doc);
    assert_int_equal(result, faults->count == 0 ? 0 : -1);
    return result;
}

/* A line that must be good; the caller clears it. */
static inline struct link_def good_line(const char *text, const char *dir)
{
    struct faults faults = {0};
    struct link_def link;
    read_line(text, dir, &link, &faults);
    expect_faults(&faults, "");
    return link;
}

/* A line that must not be. */
static inline void bad_line(const char *text, const char *dir, const char *expected)
{
    struct faults faults = {0};
    struct link_def link;
    read_line(text, dir, &link, &faults);
    link_config_clear(&link);
    faults_sort(&faults);
    expect_faults(&faults, expected);
}

#endif
