#include "shared/config/password_file.h"

#include "shared/config/checked.h"
#include "shared/config/quote.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PASSWORD_MAX = 255 };

static char *complain(char **problem, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static char *complain(char **problem, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    if (vasprintf(problem, fmt, args) < 0)
        abort();
    va_end(args);
    return NULL;
}

static char *beside(const char *config_path, const char *file)
{
    const char *slash = strrchr(config_path, '/');
    if (file[0] == '/' || slash == NULL)
        return checked_copy(file);
    char *path = NULL;
    if (asprintf(&path, "%.*s/%s", (int)(slash - config_path), config_path, file) < 0)
        abort();
    return path;
}

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

static char *check(const char *bytes, ssize_t len, const char *path, char **problem)
{
    if (len < 0)
        return complain(problem,
                        "%s cannot be read: %s: check the path, and that the daemon's "
                        "user may read it",
                        QUOTE(path), strerror(errno));
    if (len > 0 && bytes[len - 1] == '\n')
        len--;
    if (len > 0 && bytes[len - 1] == '\r')
        len--;
    if (len == 0)
        return complain(problem, "%s is empty: write the password into it", QUOTE(path));
    if (len > PASSWORD_MAX || memchr(bytes, '\n', (size_t)len) || memchr(bytes, 0, (size_t)len))
        return complain(problem,
                        "%s is not one line of at most %d bytes: write nothing but the "
                        "password into it",
                        QUOTE(path), PASSWORD_MAX);
    char *password = strndup(bytes, (size_t)len);
    if (password == NULL)
        abort();
    return password;
}

char *password_file_read(const char *config_path, const char *file, char **problem)
{
    char bytes[PASSWORD_MAX + 3];
    char *path = beside(config_path, file);
    ssize_t len = read_start(path, bytes, sizeof(bytes));
    char *password = check(bytes, len, path, problem);
    explicit_bzero(bytes, sizeof(bytes));
    free(path);
    return password;
}
