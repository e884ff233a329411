/*
 * The command line of dtuhub-sim.
 */
#ifndef DTUHUB_SIM_OPTIONS_H
#define DTUHUB_SIM_OPTIONS_H

#include "tests/sim/fleet.h"

enum { OPTIONS_SOURCES_MAX = 64 };

/** All of it. Texts point into argv. */
struct options {
    const char *folder;  /* of data_config.yml */
    const char *profile; /* NULL: the default one */
    struct dtu_behaviour behaviour;
    struct slave_options slaves;
    struct sockaddr_storage sources[OPTIONS_SOURCES_MAX];
    struct fleet_options fleet; /* all but its profile; points into the others */
};

/** options_parse(argc, argv, options): fill ${options}, which must stay where it is. Where the
 * command line is wrong, or asks for no more than a text (--help), it says so and ends the
 * program. */
void options_parse(int argc, char **argv, struct options *options);

/** options_fail(format, ...): say what is wrong with the command line and end the program with
 * status 2. */
void options_fail(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));

/** options_usage(): print what --help says. */
void options_usage(void);

#endif
