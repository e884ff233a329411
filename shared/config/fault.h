/*
 * What is wrong in a configuration: all of it, each with its file and line, so that one run shows
 * every fault. A list belongs to one thread.
 */
#ifndef DTUHUB_CONFIG_FAULT_H
#define DTUHUB_CONFIG_FAULT_H

#include <stddef.h>
#include <stdio.h>

struct fault {
    char *file;
    unsigned line; /* from 1; 0 where the file as a whole is meant */
    char *message; /* one line: what is wrong and the way out */
};

struct faults {
    struct fault *items; /* in the order of file and line once faults_sort() ran */
    size_t count;
};

/** faults_add(faults, file, line, fmt, ...): append a copy. Aborts where memory is out. */
void faults_add(struct faults *faults, const char *file, unsigned line, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

/** faults_drop_repeated(faults, from): take out those from place ${from} on that stand before it
 * already. */
void faults_drop_repeated(struct faults *faults, size_t from);

/** faults_sort(faults): by file in order of first mention, then by line; stable. */
void faults_sort(struct faults *faults);

/** faults_print(faults, out): one "file:line: message" a line. */
void faults_print(const struct faults *faults, FILE *out);

/** faults_clear(faults): free all; the list is empty again. A zeroed struct is an empty list. */
void faults_clear(struct faults *faults);

#endif
