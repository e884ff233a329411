/*
 * dtuhub-sim: simulated DTUs that dial a collector. See usage.c for the options and served.h for
 * the format of the record.
 */
#include "shared/base/alloc.h"
#include "shared/config/data_config.h"
#include "tests/sim/options.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

static struct data_config *load_config(const char *folder)
{
    struct faults faults = {0};
    char *path = xasprintf("%s/data_config.yml", folder);
    struct data_config *config = data_config_load(path, &faults);
    faults_sort(&faults);
    faults_print(&faults, stderr);
    faults_clear(&faults);
    free(path);
    if (config == NULL)
        exit(EXIT_FAILURE);
    return config;
}

static const struct profile *find_profile(struct data_config *config, const struct options *options)
{
    if (options->profile == NULL)
        return &config->profiles[0];
    const struct profile *profile = data_config_profile(config, options->profile);
    if (profile == NULL) {
        data_config_release(config);
        options_fail("--profile: %s/data_config.yml has no profile \"%s\"", options->folder,
                     options->profile);
    }
    return profile;
}

int main(int argc, char **argv)
{
    struct options options;
    options_parse(argc, argv, &options);
    struct data_config *config = load_config(options.folder);
    options.fleet.profile = find_profile(config, &options);
    signal(SIGPIPE, SIG_IGN);
    int result = fleet_run(&options.fleet);
    data_config_release(config);
    return result == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
