/*
 * Events as text for people: what robots show in a chat. Pure; any thread.
 *
 * Texts are new; ${events} is a list of event objects (collector/events/event.h), ${language} "en"
 * or "zh". What does not fit ${most} bytes is left out, at whole characters, and said so.
 */
#ifndef DTUHUB_COLLECTOR_EVENTS_MESSAGE_TEXT_H
#define DTUHUB_COLLECTOR_EVENTS_MESSAGE_TEXT_H

#include <json-c/json_object.h>
#include <stddef.h>

/** message_title(event, language): "Device offline: Pump 3 (1001)". */
char *message_title(struct json_object *event, const char *language);

/** message_plain(events, language, most): some lines for each event. */
char *message_plain(struct json_object *events, const char *language, size_t most);

/** message_markdown(events, language, most): the same as Markdown; what comes from outside is
 * escaped. */
char *message_markdown(struct json_object *events, const char *language, size_t most);

#endif
