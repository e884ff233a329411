/*
 * The file of a family: profiles/NAME.yml in the folder of data_config.yml, or one by its path.
 */
#ifndef DTUHUB_CONFIG_LINK_FILE_H
#define DTUHUB_CONFIG_LINK_FILE_H

#include "shared/config/config_files.h"
#include "shared/config/settings.h"

/** Where a file is named: the key and its line, for messages. */
struct link_naming {
    const struct settings_reader *reader;
    const char *path; /* "profiles.pump.line" */
    unsigned line;
};

/**
 * link_file_load(naming, files, name): open the family ${name}, or the file where it holds a slash
 * or ends in .yml. Return the document, or NULL with a fault appended.
 */
struct yaml_doc *link_file_load(const struct link_naming *naming, const struct config_files *files,
                                const char *name);

#endif
