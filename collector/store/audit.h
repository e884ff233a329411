/*
 * Rows of what is kept for people: events of a device, and the audit of writes. Pure but for the
 * rowset's memory; belongs to the writer's thread.
 */
#ifndef DTUHUB_COLLECTOR_STORE_AUDIT_H
#define DTUHUB_COLLECTOR_STORE_AUDIT_H

#include "collector/record.h"
#include "collector/store/rowset.h"

/**
 * audit_add_text(rows, text, len, most): a text that may have come from outside: as far as it is
 * valid UTF-8, and at most ${most} bytes, so that no column refuses it and holds up all that waits.
 */
void audit_add_text(struct rowset *rows, const char *text, size_t len, size_t most);

/** audit_add_event(rows, id, head, body): a RECORD_EVENT of the device ${id}, for `events`. */
void audit_add_event(struct rowset *rows, const char *id, const struct record_head *head,
                     const uint8_t *body);

/** audit_add_write(rows, id, head, body): a RECORD_WRITE, for `write_log`. 0, or -1 where its bytes
 * make no sense: then no row is made. */
int audit_add_write(struct rowset *rows, const char *id, const struct record_head *head,
                    const uint8_t *body);

#endif
