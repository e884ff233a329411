/*
 * The few functions of the database's client library that the store calls with texts, so that a
 * test sees each statement and decides how it ends. They take the place of the library's own: a
 * program's symbols come before those of a shared library.
 */
#ifndef DTUHUB_TESTS_COLLECTOR_FAKE_MYSQL_H
#define DTUHUB_TESTS_COLLECTOR_FAKE_MYSQL_H

#include <mysql.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* All statements since the last fake_take(), a line each. */
static struct {
    char *text;
    size_t size;
    unsigned failing; /* statements still to fail */
    unsigned code;    /* of the error; 0: the connection is lost */
    bool untouched;   /* statements change no row */
} fake;

/* What was said; the caller frees it. */
static inline char *fake_take(void)
{
    char *text = fake.text ? fake.text : strdup("");
    fake.text = NULL;
    fake.size = 0;
    return text;
}

int mysql_real_query(MYSQL *conn, const char *sql, unsigned long len)
{
    (void)conn;
    if (fake.failing > 0) {
        fake.failing--;
        return 1;
    }
    fake.text = realloc(fake.text, fake.size + len + 2);
    memcpy(fake.text + fake.size, sql, len);
    fake.size += len;
    fake.text[fake.size++] = '\n';
    fake.text[fake.size] = '\0';
    return 0;
}

my_ulonglong mysql_affected_rows(MYSQL *conn)
{
    (void)conn;
    return fake.untouched ? 0 : 1;
}

unsigned mysql_errno(MYSQL *conn)
{
    (void)conn;
    return fake.code ? fake.code : 2013;
}

const char *mysql_error(MYSQL *conn)
{
    (void)conn;
    return "lost";
}

const char *mysql_sqlstate(MYSQL *conn)
{
    (void)conn;
    return "HY000";
}

unsigned long mysql_real_escape_string(MYSQL *conn, char *to, const char *from, unsigned long len)
{
    char *start = to;
    (void)conn;
    for (unsigned long i = 0; i < len; i++) {
        if (from[i] == '\'' || from[i] == '\\')
            *to++ = '\\';
        *to++ = from[i];
    }
    *to = '\0';
    return (unsigned long)(to - start);
}

#endif
