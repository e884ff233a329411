#include "collector/store/journal_place.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

/* The service manager's; it separates several by colons. NULL: none. */
static const char *state_folder(int *len)
{
    const char *state = getenv("STATE_DIRECTORY");
    if (state == NULL || *state == '\0')
        return NULL;
    *len = (int)strcspn(state, ":");
    return state;
}

void journal_place(const struct server_config *config, const char *dir, char out[PATH_MAX])
{
    int len = (int)strlen(dir);
    const char *own = config->journal.dir, *state = state_folder(&len);
    if (own != NULL && own[0] == '/')
        snprintf(out, PATH_MAX, "%s", own);
    else if (own != NULL)
        snprintf(out, PATH_MAX, "%s/%s", dir, own);
    else
        snprintf(out, PATH_MAX, "%.*s/journal", len, state != NULL ? state : dir);
}

/* The folder itself, or the one in which it is to be made: only one level is made. */
static const char *standing(const char *place, struct stat *st, char parent[PATH_MAX])
{
    if (stat(place, st) == 0)
        return place;
    snprintf(parent, PATH_MAX, "%s", place);
    size_t len = strlen(parent);
    while (len > 1 && parent[len - 1] == '/')
        parent[--len] = '\0';
    char *slash = strrchr(parent, '/');
    if (slash == NULL)
        snprintf(parent, PATH_MAX, ".");
    else
        slash[slash == parent] = '\0';
    return stat(parent, st) == 0 ? parent : NULL;
}

/* Permissions are not asked for: whoever checks may be somebody else than who runs it. */
bool journal_place_fault(const char *place, char *text, size_t size)
{
    struct stat st;
    struct statfs fs;
    char parent[PATH_MAX];
    const char *folder = standing(place, &st, parent);
    if (folder == NULL) {
        snprintf(text, size, "%s: %s", parent, strerror(errno));
        return true;
    }
    if (!S_ISDIR(st.st_mode)) {
        snprintf(text, size, "%s is no folder", folder);
        return true;
    }
    if (statfs(folder, &fs) == 0 && (fs.f_type == PROC_SUPER_MAGIC || fs.f_type == SYSFS_MAGIC ||
                                     fs.f_type == CGROUP2_SUPER_MAGIC)) {
        snprintf(text, size, "%s belongs to the kernel: no file can be made there", folder);
        return true;
    }
    return false;
}

bool journal_place_doubt(const struct server_config *config, const char *dir, char *text,
                         size_t size)
{
    int len;
    if (!config->journal.enabled || config->journal.dir != NULL || state_folder(&len) != NULL ||
        strncmp(dir, "/etc/", strlen("/etc/")) != 0)
        return false;
    snprintf(
        text, size,
        "started by hand, the journal is %s/journal, and what is left in it the service, whose "
        "journal is in " JOURNAL_SERVICE_STATE ", never stores: start it as "
        "dtuhub-collector.service, or with STATE_DIRECTORY=" JOURNAL_SERVICE_STATE
        " as the service's user, or set journal.dir",
        dir);
    return true;
}

void journal_place_note(const char *place, bool all_stored)
{
    char path[PATH_MAX + 16];
    snprintf(path, sizeof(path), "%s/all-stored", place);
    if (!all_stored) {
        unlink(path);
        return;
    }
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0640);
    if (fd >= 0)
        close(fd);
}
