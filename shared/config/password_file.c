#include "shared/config/password_file.h"

#include "shared/base/alloc.h"
#include "shared/config/config_files.h"
#include "shared/config/quote.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PASSWORD_MAX = 255 };

/* Up to ${size} bytes of a regular file; -1 with errno set. */
static ssize_t read_start(const char *path, char *bytes, size_t size)
{
    struct stat status;
    ssize_t len = -1;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return -1;
    if (fstat(fd, &status) == 0 && !S_ISREG(status.st_mode))
        errno = S_ISDIR(status.st_mode) ? EISDIR : EINVAL;
    else
        len = read(fd, bytes, size);
    int saved_errno = errno;
    close(fd);
    errno = saved_errno;
    return len;
}

/* What is wrong with the content, or NULL. */
static char *complaint(const char *bytes, size_t len, const char *path)
{
    if (len == 0)
        return xasprintf("%s is empty: write the password into it", QUOTE(path));
    if (len > PASSWORD_MAX || memchr(bytes, '\n', len) || memchr(bytes, 0, len))
        return xasprintf("%s is not one line of at most %d bytes: write nothing but the password "
                         "into it",
                         QUOTE(path), PASSWORD_MAX);
    return NULL;
}

static size_t without_newline(const char *bytes, size_t len)
{
    if (len == 0 || bytes[len - 1] != '\n')
        return len;
    return len > 1 && bytes[len - 2] == '\r' ? len - 2 : len - 1;
}

char *password_file_read(const char *config_path, const char *file, char **problem)
{
    char bytes[PASSWORD_MAX + 3], *password = NULL;
    char *path = config_file_path(config_path, file);
    ssize_t got = read_start(path, bytes, sizeof(bytes));
    if (got < 0) {
        *problem =
            xasprintf("%s cannot be read: %s: check the path, and that the daemon's user may "
                      "read it",
                      QUOTE(path), strerror(errno));
    } else {
        size_t len = without_newline(bytes, (size_t)got);
        *problem = complaint(bytes, len, path);
        if (*problem == NULL)
            password = xstrndup(bytes, len);
    }
    explicit_bzero(bytes, sizeof(bytes));
    free(path);
    return password;
}
