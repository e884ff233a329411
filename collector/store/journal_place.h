/*
 * Where the journal's folder is, what speaks against it there, and the note in it that nothing in
 * it is needed any more.
 */
#ifndef DTUHUB_COLLECTOR_STORE_JOURNAL_PLACE_H
#define DTUHUB_COLLECTOR_STORE_JOURNAL_PLACE_H

#include "shared/config/server_config.h"

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

/* Where the packaged service has its own. */
#define JOURNAL_SERVICE_STATE "/var/lib/dtuhub"

/** journal_place(config, dir, out): the folder; ${dir} is the configuration's. */
void journal_place(const struct server_config *config, const char *dir, char out[PATH_MAX]);

/** journal_place_fault(place, text, size): whether a folder can never be made there, as far as can
 * be told without trying; why, in ${text}. */
bool journal_place_fault(const char *place, char *text, size_t size);

/** journal_place_doubt(config, dir, text, size): whether this is a start by hand with the
 * configuration of a service, whose journal it would not find; what to do, in ${text}. */
bool journal_place_doubt(const struct server_config *config, const char *dir, char *text,
                         size_t size);

/** journal_place_note(place, all_stored): the database has all that the journal holds, and nobody
 * writes to it; or take that back. */
void journal_place_note(const char *place, bool all_stored);

#endif
