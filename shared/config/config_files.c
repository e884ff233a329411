#include "shared/config/config_files.h"

#include "shared/base/alloc.h"

#include <string.h>

char *config_file_path(const char *config_path, const char *file)
{
    const char *slash = strrchr(config_path, '/');
    if (file[0] == '/' || slash == NULL)
        return xstrdup(file);
    return xasprintf("%.*s/%s", (int)(slash - config_path), config_path, file);
}
