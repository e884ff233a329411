/*
 * Requests that change something: checked here, done by the collector, whose answer is passed on.
 */
#ifndef DTUHUB_WEBAPP_API_COMMAND_H
#define DTUHUB_WEBAPP_API_COMMAND_H

#include "webapp/call.h"
#include "webapp/http/body.h"

enum { COMMAND_TIMEOUT_MS = 5000 };

/** command_check(call, rules): as body_check(). 0, or -1: the outcome is OUTCOME_REFUSED. */
int command_check(struct call *call, const struct member_rule *rules);

/** command_blame(call, fault): OUTCOME_REFUSED for a fault that only the handler can see. */
enum outcome command_blame(struct call *call, const struct member_fault *fault);

/** command_ask(call, path, timeout_ms, code): what the collector answers to call->body, the
 * caller's. */
struct json_object *command_ask(struct call *call, const char *path, int64_t timeout_ms,
                                long *code);

/** command_answer(call, code, answer): pass on what command_ask() gave; ${answer} is taken over. */
enum outcome command_answer(struct call *call, long code, struct json_object *answer);

/** command_run(call, path): ask and pass on. */
enum outcome command_run(struct call *call, const char *path);

#endif
