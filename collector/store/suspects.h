/*
 * Suspects: of which device which kind of record was refused a moment ago. The next of them will
 * likely be refused too, and is then better tried alone than together with others. Pure.
 */
#ifndef DTUHUB_COLLECTOR_STORE_SUSPECTS_H
#define DTUHUB_COLLECTOR_STORE_SUSPECTS_H

#include <stdbool.h>
#include <stdint.h>

enum { SUSPECT_MS = 60000 }; /* so long after the last refusal */

struct suspects;

struct suspects *suspects_new(void);
void suspects_free(struct suspects *suspects);

/** suspects_note(suspects, device, type, now_ms): a record of this ${type} (enum record_type) of
 * the device with this reference was refused. */
void suspects_note(struct suspects *suspects, uint32_t device, unsigned type, int64_t now_ms);

/** suspects_has(suspects, device, type, now_ms): whether one was within SUSPECT_MS. */
bool suspects_has(const struct suspects *suspects, uint32_t device, unsigned type, int64_t now_ms);

#endif
