/*
 * The state in short, for whoever is called at night and has only the log: on SIGUSR1. One log line
 * for each thing, module "state", and an end to each list. Belongs to the loop's thread.
 */
#ifndef DTUHUB_COLLECTOR_DUMP_H
#define DTUHUB_COLLECTOR_DUMP_H

#include "collector/collector.h"

enum { DUMP_MOST = 10 }; /* of profiles, lines and devices each */

/** dump_state(collector): log it, whatever log.level says. */
void dump_state(struct collector *collector);

#endif
