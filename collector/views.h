/*
 * From the hub's lines to what the control channel shows of them. The texts in a view are the
 * lines' own: a view is good until the loop goes on. Belongs to the loop's thread.
 */
#ifndef DTUHUB_COLLECTOR_VIEWS_H
#define DTUHUB_COLLECTOR_VIEWS_H

#include "collector/control_lines.h"
#include "collector/hub.h"

/** views_lines(hub, id, n): the registered lines, or only the one of the device ${id}; ${n} of
 * them. To be freed with views_lines_free(). */
struct line_view *views_lines(struct hub *hub, const char *id, size_t *n);
void views_lines_free(struct line_view *lines, size_t n);

/** views_lines_dead(hub, n): only those with a dead slave. */
struct line_view *views_lines_dead(struct hub *hub, size_t *n);

/** views_quarantine(hub, n), views_dials(hub, n), views_refusals(hub, n): to be freed with free(),
 * as is the next one. */
struct quarantine_view *views_quarantine(struct hub *hub, size_t *n);
struct dial_view *views_dials(struct hub *hub, size_t *n);
struct refusal_view *views_refusals(struct hub *hub, size_t *n);

/** views_expected(hub, missing, n): the devices that the configuration names, by id; only those
 * that are not online where ${missing}. */
struct expected_view *views_expected(struct hub *hub, bool missing, size_t *n);

#endif
